//! What a model file says of itself, as far as it is needed here.

use std::collections::HashMap;

use contract_json::{sha256_text, to_canonical_vec};
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::gguf::{Array, Gguf, MetaValue};

/// More layers than any model has; a number beyond it is damage.
const MOST_LAYERS: u64 = 4096;
/// The same for heads, and for the width of a layer.
const MOST_WIDTH: u64 = 1 << 24;

/// A base model, or an adapter of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Base,
    Adapter,
}

/// Facts of one file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) architecture: String,
    pub(crate) name: Option<String>,
    pub(crate) license: Option<String>,
    /// The longest context that the model was made for. Tokens.
    pub(crate) context_tokens: Option<u64>,
    pub(crate) embedding_length: Option<u64>,
    pub(crate) feed_forward_length: Option<u64>,
    pub(crate) layers: Option<u64>,
    pub(crate) heads: Option<u64>,
    /// Bytes of the KV cache that one token takes, at 16 bits a number.
    pub(crate) kv_bytes_per_token: Option<u64>,
    pub(crate) kv_heads: Option<u64>,
    pub(crate) vocabulary_size: Option<u64>,
    pub(crate) pooling: Option<u64>,
    pub(crate) tokenizer_digest: String,
    pub(crate) template: Option<String>,
    /// SHA-256 of metadata and table of tensors: tells models apart whose weights differ in shape or make.
    pub(crate) head_digest: String,
}

impl Facts {
    pub(crate) fn of(gguf: &Gguf, path: &str) -> Result<Self, Fault> {
        let architecture = gguf.text("general.architecture").ok_or_else(|| {
            senseless(path, "it names no architecture (`general.architecture`); it is no language model")
        })?;
        if gguf.number("split.count").is_some_and(|count| count > 1) {
            return Err(Fault::Unsupported {
                path: path.to_owned(),
                what: "it is one of several files of one model; merge them with llama-gguf-split --merge"
                    .to_owned(),
            });
        }
        let own = |key: &str| format!("{architecture}.{key}");
        let layers = gguf.number(&own("block_count"));
        let heads = largest(gguf.get(&own("attention.head_count")));
        let facts = Self {
            kind: if gguf.text("general.type") == Some("adapter") { Kind::Adapter } else { Kind::Base },
            architecture: architecture.to_owned(),
            name: gguf.text("general.name").map(str::to_owned),
            license: gguf.text("general.license").map(str::to_owned),
            context_tokens: gguf.number(&own("context_length")),
            embedding_length: gguf.number(&own("embedding_length")),
            feed_forward_length: largest(gguf.get(&own("feed_forward_length"))),
            layers,
            heads,
            kv_bytes_per_token: kv_bytes_per_token(gguf, architecture),
            kv_heads: largest(gguf.get(&own("attention.head_count_kv"))).or(heads),
            vocabulary_size: vocabulary_size(gguf),
            pooling: gguf.number(&own("pooling_type")),
            tokenizer_digest: tokenizer_digest(gguf),
            template: gguf.text("tokenizer.chat_template").map(str::to_owned),
            head_digest: head_digest(gguf),
        };
        facts.make_sense(path)?;
        tokens_differ(gguf, path)?;
        Ok(facts)
    }

    /// Refuses numbers with which llama.cpp would divide by zero or ask for all memory.
    fn make_sense(&self, path: &str) -> Result<(), Fault> {
        if self.kind == Kind::Adapter {
            return Ok(());
        }
        let numbers = [
            ("embedding_length", self.embedding_length, MOST_WIDTH),
            ("block_count", self.layers, MOST_LAYERS),
            ("attention.head_count", self.heads, MOST_WIDTH),
            ("context_length", self.context_tokens, i32::MAX as u64),
            ("feed_forward_length", self.feed_forward_length, MOST_WIDTH),
        ];
        for (key, number, most) in numbers {
            if let Some(number) = number.filter(|&number| number == 0 || number > most) {
                return Err(senseless(
                    path,
                    &format!("its `{}.{key}` is {number}; 1 to {most} make sense", self.architecture),
                ));
            }
        }
        for (key, number) in [("embedding_length", self.embedding_length), ("block_count", self.layers)] {
            if number.is_none() {
                return Err(senseless(path, &format!("it has no `{}.{key}`", self.architecture)));
            }
        }
        Ok(())
    }
}

