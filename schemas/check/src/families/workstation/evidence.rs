//! Labels of a contract, and the evidence that its lanes promise.

use super::CONTRACTS;
use crate::duplicate::duplicates;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const BASE: &str = "workstation/workstation-contract.v0.1.json";

/// Labels that are "true" or "false", with the evidence that "true" demands of every lane.
const SWITCHES: &[(&str, Option<&str>)] = &[
    ("sourceos.agent_machine", Some("agent-machine.mount.evidence")),
    ("sourceos.office_plane", Some("office.artifact.evidence")),
    ("sourceos.terminal_command", Some("terminal.command.evidence")),
    ("sourceos.browser_session", Some("browser.capture.evidence")),
    ("sourceos.local_agent_execution", Some("agent.execution.evidence")),
    ("sourceos.file_conflict", Some("file.conflict.evidence")),
    ("sourceos.workspace_ops", None),
];

/// Labels with a free value.
const FREE_LABELS: &[&str] = &["sourceos.capability", "sourceos.integration_target"];

/// Evidence keys that lanes are known to emit. Other keys are free.
const KEYS: &[&str] = &[
    "agent-machine.mount.evidence",
    "agent-machine.mount.plan",
    "agent.execution.evidence",
    "agentterm.office.event",
    "browser.capture.evidence",
    "container.digest",
    "deps.inventory",
    "env.fingerprint",
    "file.conflict.evidence",
    "office.artifact.evidence",
    "office.artifact.plan",
    "os.release",
    "terminal.command.evidence",
    "transfer.evidence",
    "truth-plane.schema.validation",
    "workspace-ops.decision-card",
    "workspace-ops.operation.event",
    "workspace-ops.policy-gate.record",
];

/// So many changed, missing, additional or swapped characters are a slip of the keyboard.
const SLIP: usize = 2;

pub(super) static CONTRACT_LABEL_MISSPELT: Rule = Rule {
    id: "CONTRACT_LABEL_MISSPELT",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A label is almost, but not exactly, one that demands something.",
    why: "A misspelt label demands nothing: the evidence that it should bring is silently not asked for.",
    mend: "Write the label as the message shows it, or choose a name that cannot be taken for it.",
    source: "gap: the original compares labels to the letter",
    example: Example {
        base: BASE,
        at: "/metadata/labels",
        good: r#"{"sourceos.office_plane": "false"}"#,
        bad: r#"{"sourceos.office-plane": "false"}"#,
    },
};

pub(super) static CONTRACT_LABEL_VALUE: Rule = Rule {
    id: "CONTRACT_LABEL_VALUE",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A label that is a switch is neither \"true\" nor \"false\".",
    why: "Only the exact \"true\" switches it on; `True` and `1` would silently switch it off.",
    mend: "Write \"true\" or \"false\".",
    source: "gap: the original takes every other value as off",
    example: Example {
        base: BASE,
        at: "/metadata/labels",
        good: r#"{"sourceos.office_plane": "false"}"#,
        bad: r#"{"sourceos.office_plane": "True"}"#,
    },
};

pub(super) static LANE_EVIDENCE_MISSING: Rule = Rule {
    id: "LANE_EVIDENCE_MISSING",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A label of the contract demands evidence that a lane does not emit.",
    why: "Labels hold for the whole contract: each lane must leave what they promise.",
    mend: "Add the key to `evidence.emit` of the lane, or move the lane to a contract without the label.",
    source: "workstation contract, label rules; ours also for v0.2",
    example: Example {
        base: BASE,
        at: "/metadata/labels",
        good: r#"{"sourceos.office_plane": "false"}"#,
        bad: r#"{"sourceos.office_plane": "true"}"#,
    },
};

pub(super) static LANE_EVIDENCE_KEY_BLANK: Rule = Rule {
    id: "LANE_EVIDENCE_KEY_BLANK",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "An evidence key is empty.",
    why: "It promises nothing that could be found.",
    mend: "Write a key, or remove the entry.",
    source: "gap: the original accepts any string",
    example: Example {
        base: BASE,
        at: "/spec/lanes/0/evidence/emit/0",
        good: r#""tables.csv""#,
        bad: r#"" ""#,
    },
};

pub(super) static LANE_EVIDENCE_KEY_MISSPELT: Rule = Rule {
    id: "LANE_EVIDENCE_KEY_MISSPELT",
    severity: Severity::Warning,
    kinds: CONTRACTS,
    what: "An evidence key is almost, but not exactly, a known one.",
    why: "Whoever looks for the known key does not find it.",
    mend: "Write the key as the message shows it, if that one is meant.",
    source: "open in the original: there is no registry of evidence keys",
    example: Example {
        base: BASE,
        at: "/spec/lanes/0/evidence/emit/0",
        good: r#""deps.inventory""#,
        bad: r#""deps.inventroy""#,
    },
};

