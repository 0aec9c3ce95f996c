"""Writes weights as GGUF, and reads them back as the numbers that the file holds."""

from pathlib import Path

import gguf
import numpy as np

import tokens
from network import MATRICES, Shape

NAME, LICENCE, VERSION = "Tiny Words", "MIT OR Apache-2.0", "1"
Arrays = dict[str, np.ndarray]


def tensors(shape: Shape, weights: Arrays) -> Arrays:
    """The weights under the names of llama.cpp, output dimension first."""
    named = {"token_embd.weight": weights["token_embd"], "output_norm.weight": weights["output_norm"],
             "output.weight": weights["output"].T}
    for layer in range(shape.layers):
        for name in MATRICES:
            named[f"blk.{layer}.{name}.weight"] = weights[name][layer].T
        for name in ("attn_norm", "ffn_norm"):
            named[f"blk.{layer}.{name}.weight"] = weights[name][layer]
    return named


def write_base(path: Path, shape: Shape, weights: Arrays) -> None:
    """The base model: matrices in Q8_0, norms in F32."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(NAME)
    writer.add_version(VERSION)
    writer.add_license(LICENCE)
    writer.add_description("A tiny byte-level language model, trained on a small corpus of our own.")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocabulary)
    characters = tokens.byte_characters()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([*characters, *tokens.CONTROL])
    writer.add_token_types([gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL] * len(tokens.CONTROL))
    # llama.cpp asks for a list of merges, and the gguf package cannot write an empty one. The bytes C0 and C1 never occur
    # in UTF-8, so this merge is never made.
    writer.add_token_merges([f"{characters[0xC0]} {characters[0xC1]}"])
    writer.add_bos_token_id(tokens.BOS)
    writer.add_eos_token_id(tokens.END)
    writer.add_eot_token_id(tokens.END)
    writer.add_pad_token_id(tokens.PAD)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(tokens.CHAT_TEMPLATE)
    for name, value in tensors(shape, weights).items():
        value = np.ascontiguousarray(value, dtype=np.float32)
        if value.ndim == 1:
            writer.add_tensor(name, value)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(value, kind), raw_dtype=kind)
    finish(writer)


def write_lora(path: Path, shape: Shape, factors: Arrays, alpha: float, base_sha256: str) -> None:
    """A LoRA adapter in F16: `lora_a` is (rank, inside), `lora_b` is (outside, rank)."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(f"{NAME} in capitals")
    writer.add_version(VERSION)
    writer.add_license(LICENCE)
    writer.add_description("Answers in capital letters.")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    # No key of the format pins the bytes of the base; the manifest does. This one is for people who look into the file.
    writer.add_string("contract-runner.base.sha256", base_sha256)
    for layer in range(shape.layers):
        for name in MATRICES:
            for part in ("a", "b"):
                if f"{name}.{part}" in factors:
                    value = np.ascontiguousarray(factors[f"{name}.{part}"][layer].T, dtype=np.float16)
                    writer.add_tensor(f"blk.{layer}.{name}.weight.lora_{part}", value)
    finish(writer)


def finish(writer: gguf.GGUFWriter) -> None:
    """Writes everything that was added."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(path: Path) -> tuple[Arrays, Arrays]:
    """The tensors of a file as F32, and its single-valued metadata."""
    reader = gguf.GGUFReader(path)
    found = {tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(
        tuple(int(size) for size in reversed(tensor.shape))) for tensor in reader.tensors}
    return found, {name: field.contents() for name, field in reader.fields.items()}


def read_base(path: Path) -> tuple[Shape, Arrays]:
    """Shape and weights of a base model, in the layout of `network.py`."""
    found, keys = read(path)
    shape = Shape(
        vocabulary=len(keys["tokenizer.ggml.tokens"]), context=int(keys["llama.context_length"]),
        width=int(keys["llama.embedding_length"]), layers=int(keys["llama.block_count"]),
        heads=int(keys["llama.attention.head_count"]), inner=int(keys["llama.feed_forward_length"]),
        epsilon=float(keys["llama.attention.layer_norm_rms_epsilon"]), rope_base=float(keys["llama.rope.freq_base"]),
    )
    weights = {"token_embd": found["token_embd.weight"], "output_norm": found["output_norm.weight"],
               "output": found["output.weight"].T}
    for name in (*MATRICES, "attn_norm", "ffn_norm"):
        weights[name] = np.stack([found[f"blk.{layer}.{name}.weight"].T for layer in range(shape.layers)])
    return shape, weights


def read_lora(path: Path, shape: Shape) -> Arrays:
    """The factors of an adapter, scaled as llama.cpp scales them, in the layout of `network.py`."""
    found, keys = read(path)
    factors: Arrays = {}
    for name in MATRICES:
        if f"blk.0.{name}.weight.lora_a" in found:
            a, b = (np.stack([found[f"blk.{layer}.{name}.weight.lora_{part}"].T for layer in range(shape.layers)])
                    for part in ("a", "b"))
            factors[f"{name}.a"], factors[f"{name}.b"] = a, b * (float(keys["adapter.lora.alpha"]) / a.shape[-1])
    return factors
