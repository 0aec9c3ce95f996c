//! AgentRegistryGrant.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::{beyond, is_not_after, shared, text};

/// The lists of a scope.
const LISTS: &[&str] = &[
    "providerIds",
    "modelRefs",
    "toolRefs",
    "cacheScopeRefs",
    "memoryScopeRefs",
    "storageScopeRefs",
    "evidenceScopeRefs",
];
/// The states of a grant.
const STATES: &[&str] = &["missing", "active", "expired", "revoked", "denied", "unknown"];
/// What a revocation source may say.
const REVOCATION_WORDS: &[&str] = &["active", "revoked", "expired", "denied", "unavailable"];
/// What the revocation source may say of a grant in each state.
const REVOCATION: &[(&str, &[&str])] = &[
    ("active", &["active"]),
    ("missing", &["unavailable"]),
    ("revoked", &["revoked"]),
    ("expired", &["expired", "unavailable"]),
    ("denied", &["denied", "unavailable"]),
];

pub(crate) static REGISTRY_GRANT_AUTHORIZATION: Rule = Rule {
    id: "REGISTRY_GRANT_AUTHORIZATION",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "The state of the grant and the authorization contradict each other.",
    why: "A program that reads only one of them lets in whoever was refused.",
    mend: "`authorizationGranted` is true for active, and false for every other status.",
    source: "AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agent-registry-grant.revoked.json",
        at: "/grant/authorizationGranted",
        good: "false",
        bad: "true",
    },
};
pub(crate) static REGISTRY_GRANT_ACTIVE_INCOMPLETE: Rule = Rule {
    id: "REGISTRY_GRANT_ACTIVE_INCOMPLETE",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "An active grant has no record, no end, or nothing to revoke it with.",
    why: "It could not be looked up, and not be taken back.",
    mend: "Give `grantRef`, `grantDigest`, `expiresAt` and `revocationHookRef`.",
    source: "AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agent-registry-grant.active.json",
        at: "/grant/revocationHookRef",
        good: r#""urn:srcos:agent-registry:revocation-hook:x""#,
        bad: "null",
    },
};
pub(crate) static REGISTRY_GRANT_ACTIVE_EMPTY: Rule = Rule {
    id: "REGISTRY_GRANT_ACTIVE_EMPTY",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "An active grant allows nothing.",
    why: "It authorizes, and nobody can say what.",
    mend: "List what is allowed, or give another status.",
    source: "AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agent-registry-grant.active.json",
        at: "/scope/allowed",
        good: r#"{"providerIds": [], "modelRefs": ["urn:srcos:model:bge-m3"], "toolRefs": [], "cacheScopeRefs": [], "memoryScopeRefs": [], "storageScopeRefs": [], "evidenceScopeRefs": []}"#,
        bad: r#"{"providerIds": [], "modelRefs": [], "toolRefs": [], "cacheScopeRefs": [], "memoryScopeRefs": [], "storageScopeRefs": [], "evidenceScopeRefs": []}"#,
    },
};
pub(crate) static REGISTRY_GRANT_REVOCATION_CONTRADICTORY: Rule = Rule {
    id: "REGISTRY_GRANT_REVOCATION_CONTRADICTORY",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "The state of the grant and what the revocation source says contradict each other.",
    why: "A grant that cannot be checked for revocation is not in force.",
    mend: "Ask the revocation source again, and give the status that follows from it.",
    source: "AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agent-registry-grant.active.json",
        at: "/grant/revocationStatus",
        good: r#""active""#,
        bad: r#""unavailable""#,
    },
};
pub(crate) static REGISTRY_GRANT_MISSING_ANSWERED: Rule = Rule {
    id: "REGISTRY_GRANT_MISSING_ANSWERED",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "The grant is missing, and a record of it is named.",
    why: "Either there is a grant, or the record belongs to another request.",
    mend: "Set `grantRef`, `grantDigest`, `expiresAt` and `revocationHookRef` to null, or give the status of the record.",
    source: "AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agent-registry-grant.missing.json",
        at: "/grant/grantRef",
        good: "null",
        bad: r#""urn:srcos:agent-registry-grant:x""#,
    },
};
pub(crate) static REGISTRY_GRANT_MISSING_WITH_SCOPE: Rule = Rule {
    id: "REGISTRY_GRANT_MISSING_WITH_SCOPE",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "The grant is missing, and something is allowed.",
    why: "Nobody has allowed it.",
    mend: "Empty every list of `scope.allowed`.",
    source: "AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agent-registry-grant.missing.json",
        at: "/scope",
        good: r#"{"allowed": {"providerIds": [], "modelRefs": [], "toolRefs": [], "cacheScopeRefs": [], "memoryScopeRefs": [], "storageScopeRefs": [], "evidenceScopeRefs": []}, "denied": {"providerIds": [], "modelRefs": [], "toolRefs": [], "cacheScopeRefs": [], "memoryScopeRefs": [], "storageScopeRefs": [], "evidenceScopeRefs": []}}"#,
        bad: r#"{"allowed": {"providerIds": [], "modelRefs": ["urn:srcos:model:bge-m3"], "toolRefs": [], "cacheScopeRefs": [], "memoryScopeRefs": [], "storageScopeRefs": [], "evidenceScopeRefs": []}, "denied": {"providerIds": [], "modelRefs": [], "toolRefs": [], "cacheScopeRefs": [], "memoryScopeRefs": [], "storageScopeRefs": [], "evidenceScopeRefs": []}}"#,
    },
};
pub(crate) static REGISTRY_GRANT_UNTRACED: Rule = Rule {
    id: "REGISTRY_GRANT_UNTRACED",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "A revoked or expired grant is not named.",
    why: "Nobody can tell which grant no longer holds.",
    mend: "Give `grantRef`.",
    source: "AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agent-registry-grant.revoked.json",
        at: "/grant/grantRef",
        good: r#""urn:srcos:agent-registry-grant:x""#,
        bad: "null",
    },
};
pub(crate) static REGISTRY_GRANT_SCOPE_WIDER: Rule = Rule {
    id: "REGISTRY_GRANT_SCOPE_WIDER",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "More is allowed than was requested.",
    why: "The agent gets rights that nobody has asked for, and nobody has judged.",
    mend: "Take it out of `scope.allowed`, or request it.",
    source: "AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agent-registry-grant.active.json",
        at: "/scope/allowed/modelRefs",
        good: r#"["urn:srcos:model:bge-m3"]"#,
        bad: r#"["urn:srcos:model:bge-m3", "urn:srcos:model:qwen3"]"#,
    },
};
pub(crate) static REGISTRY_GRANT_SCOPE_OVERLAP: Rule = Rule {
    id: "REGISTRY_GRANT_SCOPE_OVERLAP",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "The same thing is allowed and denied.",
    why: "The original looks at what is allowed only, so the denial has no effect.",
    mend: "Take it out of one of the two.",
    source: "gap: the original never compares allowed and denied",
    example: Example {
        base: "agent-machine/agent-registry-grant.active.json",
        at: "/scope/denied/modelRefs",
        good: r#"["urn:srcos:model:other"]"#,
        bad: r#"["urn:srcos:model:bge-m3"]"#,
    },
};
pub(crate) static REGISTRY_GRANT_WINDOW_EMPTY: Rule = Rule {
    id: "REGISTRY_GRANT_WINDOW_EMPTY",
    severity: Severity::Error,
    kinds: &["agent-registry-grant"],
    what: "The grant is active, and ended before it was given.",
    why: "It never holds, and the original would use it all the same.",
    mend: "Make `expiresAt` later than `issuedAt`, or say expired.",
    source: "gap: the original never looks at expiry",
    example: Example {
        base: "agent-machine/agent-registry-grant.active.json",
        at: "/grant/expiresAt",
        good: r#""2026-09-14T07:00:00Z""#,
        bad: r#""2026-09-14T07:00:00+02:00""#,
    },
};
pub(crate) static REGISTRY_GRANT_OUTLIVES_REQUEST: Rule = Rule {
    id: "REGISTRY_GRANT_OUTLIVES_REQUEST",
    severity: Severity::Warning,
    kinds: &["agent-registry-grant"],
    what: "The grant holds longer than was requested.",
    why: "Rights stay open after the work is over.",
    mend: "Make `expiresAt` no later than `requestedExpiresAt`.",
    source: "advice",
    example: Example {
        base: "agent-machine/agent-registry-grant.active.json",
        at: "/grant/expiresAt",
        good: r#""2026-09-14T20:00:00Z""#,
        bad: r#""2026-09-14T20:00:01Z""#,
    },
};
pub(crate) static REGISTRY_GRANT_SCOPE_DEAD: Rule = Rule {
    id: "REGISTRY_GRANT_SCOPE_DEAD",
    severity: Severity::Warning,
    kinds: &["agent-registry-grant"],
    what: "The grant was refused or is unknown, and something is allowed.",
    why: "A program that reads only the scope takes it for allowed.",
    mend: "Empty every list of `scope.allowed`.",
    source: "advice",
    example: Example {
        base: "agent-machine/agent-registry-grant.active.json",
        at: "/grant",
        good: r#"{"status": "expired", "authorizationGranted": false, "grantRef": "urn:srcos:agent-registry-grant:x", "grantDigest": null, "reason": null, "expiresAt": null, "revocationStatus": "expired", "revocationRef": null, "revocationHookRef": null}"#,
        bad: r#"{"status": "denied", "authorizationGranted": false, "grantRef": null, "grantDigest": null, "reason": null, "expiresAt": null, "revocationStatus": "denied", "revocationRef": null, "revocationHookRef": null}"#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &REGISTRY_GRANT_AUTHORIZATION,
    &REGISTRY_GRANT_ACTIVE_INCOMPLETE,
    &REGISTRY_GRANT_ACTIVE_EMPTY,
    &REGISTRY_GRANT_REVOCATION_CONTRADICTORY,
    &REGISTRY_GRANT_MISSING_ANSWERED,
    &REGISTRY_GRANT_MISSING_WITH_SCOPE,
    &REGISTRY_GRANT_UNTRACED,
    &REGISTRY_GRANT_SCOPE_WIDER,
    &REGISTRY_GRANT_SCOPE_OVERLAP,
    &REGISTRY_GRANT_WINDOW_EMPTY,
    &REGISTRY_GRANT_OUTLIVES_REQUEST,
    &REGISTRY_GRANT_SCOPE_DEAD,
];

pub(super) fn check(document: Node<'_>, report: &mut Report<'_>) {
    let (grant, scope, request) = (document.get("grant"), document.get("scope"), document.get("request"));
    let status = grant.get("status");
    check_status(status, grant, report);
    let end = grant.get("expiresAt");
    if status.is("active") && is_not_after(end, document.get("issuedAt")) {
        let message = format!("it was given at {} and ends at {}", text(document.get("issuedAt")), text(end));
        report.add(&REGISTRY_GRANT_WINDOW_EMPTY, end, message);
    }
    let requested = request.get("requestedExpiresAt");
    if let (Some(end_time), Some(requested_time)) = (end.time(), requested.time())
        && end_time > requested_time
    {
        report.add(
            &REGISTRY_GRANT_OUTLIVES_REQUEST,
            end,
            format!("an end at {} was requested", text(requested)),
        );
    }
    check_scope(status, scope, request.get("requestedScope"), report);
}

fn check_status(status: Node<'_>, grant: Node<'_>, report: &mut Report<'_>) {
    let granted = grant.get("authorizationGranted");
    let wanted = status.is("active");
    if STATES.iter().any(|state| status.is(state)) && granted.bool() == Some(!wanted) {
        let message = format!("the status is {}, `authorizationGranted` is {}", text(status), !wanted);
        report.add(&REGISTRY_GRANT_AUTHORIZATION, granted, message);
    }
    for name in ["grantRef", "grantDigest", "expiresAt", "revocationHookRef"] {
        let member = grant.get(name);
        if wanted && member.is_null() {
            report.add(&REGISTRY_GRANT_ACTIVE_INCOMPLETE, member, format!("`{name}` is null"));
        } else if status.is("missing") && member.str().is_some() {
            report.add(&REGISTRY_GRANT_MISSING_ANSWERED, member, format!("`{name}` is not null"));
        } else if matches!(status.str(), Some("revoked" | "expired"))
            && name == "grantRef"
            && member.is_null()
        {
            report.add(
                &REGISTRY_GRANT_UNTRACED,
                member,
                format!("the grant is {}, `grantRef` is null", text(status)),
            );
        }
    }
    let revocation = grant.get("revocationStatus");
    if let Some((state, fitting)) = REVOCATION.iter().find(|(name, _)| status.is(name))
        && REVOCATION_WORDS.iter().any(|word| revocation.is(word) && !fitting.contains(word))
    {
        let message = format!("the grant is {state}, its revocation status {}", text(revocation));
        report.add(&REGISTRY_GRANT_REVOCATION_CONTRADICTORY, revocation, message);
    }
}

fn check_scope(status: Node<'_>, scope: Node<'_>, requested: Node<'_>, report: &mut Report<'_>) {
    let (allowed, denied) = (scope.get("allowed"), scope.get("denied"));
    for name in LISTS {
        if let Some(item) = shared(denied.get(name), allowed.get(name)) {
            report.add(&REGISTRY_GRANT_SCOPE_OVERLAP, item, format!("{} is in `{name}` of both", text(item)));
        }
        if let Some(item) = beyond(allowed.get(name), requested.get(name)) {
            report.add(
                &REGISTRY_GRANT_SCOPE_WIDER,
                item,
                format!("{} is not in the requested `{name}`", text(item)),
            );
        }
    }
    let used = LISTS.iter().map(|name| allowed.get(name)).find(|list| list.items().len() > 0);
    match (status.str(), used) {
        (Some("active"), None) if allowed.is_object() => {
            report.add(&REGISTRY_GRANT_ACTIVE_EMPTY, allowed, "every list is empty");
        }
        (Some("missing"), Some(list)) => {
            report.add(
                &REGISTRY_GRANT_MISSING_WITH_SCOPE,
                list,
                "something is allowed while the grant is missing",
            );
        }
        (Some("denied" | "unknown"), Some(list)) => {
            report.add(&REGISTRY_GRANT_SCOPE_DEAD, list, format!("the grant is {}", text(status)));
        }
        _ => {}
    }
}
