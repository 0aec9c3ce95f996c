//! Which request an error is about, and the codes of what a server can do wrong.

use std::time::Duration;

use contract_adapter::Failure;
use serde_json::json;

use crate::patience::Passed;

/// One request, for messages: `POST 127.0.0.1:8080/v1/completions`.
#[derive(Debug, Clone)]
pub(crate) struct Place(String);

impl Place {
    pub(crate) fn new(method: &str, authority: &str, path: &str) -> Self {
        Self(format!("{method} {authority}{path}"))
    }

    fn failure(&self, code: &'static str, what: &str) -> Failure {
        Failure::new(code, format!("{}: {what}", self.0))
    }

    /// Nobody answers there.
    pub(crate) fn unreachable(&self, why: &str) -> Failure {
        self.failure("ADAPTER_ENDPOINT_UNREACHABLE", &format!("no connection: {why}. Is the server running?"))
            .retryable()
    }

    /// The answer is not what the API or HTTP says.
    pub(crate) fn protocol(&self, what: &str) -> Failure {
        self.failure("ADAPTER_ENDPOINT_PROTOCOL", what)
    }

    /// The server's own filter held the text back.
    pub(crate) fn filtered(&self) -> Failure {
        self.failure(
            "ADAPTER_ENDPOINT_FILTERED",
            "the server's content filter withheld the text (finish_reason content_filter)",
        )
    }

    /// The server said that it failed. `words` are its own, cleaned.
    pub(crate) fn status(&self, status: u16, words: &str) -> Failure {
        let failure = self
            .failure("ADAPTER_ENDPOINT_STATUS", &format!("HTTP {status}: {words}"))
            .details(json!({ "status": status }));
        // Too many requests; a bad or missing server behind a proxy; a model that is still being loaded.
        if matches!(status, 429 | 502 | 503 | 504) { failure.retryable() } else { failure }
    }

    /// The server began well and then said that it failed.
    pub(crate) fn broken_off(&self, words: &str) -> Failure {
        self.failure("ADAPTER_ENDPOINT_STATUS", &format!("the server broke off its answer: {words}"))
            .details(json!({ "status": 200 }))
    }

    /// A deadline passed. `doing` is what was waited for.
    pub(crate) fn timeout(&self, passed: Passed, doing: &str) -> Failure {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (what, name, ms) = match passed {
            Passed::Total(time) => ("not done", "total", ms(time)),
            Passed::Idle(time) => ("nothing", "idle", ms(time)),
        };
        self.failure("ADAPTER_ENDPOINT_TIMEOUT", &format!("{what} in {ms} ms, while {doing}"))
            .details(json!({ "deadline": name, "ms": ms }))
            .retryable()
    }
}
