//! What is asked of a model: the input, how to sample, and the arguments of the operation that this makes.

use contract_json::to_canonical_vec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::completion::{CompletionKind, chat_text};
use crate::profile::Binding;

/// The operation that completes.
pub const GENERATE: &str = "inference.generate";
/// The operation that embeds.
pub const EMBED: &str = "inference.embed";

/// One request to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The input.
    pub input: Input,
    /// How to sample; of no meaning for texts to embed.
    pub sampling: Sampling,
    /// The most time it may take, in milliseconds.
    pub timeout_ms: Option<u64>,
}

/// The input of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A text to go on with, as it is.
    Prompt(String),
    /// Messages, through the model's own template.
    Chat(Vec<Message>),
    /// Texts to embed.
    Texts(Vec<String>),
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: MessageRole,
    /// What is said.
    pub content: String,
}

/// Who speaks in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// The one who set the model up.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

impl MessageRole {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// How to sample. What is left out is as the adapter's manifest says.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the adapters' manifests describe each, with its range")]
pub struct Sampling {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grammar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u64>,
}

impl Ask {
    /// The operation.
    #[must_use]
    pub fn op(&self) -> &'static str {
        match self.input {
            Input::Prompt(_) | Input::Chat(_) => GENERATE,
            Input::Texts(_) => EMBED,
        }
    }

    /// What kind of completion it is.
    #[must_use]
    pub fn kind(&self) -> CompletionKind {
        match self.input {
            Input::Prompt(_) => CompletionKind::Text,
            Input::Chat(_) => CompletionKind::Chat,
            Input::Texts(_) => CompletionKind::Embedding,
        }
    }

    /// The input as one text, which receipts have the digest of.
    #[must_use]
    pub fn input_text(&self) -> String {
        match &self.input {
            Input::Prompt(prompt) => prompt.clone(),
            Input::Chat(messages) => {
                chat_text(messages.iter().map(|message| (message.role.as_str(), message.content.as_str())))
            }
            Input::Texts(texts) => texts.join("\n"),
        }
    }

    /// Whether the output must have a form, so that nothing of it counts until it is whole.
    #[must_use]
    pub fn is_constrained(&self) -> bool {
        self.sampling.json_schema.is_some() || self.sampling.grammar.is_some()
    }

    /// The arguments of the operation, a canonical JSON object. `loras` are paths and weights, `api_key_env` is the name of a variable.
    #[must_use]
    pub fn args(&self, binding: &Binding, loras: &[(String, f64)], api_key_env: Option<&str>) -> Vec<u8> {
        let mut args = match self.input {
            Input::Texts(_) => Map::new(),
            _ => match serde_json::to_value(&self.sampling) {
                Ok(Value::Object(sampling)) => sampling,
                _ => unreachable!("a struct serialises as an object"),
            },
        };
        match &self.input {
            Input::Prompt(prompt) => args.insert("prompt".to_owned(), json!(prompt)),
            Input::Chat(messages) => args.insert("messages".to_owned(), json!(messages)),
            Input::Texts(texts) => args.insert("input".to_owned(), json!(texts)),
        };
        match binding {
            Binding::Llama { model } => {
                args.insert("model".to_owned(), json!(model));
                if !loras.is_empty() {
                    let loras: Vec<Value> =
                        loras.iter().map(|(path, scale)| json!({"path": path, "scale": scale})).collect();
                    args.insert("adapters".to_owned(), Value::Array(loras));
                }
            }
            Binding::Endpoint { at, model } => {
                args.insert("model".to_owned(), json!(model));
                args.insert("endpoint".to_owned(), json!(at.to_string()));
                if let Some(path) = at.base_path() {
                    args.insert("basePath".to_owned(), json!(path));
                }
                if let Some(name) = api_key_env {
                    args.insert("apiKeyEnv".to_owned(), json!(name));
                }
            }
        }
        to_canonical_vec(&args)
    }
}
