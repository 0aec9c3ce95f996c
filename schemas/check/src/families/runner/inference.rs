//! What the model door writes down: which profile was chosen, and what became of a completion.

use crate::families::model_plane::check_audit;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const ROUTE: &str = "receipt/route-decision.v0.json";
const EVIDENCE: &str = "receipt/inference-evidence.v0.json";
const ROUTES: &[&str] = &["route-decision.v0", "inference-evidence.v0"];
const KINDS: &[&str] = &["inference-evidence.v0"];
const SOURCE: &str = "ours: docs/local-model-door.md";

pub(crate) static INFERENCE_ROUTE_ELIGIBLE: Rule = Rule {
    id: "INFERENCE_ROUTE_ELIGIBLE",
    severity: Severity::Error,
    kinds: ROUTES,
    what: "A profile could serve although a reason speaks against it, or could not although none does.",
    why: "A decision that contradicts its reasons was changed, or was never made from them.",
    mend: "Make `eligible` true exactly when every reason is `ok`.",
    source: SOURCE,
    example: Example { base: ROUTE, at: "/candidates/1/eligible", good: "false", bad: "true" },
};

pub(crate) static INFERENCE_ROUTE_CHOSEN: Rule = Rule {
    id: "INFERENCE_ROUTE_CHOSEN",
    severity: Severity::Error,
    kinds: ROUTES,
    what: "The chosen profile is not the first one that could serve.",
    why: "The order of the candidates is the order of preference: whoever passes one over has chosen by something else.",
    mend: "Name the first candidate with `eligible` true, or null when there is none.",
    source: SOURCE,
    example: Example {
        base: ROUTE,
        at: "/chosen",
        good: r#""urn:srcos:model-profile:train-desk-triage""#,
        bad: r#""urn:srcos:model-profile:train-desk-large""#,
    },
};

