//! The limits that hold for every carried model until a policy decides otherwise.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const PROFILE: &str = "model-carry/local-model-profile.json";
const PACK: &str = "model-carry/model-carry-pack.json";

pub(crate) static CARRY_LOCAL_ONLY_OFF: Rule = Rule {
    id: "CARRY_LOCAL_ONLY_OFF",
    severity: Severity::Error,
    kinds: &["local-model-profile", "model-carry-pack"],
    what: "A carried model is not local by default.",
    why: "Whoever carries a model to a machine expects that prompts are answered there.",
    mend: "Set `localOnlyDefault` to true, and let a policy decide about exceptions.",
    source: "validators of LocalModelProfile and ModelCarryPack",
    example: Example { base: PROFILE, at: "/policy/localOnlyDefault", good: "true", bad: "false" },
};

pub(crate) static CARRY_PROMPT_EGRESS: Rule = Rule {
    id: "CARRY_PROMPT_EGRESS",
    severity: Severity::Error,
    kinds: &["local-model-profile", "model-carry-pack", "portable-ai-root"],
    what: "Prompts may leave the machine by default.",
    why: "A carried document authorises nothing. Egress is decided for each case by a policy outside of it.",
    mend: "Set `sendPromptOffDeviceDefault` to false, or `promptEgressDefault` to \"deny\".",
    source: "validators of LocalModelProfile, ModelCarryPack and PortableAIRoot; the schemas of the last two also allow policy-gated",
    example: Example {
        base: PACK,
        at: "/policy/promptEgressDefault",
        good: r#""deny""#,
        bad: r#""policy-gated""#,
    },
};

pub(crate) static CARRY_TOOL_USE: Rule = Rule {
    id: "CARRY_TOOL_USE",
    severity: Severity::Error,
    kinds: &["local-model-profile", "model-carry-pack"],
    what: "A carried model may use tools by default.",
    why: "Tools act on the machine. A profile or a pack is no permission to act.",
    mend: "Set `allowToolUse` or `allowToolUseDefault` to false.",
    source: "validators of LocalModelProfile and ModelCarryPack",
    example: Example { base: PROFILE, at: "/policy/allowToolUse", good: "false", bad: "true" },
};

pub(crate) static CARRY_NETWORK: Rule = Rule {
    id: "CARRY_NETWORK",
    severity: Severity::Error,
    kinds: &["local-model-profile", "model-carry-pack"],
    what: "A carried model may use the network by default.",
    why: "A model that answers locally needs no network, and one that has it can send prompts away.",
    mend: "Set `allowNetwork` or `allowNetworkDefault` to false.",
    source: "validators of LocalModelProfile and ModelCarryPack",
    example: Example { base: PACK, at: "/policy/allowNetworkDefault", good: "false", bad: "true" },
};

pub(crate) static CARRY_MODEL_DOWNLOAD: Rule = Rule {
    id: "CARRY_MODEL_DOWNLOAD",
    severity: Severity::Error,
    kinds: &["local-model-profile"],
    what: "Using the profile may download weights.",
    why: "Weights come to a machine by a separate act of an operator, never as a side effect.",
    mend: "Set `allowModelDownload` to false and pull the model explicitly.",
    source: "gap: the documents of the original forbid it, its schema and validator accept it",
    example: Example { base: PROFILE, at: "/policy/allowModelDownload", good: "false", bad: "true" },
};

pub(crate) static CARRY_IMPLICIT_IMPORT: Rule = Rule {
    id: "CARRY_IMPLICIT_IMPORT",
    severity: Severity::Error,
    kinds: &["local-model-profile", "model-carry-pack"],
    what: "Weights may arrive without anybody asking for them.",
    why: "What nobody asked for, nobody has judged: neither its size nor its licence nor its origin.",
    mend: "Set `requiresExplicitPull` or `requiresExplicitImport` to true.",
    source: "validators of LocalModelProfile and ModelCarryPack",
    example: Example { base: PROFILE, at: "/policy/requiresExplicitPull", good: "true", bad: "false" },
};

pub(crate) static CARRY_EVIDENCE_OFF: Rule = Rule {
    id: "CARRY_EVIDENCE_OFF",
    severity: Severity::Error,
    kinds: &["model-carry-pack"],
    what: "The pack may be used without evidence.",
    why: "Without records nobody can tell later which model has answered.",
    mend: "Set `requiresEvidence` to true.",
    source: "validator of ModelCarryPack",
    example: Example { base: PACK, at: "/policy/requiresEvidence", good: "true", bad: "false" },
};

