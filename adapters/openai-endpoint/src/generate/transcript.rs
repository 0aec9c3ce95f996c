//! What has come of a text so far, and the result that it makes.

use contract_adapter::Answer;
use serde::Serialize;

use crate::chunk::Chunk;
use crate::schema::Schema;
use crate::usage::{Model, ServerUsage, Timings};

/// Why the text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FinishReason {
    Stop,
    StopString,
    Length,
    Cancelled,
}

/// The data of a result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Generated {
    text: String,
    finish_reason: FinishReason,
    usage: Usage,
    model: Model,
    timings: Timings,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_fault: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    prompt_tokens: Option<u32>,
    cached_tokens: Option<u32>,
    output_tokens: u32,
    estimated: bool,
}

/// The text, and what the server told beside it.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    /// What has been sent as progress, all of it.
    pub(crate) text: String,
    /// Pieces with something in them: tokens, as far as can be seen.
    pub(crate) pieces: u32,
    pub(crate) first_ms: Option<f64>,
    usage: Option<ServerUsage>,
    model: Option<String>,
    prompt_ms: Option<f64>,
}

impl Transcript {
    /// Keeps what a chunk tells beside its text; the last word counts.
    pub(crate) fn note(&mut self, chunk: &mut Chunk) {
        self.usage = chunk.usage.take().or(self.usage.take());
        self.model = chunk.model.take().or(self.model.take());
        let told = chunk.timings.take().and_then(|timings| timings.prompt_ms);
        self.prompt_ms = told.or(self.prompt_ms);
    }

    /// The result. The answer is no for a text that is not whole, or not what the schema asks for.
    pub(crate) fn end(
        self,
        reason: FinishReason,
        schema: Option<&Schema>,
        total_ms: f64,
    ) -> Answer<Generated> {
        let schema_fault = match (reason, schema) {
            (FinishReason::Cancelled, _) | (_, None) => None,
            (FinishReason::Length, Some(_)) => {
                Some("the text was cut by the limit of tokens and is not whole".to_owned())
            }
            (FinishReason::Stop | FinishReason::StopString, Some(schema)) => schema.fault(&self.text),
        };
        let told = self.usage.unwrap_or_default();
        let usage = Usage {
            prompt_tokens: told.prompt_tokens,
            cached_tokens: told.cached_tokens(),
            output_tokens: told.completion_tokens.unwrap_or(self.pieces),
            estimated: told.completion_tokens.is_none(),
        };
        let timings = Timings {
            prompt_ms: self.prompt_ms,
            first_token_ms: self.first_ms,
            total_ms,
            ..Timings::default()
        };
        let is_yes = schema_fault.is_none() && reason != FinishReason::Cancelled;
        let generated = Generated {
            text: self.text,
            finish_reason: reason,
            usage,
            model: Model::named(self.model),
            timings,
            schema_fault,
        };
        if is_yes { Answer::Yes(generated) } else { Answer::No(generated) }
    }
}
