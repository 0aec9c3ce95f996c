//! Models without sense: the architecture and the sizes of a real one, weights by chance, in Q8_0. A token takes as long as in a
//! model that was trained. Every token that such a model makes is plain text of one piece, and none ends it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

/// Sizes of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) name: &'static str,
    /// Numbers of a token: a multiple of 32, as Q8_0 has them in blocks, and of the heads.
    pub(crate) width: u64,
    /// The same inside the feed-forward part: a multiple of 32.
    pub(crate) inner: u64,
    pub(crate) layers: u64,
    pub(crate) heads: u64,
    pub(crate) vocabulary: u64,
    /// Longest context. Tokens.
    pub(crate) context: u64,
}

/// As examples/models/tiny-words.gguf.
pub(crate) const SMALL: Sizes =
    Sizes { name: "small", width: 128, inner: 384, layers: 3, heads: 4, vocabulary: 262, context: 256 };
/// 134 million weights, 143 MB: a token takes some milliseconds, and the vocabulary is that of larger models.
pub(crate) const LARGE: Sizes = Sizes {
    name: "large",
    width: 768,
    inner: 2048,
    layers: 12,
    heads: 12,
    vocabulary: 32_000,
    context: 1024,
};

/// GGUF's names for kinds of values and tensors (ggml/include/gguf.h, ggml.h).
mod kind {
    pub(super) const U32: u32 = 4;
    pub(super) const I32: u32 = 5;
    pub(super) const F32: u32 = 6;
    pub(super) const BOOL: u32 = 7;
    pub(super) const TEXT: u32 = 8;
    pub(super) const LIST: u32 = 9;
    pub(super) const TENSOR_F32: u32 = 0;
    pub(super) const TENSOR_Q8_0: u32 = 8;
}

const BYTES: u64 = 256;
const ALIGNMENT: u64 = 32;

/// A tensor: one row of ones, or rows by chance.
struct Tensor {
    name: String,
    inside: u64,
    /// None: a vector of ones.
    outside: Option<u64>,
}

impl Sizes {
    /// Makes the model in `folder`. One that is there may come from another version of this, or be cut.
    pub(crate) fn file(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(format!("{}.gguf", self.name));
        let mut file = BufWriter::new(File::create(&path)?);
        self.write(&mut file)?;
        file.into_inner()?.sync_all()?;
        Ok(path)
    }

    fn tensors(&self) -> Vec<Tensor> {
        let matrix = |name: &str, inside, outside| Tensor {
            name: format!("{name}.weight"),
            inside,
            outside: Some(outside),
        };
        let ones = |name: &str| Tensor { name: format!("{name}.weight"), inside: self.width, outside: None };
        let mut all = vec![
            matrix("token_embd", self.width, self.vocabulary),
            ones("output_norm"),
            matrix("output", self.width, self.vocabulary),
        ];
        for layer in 0..self.layers {
            let of = |name: &str| format!("blk.{layer}.{name}");
            for name in ["attn_q", "attn_k", "attn_v", "attn_output"] {
                all.push(matrix(&of(name), self.width, self.width));
            }
            all.push(matrix(&of("ffn_gate"), self.width, self.inner));
            all.push(matrix(&of("ffn_up"), self.width, self.inner));
            all.push(matrix(&of("ffn_down"), self.inner, self.width));
            all.push(ones(&of("attn_norm")));
            all.push(ones(&of("ffn_norm")));
        }
        all
    }

    fn write(&self, out: &mut impl Write) -> Result<()> {
        let (tensors, keys) = (self.tensors(), self.keys());
        let mut head = b"GGUF".to_vec();
        head.extend(3_u32.to_le_bytes());
        head.extend((tensors.len() as u64).to_le_bytes());
        head.extend((keys.len() as u64).to_le_bytes());
        head.extend(keys.concat());
        let mut offset = 0_u64;
        for tensor in &tensors {
            text(&mut head, &tensor.name);
            let sizes: Vec<u64> = [Some(tensor.inside), tensor.outside].into_iter().flatten().collect();
            head.extend(u32::try_from(sizes.len())?.to_le_bytes());
            sizes.iter().for_each(|size| head.extend(size.to_le_bytes()));
            let kind = if tensor.outside.is_some() { kind::TENSOR_Q8_0 } else { kind::TENSOR_F32 };
            head.extend(kind.to_le_bytes());
            head.extend(offset.to_le_bytes());
            offset += tensor.bytes().next_multiple_of(ALIGNMENT);
        }
        head.resize(head.len().next_multiple_of(usize::try_from(ALIGNMENT)?), 0);
        out.write_all(&head)?;
        let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
        for tensor in &tensors {
            tensor.write(out, &mut chance)?;
            let padding = tensor.bytes().next_multiple_of(ALIGNMENT) - tensor.bytes();
            out.write_all(&vec![0; usize::try_from(padding)?])?;
        }
        Ok(())
    }

