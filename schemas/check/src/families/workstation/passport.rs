//! Agent passports: what an agent claims to be.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const KINDS: &[&str] = &["agent-passport"];
const BASE: &str = "workstation/agent-passport.json";
const BASE_SYSTEM: &str = "workstation/agent-passport.system-core.json";

pub(super) static PASSPORT_ELEVATED: Rule = Rule {
    id: "PASSPORT_ELEVATED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A third-party agent claims to be part of the system, or to act without asking.",
    why: "Whoever writes the passport would give himself what only the system may have.",
    mend: "Set the flag to false, or have the agent classified anew by whoever runs the system.",
    source: "agent passport, elevation rule",
    example: Example {
        base: BASE,
        at: "",
        good: r#"{"kind": "AgentPassport", "bundle_id": "org.example.chat", "agent_class": "third_party"}"#,
        bad: r#"{"kind": "AgentPassport", "bundle_id": "org.example.chat", "agent_class": "third_party", "system_bundle": true}"#,
    },
};

pub(super) static PASSPORT_HELPER_IN_SYSTEM: Rule = Rule {
    id: "PASSPORT_HELPER_IN_SYSTEM",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A helper of an application claims to be part of the system.",
    why: "It belongs to its application; the class would be a way around the rule for third parties.",
    mend: "Set `system_bundle` to false, or use the class system_core if the agent is part of the system.",
    source: "gap: the original accepts app_helper with system_bundle",
    example: Example {
        base: BASE_SYSTEM,
        at: "/agent_class",
        good: r#""system_core""#,
        bad: r#""app_helper""#,
    },
};

pub(super) static PASSPORT_CORE_UNSUPPORTED: Rule = Rule {
    id: "PASSPORT_CORE_UNSUPPORTED",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "The class is system_core, and nothing in the passport supports it.",
    why: "It is the class with most trust, and a word is all that claims it.",
    mend: "Set `system_bundle` or `is_apple_signed` to true if that is so; use another class if not.",
    source: "gap: the original accepts a bare claim",
    example: Example { base: BASE_SYSTEM, at: "/system_bundle", good: "true", bad: "false" },
};

pub(super) static PASSPORT_SUBJECT_MISSING: Rule = Rule {
    id: "PASSPORT_SUBJECT_MISSING",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "The passport names neither a program nor a process.",
    why: "It could be shown by any agent.",
    mend: "Add `bundle_id`, or `pid` for a running process.",
    source: "ours: the original asks for no member but the class",
    example: Example {
        base: BASE_SYSTEM,
        at: "",
        good: r#"{"kind": "AgentPassport", "agent_class": "app_helper", "pid": 77}"#,
        bad: r#"{"kind": "AgentPassport", "agent_class": "app_helper"}"#,
    },
};

/// The rules about passports.
pub(super) static RULES: &[&Rule] =
    &[&PASSPORT_ELEVATED, &PASSPORT_HELPER_IN_SYSTEM, &PASSPORT_CORE_UNSUPPORTED, &PASSPORT_SUBJECT_MISSING];

/// Checks a passport.
pub(super) fn check(passport: Node<'_>, report: &mut Report<'_>) {
    let class = passport.get("agent_class");
    let in_system = passport.get("system_bundle");
    let unasked = passport.get("suppress_user_authorization_prompt");
    if class.is("third_party") {
        for (flag, claim) in [(in_system, "to be part of the system"), (unasked, "to act without asking")] {
            if flag.is_true() {
                report.add(&PASSPORT_ELEVATED, flag, format!("a third_party agent claims {claim}"));
            }
        }
    }
    if class.is("app_helper") && in_system.is_true() {
        report.add(&PASSPORT_HELPER_IN_SYSTEM, in_system, "an app_helper claims to be part of the system");
    }
    if class.is("system_core") && !in_system.is_true() && !passport.get("is_apple_signed").is_true() {
        report.add(&PASSPORT_CORE_UNSUPPORTED, class, "neither system_bundle nor is_apple_signed is true");
    }
    if class.exists() && !passport.get("bundle_id").exists() && !passport.get("pid").exists() {
        report.add(&PASSPORT_SUBJECT_MISSING, passport, "neither bundle_id nor pid is there");
    }
}
