//! Audits of the inference gateway.

use contract_json::{Limits, SortedAscii, Tape};
use serde_json::{Value, json};

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const KINDS: &[&str] = &["gateway-call-audit", "inference-evidence.v0"];
const BASE: &str = "model-plane/gateway-call-audit.json";

pub(crate) static MODEL_AUDIT_CALL_ID: Rule = Rule {
    id: "MODEL_AUDIT_CALL_ID",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The id of a call does not follow from its caller, model, time and outcome.",
    why: "One of the five was changed, or the id belongs to another call.",
    mend: "Compute `callId` again, and then `receipt_hash`; of a record that others keep, do not trust it.",
    source: "inference gateway of agent-machine",
    example: Example {
        base: BASE,
        at: "/callId",
        good: r#""35da8890a2941f33""#,
        bad: r#""0000000000000000""#,
    },
};

pub(crate) static MODEL_AUDIT_HASH: Rule = Rule {
    id: "MODEL_AUDIT_HASH",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The hash of an audit is not that of its other members.",
    why: "A member was changed after the call.",
    mend: "Do not trust the record; where you have made it yourself, compute `receipt_hash` again.",
    source: "inference gateway of agent-machine",
    example: Example { base: BASE, at: "/recalled_count", good: "0", bad: "1" },
};

/// Over an audit, which may be part of another document.
pub(in crate::families) fn check(audit: Node<'_>, report: &mut Report<'_>) {
    let members: serde_json::Map<String, Value> =
        audit.members().filter_map(|(name, node)| Some((name.to_owned(), node.value()?.clone()))).collect();
    let [id, hash] = ["callId", "receipt_hash"].map(|name| audit.get(name));
    let named = ["caller", "model", "occurred_at", "outcome"].map(|name| audit.get(name).str());
    if let ([Some(caller), Some(model), Some(time), Some(outcome)], Some(found)) = (named, id.str())
        && let Some(digest) = stable(&json!({"c": caller, "m": model, "t": time, "o": outcome}))
        && digest.get("sha256:".len()..).and_then(|hex| hex.get(..16)) != Some(found)
    {
        report.add(&MODEL_AUDIT_CALL_ID, id, format!("it would be {}", &digest["sha256:".len()..][..16]));
        // The hash covers the id: it can be right for the wrong one only.
        return;
    }
    let mut covered = members;
    covered.remove("receipt_hash");
    if let Some(found) = hash.str()
        && let Some(digest) = stable(&Value::Object(covered))
        && digest != found
    {
        report.add(&MODEL_AUDIT_HASH, hash, format!("it would be {digest}"));
    }
}

/// Digest of the sorted ASCII form; none where a number has no strict form.
fn stable(value: &Value) -> Option<String> {
    let text = serde_json::to_vec(value).ok()?;
    let mut tape = Tape::new();
    let value = tape.parse(&text, &Limits::default()).ok()?;
    Some(SortedAscii::of(value).sha256())
}
