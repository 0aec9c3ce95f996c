//! References to services and models, and the boundary of a profile.

use super::lists::{check_fallback_self, check_repeated};
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const SERVICE: &str = "model-carry/sourceos-carry-ref.json";

pub(crate) static CARRY_SCOPE_SYSTEM: Rule = Rule {
    id: "CARRY_SCOPE_SYSTEM",
    severity: Severity::Error,
    kinds: &["sourceos-carry-ref"],
    what: "A service may be called from the system scope.",
    why: "The system scope runs for all users with all rights; it is no place to call AI services from.",
    mend: "Remove `system` from the list.",
    source: "both validators of SourceOSCarryRef",
    example: Example {
        base: SERVICE,
        at: "/spec/launch/workspaceScopes",
        good: r#"["user", "project"]"#,
        bad: r#"["user", "system"]"#,
    },
};

pub(crate) static CARRY_REMOTE_OFFLINE: Rule = Rule {
    id: "CARRY_REMOTE_OFFLINE",
    severity: Severity::Warning,
    kinds: &["sourceos-carry-ref", "functional-service-carry"],
    what: "A remote service is to be reached without a network.",
    why: "It cannot answer, so every call ends in a fallback or in a fault.",
    mend: "Say that a network is needed, or refer to a local client or runtime.",
    source: "ours: the original does not compare the two members",
    example: Example { base: SERVICE, at: "/spec/launch/requiresNetwork", good: "true", bad: "false" },
};

pub(crate) static CARRY_CACHE_PARENT_STEP: Rule = Rule {
    id: "CARRY_CACHE_PARENT_STEP",
    severity: Severity::Warning,
    kinds: &["sourceos-carry-ref"],
    what: "The folder of the cache is named with a parent step.",
    why: "A path with `..` may lead into the cache of another service, or out of all caches.",
    mend: "Write the path without `..`.",
    source: "ours: the original does not look at the path",
    example: Example {
        base: SERVICE,
        at: "/spec/cache/pathHint",
        good: r#""~/.local/share/sourceos/model-carry/timeseries""#,
        bad: r#""~/.local/share/sourceos/model-carry/../keys""#,
    },
};

pub(crate) static CARRY_SPEC_VERSION: Rule = Rule {
    id: "CARRY_SPEC_VERSION",
    severity: Severity::Error,
    kinds: &["sourceos-model-carry-ref"],
    what: "The reference was written to a version of the specification that is not known.",
    why: "A member may mean something else in another version.",
    mend: "Write it to version 2.1.0.",
    source: "validator of SourceOSModelCarryRef; its schema takes any string",
    example: Example {
        base: "model-carry/sourceos-model-carry-ref.json",
        at: "/specVersion",
        good: r#""2.1.0""#,
        bad: r#""2.0.0""#,
    },
};

pub(crate) static CARRY_SMOKE_RECEIPT_MISSING: Rule = Rule {
    id: "CARRY_SMOKE_RECEIPT_MISSING",
    severity: Severity::Error,
    kinds: &["functional-service-carry"],
    what: "A smoke receipt is to be written, but nowhere.",
    why: "Evidence that goes nowhere is none.",
    mend: "Name the place in `smokeReceiptRef`, or set `emitSmokeReceipt` to false.",
    source: "gap: the original accepts an empty string",
    example: Example {
        base: "model-carry/functional-service-carry.json",
        at: "/evidence/smokeReceiptRef",
        good: r#""evidence://harbour-lab/tide-forecast/first-call""#,
        bad: r#""""#,
    },
};

pub(crate) static CARRY_EVIDENCE_SCHEME: Rule = Rule {
    id: "CARRY_EVIDENCE_SCHEME",
    severity: Severity::Error,
    kinds: &["model-carry-authorization-boundary"],
    what: "Evidence is not named as evidence://ADDRESS.",
    why: "A boundary rests on records that can be found; another text names none.",
    mend: "Write evidence:// and the address of the record.",
    source: "validator of ModelCarryAuthorizationBoundary",
    example: Example {
        base: "model-carry/model-carry-authorization-boundary.json",
        at: "/evidenceRefs",
        good: r#"["evidence://train-desk/boundary/review-2026-03"]"#,
        bad: r#"["https://train-desk.example/review"]"#,
    },
};

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &CARRY_SCOPE_SYSTEM,
    &CARRY_REMOTE_OFFLINE,
    &CARRY_CACHE_PARENT_STEP,
    &CARRY_SPEC_VERSION,
    &CARRY_SMOKE_RECEIPT_MISSING,
    &CARRY_EVIDENCE_SCHEME,
];

pub(super) fn check_service(reference: Node<'_>, report: &mut Report<'_>) {
    let spec = reference.get("spec");
    let launch = spec.get("launch");
    for scope in launch.get("workspaceScopes").items().filter(|scope| scope.is("system")) {
        report.add(&CARRY_SCOPE_SYSTEM, scope, "the service may be called from the system scope");
    }
    let network = launch.get("requiresNetwork");
    if launch.get("defaultMode").is("remote-service") && network.bool() == Some(false) {
        report.add(&CARRY_REMOTE_OFFLINE, network, "`defaultMode` is remote-service");
    }
    let hint = spec.get("cache").get("pathHint");
    if let Some(path) = hint.str()
        && path.split('/').any(|step| step == "..")
    {
        report.add(&CARRY_CACHE_PARENT_STEP, hint, format!("{path} has a parent step"));
    }
    check_repeated(launch.get("workspaceScopes"), report);
    check_repeated(spec.get("policy").get("dataClasses"), report);
}

pub(super) fn check_model(reference: Node<'_>, report: &mut Report<'_>) {
    let version = reference.get("specVersion");
    if let Some(found) = version.str().filter(|found| *found != "2.1.0") {
        report.add(&CARRY_SPEC_VERSION, version, format!("version {found} is not known"));
    }
    let fallbacks = reference.get("fallbackRefs");
    check_fallback_self(reference.get("id"), fallbacks, report);
    for list in ["releaseSetRefs", "launchProfileRefs", "fallbackRefs", "evidenceRefs"] {
        check_repeated(reference.get(list), report);
    }
}

pub(super) fn check_functional(carry: Node<'_>, report: &mut Report<'_>) {
    let runtime = carry.get("runtime");
    let network = runtime.get("networkDefault");
    if runtime.get("mode").is("remote-service-reference") && network.is("denied") {
        report.add(&CARRY_REMOTE_OFFLINE, network, "`mode` is remote-service-reference");
    }
    let evidence = carry.get("evidence");
    let receipt = evidence.get("smokeReceiptRef");
    if evidence.get("emitSmokeReceipt").is_true() && receipt.is("") {
        report.add(&CARRY_SMOKE_RECEIPT_MISSING, receipt, "`emitSmokeReceipt` is true, and this is empty");
    }
}

pub(super) fn check_boundary(boundary: Node<'_>, report: &mut Report<'_>) {
    for evidence in boundary.get("evidenceRefs").items() {
        if let Some(text) = evidence.str()
            && text.strip_prefix("evidence://").is_none_or(str::is_empty)
        {
            report.add(&CARRY_EVIDENCE_SCHEME, evidence, format!("\"{text}\" is no evidence://ADDRESS"));
        }
    }
}
