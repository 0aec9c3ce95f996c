//! Tiers and how far data may go.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const KINDS: &[&str] = &["inference-receipt", "escalation-decision"];

pub(crate) static MODEL_TIER_RESIDENCY: Rule = Rule {
    id: "MODEL_TIER_RESIDENCY",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The tier and the data residency contradict each other.",
    why: "T4 is an outside provider: what it gets has left. T0 never leaves the device.",
    mend: "Use external_permitted with T4 and on_device_only with T0, or correct the tier.",
    source: "gap: the original does not compare the two",
    example: Example {
        base: "model-plane/inference-receipt.json",
        at: "/tier",
        good: r#""T2""#,
        bad: r#""T4""#,
    },
};

pub(crate) static MODEL_ESCALATION_DIRECTION: Rule = Rule {
    id: "MODEL_ESCALATION_DIRECTION",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A request is handed on to a lower tier, or to the same one with nothing changed.",
    why: "Escalation goes upwards. Handing a request down needs no decision, and hides the one that was needed.",
    mend: "Correct the two tiers.",
    source: "gap: the original does not compare the tiers",
    example: Example {
        base: "model-plane/escalation-decision.on-device.json",
        at: "/fromTier",
        good: r#""T1""#,
        bad: r#""T2""#,
    },
};

/// Whether data of this residency can be where the tier is.
pub(super) fn fit(tier: Node<'_>, residency: Node<'_>, report: &mut Report<'_>) {
    let (Some(at), Some(class)) = (tier.str(), residency.str()) else { return };
    let contradicts = match at {
        "T0" => class != "on_device_only",
        "T4" => class != "external_permitted",
        _ => false,
    };
    if contradicts {
        report.add(&MODEL_TIER_RESIDENCY, tier, format!("{at} does not go with {class}"));
    }
}

/// `to` is above `from`, or level with it where `crosses` says that the data goes further.
pub(super) fn rises(from: Node<'_>, to: Node<'_>, crosses: bool, report: &mut Report<'_>) {
    if let (Some(lower), Some(upper)) = (tier(from), tier(to))
        && (upper < lower || upper == lower && !crosses)
    {
        report.add(&MODEL_ESCALATION_DIRECTION, from, format!("T{upper} is not above T{lower}"));
    }
}

fn tier(node: Node<'_>) -> Option<u8> {
    match node.str()?.as_bytes() {
        [b'T', digit @ b'0'..=b'4'] => Some(digit - b'0'),
        _ => None,
    }
}
