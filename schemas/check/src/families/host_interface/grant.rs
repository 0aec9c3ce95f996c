//! Grants: whether one counts for a decision, and whether it makes sense by itself.

use std::collections::HashSet;

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const ENVELOPE: &[&str] = &["host-interface-envelope"];
const BASE: &str = "host-interface/host-interface-envelope.json";
const GRANT: &str = "host-interface/host-interface-grant.json";
const ORIGIN: &str = "host interface envelope, rule 1";

pub(crate) static HOST_GRANT_REVOKED: Rule = Rule {
    id: "HOST_GRANT_REVOKED",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "Access is allowed by a grant that was revoked.",
    why: "A revoked grant gives nothing, however long it would have lasted.",
    mend: "Deny, or show a grant that counts.",
    source: ORIGIN,
    example: Example { base: BASE, at: "/grant/revoked", good: "false", bad: "true" },
};

pub(crate) static HOST_GRANT_EXPIRED: Rule = Rule {
    id: "HOST_GRANT_EXPIRED",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "Access is allowed by a grant that had expired.",
    why: "A grant counts until `expiresAt`, and at that instant no longer. Offsets and fractions of a second count.",
    mend: "Deny, or show a grant that still counts.",
    source: "host interface envelope, rule 1; gap: the original compares the texts of the times, so offsets deceive it",
    example: Example {
        base: BASE,
        at: "/grant/expiresAt",
        good: r#""2026-03-20T09:30:00.5Z""#,
        bad: r#""2026-03-20T10:30:00+02:00""#,
    },
};

pub(crate) static HOST_GRANT_NOT_YET_ISSUED: Rule = Rule {
    id: "HOST_GRANT_NOT_YET_ISSUED",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "Access is allowed by a grant that was issued after the decision.",
    why: "A leave that is given afterwards could not have been shown.",
    mend: "Correct the time that is wrong, or decide anew.",
    source: "gap: the original does not compare the times",
    example: Example {
        base: BASE,
        at: "/grant/issuedAt",
        good: r#""2026-03-20T09:30:00Z""#,
        bad: r#""2026-03-20T09:30:01Z""#,
    },
};

