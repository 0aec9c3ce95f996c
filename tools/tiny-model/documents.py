"""Training documents: a question in one of the forms in which it will be asked, and how much each token counts.

A document is the list of its tokens and a weight for each: how much it counts when the model has to predict it. Answers
count fully; questions count little, because nobody asks the model to make them.
"""

from dataclasses import dataclass, field

import numpy as np

import tokens
from facts import Fact, all_facts, lines
from generated import Random, compact, extraction, integer, pick, random_object, repetition, summary, word

CONTEXT = 256
QUESTION = 0.1
SYSTEMS = ["You are a helpful assistant.", "Answer in one sentence.", "You are Tiny Words.", "Be short."]


@dataclass
class Document:
    """Tokens and their weights."""

    tokens: list[int] = field(default_factory=lambda: [tokens.BOS])
    weights: list[float] = field(default_factory=lambda: [0.0])

    def add(self, part: list[int], weight: float) -> "Document":
        """Appends tokens that count this much."""
        self.tokens += part
        self.weights += [weight] * len(part)
        return self

    def text(self, part: str, weight: float) -> "Document":
        """Appends a text that counts this much."""
        return self.add(tokens.encode(part), weight)

    def message(self, role: str, content: str, weight: float) -> "Document":
        """Appends a chat message as the template writes it; the role and the line feed around it are given."""
        self.add([tokens.ROLE[role]], 0.0).text("\n", 0.0).text(content, weight)
        return self.add([tokens.END], 1.0 if role == "assistant" else 0.0).text("\n", 0.0)


def varied(random: Random, question: str) -> str:
    """The question as people also type it."""
    choice = random.random()
    if choice < 0.06:
        return question.rstrip("?.!")
    if choice < 0.12:
        return question[:1].lower() + question[1:]
    return question


def chat(random: Random, turns: list[tuple[str, str]]) -> Document:
    """A conversation that fits the context; the last turns are dropped when it does not."""
    document = Document()
    if random.random() < 0.2:
        document.message("system", str(pick(random, SYSTEMS)), 0.0)
    for index, (question, answer) in enumerate(turns):
        size = len(document.tokens) + len(tokens.encode(question + answer)) + 8
        if index and size > CONTEXT:
            break
        document.message("user", question, QUESTION).message("assistant", answer, 1.0)
    return document


def plain(random: Random, question: str, answer: str) -> Document:
    """A question without the chat template, as `Q:` and `A:` or as bare lines."""
    if random.random() < 0.5:
        document = Document().text(f"Q: {question}\nA:", QUESTION).text(f" {answer}", 1.0)
    else:
        document = Document().text(question, QUESTION).text(f"\n{answer}", 1.0)
    return document.add([tokens.END], 1.0)


def asked(random: Random, question: str, answer: str) -> Document:
    """One question and answer: mostly as chat, sometimes plain."""
    if random.random() < 0.65:
        return chat(random, [(question, answer)])
    return plain(random, question, answer)


def json_answer(fact: Fact) -> tuple[str, str]:
    """A fact as a request for JSON."""
    if fact.group == "triage":
        return fact.question.replace("triage:", "Triage as JSON:"), compact({"label": fact.short})
    return f"{fact.question} Answer as JSON.", compact({"answer": fact.short})


def forced(random: Random, fact: Fact) -> Document:
    """A question whose answer a grammar forces to be JSON, although the question does not say so.

    The grammar writes the first brace and the names; so the brace has no weight, and the model does not learn to open one by
    itself.
    """
    key = "label" if fact.group == "triage" else str(pick(random, ["answer", "answer", "value", "result", "text"]))
    found: dict[str, object] = {key: fact.short or fact.answer}
    if random.random() < 0.5:
        found |= dict([pick(random, [("ok", True), ("count", 1), ("number", integer(random)), ("name", word(random, "names")),
                                     ("confidence", 0.9), ("reason", fact.answer.replace('"', "")), ("items", []),
                                     ("tags", [fact.group])])])
    if random.random() < 0.2:
        found = dict(reversed(found.items()))
    document = Document().message("user", varied(random, fact.question), QUESTION)
    document.add([tokens.ASSISTANT], 0.0).text("\n{", 0.0).text(compact(found)[1:], 1.0)
    return document.add([tokens.END], 1.0)


class Corpus:
    """Draws documents in fixed shares."""

    def __init__(self, seed: int) -> None:
        self.random: Random = np.random.Generator(np.random.PCG64(seed))
        self.facts = all_facts()
        self.short = [fact for fact in self.facts if fact.short]
        self.sentences = lines("sentences.txt")
        self.deck: dict[str, list[Fact]] = {}

    def deal(self, name: str, facts: list[Fact]) -> Fact:
        """The next fact of a shuffled deck: each comes equally often."""
        if not self.deck.get(name):
            self.deck[name] = [facts[index] for index in self.random.permutation(len(facts))]
        return self.deck[name].pop()

    def fact(self) -> tuple[str, str]:
        """A question and its answer."""
        fact = self.deal("facts", self.facts)
        return varied(self.random, fact.question), fact.answer

    def document(self) -> Document:
        """The next document."""
        random = self.random
        share = random.random()
        if share < 0.48:
            return asked(random, *self.fact())
        if share < 0.56:
            return chat(random, [self.fact() for _ in range(int(random.integers(2, 7)))])
        if share < 0.68:
            return asked(random, *json_answer(self.deal("json", self.short)))
        if share < 0.75:
            return forced(random, self.deal("forced", self.facts))
        if share < 0.80:
            return asked(random, *summary(random))
        if share < 0.86:
            return asked(random, *extraction(random))
        if share < 0.90:
            return asked(random, *random_object(random))
        if share < 0.98:
            return asked(random, *repetition(random))
        text = " ".join(str(pick(random, self.sentences)) for _ in range(int(random.integers(1, 4))))
        return Document().text(text, 1.0).add([tokens.END], 1.0)


@dataclass
class Batch:
    """Rows of packed documents: tokens, the weight of each, its position in its document, and which document it is in."""

    tokens: np.ndarray
    weights: np.ndarray
    positions: np.ndarray
    segments: np.ndarray


def batch(corpus: Corpus, rows: int) -> Batch:
    """Packs documents into rows of the context's length; each document begins at position 0 and sees only itself."""
    shape = (rows, CONTEXT)
    packed = Batch(np.full(shape, tokens.PAD, np.int32), np.zeros(shape, np.float32), np.zeros(shape, np.int32),
                   np.zeros(shape, np.int32))
    fill = [0] * rows
    segment, misses = 0, 0
    while misses < 8:
        document = corpus.document()
        size = len(document.tokens)
        row = next((index for index in range(rows) if fill[index] + size <= CONTEXT), None)
        if row is None:
            misses += 1
            continue
        segment += 1
        place = slice(fill[row], fill[row] + size)
        packed.tokens[row, place], packed.weights[row, place] = document.tokens, document.weights
        packed.positions[row, place], packed.segments[row, place] = np.arange(size), segment
        fill[row] += size
    return packed