fn senseless(path: &str, what: &str) -> Fault {
    Fault::Senseless { path: path.to_owned(), what: what.to_owned() }
}

/// llama.cpp asserts that no two tokens are the same, and ends the process otherwise. Empty ones get names of their own there.
fn tokens_differ(gguf: &Gguf, path: &str) -> Result<(), Fault> {
    let Some(MetaValue::Array(Array::Texts(tokens))) = gguf.get("tokenizer.ggml.tokens") else {
        return Ok(());
    };
    let mut seen = HashMap::new();
    for (number, token) in tokens.iter().enumerate().filter(|(_, token)| !token.is_empty()) {
        if let Some(before) = seen.insert(token.as_str(), number) {
            return Err(senseless(path, &format!("its tokens {before} and {number} are the same")));
        }
    }
    Ok(())
}

/// A number, or the largest of an array with one for each layer.
fn largest(value: Option<&MetaValue>) -> Option<u64> {
    match value? {
        MetaValue::Array(Array::Values(values)) => values.iter().filter_map(MetaValue::number).max(),
        value => value.number(),
    }
}

fn vocabulary_size(gguf: &Gguf) -> Option<u64> {
    match gguf.get("tokenizer.ggml.tokens") {
        Some(MetaValue::Array(tokens)) => Some(tokens.len() as u64),
        _ => None,
    }
}

/// Of each layer: key and value of each KV head, at two bytes a number, which is what llama.cpp does unless told otherwise.
fn kv_bytes_per_token(gguf: &Gguf, architecture: &str) -> Option<u64> {
    let own = |key: &str| gguf.get(&format!("{architecture}.{key}"));
    let layers = own("block_count")?.number()?.min(MOST_LAYERS);
    let heads = largest(own("attention.head_count"))?;
    let width = own("embedding_length")?.number()?;
    let head = width.checked_div(heads)?;
    let key = own("attention.key_length").and_then(MetaValue::number).unwrap_or(head);
    let value = own("attention.value_length").and_then(MetaValue::number).unwrap_or(head);
    let kv_heads = match own("attention.head_count_kv") {
        Some(MetaValue::Array(Array::Values(each))) => {
            each.iter().filter_map(MetaValue::number).fold(0, u64::saturating_add)
        }
        Some(one) => one.number()?.saturating_mul(layers),
        None => heads.saturating_mul(layers),
    };
    Some(kv_heads.saturating_mul(key.saturating_add(value)).saturating_mul(2))
}

fn tokenizer_digest(gguf: &Gguf) -> String {
    let keys = gguf.entries().iter().filter(|(key, _)| key.starts_with("tokenizer."));
    let object: Map<String, Value> = keys.map(|(key, value)| (key.clone(), value.to_json())).collect();
    sha256_text(&to_canonical_vec(&object))
}

fn head_digest(gguf: &Gguf) -> String {
    let metadata: Map<String, Value> = gguf
        .entries()
        .iter()
        .filter(|(key, _)| !key.starts_with("tokenizer."))
        .map(|(key, value)| (key.clone(), value.to_json()))
        .collect();
    let tensors: Vec<Value> = gguf
        .tensors
        .iter()
        .map(|tensor| {
            serde_json::json!([
                tensor.name,
                tensor.shape.iter().map(u64::to_string).collect::<Vec<_>>(),
                tensor.kind.name
            ])
        })
        .collect();
    sha256_text(&to_canonical_vec(&serde_json::json!({ "metadata": metadata, "tensors": tensors })))
}
