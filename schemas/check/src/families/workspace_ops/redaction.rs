//! Redaction: taking secrets and personal data out, and the record of it.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

pub(crate) static OPS_REDACTION_UNNAMED: Rule = Rule {
    id: "OPS_REDACTION_UNNAMED",
    severity: Severity::Warning,
    kinds: &["workspace-operation", "web-capture"],
    what: "Something is said to be redacted, but no redaction is named.",
    why: "Only the record of the redaction tells what was looked for.",
    mend: "Add `redactionRef` with the id of the DiagnosticRedaction.",
    source: "gap: the member is optional in the original",
    example: Example {
        base: "workspace-ops/workspace-operation.json",
        at: "/artifacts/0",
        good: r#"{"id": "art-summary", "operationId": "op-2031", "kind": "log", "availability": "local", "redacted": true, "redactionRef": "red-88"}"#,
        bad: r#"{"id": "art-summary", "operationId": "op-2031", "kind": "log", "availability": "local", "redacted": true}"#,
    },
};

pub(crate) static OPS_REDACTION_UNCHANGED: Rule = Rule {
    id: "OPS_REDACTION_UNCHANGED",
    severity: Severity::Error,
    kinds: &["diagnostic-redaction"],
    what: "The redacted artifact is the original.",
    why: "The original must not leave the device. Only where every rule found nothing can the two be the same.",
    mend: "Name the artifact that the rules made, or give each rule its `matchCount` of 0.",
    source: "gap: the original does not compare the two",
    example: Example {
        base: "workspace-ops/diagnostic-redaction.json",
        at: "/redactedRef",
        good: r#""sha256:54e6289e14c7b0e7ad9acc2dfc4c1e3d027d0eef7f5c4c3fe7c292761d0e06a6""#,
        bad: r#""sha256:e007feb29946ffb7b592d524521ada396d38862516ba4d7d949c796a15df1b4a""#,
    },
};

pub(crate) static OPS_VERIFICATION_UNNAMED: Rule = Rule {
    id: "OPS_VERIFICATION_UNNAMED",
    severity: Severity::Warning,
    kinds: &["diagnostic-redaction"],
    what: "The redaction is said to be verified, but no result is named.",
    why: "A search that left no result cannot be looked at again.",
    mend: "Add `verificationRef`, or set `verified` to false.",
    source: "gap: the member is optional in the original",
    example: Example {
        base: "workspace-ops/diagnostic-redaction.unverified.json",
        at: "/verified",
        good: "false",
        bad: "true",
    },
};

/// Something that is redacted names its redaction.
pub(super) fn check_named(record: Node<'_>, report: &mut Report<'_>) {
    let redacted = record.get("redacted");
    if redacted.is_true() && !record.get("redactionRef").exists() {
        report.add(&OPS_REDACTION_UNNAMED, redacted, "`redactionRef` is missing");
    }
}

pub(super) fn check(redaction: Node<'_>, report: &mut Report<'_>) {
    let (original, redacted) = (redaction.get("originalRef").str(), redaction.get("redactedRef"));
    let found_nothing = redaction.get("rules").items().all(|rule| rule.get("matchCount").uint() == Some(0));
    if original.zip(redacted.str()).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
        && !found_nothing
    {
        report.add(&OPS_REDACTION_UNCHANGED, redacted, "it is the same as `originalRef`");
    }
    let verified = redaction.get("verified");
    if verified.is_true() && !redaction.get("verificationRef").exists() {
        report.add(&OPS_VERIFICATION_UNNAMED, verified, "`verificationRef` is missing");
    }
}
