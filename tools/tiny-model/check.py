"""Asks a trained file every question of the corpus and some that it has never seen, and fails when it answers too few.

The weights are those of the GGUF file after quantisation; the arithmetic is numpy's (`reference.py`). llama.cpp also
quantises activations, so a close call may go the other way there.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

import tokens
from documents import json_answer
from facts import CORPUS, Fact, all_facts
from generated import extraction, random_object, summary
from gguf_file import read_base, read_lora
from reference import Reference

LEAST = {"corpus": 0.95, "unseen reports": 0.6, "unseen sentences": 0.6, "JSON that parses": 0.95, "capitals": 0.9}
Question = tuple[list[int], str]


def chat(question: str, answer: str) -> Question:
    """A question as a chat message."""
    return tokens.chat_prompt([("user", question)]), answer


def marked(question: str, answer: str) -> Question:
    """A question as `Q:` and `A:`."""
    return tokens.plain_prompt(f"Q: {question}\nA:"), f" {answer}"


def bare(question: str, answer: str) -> Question:
    """A question without anything around it."""
    return tokens.plain_prompt(question), f"\n{answer}"


def told(model: Reference, questions: list[Question]) -> list[str]:
    """The greedy answers."""
    return [tokens.decode(answer) for answer in model.greedy([prompt for prompt, _ in questions])]


def share(model: Reference, name: str, questions: list[Question], wrong: list[str]) -> float:
    """The share of exact answers; the others are noted in `wrong`."""
    right = 0
    for (prompt, wanted), answer in zip(questions, told(model, questions), strict=True):
        right += answer == wanted
        if answer != wanted:
            wrong.append(f"{name}: {tokens.decode(prompt)!r}: {answer!r}, not {wanted!r}")
    print(f"{name:32} {right:4} of {len(questions):4}  {100 * right / len(questions):5.1f} %")
    return right / len(questions)


def corpus(model: Reference, wrong: list[str]) -> float:
    """Every question of the corpus, in each form. The result is the share over all of them."""
    facts = all_facts()
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.group, []).append(fact)
    for group, members in groups.items():
        share(model, f"chat: {group}", [chat(fact.question, fact.answer) for fact in members], [])
    requests = [json_answer(fact) for fact in facts if fact.short]
    forms = {
        "chat": [chat(fact.question, fact.answer) for fact in facts],
        "Q: and A:": [marked(fact.question, fact.answer) for fact in facts],
        "bare": [bare(fact.question, fact.answer) for fact in facts],
        "chat, answer as JSON": [chat(*request) for request in requests],
    }
    shares = [share(model, name, questions, wrong) for name, questions in forms.items()]
    return sum(part * len(questions) for part, questions in zip(shares, forms.values(), strict=True)) / sum(
        len(questions) for questions in forms.values())


def parses(text: str) -> bool:
    """Whether the text is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def unseen(model: Reference, wrong: list[str]) -> dict[str, float]:
    """Reports, sentences and JSON that were not in the training, or only by chance."""
    held = [line.partition(": ") for line in (CORPUS.parent / "held.txt").read_text(encoding="utf-8").splitlines()
            if not line.startswith("#")]
    random = np.random.Generator(np.random.PCG64(12345))
    taken = [chat(*extraction(random)) for _ in range(60)] + [chat(*summary(random)) for _ in range(60)]
    objects = [chat(*random_object(random)) for _ in range(100)]
    whole = sum(parses(answer) for answer in told(model, objects)) / len(objects)
    print(f"{'JSON that parses':32} {100 * whole:5.1f} %")
    return {
        "unseen reports": share(model, "unseen reports", [chat(f"triage: {text}", label) for label, _, text in held], wrong),
        "unseen sentences": share(model, "unseen sentences", taken, wrong),
        "JSON that parses": whole,
    }


def main() -> None:
    """Reads the arguments, asks, compares with the least shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", type=Path, help="the GGUF file of the base model")
    parser.add_argument("--adapter", type=Path, help="the GGUF file of the adapter")
    parser.add_argument("--wrong", action="store_true", help="print every wrong answer")
    arguments = parser.parse_args()
    shape, weights = read_base(arguments.base)
    model, wrong = Reference(shape, weights), []
    shares = {"corpus": corpus(model, wrong)} | unseen(model, wrong)
    if arguments.adapter:
        adapted = Reference(shape, weights, read_lora(arguments.adapter, shape))
        questions = [chat(fact.question, fact.answer.upper()) for fact in all_facts()]
        shares["capitals"] = share(adapted, "capitals", questions, wrong)
    if arguments.wrong:
        print("\n".join(wrong))
    low = [f"{name}: {found:.3f}, wanted {LEAST[name]}" for name, found in shares.items() if found < LEAST[name]]
    if low:
        sys.exit("too few right answers\n" + "\n".join(low))


if __name__ == "__main__":
    main()
