//! Makes GGUF files: a tiny Llama with random weights, always the same, and adapters for it.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;

pub(crate) const WIDTH: u64 = 32;
pub(crate) const CONTEXT: u32 = 512;
/// 256 bytes, then these.
pub(crate) const CONTROL: [&str; 5] = ["<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>"];
pub(crate) const BOS: i32 = 256;
pub(crate) const IM_START: i32 = 259;
pub(crate) const IM_END: i32 = 260;
pub(crate) const CHATML: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const HEADS: u32 = 2;
const FEED_FORWARD: u64 = 64;

/// A value of metadata.
#[derive(Debug, Clone)]
pub(crate) enum Meta {
    U32(u32),
    F32(f32),
    Flag(bool),
    Text(String),
    Texts(Vec<String>),
    Numbers(Vec<i32>),
}

/// A GGUF file in the making. Tensors are of F32.
#[derive(Debug, Clone, Default)]
pub(crate) struct GgufFile {
    pub(crate) metadata: Vec<(String, Meta)>,
    pub(crate) tensors: Vec<(String, Vec<u64>, Vec<f32>)>,
}

impl GgufFile {
    pub(crate) fn set(&mut self, key: &str, value: Meta) {
        self.metadata.retain(|(name, _)| name != key);
        self.metadata.push((key.to_owned(), value));
    }

    pub(crate) fn without(mut self, key: &str) -> Self {
        self.metadata.retain(|(name, _)| name != key);
        self
    }