    fn keys(&self) -> Vec<Vec<u8>> {
        let number = |name: &str, value: u64| {
            // All sizes above are small.
            key(name, kind::U32, &(value as u32).to_le_bytes())
        };
        let string = |name: &str, value: &str| {
            let mut bytes = Vec::new();
            text(&mut bytes, value);
            key(name, kind::TEXT, &bytes)
        };
        let words = self.words();
        let kinds: Vec<u8> = (0..self.vocabulary)
            .flat_map(|token| (if self.is_control(token) { 3_i32 } else { 1 }).to_le_bytes())
            .collect();
        vec![
            string("general.architecture", "llama"),
            string("general.name", self.name),
            // LLAMA_FTYPE_MOSTLY_Q8_0
            number("general.file_type", 7),
            number("general.quantization_version", 2),
            number("llama.context_length", self.context),
            number("llama.embedding_length", self.width),
            number("llama.block_count", self.layers),
            number("llama.feed_forward_length", self.inner),
            number("llama.attention.head_count", self.heads),
            number("llama.attention.head_count_kv", self.heads),
            key("llama.attention.layer_norm_rms_epsilon", kind::F32, &1e-5_f32.to_le_bytes()),
            number("llama.rope.dimension_count", self.width / self.heads),
            key("llama.rope.freq_base", kind::F32, &1e4_f32.to_le_bytes()),
            number("llama.vocab_size", self.vocabulary),
            string("tokenizer.ggml.model", "gpt2"),
            string("tokenizer.ggml.pre", "default"),
            list("tokenizer.ggml.tokens", kind::TEXT, self.vocabulary, &texts(&words)),
            list("tokenizer.ggml.token_type", kind::I32, self.vocabulary, &kinds),
            // llama.cpp wants merges; these two bytes never occur in UTF-8.
            list("tokenizer.ggml.merges", kind::TEXT, 1, &texts(&["\u{c0} \u{c1}".to_owned()])),
            number("tokenizer.ggml.bos_token_id", BYTES),
            number("tokenizer.ggml.eos_token_id", BYTES + 1),
            key("tokenizer.ggml.add_bos_token", kind::BOOL, &[1]),
        ]
    }

    fn is_control(&self, token: u64) -> bool {
        token == BYTES || token == BYTES + 1
    }

    /// A token for each byte, one that begins a text, one that ends it, and words that nothing is cut into.
    fn words(&self) -> Vec<String> {
        let is_shown = |byte: u32| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
        // The bytes that are not shown follow from U+0100 on (encoder.py of GPT-2).
        let mut hidden = 0x100..;
        let bytes =
            (0..BYTES as u32).map(|byte| if is_shown(byte) { byte } else { hidden.next().unwrap_or(byte) });
        let mut words: Vec<String> =
            bytes.map(|code| char::from_u32(code).map(String::from).unwrap_or_default()).collect();
        words.extend(["<|bos|>".to_owned(), "<|end|>".to_owned()]);
        words.extend((BYTES + 2..self.vocabulary).map(|number| format!("w{number}")));
        words
    }
}

impl Tensor {
    fn bytes(&self) -> u64 {
        match self.outside {
            None => self.inside * 4,
            Some(outside) => self.inside / 32 * 34 * outside,
        }
    }

    fn write(&self, out: &mut impl Write, chance: &mut Chance) -> Result<()> {
        let Some(outside) = self.outside else {
            for _ in 0..self.inside {
                out.write_all(&1_f32.to_le_bytes())?;
            }
            return Ok(());
        };
        // Chosen so that activations neither fade nor burst: a byte by chance has a deviation of 74.
        let spread = if self.name == "token_embd.weight" { 1 } else { self.inside };
        let exponent = (74.0 * (spread as f64).sqrt()).log2().round() as u16;
        // A power of two as a half: the exponent alone.
        let scale = ((15 - exponent) << 10).to_le_bytes();
        for row in 0..outside {
            // What is no text of its own, or ends it, must not be made: its logit is 0, and the largest of many is above.
            let never = self.name == "output.weight" && (0x80..BYTES + 2).contains(&row);
            for _ in 0..self.inside / 32 {
                let mut block = [0; 34];
                block[..2].copy_from_slice(&scale);
                if !never {
                    block[2..].chunks_exact_mut(8).for_each(|part| part.copy_from_slice(&chance.next()));
                }
                out.write_all(&block)?;
            }
        }
        Ok(())
    }
}

/// Marsaglia's xorshift with 64 bits: the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> [u8; 8] {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.to_le_bytes()
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn texts(all: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    all.iter().for_each(|one| text(&mut bytes, one));
    bytes
}

fn key(name: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    text(&mut bytes, name);
    bytes.extend(kind.to_le_bytes());
    bytes.extend(value);
    bytes
}

fn list(name: &str, kind: u32, count: u64, items: &[u8]) -> Vec<u8> {
    let head = [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat();
    key(name, kind::LIST, &[head, items.to_vec()].concat())
}
