//! Our own documents: what adapters ask for, what they are granted, what they say, and what a run leaves.

mod inference;

use crate::kind::{Check, Kind, Mark};
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

macro_rules! schema {
    ($path:literal) => {
        include_str!(concat!("../../../json/", $path, ".schema.json"))
    };
}

/// The kinds, in the order of a run.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: "adapter.v0",
        title: "Adapter manifest",
        family: "adapter",
        schema: schema!("adapter/adapter.v0"),
        marks: &[Mark::Is("v", "adapter.v0")],
        check: Check::Structure,
    },
    Kind {
        name: "adapters-lock.v0",
        title: "Adapters lock",
        family: "adapter",
        schema: schema!("adapter/adapters-lock.v0"),
        marks: &[Mark::Is("v", "adapters-lock.v0")],
        check: Check::Structure,
    },
    Kind {
        name: "grant.v0",
        title: "Grant",
        family: "authority",
        schema: schema!("authority/grant.v0"),
        marks: &[Mark::Is("v", "grant.v0")],
        check: Check::Document(check_grant),
    },
    Kind {
        name: "envelope.v0",
        title: "IPC v0 envelope",
        family: "ipc",
        schema: schema!("ipc/envelope.v0"),
        marks: &[Mark::Is("v", "ipc.v0")],
        check: Check::Structure,
    },
    Kind {
        name: "sandbox-profile.v0",
        title: "Sandbox profile",
        family: "sandbox",
        schema: schema!("sandbox/sandbox-profile.v0"),
        marks: &[Mark::Is("v", "sandbox-profile.v0")],
        check: Check::Structure,
    },
    Kind {
        name: "run-receipt.v0",
        title: "Run receipt",
        family: "receipt",
        schema: schema!("receipt/run-receipt.v0"),
        marks: &[Mark::Is("v", "run-receipt.v0")],
        check: Check::Structure,
    },
    Kind {
        name: "lane-receipt.v0",
        title: "Lane receipt",
        family: "receipt",
        schema: schema!("receipt/lane-receipt.v0"),
        marks: &[Mark::Is("v", "lane-receipt.v0")],
        check: Check::Structure,
    },
    Kind {
        name: "lane-evidence.v0",
        title: "Lane evidence",
        family: "receipt",
        schema: schema!("receipt/lane-evidence.v0"),
        marks: &[Mark::Is("v", "lane-evidence.v0")],
        check: Check::Document(check_evidence),
    },
    Kind {
        name: "route-decision.v0",
        title: "Route decision",
        family: "receipt",
        schema: schema!("receipt/route-decision.v0"),
        marks: &[Mark::Is("v", "route-decision.v0")],
        check: Check::Document(inference::check_route),
    },
    Kind {
        name: "inference-evidence.v0",
        title: "Inference evidence",
        family: "receipt",
        schema: schema!("receipt/inference-evidence.v0"),
        marks: &[Mark::Is("v", "inference-evidence.v0")],
        check: Check::Document(inference::check_evidence),
    },
    Kind {
        name: "ipc-wire-line.v0",
        title: "Wire line",
        family: "receipt",
        schema: schema!("receipt/ipc-wire-line.v0"),
        marks: &[Mark::Has("at_us"), Mark::Has("dir")],
        check: Check::Structure,
    },
    Kind {
        name: "ledger-head.v0",
        title: "Ledger head",
        family: "receipt",
        schema: schema!("receipt/ledger-head.v0"),
        marks: &[Mark::Is("v", "ledger-head.v0")],
        check: Check::Document(check_head),
    },
    Kind {
        name: "ledger-repair.v0",
        title: "Ledger repair",
        family: "receipt",
        schema: schema!("receipt/ledger-repair.v0"),
        marks: &[Mark::Is("v", "ledger-repair.v0")],
        check: Check::Structure,
    },
];

pub(crate) static GRANT_WINDOW_EMPTY: Rule = Rule {
    id: "GRANT_WINDOW_EMPTY",
    severity: Severity::Error,
    kinds: &["grant.v0"],
    what: "The grant ends before it begins.",
    why: "It can never be used; one of the two times is a mistake.",
    mend: "Make `expires` later than `notBefore`.",
    source: "ours: docs/sandbox.md",
    example: Example {
        base: "authority/grant.v0.json",
        at: "/notBefore",
        good: r#""2026-01-01T00:00:00Z""#,
        bad: r#""2999-01-01T00:00:00Z""#,
    },
};

pub(crate) static LEDGER_HEAD_COUNT: Rule = Rule {
    id: "LEDGER_HEAD_COUNT",
    severity: Severity::Error,
    kinds: &["ledger-head.v0"],
    what: "The count of a ledger's head is not one more than its sequence.",
    why: "Sequence numbers start at 0: one of the two was changed.",
    mend: "Do not trust the ledger; compare its head with the one that was kept elsewhere.",
    source: "ours: docs/ledger.md",
    example: Example { base: "receipt/ledger-head.v0.json", at: "/count", good: "3", bad: "4" },
};

pub(crate) static LANE_EVIDENCE_REASON: Rule = Rule {
    id: "LANE_EVIDENCE_REASON",
    severity: Severity::Error,
    kinds: &["lane-evidence.v0"],
    what: "Evidence has neither documents nor a reason, or both.",
    why: "A key without a document and without a reason looks like a promise that was kept.",
    mend: "Give the documents and `reason: null`, or no document and the reason.",
    source: "ours: docs/lanes.md",
    example: Example {
        base: "receipt/lane-evidence.v0.json",
        at: "/reason",
        good: "null",
        bad: r#""the lane has no container""#,
    },
};

/// All rules of these kinds.
pub(crate) static RULES: &[&Rule] = &[
    &GRANT_WINDOW_EMPTY,
    &LEDGER_HEAD_COUNT,
    &LANE_EVIDENCE_REASON,
    &inference::INFERENCE_ROUTE_ELIGIBLE,
    &inference::INFERENCE_ROUTE_CHOSEN,
    &inference::INFERENCE_OUTCOME_CODE,
    &inference::INFERENCE_OUTCOME_SITUATION,
    &inference::INFERENCE_OUTCOME_AUDIT,
    &inference::INFERENCE_DIGEST_SOURCE,
    &inference::INFERENCE_RECEIPT_PLACE,
];

fn check_evidence(evidence: Node<'_>, report: &mut Report<'_>) {
    let reason = evidence.get("reason");
    let documents = evidence.get("documents").items().count();
    if (documents == 0) != reason.str().is_some() {
        let also = if reason.str().is_some() { "and a reason why there is none" } else { "and no reason" };
        report.add(&LANE_EVIDENCE_REASON, reason, format!("{documents} documents {also}"));
    }
}

fn check_head(head: Node<'_>, report: &mut Report<'_>) {
    if let (Some(count), Some(sequence)) = (head.get("count").uint(), head.get("sequence").uint())
        && sequence.checked_add(1) != Some(count)
    {
        report.add(
            &LEDGER_HEAD_COUNT,
            head.get("count"),
            format!("{count} entries, and the last is {sequence}"),
        );
    }
}

fn check_grant(grant: Node<'_>, report: &mut Report<'_>) {
    let (from, until) = (grant.get("notBefore"), grant.get("expires"));
    if let (Some(start), Some(end)) = (from.time(), until.time())
        && start >= end
    {
        report.add(
            &GRANT_WINDOW_EMPTY,
            from,
            format!(
                "it begins at {} and ends at {}",
                from.str().unwrap_or_default(),
                until.str().unwrap_or_default()
            ),
        );
    }
}
