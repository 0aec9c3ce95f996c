//! Identity tasks.

use super::relative::leaves_repository;
use crate::duplicate::duplicates;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const KINDS: &[&str] = &["identity-contract"];
const BASE: &str = "workstation/identity-contract.json";

/// The one lane in which identity tasks are replayed so far.
const TRUTH_LANE: &str = "linux-amd64-container";

pub(super) static IDENTITY_PATH_ESCAPES: Rule = Rule {
    id: "IDENTITY_PATH_ESCAPES",
    severity: Severity::Error,
    kinds: KINDS,
    what: "An input or an artifact is not inside the repository.",
    why: "The task is replayed elsewhere, where the same path is another file or none.",
    mend: "Write a path relative to the root of the repository, without `..`.",
    source: "ours: the original has no schema and no rule",
    example: Example {
        base: BASE,
        at: "/inputs/0",
        good: r#""handover/*.json""#,
        bad: r#""../request.json""#,
    },
};

pub(super) static IDENTITY_ENTRY_DUPLICATE: Rule = Rule {
    id: "IDENTITY_ENTRY_DUPLICATE",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "An input, a tool or an artifact is listed twice.",
    why: "One of the two was probably meant to be another one.",
    mend: "Remove one of the two, or correct it.",
    source: "ours: the original has no schema and no rule",
    example: Example { base: BASE, at: "/requiredTools/1", good: r#""ssh-keygen""#, bad: r#""python3""# },
};

pub(super) static IDENTITY_TRUTH_LANE_UNKNOWN: Rule = Rule {
    id: "IDENTITY_TRUTH_LANE_UNKNOWN",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "The truth lane is not the one that is known.",
    why: "Results are compared with a replay in linux-amd64-container; another lane may give others.",
    mend: "Write linux-amd64-container, unless your truth lane really is another one.",
    source: "identity contracts: all of them name this lane",
    example: Example {
        base: BASE,
        at: "/truthLane",
        good: r#""linux-amd64-container""#,
        bad: r#""linux-x86_64-container""#,
    },
};

pub(super) static IDENTITY_WELL_FORMED_OFF: Rule = Rule {
    id: "IDENTITY_WELL_FORMED_OFF",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "The task does not need the contracts of the repository to be valid.",
    why: "It would prove an identity by rules that nobody has checked.",
    mend: "Set `requiresWellFormedContracts` to true.",
    source: "identity contracts: all of them set it to true",
    example: Example {
        base: BASE,
        at: "/policy",
        good: r#"{"requiresWellFormedContracts": true}"#,
        bad: r#"{"requiresWellFormedContracts": false}"#,
    },
};

/// The rules about identity tasks.
pub(super) static RULES: &[&Rule] = &[
    &IDENTITY_PATH_ESCAPES,
    &IDENTITY_ENTRY_DUPLICATE,
    &IDENTITY_TRUTH_LANE_UNKNOWN,
    &IDENTITY_WELL_FORMED_OFF,
];

/// Checks an identity task.
pub(super) fn check(task: Node<'_>, report: &mut Report<'_>) {
    for name in ["inputs", "artifacts"] {
        for path in task.get(name).items() {
            if let Some(text) = path.str()
                && leaves_repository(text)
            {
                report.add(&IDENTITY_PATH_ESCAPES, path, format!("{text:?} leaves the repository"));
            }
        }
    }
    for name in ["inputs", "requiredTools", "artifacts"] {
        for (first, entry) in duplicates(task.get(name), |entry| entry) {
            let message = format!("it is entry {} of `{name}`, too", first + 1);
            report.add(&IDENTITY_ENTRY_DUPLICATE, entry, message);
        }
    }
    let lane = task.get("truthLane");
    if let Some(text) = lane.str().filter(|text| !text.is_empty() && *text != TRUTH_LANE) {
        report.add(&IDENTITY_TRUTH_LANE_UNKNOWN, lane, format!("{text:?} is not {TRUTH_LANE}"));
    }
    let needs_valid = task.get("policy").get("requiresWellFormedContracts");
    if needs_valid.bool() == Some(false) {
        report.add(&IDENTITY_WELL_FORMED_OFF, needs_valid, "contracts need not be valid");
    }
}
