"""The llama architecture in JAX, small enough to read in one go.

Weights of a kind are stacked over the layers, input dimension first. Rotary positions turn the pairs (2i, 2i+1), as ggml's
NORM rope does for this architecture, so that the file needs no permuted weights.
"""

from dataclasses import asdict, dataclass

import jax
import jax.numpy as jnp
import numpy as np

import tokens

Weights = dict[str, jax.Array]


@dataclass(frozen=True)
class Shape:
    """Sizes of the network. Every row of a matrix is a multiple of 32, the block of Q8_0."""

    vocabulary: int = tokens.SIZE
    context: int = 256
    width: int = 128
    layers: int = 3
    heads: int = 4
    inner: int = 384
    epsilon: float = 1e-5
    rope_base: float = 10000.0

    @property
    def head(self) -> int:
        """Width of one head."""
        return self.width // self.heads

    def members(self) -> dict[str, float]:
        """The sizes by name."""
        return asdict(self)


MATRICES = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]


def sizes(shape: Shape) -> dict[str, tuple[int, int]]:
    """Input and output width of each matrix of a layer."""
    square, wide = (shape.width, shape.width), (shape.width, shape.inner)
    return dict.fromkeys(MATRICES[:4], square) | {"ffn_gate": wide, "ffn_up": wide, "ffn_down": wide[::-1]}


def initial(shape: Shape, seed: int) -> Weights:
    """Random weights; what writes into the residual stream begins at zero, which makes the first steps calm."""
    random = np.random.Generator(np.random.PCG64(seed))

    def normal(*size: int, scale: float) -> np.ndarray:
        return (random.standard_normal(size) * scale).astype(np.float32)

    weights = {name: normal(shape.layers, inside, outside, scale=inside**-0.5)
               for name, (inside, outside) in sizes(shape).items()}
    for name in ("attn_output", "ffn_down"):
        weights[name] = np.zeros_like(weights[name])
    for name in ("attn_norm", "ffn_norm"):
        weights[name] = np.ones((shape.layers, shape.width), np.float32)
    weights["token_embd"] = normal(shape.vocabulary, shape.width, scale=0.5)
    weights["output"] = normal(shape.width, shape.vocabulary, scale=0.02)
    weights["output_norm"] = np.ones(shape.width, np.float32)
    return {name: jnp.asarray(value) for name, value in weights.items()}


def normed(x: jax.Array, gain: jax.Array, epsilon: float) -> jax.Array:
    """Root mean square norm."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + epsilon) * gain


def turned(x: jax.Array, angles: jax.Array) -> jax.Array:
    """Rotary positions over neighbouring pairs; x is (row, time, head, width)."""
    cos, sin = jnp.cos(angles)[:, :, None, :], jnp.sin(angles)[:, :, None, :]
    even, odd = x[..., 0::2], x[..., 1::2]
    return jnp.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


def logits(shape: Shape, weights: Weights, ids: jax.Array, positions: jax.Array, segments: jax.Array,
           low_rank: Weights | None = None) -> jax.Array:
    """Scores for the next token at each place. Documents of a row do not see each other.

    `low_rank` holds LoRA factors `NAME.a` (layer, inside, rank) and `NAME.b` (layer, rank, outside).
    """
    frequencies = shape.rope_base ** (-jnp.arange(0, shape.head, 2) / shape.head)
    angles = positions[:, :, None] * frequencies
    length = ids.shape[1]
    seen = (segments[:, :, None] == segments[:, None, :]) & jnp.tril(jnp.ones((length, length), bool))
    x = weights["token_embd"][ids]
    for layer in range(shape.layers):

        def times(value: jax.Array, name: str, layer: int = layer) -> jax.Array:
            result = value @ weights[name][layer]
            if low_rank is not None and f"{name}.a" in low_rank:
                result += (value @ low_rank[f"{name}.a"][layer]) @ low_rank[f"{name}.b"][layer]
            return result

        def heads(value: jax.Array) -> jax.Array:
            return value.reshape(*value.shape[:2], shape.heads, shape.head)

        y = normed(x, weights["attn_norm"][layer], shape.epsilon)
        query, key = (turned(heads(times(y, name)), angles) for name in ("attn_q", "attn_k"))
        scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) * shape.head**-0.5
        shares = jax.nn.softmax(jnp.where(seen[:, None], scores, -1e9), axis=-1)
        mixed = jnp.einsum("bhqk,bkhd->bqhd", shares, heads(times(y, "attn_v"))).reshape(x.shape)
        x += times(mixed, "attn_output")
        y = normed(x, weights["ffn_norm"][layer], shape.epsilon)
        x += times(jax.nn.silu(times(y, "ffn_gate")) * times(y, "ffn_up"), "ffn_down")
    return normed(x, weights["output_norm"], shape.epsilon) @ weights["output"]


def loss(shape: Shape, weights: Weights, batch: tuple[jax.Array, ...], low_rank: Weights | None = None) -> jax.Array:
    """Mean cross entropy of the next token, weighted as the documents say."""
    ids, weight, positions, segments = batch
    scores = logits(shape, weights, ids[:, :-1], positions[:, :-1], segments[:, :-1], low_rank)
    chances = jax.nn.log_softmax(scores, axis=-1)
    counts = weight[:, 1:]
    target = jax.nn.one_hot(ids[:, 1:], shape.vocabulary) * counts[..., None]
    return -(target * chances).sum() / counts.sum()
