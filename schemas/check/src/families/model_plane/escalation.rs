//! Decisions to hand a request on.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{ledger, residency};

const KINDS: &[&str] = &["escalation-decision"];
const BASE: &str = "model-plane/escalation-decision.json";

pub(crate) static MODEL_PERMITTED_WITH_REASON: Rule = Rule {
    id: "MODEL_PERMITTED_WITH_REASON",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The request is permitted, and there is a reason for refusing it.",
    why: "Whoever reads only one of the two acts against the other.",
    mend: "Refuse, or set `refusalReason` to null.",
    source: "gap: the original accepts it",
    example: Example { base: BASE, at: "/refusalReason", good: "null", bad: r#""no-grant""# },
};

pub(crate) static MODEL_BIOMETRIC_BOUNDARY: Rule = Rule {
    id: "MODEL_BIOMETRIC_BOUNDARY",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Biometric data was found under a spelling of its own, and the request was not refused for it.",
    why: "Biometric data stays where it is under any leave; another letter case must not open the way.",
    mend: "Refuse with biometric-boundary, and write the category biometric.",
    source: "gap: the original looks for the exact word only",
    example: Example {
        base: BASE,
        at: "/sensitivityCheck/sensitiveCategories",
        good: r#"["pii"]"#,
        bad: r#"["Biometric"]"#,
    },
};

pub(crate) static MODEL_EXTERNAL_PROVIDER: Rule = Rule {
    id: "MODEL_EXTERNAL_PROVIDER",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Data may go outside, and no outside provider is named.",
    why: "The original asks for the provider at T4; data that leaves by a lower tier has left just the same.",
    mend: "Name the provider in `targetExternalProviderRef`.",
    source: "gap: the original demands it for T4 only",
    example: Example {
        base: BASE,
        at: "/toResidencyClass",
        good: r#""sovereign_cluster""#,
        bad: r#""external_permitted""#,
    },
};

pub(crate) static MODEL_CHECK_CONTRADICTED: Rule = Rule {
    id: "MODEL_CHECK_CONTRADICTED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The search for sensitive data ran without a result, or has a result without having run.",
    why: "A result that nobody found must not count, whatever it says.",
    mend: "Use not-run exactly when `performed` is false.",
    source: "gap: the original compares the two for permitted requests only",
    example: Example {
        base: "model-plane/escalation-decision.refused.json",
        at: "/sensitivityCheck/performed",
        good: "true",
        bad: "false",
    },
};

pub(super) fn check(decision: Node<'_>, report: &mut Report<'_>) {
    let (from, to) = (decision.get("fromTier"), decision.get("toTier"));
    let (stays, goes) = (decision.get("fromResidencyClass"), decision.get("toResidencyClass"));
    residency::fit(from, stays, report);
    residency::fit(to, goes, report);
    residency::rises(from, to, stays.str() != goes.str(), report);
    let (permitted, reason) = (decision.get("verdict").is("permitted"), decision.get("refusalReason"));
    if permitted && let Some(reason_text) = reason.str() {
        report.add(&MODEL_PERMITTED_WITH_REASON, reason, format!("permitted, with the reason {reason_text}"));
    }
    // For T4 the schema demands the provider.
    let provider = decision.get("targetExternalProviderRef");
    if permitted && goes.is("external_permitted") && !to.is("T4") && provider.str().is_none() {
        report.add(
            &MODEL_EXTERNAL_PROVIDER,
            provider,
            "`toResidencyClass` is external_permitted, but no provider is named",
        );
    }
    let search = decision.get("sensitivityCheck");
    check_biometric(decision, search.get("sensitiveCategories"), report);
    let (performed, result) = (search.get("performed"), search.get("result"));
    if let (Some(ran), Some(says)) = (performed.bool(), result.str())
        && matches!(says, "pass" | "fail" | "not-run")
        && !permitted
        && ran == (says == "not-run")
    {
        report.add(
            &MODEL_CHECK_CONTRADICTED,
            performed,
            format!("`performed` is {ran}, but the result is {says}"),
        );
    }
    ledger::check(decision, report);
}

/// Spellings that the schema, which looks for `biometric`, does not see.
fn check_biometric(decision: Node<'_>, categories: Node<'_>, report: &mut Report<'_>) {
    const WORD: &str = "biometric";
    if decision.get("verdict").is("refused") && decision.get("refusalReason").is("biometric-boundary") {
        return;
    }
    for category in categories.items() {
        let Some(text) = category.str() else { continue };
        let spelt = text.trim();
        if text != WORD && spelt.get(..WORD.len()).is_some_and(|start| start.eq_ignore_ascii_case(WORD)) {
            report.add(&MODEL_BIOMETRIC_BOUNDARY, category, format!("\"{text}\" is biometric"));
        }
    }
}
