//! What results say beside the text: counts, the model, times.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Counts as a server tells them.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ServerUsage {
    pub(crate) prompt_tokens: Option<u32>,
    pub(crate) completion_tokens: Option<u32>,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u32>,
}

impl ServerUsage {
    pub(crate) fn cached_tokens(&self) -> Option<u32> {
        self.prompt_tokens_details.as_ref()?.cached_tokens
    }
}

/// The model, as far as the API tells of it.
#[derive(Debug, Serialize)]
pub(crate) struct Model {
    architecture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "tokenizerDigest")]
    tokenizer_digest: Option<String>,
}

impl Model {
    /// The name that the server gave.
    pub(crate) fn named(name: Option<String>) -> Self {
        Self { architecture: None, name, tokenizer_digest: None }
    }
}

/// Milliseconds.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Timings {
    pub(crate) load_ms: Option<f64>,
    pub(crate) prompt_ms: Option<f64>,
    pub(crate) first_token_ms: Option<f64>,
    pub(crate) total_ms: f64,
}

/// Milliseconds, to the microsecond.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}
