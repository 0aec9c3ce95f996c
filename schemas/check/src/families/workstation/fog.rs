//! Fog nodes: what a node must have, and the receipt of a check.

use crate::duplicate::duplicates;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const CONTRACT: &[&str] = &["fog-node-contract"];
const RECEIPT: &[&str] = &["fog-node-receipt"];
const BASE: &str = "workstation/fog-node-contract.json";
const BASE_RECEIPT: &str = "workstation/fog-node-receipt.json";

/// The folders of every fog node.
const PATHS: &[&str] = &[
    "/srv/fog/projects",
    "/srv/fog/models",
    "/srv/fog/datasets",
    "/srv/fog/topics",
    "/srv/fog/vector",
    "/srv/fog/cache",
    "/srv/fog/logs",
    "/srv/fog/secrets",
    "/srv/fog/tmp",
];

pub(super) static FOG_PATH_MISSING: Rule = Rule {
    id: "FOG_PATH_MISSING",
    severity: Severity::Error,
    kinds: CONTRACT,
    what: "One of the nine folders of a fog node is not demanded.",
    why: "Programs of a fog node rely on all nine.",
    mend: "Add the folder to `requirements.paths`.",
    source: "fog node contract, path rule",
    example: Example {
        base: BASE,
        at: "/requirements/paths",
        good: r#"["/srv/fog/tmp", "/srv/fog/secrets", "/srv/fog/logs", "/srv/fog/cache", "/srv/fog/vector", "/srv/fog/topics", "/srv/fog/datasets", "/srv/fog/models", "/srv/fog/projects"]"#,
        bad: r#"["/srv/fog/tmp", "/srv/fog/secrets", "/srv/fog/logs", "/srv/fog/cache", "/srv/fog/vector", "/srv/fog/topics", "/srv/fog/datasets", "/srv/fog/models"]"#,
    },
};

pub(super) static FOG_PATH_UNKNOWN: Rule = Rule {
    id: "FOG_PATH_UNKNOWN",
    severity: Severity::Error,
    kinds: CONTRACT,
    what: "A folder is demanded that is none of the nine of a fog node.",
    why: "The set is closed; no other node would have it.",
    mend: "Remove the path, or use the one of the nine that fits.",
    source: "fog node contract, path rule",
    example: Example {
        base: BASE,
        at: "/requirements/paths",
        good: r#"["/srv/fog/projects", "/srv/fog/models", "/srv/fog/datasets", "/srv/fog/topics", "/srv/fog/vector", "/srv/fog/cache", "/srv/fog/logs", "/srv/fog/secrets", "/srv/fog/tmp"]"#,
        bad: r#"["/srv/fog/projects", "/srv/fog/models", "/srv/fog/datasets", "/srv/fog/topics", "/srv/fog/vector", "/srv/fog/cache", "/srv/fog/logs", "/srv/fog/secrets", "/srv/fog/tmp", "/srv/fog/spool"]"#,
    },
};

pub(super) static FOG_PATH_DUPLICATE: Rule = Rule {
    id: "FOG_PATH_DUPLICATE",
    severity: Severity::Warning,
    kinds: CONTRACT,
    what: "A folder is demanded twice.",
    why: "One of the two was probably meant to be another one.",
    mend: "Remove one of the two.",
    source: "gap: the original compares sets",
    example: Example {
        base: BASE,
        at: "/requirements/paths",
        good: r#"["/srv/fog/projects", "/srv/fog/models", "/srv/fog/datasets", "/srv/fog/topics", "/srv/fog/vector", "/srv/fog/cache", "/srv/fog/logs", "/srv/fog/secrets", "/srv/fog/tmp"]"#,
        bad: r#"["/srv/fog/projects", "/srv/fog/models", "/srv/fog/datasets", "/srv/fog/topics", "/srv/fog/vector", "/srv/fog/cache", "/srv/fog/logs", "/srv/fog/secrets", "/srv/fog/tmp", "/srv/fog/tmp"]"#,
    },
};