pub(crate) static CARRY_PROMPT_STORED: Rule = Rule {
    id: "CARRY_PROMPT_STORED",
    severity: Severity::Error,
    kinds: &["local-model-profile", "model-carry-pack", "portable-ai-root"],
    what: "Evidence may hold the text of prompts.",
    why: "Prompts hold private matters, and evidence is made to be passed on. A hash proves the same.",
    mend: "Set `emitPromptHashOnly` to true, or `promptBodiesStored` to false.",
    source: "validators of ModelCarryPack and PortableAIRoot; gap: for a profile the original only documents it",
    example: Example {
        base: "model-carry/portable-ai-root.json",
        at: "/evidence/promptBodiesStored",
        good: "false",
        bad: "true",
    },
};

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &CARRY_LOCAL_ONLY_OFF,
    &CARRY_PROMPT_EGRESS,
    &CARRY_TOOL_USE,
    &CARRY_NETWORK,
    &CARRY_MODEL_DOWNLOAD,
    &CARRY_IMPLICIT_IMPORT,
    &CARRY_EVIDENCE_OFF,
    &CARRY_PROMPT_STORED,
];

/// A switch with a safe side.
struct Switch {
    member: &'static str,
    safe: bool,
    rule: &'static Rule,
}

const fn switch(member: &'static str, safe: bool, rule: &'static Rule) -> Switch {
    Switch { member, safe, rule }
}

static PROFILE_POLICY: &[Switch] = &[
    switch("localOnlyDefault", true, &CARRY_LOCAL_ONLY_OFF),
    switch("sendPromptOffDeviceDefault", false, &CARRY_PROMPT_EGRESS),
    switch("allowToolUse", false, &CARRY_TOOL_USE),
    switch("allowNetwork", false, &CARRY_NETWORK),
    switch("allowModelDownload", false, &CARRY_MODEL_DOWNLOAD),
    switch("requiresExplicitPull", true, &CARRY_IMPLICIT_IMPORT),
];

static PACK_POLICY: &[Switch] = &[
    switch("localOnlyDefault", true, &CARRY_LOCAL_ONLY_OFF),
    switch("allowToolUseDefault", false, &CARRY_TOOL_USE),
    switch("allowNetworkDefault", false, &CARRY_NETWORK),
    switch("requiresExplicitImport", true, &CARRY_IMPLICIT_IMPORT),
    switch("requiresEvidence", true, &CARRY_EVIDENCE_OFF),
];

static MODEL_EVIDENCE: &[Switch] = &[switch("emitPromptHashOnly", true, &CARRY_PROMPT_STORED)];

static ROOT_EVIDENCE: &[Switch] = &[switch("promptBodiesStored", false, &CARRY_PROMPT_STORED)];

pub(super) fn check_profile(profile: Node<'_>, report: &mut Report<'_>) {
    check_switches(profile.get("policy"), PROFILE_POLICY, report);
    check_switches(profile.get("evidence"), MODEL_EVIDENCE, report);
}

pub(super) fn check_pack(pack: Node<'_>, report: &mut Report<'_>) {
    check_switches(pack.get("policy"), PACK_POLICY, report);
    check_egress(pack.get("policy"), report);
    check_switches(pack.get("evidence"), MODEL_EVIDENCE, report);
}

pub(super) fn check_root(root: Node<'_>, report: &mut Report<'_>) {
    check_egress(root.get("policy"), report);
    check_switches(root.get("evidence"), ROOT_EVIDENCE, report);
}

fn check_switches(object: Node<'_>, switches: &[Switch], report: &mut Report<'_>) {
    for switch in switches {
        let found = object.get(switch.member);
        if found.bool() == Some(!switch.safe) {
            report.add(switch.rule, found, format!("`{}` is {}", switch.member, !switch.safe));
        }
    }
}

fn check_egress(policy: Node<'_>, report: &mut Report<'_>) {
    let egress = policy.get("promptEgressDefault");
    if egress.is("policy-gated") {
        report.add(&CARRY_PROMPT_EGRESS, egress, "`promptEgressDefault` is policy-gated");
    }
}
