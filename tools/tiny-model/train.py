"""Trains the base model and writes it as GGUF: `python train.py --out tiny-words.gguf`."""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

# Two devices of one thread each share the rows of a batch: the order of sums, and so the weights, then do not depend on the
# number of cores.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false --xla_force_host_platform_device_count=2"

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

import optimiser
from documents import Corpus, batch
from gguf_file import write_base
from network import Shape, Weights, initial, loss

SEED = 20
ROWS = 8
STEPS = 2000
MUON, ADAM = 0.012, 4e-3


def rate(step: int, steps: int) -> float:
    """Share of the full rate: a short rise, then level, then down to zero over the last 85 %."""
    return min(1.0, step / 50, (steps - step) / (0.85 * steps))


def descend(cost: Callable[..., jax.Array], weights: Weights, corpus: Corpus, steps: int) -> Weights:
    """Weights after so many batches of the corpus; `cost` takes weights and a batch."""
    mesh = jax.make_mesh((2,), ("rows",), axis_types=(AxisType.Auto,))
    split, whole = (NamedSharding(mesh, PartitionSpec(*axes)) for axes in (("rows",), ()))
    weights = jax.device_put(weights, whole)
    state = optimiser.start(weights)

    @jax.jit
    def advance(weights, state, data, step, muon, adam):
        value, gradients = jax.value_and_grad(cost)(weights, data)
        return value, *optimiser.update(weights, gradients, state, step, muon, adam)

    began, values = time.monotonic(), []
    for step in range(1, steps + 1):
        packed = batch(corpus, ROWS)
        data = jax.device_put((packed.tokens, packed.weights, packed.positions, packed.segments), split)
        share = rate(step, steps)
        value, weights, state = advance(weights, state, data, jnp.float32(step), MUON * share, ADAM * share)
        values.append(value)
        if step % 100 == 0 or step == steps:
            mean = float(np.mean(np.asarray(values[-100:])))
            print(f"step {step} of {steps}  loss {mean:.4f}  {time.monotonic() - began:.0f} s", flush=True)
    return weights


def main() -> None:
    """Reads the arguments, trains, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the GGUF file to write")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    shape = Shape()
    weights = descend(lambda weights, data: loss(shape, weights, data), initial(shape, arguments.seed),
                      Corpus(arguments.seed), arguments.steps)
    write_base(arguments.out, shape, {name: np.asarray(value) for name, value in weights.items()})


if __name__ == "__main__":
    main()
