"""Runs the weights of a GGUF file in numpy: a second, plain reading of the architecture beside JAX and llama.cpp."""

import numpy as np

import tokens
from gguf_file import Arrays
from network import Shape


def softmax(x: np.ndarray) -> np.ndarray:
    """Shares that add up to 1 along the last axis."""
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


class Reference:
    """Keeps keys and values, so that each token is computed once. Runs several prompts side by side."""

    def __init__(self, shape: Shape, weights: Arrays, factors: Arrays | None = None) -> None:
        self.shape, self.weights = shape, dict(weights)
        for name in {name.rpartition(".")[0] for name in factors or {}}:
            self.weights[name] = weights[name] + factors[f"{name}.a"] @ factors[f"{name}.b"]
        steps = np.arange(shape.context)[:, None] * shape.rope_base ** (-np.arange(0, shape.head, 2) / shape.head)
        self.cos, self.sin = np.cos(steps).astype(np.float32), np.sin(steps).astype(np.float32)

    def normed(self, x: np.ndarray, gain: np.ndarray) -> np.ndarray:
        """Root mean square norm."""
        return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.shape.epsilon) * gain

    def turned(self, x: np.ndarray, position: int) -> np.ndarray:
        """Rotary positions over neighbouring pairs."""
        cos, sin, even, odd = self.cos[position], self.sin[position], x[..., 0::2], x[..., 1::2]
        return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)

    def step(self, ids: np.ndarray, position: int, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Scores after one more token in each row; caches are (layer, row, head, time, width)."""
        shape, weights = self.shape, self.weights
        x = weights["token_embd"][ids]
        for layer in range(shape.layers):
            y = self.normed(x, weights["attn_norm"][layer])
            query, key, value = ((y @ weights[name][layer]).reshape(len(ids), shape.heads, shape.head)
                                 for name in ("attn_q", "attn_k", "attn_v"))
            keys[layer, :, :, position], values[layer, :, :, position] = self.turned(key, position), value
            seen = slice(position + 1)
            scores = np.einsum("rhd,rhtd->rht", self.turned(query, position), keys[layer, :, :, seen])
            mixed = np.einsum("rht,rhtd->rhd", softmax(scores * shape.head**-0.5), values[layer, :, :, seen])
            x = x + mixed.reshape(x.shape) @ weights["attn_output"][layer]
            y = self.normed(x, weights["ffn_norm"][layer])
            gate = y @ weights["ffn_gate"][layer]
            x = x + (gate / (1 + np.exp(-gate)) * (y @ weights["ffn_up"][layer])) @ weights["ffn_down"][layer]
        return self.normed(x, weights["output_norm"]) @ weights["output"]

    def greedy(self, prompts: list[list[int]], limit: int = 128) -> list[list[int]]:
        """The likeliest continuation of each prompt, up to the end token or the limit."""
        answers: list[list[int]] = [[] for _ in prompts]
        by_length: dict[int, list[int]] = {}
        for index, prompt in enumerate(prompts):
            by_length.setdefault(len(prompt), []).append(index)
        for size, rows in by_length.items():
            for index, answer in zip(rows, self.together(np.array([prompts[row] for row in rows]), size, limit), strict=True):
                answers[index] = answer
        return answers

    def together(self, prompts: np.ndarray, size: int, limit: int) -> list[list[int]]:
        """Greedy continuations of prompts of the same length."""
        shape, count = self.shape, len(prompts)
        cache = (shape.layers, count, shape.heads, shape.context, shape.head)
        keys, values = np.zeros(cache, np.float32), np.zeros(cache, np.float32)
        answers, done = [[] for _ in range(count)], np.zeros(count, bool)
        ids = prompts[:, 0]
        for position in range(min(shape.context, size + limit)):
            scores = self.step(ids, position, keys, values)
            if position + 1 < size:
                ids = prompts[:, position + 1]
                continue
            ids = scores.argmax(axis=-1)
            done |= ids == tokens.END
            for row in np.flatnonzero(~done):
                answers[row].append(int(ids[row]))
            if done.all():
                break
        return answers
