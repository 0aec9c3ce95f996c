//! The arguments of the operations, as they are in adapter.json.

use contract_adapter::Failure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::seat::Pooling;

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) role: Role,
    pub(crate) content: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    /// As templates call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// A LoRA adapter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoraFile {
    pub(crate) path: String,
    #[serde(default = "one")]
    pub(crate) scale: f32,
}

/// What a saved state belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StateKey {
    pub(crate) model_digest: String,
    pub(crate) tokenizer_digest: String,
    pub(crate) adapter_digest: Option<String>,
    pub(crate) prefix_digest: String,
    pub(crate) agent: String,
    pub(crate) workroom: String,
    pub(crate) policy_domain: String,
}

/// The model and the room that it is given; the same members in several operations.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) model: String,
    pub(crate) adapters: Vec<LoraFile>,
    pub(crate) context_tokens: Option<u32>,
    pub(crate) threads: u32,
}

/// Arguments of `inference.generate`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Generate {
    model: String,
    prompt: Option<String>,
    messages: Option<Vec<Message>>,
    #[serde(default = "max_tokens")]
    pub(crate) max_tokens: usize,
    #[serde(default)]
    pub(crate) temperature: f32,
    #[serde(default = "top_k")]
    pub(crate) top_k: i32,
    #[serde(default = "top_p")]
    pub(crate) top_p: f32,
    #[serde(default = "min_p")]
    pub(crate) min_p: f32,
    #[serde(default = "one")]
    pub(crate) repeat_penalty: f32,
    #[serde(default = "repeat_last_tokens")]
    pub(crate) repeat_last_tokens: i32,
    #[serde(default)]
    pub(crate) seed: u32,
    #[serde(default)]
    pub(crate) stop: Vec<String>,
    pub(crate) json_schema: Option<Value>,
    pub(crate) grammar: Option<String>,
    context_tokens: Option<u32>,
    #[serde(default = "threads")]
    threads: u32,
    #[serde(default)]
    adapters: Vec<LoraFile>,
    pub(crate) state: Option<String>,
    pub(crate) state_key: Option<StateKey>,
    #[serde(default)]
    pub(crate) return_tokens: bool,
}

/// Arguments of `inference.embed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Embed {
    model: String,
    pub(crate) input: Vec<String>,
    #[serde(default)]
    pub(crate) pooling: Pooling,
    #[serde(default = "yes")]
    pub(crate) normalize: bool,
    context_tokens: Option<u32>,
    #[serde(default = "threads")]
    threads: u32,
}

/// Arguments of `inference.tokenize`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Tokenize {
    pub(crate) model: String,
    pub(crate) text: String,
    #[serde(default = "yes")]
    pub(crate) add_special: bool,
    #[serde(default)]
    pub(crate) parse_special: bool,
}

/// Arguments of `model.inspect`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inspect {
    pub(crate) model: String,
}

/// Arguments of `model.state.save`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Save {
    model: String,
    prompt: Option<String>,
    messages: Option<Vec<Message>>,
    pub(crate) file: String,
    pub(crate) key: StateKey,
    context_tokens: Option<u32>,
    #[serde(default = "threads")]
    threads: u32,
    #[serde(default)]
    adapters: Vec<LoraFile>,
}

/// Arguments of `model.state.load`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Load {
    model: String,
    pub(crate) file: String,
    pub(crate) key: StateKey,
    context_tokens: Option<u32>,
    #[serde(default = "threads")]
    threads: u32,
    #[serde(default)]
    adapters: Vec<LoraFile>,
}

/// What is to be continued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Prompt {
    Text(String),
    Messages(Vec<Message>),
}

macro_rules! wanted {
    ($($request:ident),*) => {$(
        impl $request {
            pub(crate) fn wanted(&self) -> Wanted {
                Wanted {
                    model: self.model.clone(),
                    adapters: self.adapters.clone(),
                    context_tokens: self.context_tokens,
                    threads: self.threads,
                }
            }
        }
    )*};
}
wanted!(Generate, Save, Load);

impl Embed {
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            model: self.model.clone(),
            adapters: Vec::new(),
            context_tokens: self.context_tokens,
            threads: self.threads,
        }
    }
}

impl Generate {
    /// The prompt, after what the schema cannot say in a way that every reader knows.
    pub(crate) fn take_prompt(&mut self) -> Result<Prompt, Failure> {
        if self.json_schema.is_some() && self.grammar.is_some() {
            return Err(Failure::bad_input("give jsonSchema or grammar, not both"));
        }
        if self.stop.iter().any(String::is_empty) {
            return Err(Failure::bad_input("a stop string is empty"));
        }
        if self.state.is_some() != self.state_key.is_some() {
            return Err(Failure::bad_input("state and stateKey belong together"));
        }
        one_of(self.prompt.take(), self.messages.take())
    }
}

impl Save {
    pub(crate) fn take_prompt(&mut self) -> Result<Prompt, Failure> {
        one_of(self.prompt.take(), self.messages.take())
    }
}

fn one_of(prompt: Option<String>, messages: Option<Vec<Message>>) -> Result<Prompt, Failure> {
    match (prompt, messages) {
        (Some(text), None) => Ok(Prompt::Text(text)),
        (None, Some(messages)) if !messages.is_empty() => Ok(Prompt::Messages(messages)),
        (None, Some(_)) => Err(Failure::bad_input("messages is empty")),
        _ => Err(Failure::bad_input("give exactly one of prompt and messages")),
    }
}

fn max_tokens() -> usize {
    256
}
fn top_k() -> i32 {
    40
}
fn top_p() -> f32 {
    0.95
}
fn min_p() -> f32 {
    0.05
}
fn one() -> f32 {
    1.0
}
fn repeat_last_tokens() -> i32 {
    64
}
fn threads() -> u32 {
    1
}
fn yes() -> bool {
    true
}
