//! Counters in the text format of Prometheus (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use contract_inference::{Ask, CompletionKind, Ending, Finished};

/// What the server has done since it began. No names, no texts.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// By kind, then by outcome.
    requests: [[AtomicU64; OUTCOMES.len()]; KINDS.len()],
    prompt_tokens: AtomicU64,
    output_tokens: AtomicU64,
    microseconds: AtomicU64,
    sessions_ended: AtomicU64,
    receipts_lost: AtomicU64,
}

const KINDS: [&str; 3] = ["chat.completion", "completion", "embedding"];
const OUTCOMES: [&str; 5] = ["answered", "rejected", "refused", "cancelled", "failed"];

fn kind_index(ask: &Ask) -> usize {
    match ask.kind() {
        CompletionKind::Chat => 0,
        CompletionKind::Text => 1,
        CompletionKind::Embedding => 2,
    }
}

impl Metrics {
    pub(crate) fn completed(&self, ask: &Ask, finished: &Finished, took: Duration) {
        let outcome = match finished.ending {
            Ending::Answered(_) => 0,
            Ending::Rejected(..) => 1,
            Ending::Refused(_) => 2,
            Ending::Cancelled(_) => 3,
            Ending::Failed(_) => 4,
        };
        self.requests[kind_index(ask)][outcome].fetch_add(1, Relaxed);
        self.prompt_tokens.fetch_add(finished.usage.prompt_tokens.unwrap_or(0), Relaxed);
        self.output_tokens.fetch_add(finished.usage.output_tokens.unwrap_or(0), Relaxed);
        self.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn refused(&self, ask: &Ask) {
        self.requests[kind_index(ask)][2].fetch_add(1, Relaxed);
    }

    pub(crate) fn session_ended(&self) {
        self.sessions_ended.fetch_add(1, Relaxed);
    }

    pub(crate) fn record_lost(&self) {
        self.receipts_lost.fetch_add(1, Relaxed);
    }

    /// The text for a scrape; `at_work` is the number of requests now.
    pub(crate) fn text(&self, at_work: usize) -> String {
        let mut out = String::new();
        let head = |out: &mut String, name: &str, help: &str, kind: &str| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        let name = "contract_serve_requests_total";
        head(&mut out, name, "Requests that are over.", "counter");
        for (kind, counts) in KINDS.iter().zip(&self.requests) {
            for (outcome, count) in OUTCOMES.iter().zip(counts) {
                let count = count.load(Relaxed);
                let _ = writeln!(out, "{name}{{kind=\"{kind}\",outcome=\"{outcome}\"}} {count}");
            }
        }
        let counters = [
            ("contract_serve_prompt_tokens_total", "Tokens of prompts.", &self.prompt_tokens),
            ("contract_serve_output_tokens_total", "Tokens that were generated.", &self.output_tokens),
            (
                "contract_serve_sessions_ended_total",
                "Adapter sessions that are over or could not begin.",
                &self.sessions_ended,
            ),
            (
                "contract_serve_receipts_lost_total",
                "Receipts that could not be written.",
                &self.receipts_lost,
            ),
        ];
        for (name, help, value) in counters {
            head(&mut out, name, help, "counter");
            let _ = writeln!(out, "{name} {}", value.load(Relaxed));
        }
        let name = "contract_serve_request_seconds_total";
        head(&mut out, name, "Time that requests took, added up.", "counter");
        let microseconds = self.microseconds.load(Relaxed);
        let _ = writeln!(out, "{name} {}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000);
        let name = "contract_serve_requests_at_work";
        head(&mut out, name, "Requests that are answered or wait now.", "gauge");
        let _ = writeln!(out, "{name} {at_work}");
        out
    }
}
