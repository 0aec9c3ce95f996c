//! One object of a stream of `/chat/completions` or `/completions`. Members that are not named here are passed over.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::answer::ErrorField;
use crate::usage::ServerUsage;

#[derive(Debug, Deserialize)]
pub(crate) struct Chunk {
    pub(crate) choices: Option<Vec<Choice>>,
    pub(crate) usage: Option<ServerUsage>,
    pub(crate) model: Option<String>,
    pub(crate) error: Option<ErrorField>,
    /// llama-server's own.
    pub(crate) timings: Option<ServerTimings>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    pub(crate) index: u64,
    pub(crate) delta: Option<Delta>,
    /// Of `/completions`.
    pub(crate) text: Option<String>,
    pub(crate) finish_reason: Option<String>,
    /// vLLM's own: the stop string, or the number of a token.
    pub(crate) stop_reason: Option<StopReason>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Delta {
    pub(crate) content: Option<String>,
    /// llama-server, vLLM, SGLang: what a model thinks before it answers.
    reasoning_content: Option<String>,
    /// Ollama and newer vLLM: the same.
    reasoning: Option<String>,
    tool_calls: Option<Vec<IgnoredAny>>,
    function_call: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum StopReason {
    String(#[expect(dead_code, reason = "that it is one is all that counts")] String),
    Other(IgnoredAny),
}

#[derive(Debug, Deserialize)]
pub(crate) struct ServerTimings {
    pub(crate) prompt_ms: Option<f64>,
}

impl Delta {
    pub(crate) fn is_thought(&self) -> bool {
        let has_text = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        has_text(&self.reasoning_content) || has_text(&self.reasoning)
    }

    pub(crate) fn calls_a_tool(&self) -> bool {
        self.function_call.is_some() || self.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty())
    }
}