pub(crate) static INFERENCE_OUTCOME_CODE: Rule = Rule {
    id: "INFERENCE_OUTCOME_CODE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A completion was answered and has a code, or was not and has none.",
    why: "Whoever reads only one of the two takes a failure for an answer.",
    mend: "Give a `code` exactly when the outcome is not answered.",
    source: SOURCE,
    example: Example { base: EVIDENCE, at: "/code", good: "null", bad: r#""INFERENCE_REFUSED""# },
};

pub(crate) static INFERENCE_OUTCOME_SITUATION: Rule = Rule {
    id: "INFERENCE_OUTCOME_SITUATION",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A completion has an answer in a situation in which nothing answers, or was refused in one in which something does.",
    why: "Refused by policy, or unavailable, means that no model has seen the prompt.",
    mend: "Name the situation that was. A completion beyond this machine, with egress, is online-governed.",
    source: SOURCE,
    example: Example {
        base: EVIDENCE,
        at: "/situation",
        good: r#""cached-fallback""#,
        bad: r#""refused-by-policy""#,
    },
};

pub(crate) static INFERENCE_OUTCOME_AUDIT: Rule = Rule {
    id: "INFERENCE_OUTCOME_AUDIT",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The audit of a completion says something else than its evidence.",
    why: "The audit is ok exactly when there was an answer that could be used, and has the code when there was not.",
    mend: "Do not trust the record; the audit is made from the evidence.",
    source: SOURCE,
    example: Example {
        base: EVIDENCE,
        at: "/modelRef",
        good: r#""tiny-words-q8.gguf""#,
        bad: r#""other.gguf""#,
    },
};

pub(crate) static INFERENCE_DIGEST_SOURCE: Rule = Rule {
    id: "INFERENCE_DIGEST_SOURCE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A digest of weights is given and its source is unknown, or the other way round.",
    why: "The receipt must have some digest; the evidence alone says whether it means anything.",
    mend: "Give `modelDigest` exactly when `modelDigestSource` is not unknown.",
    source: SOURCE,
    example: Example { base: EVIDENCE, at: "/modelDigestSource", good: r#""recorded""#, bad: r#""unknown""# },
};

pub(crate) static INFERENCE_RECEIPT_PLACE: Rule = Rule {
    id: "INFERENCE_RECEIPT_PLACE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The id of the receipt does not end with its place.",
    why: "The evidence belongs to another receipt, or was moved.",
    mend: "End `receiptId` with a hyphen and `ledgerSeq`.",
    source: SOURCE,
    example: Example { base: EVIDENCE, at: "/ledgerSeq", good: "7", bad: "8" },
};

pub(super) fn check_route(route: Node<'_>, report: &mut Report<'_>) {
    let mut first = None;
    for candidate in route.get("candidates").items() {
        let eligible = candidate.get("eligible");
        let against = candidate.get("reasons").items().find(|reason| reason.get("ok").bool() == Some(false));
        match (eligible.bool(), against) {
            (Some(true), Some(reason)) => {
                let text = reason.get("text").str().unwrap_or_default();
                report.add(&INFERENCE_ROUTE_ELIGIBLE, eligible, format!("true, although: {text}"));
            }
            (Some(false), None) => {
                report.add(&INFERENCE_ROUTE_ELIGIBLE, eligible, "false, and no reason speaks against it");
            }
            (Some(true), None) if first.is_none() => first = candidate.get("profile").str(),
            _ => {}
        }
    }
    let chosen = route.get("chosen");
    if route.is_object() && (chosen.is_null() || chosen.str().is_some()) && chosen.str() != first {
        let expected = first.unwrap_or("none");
        report.add(&INFERENCE_ROUTE_CHOSEN, chosen, format!("the first that could serve is {expected}"));
    }
}

pub(super) fn check_evidence(evidence: Node<'_>, report: &mut Report<'_>) {
    check_route(evidence.get("route"), report);
    check_audit(evidence.get("audit"), report);
    check_outcome(evidence, report);
    let (digest, source) = (evidence.get("modelDigest"), evidence.get("modelDigestSource"));
    if source.str().is_some()
        && (digest.is_null() || digest.str().is_some())
        && digest.is_null() != source.is("unknown")
    {
        let word = if digest.is_null() { "there is no digest" } else { "there is a digest" };
        report.add(&INFERENCE_DIGEST_SOURCE, source, word);
    }
    let (id, place) = (evidence.get("receiptId"), evidence.get("ledgerSeq"));
    if let (Some(text), Some(sequence)) = (id.str(), place.uint())
        && text.rsplit_once('-').is_none_or(|(_, tail)| tail != sequence.to_string())
    {
        report.add(&INFERENCE_RECEIPT_PLACE, id, format!("it does not end with -{sequence}"));
    }
}

fn check_outcome(evidence: Node<'_>, report: &mut Report<'_>) {
    let (Some(outcome), Some(situation)) = (evidence.get("outcome").str(), evidence.get("situation").str())
    else {
        return;
    };
    let (code, audit) = (evidence.get("code"), evidence.get("audit"));
    let answered = outcome == "answered";
    if code.exists() && answered != code.is_null() {
        let word = if answered { "answered, with a code" } else { "not answered, and no code" };
        report.add(&INFERENCE_OUTCOME_CODE, code, word);
    }
    let serves = matches!(situation, "online-governed" | "local" | "cached-fallback");
    let egress = evidence.get("egress");
    let fits = match outcome {
        "answered" | "rejected" => serves,
        "refused" => !serves,
        _ => true,
    };
    let leaves = egress.is_object();
    if !fits || leaves != (situation == "online-governed") {
        let message = format!("{outcome}, {situation}, {} egress", if leaves { "with" } else { "without" });
        report.add(&INFERENCE_OUTCOME_SITUATION, evidence.get("situation"), message);
    }
    let same = audit.get("outcome").is(if answered { "ok" } else { "denied" })
        && audit.get("error").str() == code.str()
        && audit.get("model").str() == evidence.get("modelRef").str();
    // Other contradictions of the code were told.
    if audit.is_object() && answered == code.is_null() && !same {
        report.add(&INFERENCE_OUTCOME_AUDIT, audit, "outcome, error or model of the audit are others");
    }
}