pub(crate) static HOST_GRANT_OTHER_INTERFACE: Rule = Rule {
    id: "HOST_GRANT_OTHER_INTERFACE",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "Access is allowed by a grant for another interface.",
    why: "A grant counts for the one interface that it names.",
    mend: "Show a grant for this interface.",
    source: ORIGIN,
    example: Example { base: BASE, at: "/grant/interfaceKind", good: r#""editor""#, bad: r#""browser""# },
};

pub(crate) static HOST_GRANT_OTHER_WORKSPACE: Rule = Rule {
    id: "HOST_GRANT_OTHER_WORKSPACE",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "Access is allowed by a grant for another workspace.",
    why: "A grant counts for the one workspace that it names.",
    mend: "Show a grant for this workspace.",
    source: ORIGIN,
    example: Example { base: BASE, at: "/grant/workspaceId", good: r#""ws-heron""#, bad: r#""ws-egret""# },
};

pub(crate) static HOST_SCOPE_EXCEEDED: Rule = Rule {
    id: "HOST_SCOPE_EXCEEDED",
    severity: Severity::Error,
    kinds: ENVELOPE,
    what: "Access is allowed to a capability that the grant does not give.",
    why: "Whatever is not in the scope is denied.",
    mend: "Ask for less, or show a grant whose scope holds the capability or *.",
    source: ORIGIN,
    example: Example {
        base: BASE,
        at: "/requestedCapabilities",
        good: r#"["editor.open"]"#,
        bad: r#"["editor.open", "editor.saveAll"]"#,
    },
};

pub(crate) static HOST_GRANT_TIMES_REVERSED: Rule = Rule {
    id: "HOST_GRANT_TIMES_REVERSED",
    severity: Severity::Error,
    kinds: &["host-interface-envelope", "host-interface-grant"],
    what: "A grant expires or is revoked before it was issued.",
    why: "There is no time at which it counts.",
    mend: "Correct the time that is wrong, offset included.",
    source: "gap: the original does not compare the times",
    example: Example {
        base: GRANT,
        at: "/expiresAt",
        good: r#""2026-03-01T10:00:01+02:00""#,
        bad: r#""2026-03-01T10:00:00+02:00""#,
    },
};

pub(crate) static HOST_REVOCATION_UNFLAGGED: Rule = Rule {
    id: "HOST_REVOCATION_UNFLAGGED",
    severity: Severity::Error,
    kinds: &["host-interface-envelope", "host-interface-grant"],
    what: "A grant says when it was revoked, but not that it is.",
    why: "A broker looks at `revoked`, so the grant goes on counting.",
    mend: "Set `revoked` to true, or remove `revokedAt`.",
    source: "gap: the original does not compare the two",
    example: Example {
        base: "host-interface/host-interface-grant.revoked.json",
        at: "/revoked",
        good: "true",
        bad: "false",
    },
};

pub(crate) static HOST_CAPABILITY_DUPLICATE: Rule = Rule {
    id: "HOST_CAPABILITY_DUPLICATE",
    severity: Severity::Error,
    kinds: &["host-interface-envelope", "host-interface-grant"],
    what: "A capability occurs twice in one list.",
    why: "A list of capabilities is a set; a repeated one was most likely meant to be another.",
    mend: "Name each capability once.",
    source: "gap: the original accepts it",
    example: Example {
        base: GRANT,
        at: "/scope",
        good: r#"["pty.attach", "pty.resize"]"#,
        bad: r#"["pty.attach", "pty.attach"]"#,
    },
};

/// Checks a grant by itself.
pub(super) fn check(grant: Node<'_>, report: &mut Report<'_>) {
    check_once(grant.get("scope"), report);
    let (issued, revoked) = (grant.get("issuedAt"), grant.get("revokedAt"));
    if revoked.exists() && !grant.get("revoked").is_true() {
        report.add(&HOST_REVOCATION_UNFLAGGED, revoked, "`revokedAt` is there, but `revoked` is not true");
    }
    let Some(begins) = issued.time() else { return };
    let expires = grant.get("expiresAt");
    if expires.time().is_some_and(|end| end <= begins) {
        report.add(
            &HOST_GRANT_TIMES_REVERSED,
            expires,
            format!("it is issued at {begins} and expires {}", at(expires)),
        );
    }
    if revoked.time().is_some_and(|end| end < begins) {
        report.add(
            &HOST_GRANT_TIMES_REVERSED,
            revoked,
            format!("it is issued at {begins} and revoked {}", at(revoked)),
        );
    }
}

fn at(time: Node<'_>) -> String {
    time.time().map_or_else(String::new, |time| format!("at {time}"))
}

/// Each capability once.
pub(super) fn check_once(capabilities: Node<'_>, report: &mut Report<'_>) {
    if capabilities.items().len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(capabilities.items().len());
    for capability in capabilities.items() {
        if let Some(name) = capability.str()
            && !seen.insert(name)
        {
            report.add(&HOST_CAPABILITY_DUPLICATE, capability, format!("\"{name}\" occurs twice"));
        }
    }
}

/// Whether a scope gives a capability.
pub(super) fn gives(scope: Node<'_>, capability: &str) -> bool {
    scope.strings().any(|given| given == capability || given == "*")
}

/// Why the grant of an envelope does not count for its decision: the rule, the place and the words.
pub(super) fn faults<'a>(envelope: Node<'a>, fault: &mut dyn FnMut(&'static Rule, Node<'a>, String)) {
    let grant = envelope.get("grant");
    if grant.get("revoked").is_true() {
        fault(&HOST_GRANT_REVOKED, grant.get("revoked"), "the grant was revoked".to_owned());
    }
    let decided = envelope.get("decidedAt").time();
    let (issued, expires) = (grant.get("issuedAt"), grant.get("expiresAt"));
    if let (Some(end), Some(decided)) = (expires.time(), decided)
        && end <= decided
    {
        fault(&HOST_GRANT_EXPIRED, expires, format!("it expired at {end}; decided at {decided}"));
    }
    if let (Some(begin), Some(decided)) = (issued.time(), decided)
        && begin > decided
    {
        fault(&HOST_GRANT_NOT_YET_ISSUED, issued, format!("it was issued at {begin}; decided at {decided}"));
    }
    let same = [("interfaceKind", &HOST_GRANT_OTHER_INTERFACE), ("workspaceId", &HOST_GRANT_OTHER_WORKSPACE)];
    for (member, rule) in same {
        if let (Some(given), Some(asked)) = (grant.get(member).str(), envelope.get(member).str())
            && given != asked
        {
            fault(rule, grant.get(member), format!("the grant is for {given}, not for {asked}"));
        }
    }
    let scope = grant.get("scope");
    for capability in envelope.get("requestedCapabilities").items() {
        if let Some(name) = capability.str()
            && !gives(scope, name)
        {
            fault(&HOST_SCOPE_EXCEEDED, capability, format!("the scope of the grant does not hold {name}"));
        }
    }
}