    pub(crate) fn with(mut self, key: &str, value: Meta) -> Self {
        self.set(key, value);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(3_u32.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            text(&mut out, key);
            meta(&mut out, value);
        }
        let mut offset = 0_u64;
        for (name, shape, data) in &self.tensors {
            text(&mut out, name);
            out.extend((shape.len() as u32).to_le_bytes());
            shape.iter().for_each(|size| out.extend(size.to_le_bytes()));
            out.extend(0_u32.to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += (data.len() as u64 * 4).next_multiple_of(32);
        }
        for (_, _, data) in &self.tensors {
            out.resize(out.len().next_multiple_of(32), 0);
            data.iter().for_each(|number| out.extend(number.to_le_bytes()));
        }
        out
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn meta(out: &mut Vec<u8>, value: &Meta) {
    let kind = |out: &mut Vec<u8>, kind: u32| out.extend(kind.to_le_bytes());
    match value {
        Meta::U32(value) => {
            kind(out, 4);
            out.extend(value.to_le_bytes());
        }
        Meta::F32(value) => {
            kind(out, 6);
            out.extend(value.to_le_bytes());
        }
        Meta::Flag(value) => {
            kind(out, 7);
            out.push(u8::from(*value));
        }
        Meta::Text(value) => {
            kind(out, 8);
            text(out, value);
        }
        Meta::Texts(values) => {
            kind(out, 9);
            kind(out, 8);
            out.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| text(out, value));
        }
        Meta::Numbers(values) => {
            kind(out, 9);
            kind(out, 5);
            out.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| out.extend(value.to_le_bytes()));
        }
    }
}

/// The characters that GPT-2's tokenizer has for bytes.
fn byte_tokens() -> Vec<String> {
    let shown = |byte: &u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let mut next = 256_u32;
    (0..=255_u8)
        .map(|byte| {
            if shown(&byte) {
                return char::from(byte).to_string();
            }
            next += 1;
            char::from_u32(next - 1).unwrap().to_string()
        })
        .collect()
}

fn random(random: &mut fastrand::Rng, count: u64, scale: f32) -> Vec<f32> {
    (0..count).map(|_| (random.f32() * 2.0 - 1.0) * scale).collect()
}

/// A Llama of one layer whose weights are random and always the same.
pub(crate) fn model() -> GgufFile {
    let mut file = GgufFile::default();
    let tokens: Vec<String> = byte_tokens().into_iter().chain(CONTROL.map(str::to_owned)).collect();
    let vocabulary = tokens.len() as u64;
    let types = (0..256).map(|_| 1).chain(CONTROL.map(|_| 3)).collect();
    for (key, value) in [
        ("general.architecture", Meta::Text("llama".to_owned())),
        ("general.name", Meta::Text("random words".to_owned())),
        ("general.license", Meta::Text("MIT".to_owned())),
        ("general.file_type", Meta::U32(0)),
        ("llama.context_length", Meta::U32(CONTEXT)),
        ("llama.embedding_length", Meta::U32(WIDTH as u32)),
        ("llama.block_count", Meta::U32(1)),
        ("llama.feed_forward_length", Meta::U32(FEED_FORWARD as u32)),
        ("llama.attention.head_count", Meta::U32(HEADS)),
        ("llama.attention.layer_norm_rms_epsilon", Meta::F32(1e-5)),
        ("llama.rope.dimension_count", Meta::U32(WIDTH as u32 / HEADS)),
        ("tokenizer.ggml.model", Meta::Text("gpt2".to_owned())),
        ("tokenizer.ggml.pre", Meta::Text("default".to_owned())),
        ("tokenizer.ggml.tokens", Meta::Texts(tokens)),
        ("tokenizer.ggml.token_type", Meta::Numbers(types)),
        ("tokenizer.ggml.merges", Meta::Texts(Vec::new())),
        ("tokenizer.ggml.bos_token_id", Meta::U32(BOS as u32)),
        ("tokenizer.ggml.eos_token_id", Meta::U32(257)),
        ("tokenizer.ggml.padding_token_id", Meta::U32(258)),
        ("tokenizer.ggml.add_bos_token", Meta::Flag(true)),
        ("tokenizer.chat_template", Meta::Text(CHATML.to_owned())),
    ] {
        file.set(key, value);
    }
    let mut rng = fastrand::Rng::with_seed(7);
    let mut tensor = |name: &str, shape: &[u64], scale: f32| {
        let data = random(&mut rng, shape.iter().product(), scale);
        file.tensors.push((name.to_owned(), shape.to_vec(), data));
    };
    tensor("token_embd.weight", &[WIDTH, vocabulary], 1.0);
    for name in ["attn_q", "attn_k", "attn_v", "attn_output"] {
        tensor(&format!("blk.0.{name}.weight"), &[WIDTH, WIDTH], 0.4);
    }
    tensor("blk.0.ffn_gate.weight", &[WIDTH, FEED_FORWARD], 0.4);
    tensor("blk.0.ffn_up.weight", &[WIDTH, FEED_FORWARD], 0.4);
    tensor("blk.0.ffn_down.weight", &[FEED_FORWARD, WIDTH], 0.4);
    tensor("output.weight", &[WIDTH, vocabulary], 0.5);
    for name in ["blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"] {
        file.tensors.push((name.to_owned(), vec![WIDTH], vec![1.0; WIDTH as usize]));
    }
    file
}

/// A LoRA adapter for a model of a width.
pub(crate) fn lora(width: u64) -> GgufFile {
    let rank = 4;
    let mut file = GgufFile::default();
    for (key, value) in [
        ("general.architecture", Meta::Text("llama".to_owned())),
        ("general.type", Meta::Text("adapter".to_owned())),
        ("adapter.type", Meta::Text("lora".to_owned())),
        ("adapter.lora.alpha", Meta::F32(16.0)),
    ] {
        file.set(key, value);
    }
    let mut rng = fastrand::Rng::with_seed(11);
    let mut tensor = |name: &str, shape: [u64; 2]| {
        let data = random(&mut rng, shape[0] * shape[1], 0.5);
        file.tensors.push((name.to_owned(), shape.to_vec(), data));
    };
    for name in ["attn_q", "attn_v"] {
        tensor(&format!("blk.0.{name}.weight.lora_a"), [width, rank]);
        tensor(&format!("blk.0.{name}.weight.lora_b"), [rank, width]);
    }
    file
}

/// Where files that all tests read are; cargo's, so that it goes away with the target folder.
static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adapter-llama");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in [("model.gguf", model().bytes()), ("lora.gguf", lora(WIDTH).bytes())] {
        // Renamed, because another run may have it open.
        let file = tempfile::NamedTempFile::new_in(&folder).unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file.persist(folder.join(name)).unwrap();
    }
    folder
});

fn made(name: &str) -> String {
    MADE.join(name).to_str().unwrap().to_owned()
}

/// The path of the model, made once.
pub(crate) fn model_path() -> String {
    made("model.gguf")
}

/// The path of an adapter for it.
pub(crate) fn lora_path() -> String {
    made("lora.gguf")
}

/// A folder with one file.
pub(crate) fn written(bytes: &[u8]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("file.gguf");
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}
