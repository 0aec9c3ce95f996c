//! Runs of models.

use std::collections::HashSet;

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{ledger, residency};

const KINDS: &[&str] = &["inference-receipt"];
const BASE: &str = "model-plane/inference-receipt.json";
const CLUSTER: &str = "model-plane/inference-receipt.cluster.json";

pub(crate) static MODEL_REMOTE_ON_DEVICE: Rule = Rule {
    id: "MODEL_REMOTE_ON_DEVICE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Another machine did the work, yet the data is said to have stayed on the device.",
    why: "A remote machine computes only on what was sent to it.",
    mend: "Name the residency that is true, with its lease and decisions, or the device that did the work.",
    source: "gap: the original does not compare the two",
    example: Example { base: BASE, at: "/computeDevice", good: r#""cpu""#, bad: r#""remote""# },
};

pub(crate) static MODEL_CHAIN_ON_DEVICE: Rule = Rule {
    id: "MODEL_CHAIN_ON_DEVICE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The run stayed on the device, yet it names decisions to hand it on.",
    why: "Either the data went further than the receipt says, or the decisions belong to another run.",
    mend: "Empty `escalationChain`, or name the residency that is true.",
    source: "gap: the original looks at `escalatedFrom` only",
    example: Example {
        base: BASE,
        at: "/escalationChain",
        good: "[]",
        bad: r#"["urn:srcos:escalation-decision:minutes-4"]"#,
    },
};

pub(crate) static MODEL_CHAIN_DUPLICATE: Rule = Rule {
    id: "MODEL_CHAIN_DUPLICATE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A decision occurs twice in the chain.",
    why: "One decision lets a request pass one boundary.",
    mend: "Name each decision once.",
    source: "gap: the original accepts it",
    example: Example {
        base: CLUSTER,
        at: "/escalationChain",
        good: r#"["urn:srcos:escalation-decision:minutes-4"]"#,
        bad: r#"["urn:srcos:escalation-decision:minutes-4", "urn:srcos:escalation-decision:minutes-4"]"#,
    },
};

pub(crate) static MODEL_LEASE_ABSENT: Rule = Rule {
    id: "MODEL_LEASE_ABSENT",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "An agent used a model without a lease.",
    why: "Only the system itself, at T0 on the device, needs none.",
    mend: "Name the lease in `capabilityLeaseRef`.",
    source: "gap: the texts of the original demand it, an example of its own has none",
    example: Example {
        base: BASE,
        at: "/capabilityLeaseRef",
        good: r#""urn:srcos:lease:note-taker-3""#,
        bad: "null",
    },
};

pub(crate) static MODEL_CONFIDENCE_METHOD: Rule = Rule {
    id: "MODEL_CONFIDENCE_METHOD",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "The confidence is given, but not how it was found.",
    why: "A request is handed on because of this number; without a method nobody can check it.",
    mend: "Name the method in `confidenceMethod`, or set `confidence` to null.",
    source: "gap: the texts of the original call such a number uncalibrated",
    example: Example { base: BASE, at: "/confidenceMethod", good: r#""verbalized""#, bad: "null" },
};

pub(super) fn check(receipt: Node<'_>, report: &mut Report<'_>) {
    let (tier, class, chain) =
        (receipt.get("tier"), receipt.get("dataResidencyClass"), receipt.get("escalationChain"));
    residency::fit(tier, class, report);
    residency::rises(receipt.get("escalatedFrom"), tier, !class.is("on_device_only"), report);
    if class.is("on_device_only") {
        let device = receipt.get("computeDevice");
        if device.is("remote") {
            report.add(
                &MODEL_REMOTE_ON_DEVICE,
                device,
                "the residency is on_device_only, but the device is remote",
            );
        }
        if chain.items().len() > 0 {
            let message = "the residency is on_device_only, but `escalationChain` is not empty";
            report.add(&MODEL_CHAIN_ON_DEVICE, chain, message);
        }
    }
    check_chain(chain, report);
    let lease = receipt.get("capabilityLeaseRef");
    // Without a lease off the device the schema refuses.
    if class.is("on_device_only")
        && lease.str().is_none()
        && receipt.get("requestingAgentRef").str().is_some()
    {
        report.add(&MODEL_LEASE_ABSENT, lease, "`requestingAgentRef` names an agent, but there is no lease");
    }
    let method = receipt.get("confidenceMethod");
    if receipt.get("confidence").number().is_some() && (method.str().is_none() || method.is("none")) {
        report.add(&MODEL_CONFIDENCE_METHOD, method, "`confidence` is there, but no method");
    }
    ledger::check(receipt, report);
}

fn check_chain(chain: Node<'_>, report: &mut Report<'_>) {
    if chain.items().len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(chain.items().len());
    for decision in chain.items() {
        if let Some(name) = decision.str()
            && !seen.insert(name)
        {
            report.add(&MODEL_CHAIN_DUPLICATE, decision, format!("\"{name}\" occurs twice"));
        }
    }
}
