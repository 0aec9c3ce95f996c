//! Why an operation cannot be done, with what to do about it.

use contract_adapter::Failure;
use serde_json::{Value, json};

use crate::gguf::GgufFault;
use crate::memory::Shortage;

/// What is wrong with the arguments, a file, or the machine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{path}: {why}")]
    Unreadable { path: String, why: String },
    #[error("{path}: it is damaged or no model: {fault}; get an intact copy")]
    Invalid { path: String, fault: GgufFault },
    #[error("{path}: {what}; get an intact copy")]
    Senseless { path: String, what: String },
    #[error("{path}: llama.cpp cannot load it: {what}")]
    NotLoaded { path: String, what: String },
    #[error("{path}: {what}")]
    Unsupported { path: String, what: String },
    #[error("{path}: it changed while it was loaded; load it again when it is at rest")]
    Changed { path: String },
    #[error("{path}: {shortage}")]
    Memory { path: String, shortage: Shortage },
    #[error(
        "the prompt has {tokens} tokens, and the context has room for {context} with at least one more; shorten it, or raise contextTokens"
    )]
    PromptTooLong { tokens: usize, context: u32 },
    #[error("{what}")]
    Grammar { what: String },
    #[error("{what}; give `prompt` instead of `messages`")]
    NoTemplate { what: String },
    #[error("{file}: the saved state cannot be used: {what}")]
    State { file: String, member: String, what: String },
    #[error("{path}: {what}")]
    Lora { path: String, what: String },
    #[error(
        "this program was built for processors with {needs}, and this one lacks {lacks}; build it on or for this processor"
    )]
    Cpu { needs: String, lacks: String },
    #[error("llama.cpp failed: {what}")]
    Engine { what: String },
}

impl Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } | Self::Changed { .. } => "ADAPTER_MODEL_UNREADABLE",
            Self::Invalid { .. } | Self::Senseless { .. } | Self::NotLoaded { .. } => "ADAPTER_MODEL_INVALID",
            Self::Unsupported { .. } => "ADAPTER_MODEL_UNSUPPORTED",
            Self::Memory { .. } => "ADAPTER_MEMORY",
            Self::PromptTooLong { .. } => "ADAPTER_PROMPT_TOO_LONG",
            Self::Grammar { .. } => "ADAPTER_GRAMMAR_INVALID",
            Self::NoTemplate { .. } => "ADAPTER_NO_TEMPLATE",
            Self::State { .. } => "ADAPTER_STATE_MISMATCH",
            Self::Lora { .. } => "ADAPTER_LORA_INVALID",
            Self::Cpu { .. } => "ADAPTER_CPU_UNSUPPORTED",
            Self::Engine { .. } => "ADAPTER_ENGINE",
        }
    }

    fn details(&self) -> Option<Value> {
        Some(match self {
            Self::Invalid { path, fault } => json!({ "path": path, "at": fault.at, "within": fault.within }),
            Self::Memory { path, shortage } => json!({
                "path": path,
                "estimateBytes": shortage.needed,
                "limitBytes": shortage.limit,
                "limit": shortage.name,
            }),
            Self::PromptTooLong { tokens, context } => {
                json!({ "promptTokens": tokens, "contextTokens": context })
            }
            Self::State { file, member, .. } => json!({ "path": file, "member": member }),
            Self::Cpu { lacks, .. } => json!({ "lacks": lacks }),
            Self::Unreadable { path, .. }
            | Self::Senseless { path, .. }
            | Self::NotLoaded { path, .. }
            | Self::Unsupported { path, .. }
            | Self::Changed { path }
            | Self::Lora { path, .. } => json!({ "path": path }),
            Self::Grammar { .. } | Self::NoTemplate { .. } | Self::Engine { .. } => return None,
        })
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let failure = Self::new(fault.code(), fault.to_string());
        match fault.details() {
            Some(details) => failure.details(details),
            None => failure,
        }
    }
}