pub(super) static LANE_EVIDENCE_KEY_DUPLICATE: Rule = Rule {
    id: "LANE_EVIDENCE_KEY_DUPLICATE",
    severity: Severity::Warning,
    kinds: CONTRACTS,
    what: "A lane promises the same evidence twice.",
    why: "One of the two was probably meant to be another key.",
    mend: "Remove one of the two, or correct it.",
    source: "gap: the original accepts duplicates",
    example: Example {
        base: BASE,
        at: "/spec/lanes/0/evidence/emit",
        good: r#"["deps.inventory", "env.fingerprint"]"#,
        bad: r#"["deps.inventory", "deps.inventory"]"#,
    },
};

/// The rules about labels and evidence.
pub(super) static RULES: &[&Rule] = &[
    &CONTRACT_LABEL_MISSPELT,
    &CONTRACT_LABEL_VALUE,
    &LANE_EVIDENCE_MISSING,
    &LANE_EVIDENCE_KEY_BLANK,
    &LANE_EVIDENCE_KEY_MISSPELT,
    &LANE_EVIDENCE_KEY_DUPLICATE,
];

/// Checks the labels of a contract.
pub(super) fn check_labels(contract: Node<'_>, report: &mut Report<'_>) {
    for (label, value) in contract.get("metadata").get("labels").members() {
        if SWITCHES.iter().any(|(switch, _)| *switch == label) {
            if let Some(text) = value.str()
                && !matches!(text, "true" | "false")
            {
                let message = format!("{label} is {text:?}, and neither \"true\" nor \"false\"");
                report.add(&CONTRACT_LABEL_VALUE, value, message);
            }
        } else if let Some(meant) = misspelt_label(label) {
            report.add(&CONTRACT_LABEL_MISSPELT, value, format!("{label:?} is no label; {meant} is"));
        }
    }
}

/// Checks the evidence of a lane: what the labels of the contract demand, and the keys as such.
pub(super) fn check_lane(contract: Node<'_>, lane: Node<'_>, report: &mut Report<'_>) {
    let labels = contract.get("metadata").get("labels");
    let emit = lane.get("evidence").get("emit");
    for (label, key) in SWITCHES {
        if let Some(key) = key
            && labels.get(label).is("true")
            && !emit.strings().any(|emitted| emitted == *key)
        {
            report.add(&LANE_EVIDENCE_MISSING, emit, format!("{label} demands {key}"));
        }
    }
    for (first, key) in duplicates(emit, |key| key) {
        let message = format!("it is entry {} of the list, too", first + 1);
        report.add(&LANE_EVIDENCE_KEY_DUPLICATE, key, message);
    }
    for key in emit.items() {
        let Some(text) = key.str() else { continue };
        if key.is_blank() {
            report.add(&LANE_EVIDENCE_KEY_BLANK, key, "the key is empty");
        } else if let Some(meant) = misspelt_key(text) {
            report.add(&LANE_EVIDENCE_KEY_MISSPELT, key, format!("{text:?} is not known; {meant} is"));
        }
    }
}

/// Whether a label demands the evidence of every lane.
pub(super) fn is_demanded(labels: Node<'_>, key: &str) -> bool {
    SWITCHES.iter().any(|(label, demands)| *demands == Some(key) && labels.get(label).is("true"))
}

/// The label that was meant, when case, joints or a slip are all that differs.
fn misspelt_label(label: &str) -> Option<&'static str> {
    let known = || SWITCHES.iter().map(|(label, _)| *label).chain(FREE_LABELS.iter().copied());
    let count = letters(label).count();
    if known().any(|known| known == label) {
        return None;
    }
    known().find(|known| {
        letters(known).count().abs_diff(count) <= SLIP && {
            let (label, known): (String, String) = (letters(label).collect(), letters(known).collect());
            strsim::osa_distance(&label, &known) <= SLIP
        }
    })
}

/// The key that was meant, when case or a slip is all that differs.
fn misspelt_key(key: &str) -> Option<&'static str> {
    if KEYS.contains(&key) {
        return None;
    }
    let is_near = |known: &&str| {
        known.len().abs_diff(key.len()) <= SLIP
            && strsim::osa_distance(&key.to_ascii_lowercase(), known) <= SLIP
    };
    KEYS.iter().copied().find(is_near)
}

/// What is left of a label when case and joints do not count.
fn letters(label: &str) -> impl Iterator<Item = char> {
    label.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for label in [
            "sourceos.agent-machine",
            "SourceOS.Agent_Machine",
            "sourceos/agent_machine",
            "sourceos.agentmachine",
            "sourceos.agent_machin",
            "source_os.agent_machines",
            "soruceos.agent_machine",
            " sourceos.agent_machine",
        ] {
            assert_eq!(misspelt_label(label), Some("sourceos.agent_machine"), "{label}");
        }
        for label in
            ["sourceos.capability", "sourceos.machine", "team", "platform", "lane", "", "sourceos.office"]
        {
            assert_eq!(misspelt_label(label), None, "{label}");
        }
    }

    #[test]
    fn keys() {
        assert_eq!(misspelt_key("Env.Fingerprint"), Some("env.fingerprint"));
        assert_eq!(misspelt_key("container.digets"), Some("container.digest"));
        for key in ["stage", "promote", "rollback", "health", "tables.csv", "os.release"] {
            assert_eq!(misspelt_key(key), None, "{key}");
        }
    }
}
