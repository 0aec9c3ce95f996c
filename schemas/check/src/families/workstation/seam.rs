//! Seams: boundaries at which trust is not yet enforced.

use jiff::civil::Date;

use crate::duplicate::duplicates;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const REGISTRY: &[&str] = &["seam-registry"];
const BOTH: &[&str] = &["seam", "seam-registry"];
const BASE: &str = "workstation/seam-registry.json";
const BASE_SEAM: &str = "workstation/seam.json";

/// The seams that every registry has.
const REQUIRED: [&str; 13] = [
    "SEAM-001", "SEAM-002", "SEAM-003", "SEAM-004", "SEAM-005", "SEAM-006", "SEAM-007", "SEAM-008",
    "SEAM-009", "SEAM-010", "SEAM-011", "SEAM-012", "SEAM-013",
];

/// The seam that is about telemetry.
const TELEMETRY: &str = "SEAM-013";

pub(super) static SEAM_MISSING: Rule = Rule {
    id: "SEAM_MISSING",
    severity: Severity::Error,
    kinds: REGISTRY,
    what: "A seam of SEAM-001 to SEAM-013 is not in the registry.",
    why: "A seam that is left out looks like one that is closed.",
    mend: "Add the seam; a closed one stays in the registry as implemented.",
    source: "seam registry, rule 2",
    example: Example { base: BASE, at: "/0/seam_id", good: r#""SEAM-001""#, bad: r#""SEAM-000""# },
};

pub(super) static SEAM_ID_DUPLICATE: Rule = Rule {
    id: "SEAM_ID_DUPLICATE",
    severity: Severity::Error,
    kinds: REGISTRY,
    what: "Two seams have the same id.",
    why: "A gate that names a seam must mean exactly one.",
    mend: "Give the second seam the next free number.",
    source: "gap: the original accepts duplicates",
    example: Example { base: BASE, at: "/14/seam_id", good: r#""SEAM-017""#, bad: r#""SEAM-014""# },
};

pub(super) static SEAM_TELEMETRY_UNNAMED: Rule = Rule {
    id: "SEAM_TELEMETRY_UNNAMED",
    severity: Severity::Error,
    kinds: REGISTRY,
    what: "SEAM-013 does not speak of telemetry.",
    why: "The number is kept for the telemetry path; under another subject that path would be forgotten.",
    mend: "Describe the telemetry path in `name` or `attack_vector` of SEAM-013.",
    source: "seam registry, rule 3",
    example: Example {
        base: BASE,
        at: "/12/attack_vector",
        good: r#""Crash reports carry text of documents: telemetry that nobody reviewed.""#,
        bad: r#""Crash reports carry text of documents.""#,
    },
};

pub(super) static SEAM_ORDER: Rule = Rule {
    id: "SEAM_ORDER",
    severity: Severity::Warning,
    kinds: REGISTRY,
    what: "The seams are not in the order of their numbers.",
    why: "People look for a number, and changes are easier to compare.",
    mend: "Sort the seams by `seam_id`.",
    source: "ours: advice",
    example: Example { base: BASE, at: "/13/seam_id", good: r#""SEAM-014""#, bad: r#""SEAM-016""# },
};

pub(super) static SEAM_GATE_BLANK: Rule = Rule {
    id: "SEAM_GATE_BLANK",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A gate requirement is empty.",
    why: "It looks like a requirement, and nobody can meet or miss it.",
    mend: "Write what must be enforced, or remove the entry.",
    source: "gap: the original accepts an empty text",
    example: Example {
        base: BASE_SEAM,
        at: "/gate_requirements",
        good: r#"["Spool files are encrypted"]"#,
        bad: r#"["Spool files are encrypted", " "]"#,
    },
};

pub(super) static SEAM_DATES_REVERSED: Rule = Rule {
    id: "SEAM_DATES_REVERSED",
    severity: Severity::Error,
    kinds: BOTH,
    what: "The seam was last reviewed before it was first identified.",
    why: "One of the two dates is wrong, and the age of a review decides whether it still counts.",
    mend: "Correct the date that is wrong.",
    source: "gap: the original does not read the dates",
    example: Example {
        base: BASE_SEAM,
        at: "/last_reviewed",
        good: r#""2027-01-21""#,
        bad: r#""2026-01-21""#,
    },
};

/// The rules about seams.
pub(super) static RULES: &[&Rule] = &[
    &SEAM_MISSING,
    &SEAM_ID_DUPLICATE,
    &SEAM_TELEMETRY_UNNAMED,
    &SEAM_ORDER,
    &SEAM_GATE_BLANK,
    &SEAM_DATES_REVERSED,
];

/// Checks one seam.
pub(super) fn check(seam: Node<'_>, report: &mut Report<'_>) {
    for gate in seam.get("gate_requirements").items() {
        if gate.is_blank() {
            report.add(&SEAM_GATE_BLANK, gate, "the requirement is empty");
        }
    }
    let (found, reviewed) = (seam.get("first_identified"), seam.get("last_reviewed"));
    if let (Some(from), Some(until)) = (date(found), date(reviewed))
        && from > until
    {
        report.add(&SEAM_DATES_REVERSED, reviewed, format!("reviewed {until}, identified {from}"));
    }
}

/// Checks a registry.
pub(super) fn check_registry(registry: Node<'_>, report: &mut Report<'_>) {
    for wanted in REQUIRED {
        if !registry.items().any(|seam| seam.get("seam_id").is(wanted)) {
            report.add(&SEAM_MISSING, registry, format!("{wanted} is not in the registry"));
        }
    }
    for (first, id) in duplicates(registry, |seam| seam.get("seam_id")) {
        report.add(&SEAM_ID_DUPLICATE, id, format!("seam {} of the list has this id, too", first + 1));
    }
    let mut last = "";
    for seam in registry.items() {
        check(seam, report);
        let id = seam.get("seam_id");
        if id.is(TELEMETRY) && !names_telemetry(seam) {
            report.add(&SEAM_TELEMETRY_UNNAMED, seam.get("attack_vector"), "telemetry is not mentioned");
        }
        let Some(text) = id.str() else { continue };
        if text < last {
            report.add(&SEAM_ORDER, id, format!("{text} stands after {last}"));
        }
        last = text;
    }
}

fn names_telemetry(seam: Node<'_>) -> bool {
    ["name", "attack_vector"].into_iter().any(|part| {
        // A text that is no string is the schema's business.
        seam.get(part).str().is_none_or(|text| text.to_ascii_lowercase().contains("telemetry"))
    })
}

fn date(node: Node<'_>) -> Option<Date> {
    node.str()?.parse().ok()
}
