//! Receipts: they repeat the decision, and tell what was hidden.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::decision::HOST_ALLOW_WITHOUT_GRANT;

const BOTH: &[&str] = &["host-interface-envelope", "host-interface-receipt"];
const ENVELOPE: &[&str] = &["host-interface-envelope"];
const BASE: &str = "host-interface/host-interface-envelope.json";

pub(crate) static HOST_DENY_WITHOUT_REASON: Rule = Rule {
    id: "HOST_DENY_WITHOUT_REASON",
    severity: Severity::Error,
    kinds: BOTH,
    what: "Access is denied, and it is not said why.",
    why: "Whoever was denied cannot mend what is not named.",
    mend: "Write `denialReason`, in the envelope and in its receipt.",
    source: "gap: the member is optional in the original",
    example: Example {
        base: "host-interface/host-interface-receipt.deny.json",
        at: "/denialReason",
        good: r#""the grant has expired""#,
        bad: r#""""#,
    },
};

pub(crate) static HOST_ALLOW_WITH_REASON: Rule = Rule {
    id: "HOST_ALLOW_WITH_REASON",
    severity: Severity::Error,
    kinds: BOTH,
    what: "Access is allowed, and there is a reason for denying it.",
    why: "One of the two is left over from another decision.",
    mend: "Remove `denialReason`, or deny.",
    source: "gap: the original accepts it",
    example: Example {
        base: "host-interface/host-interface-receipt.deny.json",
        at: "/result",
        good: r#""deny""#,
        bad: r#""allow""#,
    },
};

pub(crate) static HOST_RECEIPT_DIFFERS: Rule = Rule {
    id: "HOST_RECEIPT_DIFFERS",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "The receipt tells of another decision than the envelope.",
    why: "The receipt is what remains; it must repeat result, interface, workspace and time.",
    mend: "Write the receipt from the envelope.",
    source: "host interface envelope, rule 2; gap: the original does not compare the times",
    example: Example {
        base: BASE,
        at: "/receipt/decidedAt",
        good: r#""2026-03-20T10:30:00+01:00""#,
        bad: r#""2026-03-20T10:30:00Z""#,
    },
};

pub(crate) static HOST_RECEIPT_OTHER_GRANT: Rule = Rule {
    id: "HOST_RECEIPT_OTHER_GRANT",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "The receipt names another grant than the one that was shown.",
    why: "The decision would be laid at the door of a grant that never gave it.",
    mend: "Write the `grantId` of the grant, or null when none was shown.",
    source: "host interface envelope, rule 3",
    example: Example {
        base: BASE,
        at: "/receipt/grantId",
        good: r#""grant-editor""#,
        bad: r#""grant-browser""#,
    },
};

pub(crate) static HOST_RECEIPT_OTHER_POLICY: Rule = Rule {
    id: "HOST_RECEIPT_OTHER_POLICY",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "The receipt names another policy than the grant.",
    why: "The decision was taken under a policy that the grant was not given under.",
    mend: "Decide under the policy of the grant, or issue the grant anew.",
    source: "gap: the original does not compare them",
    example: Example {
        base: BASE,
        at: "/receipt/policyHash",
        good: r#""sha256:87813ae66119a5853a24e4745b23ef2ea129c66cc97cae756de61601a0a31f51""#,
        bad: r#""sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0""#,
    },
};

pub(crate) static HOST_REDACTION_COUNT: Rule = Rule {
    id: "HOST_REDACTION_COUNT",
    severity: Severity::Error,
    kinds: BOTH,
    what: "Fewer values were hidden than fields are named, or some were hidden and no field is named.",
    why: "Each field that is named hides at least one value, and each hidden value lies in a field.",
    mend: "Count again, or name the fields.",
    source: "gap: the original does not compare the two",
    example: Example {
        base: "host-interface/host-interface-receipt.json",
        at: "/redactionSummary/redactionCount",
        good: "3",
        bad: "1",
    },
};

/// Checks a receipt that is kept without its envelope.
pub(super) fn check_alone(receipt: Node<'_>, report: &mut Report<'_>) {
    if receipt.get("result").is("allow") && receipt.get("grantId").is_null() {
        report.add(
            &HOST_ALLOW_WITHOUT_GRANT,
            receipt.get("grantId"),
            "the result is allow, but there is no grant",
        );
    }
    check(receipt, report);
}

/// Checks a receipt by itself.
pub(super) fn check(receipt: Node<'_>, report: &mut Report<'_>) {
    check_reason(receipt, report);
    let summary = receipt.get("redactionSummary");
    let (fields, count) = (summary.get("redactedFields"), summary.get("redactionCount"));
    if let Some(hidden) = count.uint()
        && fields.exists()
    {
        let named = fields.items().len() as u64;
        if hidden < named || named == 0 && hidden > 0 {
            let message = format!("`redactionCount` is {hidden}, but the number of named fields is {named}");
            report.add(&HOST_REDACTION_COUNT, count, message);
        }
    }
}

/// A denial has a reason, and nothing else has.
pub(super) fn check_reason(decision: Node<'_>, report: &mut Report<'_>) {
    let reason = decision.get("denialReason");
    match decision.get("result").str() {
        Some("deny") if !reason.exists() || reason.is_blank() => {
            report.add(
                &HOST_DENY_WITHOUT_REASON,
                reason,
                "the result is deny, but `denialReason` says nothing",
            );
        }
        Some("allow") if reason.exists() => {
            report.add(&HOST_ALLOW_WITH_REASON, reason, "the result is allow, but `denialReason` is there");
        }
        _ => {}
    }
}

/// Compares the receipt of an envelope with the envelope and its grant.
pub(super) fn compare(envelope: Node<'_>, report: &mut Report<'_>) {
    let (receipt, grant) = (envelope.get("receipt"), envelope.get("grant"));
    for member in ["result", "interfaceKind", "workspaceId"] {
        if let (Some(kept), Some(decided)) = (receipt.get(member).str(), envelope.get(member).str())
            && kept != decided
        {
            let message = format!("`{member}` is {kept}, in the envelope {decided}");
            report.add(&HOST_RECEIPT_DIFFERS, receipt.get(member), message);
        }
    }
    if let (Some(kept), Some(decided)) = (receipt.get("decidedAt").time(), envelope.get("decidedAt").time())
        && kept != decided
    {
        let message = format!("it was decided at {kept}, in the envelope at {decided}");
        report.add(&HOST_RECEIPT_DIFFERS, receipt.get("decidedAt"), message);
    }
    let named = receipt.get("grantId");
    let differs = match grant.get("grantId").str() {
        Some(id) => !named.is(id),
        None => !grant.is_object() && !named.is_null(),
    };
    if differs && named.exists() {
        let shown =
            grant.get("grantId").str().map_or_else(|| "no grant".to_owned(), |id| format!("\"{id}\""));
        let named_id = named.str().map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
        report.add(
            &HOST_RECEIPT_OTHER_GRANT,
            named,
            format!("the receipt names {named_id}, but {shown} was shown"),
        );
    }
    if let (Some(kept), Some(given)) = (receipt.get("policyHash").str(), grant.get("policyHash").str())
        && kept != given
    {
        report.add(&HOST_RECEIPT_OTHER_POLICY, receipt.get("policyHash"), format!("the grant names {given}"));
    }
}
