//! Profiles of local models.

use std::net::IpAddr;

use super::defaults;
use super::lists::{check_fallback_self, check_repeated, repeated};
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const PROFILE: &str = "model-carry/local-model-profile.json";
const KINDS: &[&str] = &["local-model-profile"];

pub(crate) static CARRY_PROFILE_POLICY_MISSING: Rule = Rule {
    id: "CARRY_PROFILE_POLICY_MISSING",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The policy leaves a limit to a default.",
    why: "A reader that does not know the default takes the absent member for the opposite.",
    mend: "Write all of localOnlyDefault, sendPromptOffDeviceDefault, allowToolUse, allowNetwork and requiresExplicitPull.",
    source: "validator of LocalModelProfile; in its schema they are optional",
    example: Example {
        base: PROFILE,
        at: "/policy",
        good: r#"{"localOnlyDefault": true, "sendPromptOffDeviceDefault": false, "allowToolUse": false, "allowNetwork": false, "requiresExplicitPull": true}"#,
        bad: r#"{"localOnlyDefault": true, "allowToolUse": false, "allowNetwork": false, "requiresExplicitPull": true}"#,
    },
};

pub(crate) static CARRY_PROFILE_ROLE_DUPLICATE: Rule = Rule {
    id: "CARRY_PROFILE_ROLE_DUPLICATE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A profile has a role twice.",
    why: "Roles are a set; one of the two was probably meant to be another one.",
    mend: "Remove one of the two, or correct it.",
    source: "gap: the original accepts it",
    example: Example {
        base: PROFILE,
        at: "/roles",
        good: r#"["triage", "rewrite"]"#,
        bad: r#"["triage", "rewrite", "triage"]"#,
    },
};

pub(crate) static CARRY_PROFILE_FALLBACK_FORM: Rule = Rule {
    id: "CARRY_PROFILE_FALLBACK_FORM",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A fallback is not the name of a profile.",
    why: "A router looks fallbacks up among profiles; anything else is never found.",
    mend: "Write urn:srcos:model-profile: and the name of the profile.",
    source: "gap: the original accepts any string",
    example: Example {
        base: PROFILE,
        at: "/policy/fallbackProfileRefs",
        good: r#"["urn:srcos:model-profile:train-desk-large"]"#,
        bad: r#"["train-desk-large"]"#,
    },
};

pub(crate) static CARRY_PROFILE_ENDPOINT_REMOTE: Rule = Rule {
    id: "CARRY_PROFILE_ENDPOINT_REMOTE",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "A local profile has its runtime on another machine.",
    why: "`localOnlyDefault` promises that prompts stay here; this endpoint takes them away.",
    mend: "Use an address of this machine, such as 127.0.0.1, ::1 or localhost.",
    source: "ours: the original does not look at the endpoint",
    example: Example {
        base: PROFILE,
        at: "/runtime/endpoint",
        good: r#""http://localhost:8091""#,
        bad: r#""http://192.0.2.17:8091""#,
    },
};

pub(crate) static CARRY_PROFILE_PORT_MISMATCH: Rule = Rule {
    id: "CARRY_PROFILE_PORT_MISMATCH",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "`endpoint` and `defaultLocalPort` name different ports.",
    why: "One reader connects to the one, another to the other, and only one of them finds the runtime.",
    mend: "Make the two equal.",
    source: "ours: the original does not compare the two members",
    example: Example { base: PROFILE, at: "/runtime/defaultLocalPort", good: "8091", bad: "8092" },
};

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &CARRY_PROFILE_POLICY_MISSING,
    &CARRY_PROFILE_ROLE_DUPLICATE,
    &CARRY_PROFILE_FALLBACK_FORM,
    &CARRY_PROFILE_ENDPOINT_REMOTE,
    &CARRY_PROFILE_PORT_MISMATCH,
];

const LIMITS: [&str; 5] = [
    "localOnlyDefault",
    "sendPromptOffDeviceDefault",
    "allowToolUse",
    "allowNetwork",
    "requiresExplicitPull",
];

pub(super) fn check(profile: Node<'_>, report: &mut Report<'_>) {
    defaults::check_profile(profile, report);
    let policy = profile.get("policy");
    check_missing(policy, report);
    check_endpoint(profile, report);
    for (role, name) in repeated(profile.get("roles")) {
        report.add(&CARRY_PROFILE_ROLE_DUPLICATE, role, format!("{name} is in the list already"));
    }
    let fallbacks = policy.get("fallbackProfileRefs");
    for fallback in fallbacks.items() {
        if let Some(text) = fallback.str()
            && text.strip_prefix("urn:srcos:model-profile:").is_none_or(str::is_empty)
        {
            report.add(&CARRY_PROFILE_FALLBACK_FORM, fallback, format!("\"{text}\" names no profile"));
        }
    }
    check_fallback_self(profile.get("profileId"), fallbacks, report);
    check_repeated(fallbacks, report);
}

fn check_missing(policy: Node<'_>, report: &mut Report<'_>) {
    if policy.is_object() && LIMITS.iter().any(|limit| !policy.get(limit).exists()) {
        let missing: Vec<&str> = LIMITS.into_iter().filter(|limit| !policy.get(limit).exists()).collect();
        report.add(&CARRY_PROFILE_POLICY_MISSING, policy, format!("not written: {}", missing.join(", ")));
    }
}

fn check_endpoint(profile: Node<'_>, report: &mut Report<'_>) {
    let endpoint = profile.get("runtime").get("endpoint");
    let Some((host, port)) = endpoint.str().and_then(host_and_port) else { return };
    if profile.get("policy").get("localOnlyDefault").is_true() && !is_this_machine(host) {
        report.add(&CARRY_PROFILE_ENDPOINT_REMOTE, endpoint, format!("{host} is not this machine"));
    }
    let local = profile.get("runtime").get("defaultLocalPort");
    if let (Some(port), Some(local_port)) = (port, local.uint())
        && port != local_port
    {
        report.add(
            &CARRY_PROFILE_PORT_MISMATCH,
            local,
            format!("the endpoint has port {port}, this is {local_port}"),
        );
    }
}

/// Host and port of an HTTP address; nothing for other addresses, such as the path of a socket.
fn host_and_port(address: &str) -> Option<(&str, Option<u64>)> {
    let (scheme, rest) = address.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => v6.split_once(']').map(|(host, rest)| (host, rest.strip_prefix(':')))?,
        None => authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    Some((host, port.and_then(|port| port.parse().ok())))
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}
