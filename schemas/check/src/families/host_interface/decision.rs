//! Decisions of the broker.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{grant, receipt};

const KINDS: &[&str] = &["host-interface-envelope"];
const BASE: &str = "host-interface/host-interface-envelope.json";
const TOOL: &str = "host-interface/host-interface-envelope.tool.json";

pub(crate) static HOST_ALLOW_WITHOUT_GRANT: Rule = Rule {
    id: "HOST_ALLOW_WITHOUT_GRANT",
    severity: Severity::Error,
    kinds: &["host-interface-envelope", "host-interface-receipt"],
    what: "Access is allowed although no grant was shown.",
    why: "Without a grant the answer is deny.",
    mend: "Deny, or name the grant.",
    source: "host interface envelope, rule 1",
    example: Example {
        base: "host-interface/host-interface-receipt.json",
        at: "/grantId",
        good: r#""grant-terminal-pty""#,
        bad: "null",
    },
};

pub(crate) static HOST_NEGOTIATED_TOO_MUCH: Rule = Rule {
    id: "HOST_NEGOTIATED_TOO_MUCH",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The agent gets a capability that was not asked for, or that the grant does not give.",
    why: "Negotiation takes away and never adds: a denied request gets nothing.",
    mend: "Remove the capability from `negotiatedCapabilities`.",
    source: "gap: the texts of the original demand it, its tool does not compare",
    example: Example {
        base: BASE,
        at: "/negotiatedCapabilities",
        good: r#"["editor.open"]"#,
        bad: r#"["editor.open", "editor.format"]"#,
    },
};

pub(crate) static HOST_ALLOW_ON_REQUEST: Rule = Rule {
    id: "HOST_ALLOW_ON_REQUEST",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A request carries the answer allow.",
    why: "Only the broker allows. An agent that writes its own answer must not be believed.",
    mend: "Set the direction to response if the broker wrote it, otherwise the result to deny.",
    source: "gap: the original accepts it",
    example: Example { base: BASE, at: "/direction", good: r#""response""#, bad: r#""request""# },
};

pub(crate) static HOST_DENY_DESPITE_GRANT: Rule = Rule {
    id: "HOST_DENY_DESPITE_GRANT",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "Access is denied although the grant covers all that was asked for.",
    why: "A broker may deny, but this one most likely read the grant wrongly.",
    mend: "Look at the reason; allow, or take the grant back.",
    source: "gap: the original never looks at the grant of a denial",
    example: Example {
        base: "host-interface/host-interface-envelope.out-of-scope.json",
        at: "/grant/scope",
        good: r#"["browser.navigate"]"#,
        bad: r#"["browser.capture"]"#,
    },
};

pub(crate) static HOST_TOOL_UNNAMED: Rule = Rule {
    id: "HOST_TOOL_UNNAMED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "An agent tool is asked for, and it is not said which.",
    why: "A decision about some tool would hold for any.",
    mend: "Name the tool in `toolId`.",
    source: "gap: the member is optional in the original",
    example: Example { base: TOOL, at: "/toolId", good: r#""spell-check""#, bad: r#""""# },
};

pub(super) fn check(envelope: Node<'_>, report: &mut Report<'_>) {
    let (shown, result) = (envelope.get("grant"), envelope.get("result"));
    let granted = shown.is_object();
    if granted {
        grant::check(shown, report);
    }
    if result.is("allow") {
        if granted {
            grant::faults(envelope, &mut |rule, place, message| report.add(rule, place, message));
        } else if !shown.exists() || shown.is_null() {
            report.add(&HOST_ALLOW_WITHOUT_GRANT, result, "the result is allow, but there is no grant");
        }
        if envelope.get("direction").is("request") {
            report.add(&HOST_ALLOW_ON_REQUEST, result, "the direction is request, but the result is allow");
        }
    } else if result.is("deny") && granted {
        let mut counts = true;
        grant::faults(envelope, &mut |_, _, _| counts = false);
        if counts {
            report.add(&HOST_DENY_DESPITE_GRANT, result, "the grant counts and covers the request");
        }
    }
    for list in ["requestedCapabilities", "negotiatedCapabilities"] {
        grant::check_once(envelope.get(list), report);
    }
    check_negotiated(envelope, report);
    check_tool(envelope, report);
    receipt::check_reason(envelope, report);
    receipt::check(envelope.get("receipt"), report);
    receipt::compare(envelope, report);
}

fn check_negotiated(envelope: Node<'_>, report: &mut Report<'_>) {
    let (asked, scope) = (envelope.get("requestedCapabilities"), envelope.get("grant").get("scope"));
    for capability in envelope.get("negotiatedCapabilities").items() {
        let Some(name) = capability.str() else { continue };
        let message = if envelope.get("result").is("deny") {
            format!("the result is deny, but {name} is given")
        } else if asked.strings().all(|asked| asked != name) {
            format!("{name} was not asked for")
        } else if scope.exists() && !grant::gives(scope, name) {
            format!("the scope of the grant does not hold {name}")
        } else {
            continue;
        };
        report.add(&HOST_NEGOTIATED_TOO_MUCH, capability, message);
    }
}

fn check_tool(envelope: Node<'_>, report: &mut Report<'_>) {
    let tool = envelope.get("toolId");
    if envelope.get("interfaceKind").is("agent-tool") && (!tool.exists() || tool.is("")) {
        report.add(&HOST_TOOL_UNNAMED, tool, "the interface is agent-tool, but `toolId` names no tool");
    }
}
