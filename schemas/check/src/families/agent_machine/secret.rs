//! No document of the family holds a secret; its flags only promise that.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};
use crate::secrets::looks_secret;

const KINDS: &[&str] = &[
    "agent-machine",
    "agent-pod",
    "inference-provider",
    "cache-tier",
    "storage-receipt",
    "agent-pod-deployment-plan",
    "deployment-receipt",
    "policy-admission",
    "agent-registry-grant",
    "activation-decision",
    "agentplane-runtime-evidence",
    "workspace-operation-contract",
];

pub(crate) static AGENT_MACHINE_SECRET: Rule = Rule {
    id: "AGENT_MACHINE_SECRET",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A text looks like a password, a token or a key.",
    why: "These documents are passed on, logged and kept. Their flags promise that no secret is in them; nothing else looks.",
    mend: "Take the secret out, name the place where it is kept instead, and replace it where it was valid: it has been written down.",
    source: "gap: receiptSafety, allowSecretInSpec and allowSecretInConfig are promises that the original never checks",
    example: Example {
        base: "agent-machine/inference-provider.json",
        at: "/labels",
        good: r#"{"site.example/login": "password is in the safe"}"#,
        bad: r#"{"site.example/login": "password=correct-horse-9"}"#,
    },
};

pub(crate) static RULES: &[&Rule] = &[&AGENT_MACHINE_SECRET];

pub(super) fn check(node: Node<'_>, report: &mut Report<'_>) {
    if let Some(text) = node.str() {
        if let Some(what) = looks_secret(text) {
            report.add(&AGENT_MACHINE_SECRET, node, format!("the text looks like {what}"));
        }
        return;
    }
    for item in node.items() {
        check(item, report);
    }
    for (_, member) in node.members() {
        check(member, report);
    }
}
