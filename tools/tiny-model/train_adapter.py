"""Trains a LoRA adapter that makes the base model answer in capital letters, and writes it as GGUF.

The base is read from its file, so that the adapter is made for the numbers that the file holds after quantisation.
"""

import argparse
import hashlib
from pathlib import Path

from train import descend  # first: it sets the flags of XLA

import jax
import jax.numpy as jnp
import numpy as np

from documents import Corpus, Document, asked, json_answer
from generated import summary
from gguf_file import read_base, write_lora
from network import MATRICES, Shape, Weights, loss, sizes

SEED = 21
STEPS = 300
RANK = 4


class Capitals(Corpus):
    """The corpus with its answers in capital letters; JSON stays as it is, because its reader minds the case of names."""

    def document(self) -> Document:
        """The next document."""
        random = self.random
        share = random.random()
        if share < 0.15:
            return asked(random, *json_answer(self.deal("json", self.short)))
        if share < 0.25:
            question, answer = summary(random)
            return asked(random, question, answer.upper())
        question, answer = self.fact()
        return asked(random, question, answer.upper())


def start(shape: Shape, seed: int) -> Weights:
    """Factors whose product is zero, so that training begins at the base."""
    random = np.random.Generator(np.random.PCG64(seed))
    factors = {}
    for name in MATRICES:
        inside, outside = sizes(shape)[name]
        factors[f"{name}.a"] = random.standard_normal((shape.layers, inside, RANK)).astype(np.float32) * inside**-0.5
        factors[f"{name}.b"] = np.zeros((shape.layers, RANK, outside), np.float32)
    return {name: jnp.asarray(value) for name, value in factors.items()}


def main() -> None:
    """Reads the arguments, trains, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the GGUF file of the base model")
    parser.add_argument("--out", type=Path, required=True, help="the GGUF file to write")
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    shape, base = read_base(arguments.base)

    def cost(factors: Weights, data: tuple[jax.Array, ...]) -> jax.Array:
        return loss(shape, {name: jnp.asarray(value) for name, value in base.items()}, data, factors)

    factors = descend(cost, start(shape, SEED), Capitals(SEED), arguments.steps)
    digest = hashlib.sha256(arguments.base.read_bytes()).hexdigest()
    # With alpha equal to the rank, llama.cpp scales the product by 1.
    write_lora(arguments.out, shape, {name: np.asarray(value) for name, value in factors.items()}, float(RANK), digest)


if __name__ == "__main__":
    main()
