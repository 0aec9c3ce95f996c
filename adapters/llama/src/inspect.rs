//! `model.inspect`: what a file says of itself. llama.cpp is not asked, so a damaged file does no harm here.

use std::collections::BTreeMap;

use contract_adapter::{Context, Failure};
use contract_json::sha256_text;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::LlamaAdapter;
use crate::facts::{Facts, Kind};
use crate::file::ModelFile;
use crate::gguf::{Gguf, MetaValue};
use crate::memory::{Estimate, Room};
use crate::request::Inspect;
use crate::seat::BATCH;

/// Longest text of a metadata value that is shown. Characters.
const LONGEST_TEXT: usize = 200;
/// Longest array that is shown whole.
const LONGEST_ARRAY: usize = 8;
/// The context that the estimate is for, unless the model has less. Tokens.
const DEFAULT_CONTEXT: u64 = 4096;

/// Data of `model.inspect`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Inspected {
    summary: String,
    kind: &'static str,
    architecture: String,
    name: Option<String>,
    license: Option<String>,
    file_bytes: u64,
    parameters: u64,
    quantization: Value,
    context_tokens: Option<u64>,
    embedding_length: Option<u64>,
    layers: Option<u64>,
    heads: Option<u64>,
    kv_heads: Option<u64>,
    vocabulary_size: Option<u64>,
    tokenizer: Value,
    chat_template: Value,
    memory: Value,
    metadata: Map<String, Value>,
}

/// Does it.
pub(crate) fn inspect(
    _: &mut LlamaAdapter,
    inspect: Inspect,
    _: &mut Context<'_>,
) -> Result<Inspected, Failure> {
    let gguf = ModelFile::open(&inspect.model)?.gguf()?;
    let facts = Facts::of(&gguf, &inspect.model)?;
    Ok(describe(&gguf, facts))
}

fn describe(gguf: &Gguf, facts: Facts) -> Inspected {
    let context = facts.context_tokens.unwrap_or(DEFAULT_CONTEXT).min(DEFAULT_CONTEXT);
    let room = Room { context: u32::try_from(context).unwrap_or(u32::MAX), batch: BATCH };
    let estimate = Estimate::of(&facts, gguf, room);
    let weights = gguf.tensors.iter().fold(0_u64, |sum, tensor| sum.saturating_add(tensor.bytes));
    let parameters = gguf.tensors.iter().fold(0_u64, |sum, tensor| sum.saturating_add(tensor.elements()));
    let mut types: BTreeMap<&str, u64> = BTreeMap::new();
    for tensor in &gguf.tensors {
        *types.entry(tensor.kind.name).or_default() += 1;
    }
    let kind = match facts.kind {
        Kind::Base => "base",
        Kind::Adapter => "adapter",
    };
    let mut data = Inspected {
        summary: String::new(),
        kind,
        file_bytes: gguf.file_bytes,
        parameters,
        quantization: json!({
            "fileType": gguf.number("general.file_type").map(file_type),
            "tensors": types.iter().map(|(name, count)| json!({ "type": name, "count": count })).collect::<Vec<_>>(),
        }),
        tokenizer: json!({
            "model": gguf.text("tokenizer.ggml.model"),
            "digest": facts.tokenizer_digest,
            "bos": gguf.number("tokenizer.ggml.bos_token_id"),
            "eos": gguf.number("tokenizer.ggml.eos_token_id"),
            "addBos": match gguf.get("tokenizer.ggml.add_bos_token") {
                Some(MetaValue::Flag(flag)) => Some(*flag),
                _ => None,
            },
        }),
        chat_template: json!({
            "present": facts.template.is_some(),
            "digest": facts.template.as_ref().map(|template| sha256_text(template.as_bytes())),
        }),
        memory: json!({
            "weightsBytes": weights,
            "kvBytesPerToken": facts.kv_bytes_per_token,
            "estimateBytes": estimate.whole(),
        }),
        metadata: gguf.entries().iter().map(|(key, value)| (key.clone(), shown(value))).collect(),
        context_tokens: facts.context_tokens,
        embedding_length: facts.embedding_length,
        layers: facts.layers,
        heads: facts.heads,
        kv_heads: facts.kv_heads,
        vocabulary_size: facts.vocabulary_size,
        architecture: facts.architecture,
        name: facts.name,
        license: facts.license,
    };
    data.summary = summary(&data, context, estimate);
    data
}

fn summary(data: &Inspected, context: u64, estimate: Estimate) -> String {
    let or_unknown = |value: Option<u64>| value.map_or("unknown".to_owned(), |value| value.to_string());
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not said".to_owned());
    let types = data.quantization["tensors"].as_array().into_iter().flatten();
    let types: Vec<_> =
        types.map(|one| format!("{} {}", one["count"], one["type"].as_str().unwrap_or_default())).collect();
    let lines = [
        format!("name: {}", text(&data.name)),
        format!("kind: {}, architecture {}", data.kind, data.architecture),
        format!("license: {}", text(&data.license)),
        format!("file: {} bytes, {} parameters", data.file_bytes, data.parameters),
        format!("tensors: {}", types.join(", ")),
        format!(
            "context: {} tokens, vocabulary: {}",
            or_unknown(data.context_tokens),
            or_unknown(data.vocabulary_size)
        ),
        format!(
            "layers: {}, width: {}, heads: {}, KV heads: {}",
            or_unknown(data.layers),
            or_unknown(data.embedding_length),
            or_unknown(data.heads),
            or_unknown(data.kv_heads)
        ),
        format!(
            "chat template: {}",
            if data.chat_template["present"] == true { "there is one" } else { "none" }
        ),
        format!("memory for {context} tokens: about {} bytes", estimate.whole()),
    ];
    lines.join("\n")
}

/// A value, or the beginning of a long one.
fn shown(value: &MetaValue) -> Value {
    match value {
        MetaValue::Text(text) if text.chars().count() > LONGEST_TEXT => {
            let beginning: String = text.chars().take(LONGEST_TEXT).collect();
            json!(format!("{beginning}... ({} bytes)", text.len()))
        }
        MetaValue::Array(array) if array.len() > LONGEST_ARRAY => {
            json!(format!("[{} elements]", array.len()))
        }
        value => value.to_json(),
    }
}

/// The names of `llama_ftype` of llama.h; which mixture of types the maker of the file chose.
fn file_type(number: u64) -> String {
    let name = match number {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4_MOE",
        _ => return format!("type {number}"),
    };
    name.to_owned()
}