pub(super) static FOG_EVIDENCE_NONE: Rule = Rule {
    id: "FOG_EVIDENCE_NONE",
    severity: Severity::Warning,
    kinds: CONTRACT,
    what: "The check of the node leaves no evidence.",
    why: "Afterwards nobody can see what was found.",
    mend: "Set at least one member of `evidence` to true.",
    source: "gap: the original does not look at the evidence flags",
    example: Example {
        base: BASE,
        at: "/evidence",
        good: r#"{"emitOsFingerprint": true}"#,
        bad: r#"{"emitOsFingerprint": false}"#,
    },
};

pub(super) static FOG_RECEIPT_VERDICT: Rule = Rule {
    id: "FOG_RECEIPT_VERDICT",
    severity: Severity::Error,
    kinds: RECEIPT,
    what: "The receipt says passed and lists failures, or says failed and lists none.",
    why: "One of the two is wrong, and a gate would read only one.",
    mend: "Write the receipt anew from the check; `passed` is true exactly when `failures` is empty.",
    source: "fog node receipt",
    example: Example {
        base: BASE_RECEIPT,
        at: "/failures",
        good: "[]",
        bad: r#"["/srv/fog/models does not exist"]"#,
    },
};

pub(super) static FOG_RECEIPT_MODE: Rule = Rule {
    id: "FOG_RECEIPT_MODE",
    severity: Severity::Error,
    kinds: RECEIPT,
    what: "A receipt of an offline check of a contract names no contract, or says that it was not offline.",
    why: "Then it does not say what was checked, or contradicts its own mode.",
    mend: "Write the path of the contract in `contractRef` and true in `offline`.",
    source: "fog node receipt",
    example: Example {
        base: BASE_RECEIPT,
        at: "/contractRef",
        good: r#""contracts/harbour.fog.json""#,
        bad: "null",
    },
};

/// The rules about fog nodes.
pub(super) static RULES: &[&Rule] = &[
    &FOG_PATH_MISSING,
    &FOG_PATH_UNKNOWN,
    &FOG_PATH_DUPLICATE,
    &FOG_EVIDENCE_NONE,
    &FOG_RECEIPT_VERDICT,
    &FOG_RECEIPT_MODE,
];

/// Checks the contract of a fog node.
pub(super) fn check_contract(contract: Node<'_>, report: &mut Report<'_>) {
    let paths = contract.get("requirements").get("paths");
    if paths.exists() {
        for wanted in PATHS {
            if !paths.strings().any(|path| path == *wanted) {
                report.add(&FOG_PATH_MISSING, paths, format!("{wanted} is not in the list"));
            }
        }
    }
    for path in paths.items() {
        if let Some(text) = path.str().filter(|text| !PATHS.contains(text)) {
            report.add(&FOG_PATH_UNKNOWN, path, format!("{text:?} is no folder of a fog node"));
        }
    }
    for (first, path) in duplicates(paths, |path| path) {
        report.add(&FOG_PATH_DUPLICATE, path, format!("it is entry {} of the list, too", first + 1));
    }
    let evidence = contract.get("evidence");
    if evidence.is_object() && !evidence.members().any(|(_, flag)| flag.is_true()) {
        report.add(&FOG_EVIDENCE_NONE, evidence, "no evidence is switched on");
    }
}

/// Checks the receipt of a check.
pub(super) fn check_receipt(receipt: Node<'_>, report: &mut Report<'_>) {
    let (passed, failures) = (receipt.get("passed"), receipt.get("failures"));
    match (passed.bool(), failures.items().len()) {
        (Some(true), 1..) => {
            report.add(&FOG_RECEIPT_VERDICT, passed, "it says passed, and lists failures");
        }
        (Some(false), 0) if failures.exists() => {
            report.add(&FOG_RECEIPT_VERDICT, passed, "it says failed, and lists no failure");
        }
        _ => {}
    }
    if receipt.get("mode").is("contract-offline") {
        let (offline, contract) = (receipt.get("offline"), receipt.get("contractRef"));
        if offline.bool() == Some(false) {
            report.add(&FOG_RECEIPT_MODE, offline, "the mode is contract-offline, and offline is false");
        }
        if contract.is_null() {
            report.add(&FOG_RECEIPT_MODE, contract, "no contract is named");
        }
    }
}
