//! The log of an operation.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};
use crate::secrets::looks_secret;

use super::times;

const KINDS: &[&str] = &["local-operation-log"];
const BASE: &str = "workspace-ops/local-operation-log.json";

pub(crate) static OPS_LOG_SEQ_ORDER: Rule = Rule {
    id: "OPS_LOG_SEQ_ORDER",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The number of a log line is not higher than that of the line before it.",
    why: "A log is only added to. Lines out of order were moved, repeated or put in later.",
    mend: "Keep the lines as they were written; give each line the next number.",
    source: "gap: the texts of the original demand it, its tool does not compare",
    example: Example { base: BASE, at: "/entries/2/seq", good: "4", bad: "1" },
};

pub(crate) static OPS_SECRET_IN_LOG: Rule = Rule {
    id: "OPS_SECRET_IN_LOG",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The log is said to be redacted, but a line holds a secret.",
    why: "A redacted log may leave the device.",
    mend: "Redact the log again, and replace the secret itself: it is known now.",
    source: "gap: the texts of the original demand redaction, its tool does not look",
    example: Example {
        base: BASE,
        at: "/entries/1/message",
        good: r#""logged in with password=[removed]""#,
        bad: r#""logged in with password=hunter2""#,
    },
};

pub(super) fn check(log: Node<'_>, report: &mut Report<'_>) {
    times::in_order(log, "startedAt", "closedAt", report);
    let redacted = log.get("redactionApplied").is_true();
    let mut last = None;
    for entry in log.get("entries").items() {
        let seq = entry.get("seq");
        if let Some(number) = seq.uint() {
            if let Some(last) = last.filter(|last| number <= *last) {
                report.add(&OPS_LOG_SEQ_ORDER, seq, format!("{number} comes after {last}"));
            }
            last = Some(number);
        }
        let message = entry.get("message");
        if redacted && let Some(secret) = message.str().and_then(looks_secret) {
            report.add(&OPS_SECRET_IN_LOG, message, format!("the line holds {secret}"));
        }
    }
}
