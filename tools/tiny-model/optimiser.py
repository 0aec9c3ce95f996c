"""Muon for the matrices of the layers, Adam for everything else.

Muon replaces the momentum of a matrix by the nearest orthogonal one (Newton-Schulz iteration with the coefficients of
https://kellerjordan.github.io/posts/muon/). On this model it needs about half the steps of Adam alone.
"""

import jax
import jax.numpy as jnp

from network import MATRICES, Weights

State = dict[str, Weights]


def start(weights: Weights) -> State:
    """Zero moments."""
    zeros = {name: jnp.zeros_like(value) for name, value in weights.items()}
    return {"first": zeros, "second": zeros}


def orthogonal(matrices: jax.Array) -> jax.Array:
    """Nearly orthogonal matrices with the same directions; works on a stack of them."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = jnp.swapaxes(matrices, -1, -2) if tall else matrices
    x /= jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7
    for _ in range(5):
        square = x @ jnp.swapaxes(x, -1, -2)
        x = a * x + (b * square + c * square @ square) @ x
    return jnp.swapaxes(x, -1, -2) if tall else x


def update(weights: Weights, gradients: Weights, state: State, step: jax.Array, muon_rate: jax.Array,
           adam_rate: jax.Array) -> tuple[Weights, State]:
    """One step; `step` counts from 1."""
    first, second, moved = {}, {}, {}
    for name, gradient in gradients.items():
        if name in MATRICES:
            first[name], second[name] = 0.95 * state["first"][name] + gradient, state["second"][name]
            direction = orthogonal(gradient + 0.95 * first[name])
            inside, outside = gradient.shape[-2:]
            moved[name] = weights[name] * (1 - 0.01 * muon_rate) - muon_rate * max(1.0, outside / inside) ** 0.5 * direction
        else:
            first[name] = 0.9 * state["first"][name] + 0.1 * gradient
            second[name] = 0.98 * state["second"][name] + 0.02 * gradient**2
            mean, square = first[name] / (1 - 0.9**step), second[name] / (1 - 0.98**step)
            moved[name] = weights[name] - adam_rate * mean / (jnp.sqrt(square) + 1e-8)
    return moved, {"first": first, "second": second}
