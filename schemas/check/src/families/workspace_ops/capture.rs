//! Browser sessions and what they capture. A capture is compared with its session only by whoever holds both.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{once, redaction, times};

const KINDS: &[&str] = &["browser-session"];
const SESSION: &str = "workspace-ops/browser-session.json";

pub(crate) static OPS_CAPTURE_SCOPE_EMPTY: Rule = Rule {
    id: "OPS_CAPTURE_SCOPE_EMPTY",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The capture mode needs a list of pages or origins, and the list is empty.",
    why: "An empty list may be read as nothing or as everything.",
    mend: "List the pages in `urls` or the origins in `allowedOrigins`, or set the mode to none.",
    source: "gap: the texts of the original demand `urls`, its tool does not look; for origins the reason is the same",
    example: Example {
        base: SESSION,
        at: "/captureScope/urls",
        good: r#"["https://kernel.example.org/doc/landlock"]"#,
        bad: "[]",
    },
};

pub(crate) static OPS_CAPTURE_UNSCOPED: Rule = Rule {
    id: "OPS_CAPTURE_UNSCOPED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "An allowed origin stands for every origin.",
    why: "A scope that leaves nothing out is none.",
    mend: "Name the hosts, such as https://docs.example.org or https://*.example.org.",
    source: "gap: the texts of the original forbid captures without a scope, its tool does not look",
    example: Example {
        base: "workspace-ops/browser-session.origins.json",
        at: "/captureScope/allowedOrigins",
        good: r#"["https://kernel.example.org"]"#,
        bad: r#"["https://*"]"#,
    },
};

pub(crate) static OPS_CAPTURE_UNDER_NONE: Rule = Rule {
    id: "OPS_CAPTURE_UNDER_NONE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Pages were captured although the mode is none.",
    why: "Mode none says that nothing may be captured.",
    mend: "Delete the captures, or give the session a scope before it starts.",
    source: "gap: the texts of the original forbid it, its tool accepts it",
    example: Example {
        base: SESSION,
        at: "/captureScope",
        good: r#"{"mode": "search-result"}"#,
        bad: r#"{"mode": "none"}"#,
    },
};

pub(crate) static OPS_CAPTURE_PERSONAL_DATA: Rule = Rule {
    id: "OPS_CAPTURE_PERSONAL_DATA",
    severity: Severity::Warning,
    kinds: &["web-capture"],
    what: "The capture shows personal data that was not taken out.",
    why: "It must not leave the device like this.",
    mend: "Redact the capture and set `redacted`, or keep it on the device.",
    source: "gap: the texts of the original demand redaction before it leaves the device",
    example: Example { base: "workspace-ops/web-capture.json", at: "/redacted", good: "true", bad: "false" },
};

pub(super) fn check_session(session: Node<'_>, report: &mut Report<'_>) {
    times::in_order(session, "startedAt", "endedAt", report);
    for list in ["captureIds", "downloadIds"] {
        once::each_once(session.get(list).items(), report);
    }
    let scope = session.get("captureScope");
    let captures = session.get("captureIds");
    match scope.get("mode").str() {
        Some("none") if captures.items().len() > 0 => {
            report.add(&OPS_CAPTURE_UNDER_NONE, captures, "the mode is none, but `captureIds` is not empty");
        }
        Some("explicit-urls") => check_list(scope, "urls", report),
        Some("allowed-origins") => {
            check_list(scope, "allowedOrigins", report);
            for origin in
                scope.get("allowedOrigins").items().filter(|origin| origin.str().is_some_and(is_any))
            {
                let message = format!("\"{}\" is every origin", origin.str().unwrap_or_default());
                report.add(&OPS_CAPTURE_UNSCOPED, origin, message);
            }
        }
        _ => {}
    }
}

fn check_list(scope: Node<'_>, list: &str, report: &mut Report<'_>) {
    if scope.get(list).items().len() == 0 {
        let mode = scope.get("mode").str().unwrap_or_default();
        report.add(
            &OPS_CAPTURE_SCOPE_EMPTY,
            scope.get(list),
            format!("the mode is {mode}, but `{list}` is empty"),
        );
    }
}

/// Whether a pattern has no host of its own: `*`, `https://*`, `*://*/*`, `*.*`.
fn is_any(origin: &str) -> bool {
    let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    !host.is_empty() && host.bytes().all(|byte| matches!(byte, b'*' | b'.')) || origin == "<all_urls>"
}

pub(super) fn check_capture(capture: Node<'_>, report: &mut Report<'_>) {
    redaction::check_named(capture, report);
    let flags = capture.get("piiFlags");
    if flags.items().len() > 0 && !capture.get("redacted").is_true() {
        let kinds: Vec<&str> = flags.strings().collect();
        report.add(&OPS_CAPTURE_PERSONAL_DATA, flags, format!("it shows {}", kinds.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::is_any;

    #[test]
    fn a_pattern_without_a_host_is_every_origin() {
        for origin in ["*", "*.*", "https://*", "https://*/", "*://*/*", "http://*:8080", "<all_urls>"] {
            assert!(is_any(origin), "{origin}");
        }
        for origin in
            ["https://docs.example.org", "https://*.example.org", "*.example.org", "*.org", "", "https://"]
        {
            assert!(!is_any(origin), "{origin}");
        }
    }
}
