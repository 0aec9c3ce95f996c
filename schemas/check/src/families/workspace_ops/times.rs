//! Times of one document, compared as instants.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

pub(crate) static OPS_TIMES_REVERSED: Rule = Rule {
    id: "OPS_TIMES_REVERSED",
    severity: Severity::Error,
    kinds: &[
        "workspace-operation",
        "terminal-session",
        "terminal-command",
        "browser-session",
        "local-agent-execution",
        "transfer-operation",
        "local-operation-log",
        "provisional-artifact-id",
        "device-identity",
    ],
    what: "Something ends before it begins.",
    why: "One of the two times is wrong, so the record proves neither. Offsets count: 09:00+02:00 is 07:00Z.",
    mend: "Correct the time that is wrong, offset included.",
    source: "gap: the original compares no times",
    example: Example {
        base: "workspace-ops/terminal-session.json",
        at: "/endedAt",
        good: r#""2026-03-11T10:06:00+02:00""#,
        bad: r#""2026-03-11T09:06:00+02:00""#,
    },
};

pub(crate) static OPS_END_WHILE_OPEN: Rule = Rule {
    id: "OPS_END_WHILE_OPEN",
    severity: Severity::Error,
    kinds: &["workspace-operation", "local-agent-execution", "transfer-operation"],
    what: "The status says that it goes on, yet there is a time at which it ended.",
    why: "A reader cannot tell whether to wait for it.",
    mend: "Write the final status, or remove the time.",
    source: "gap: the original does not compare status and times",
    example: Example {
        base: "workspace-ops/local-agent-execution.json",
        at: "/status",
        good: r#""completed""#,
        bad: r#""running""#,
    },
};

pub(crate) static OPS_TIME_MISSING: Rule = Rule {
    id: "OPS_TIME_MISSING",
    severity: Severity::Warning,
    kinds: &["workspace-operation", "local-agent-execution", "transfer-operation"],
    what: "The status says that it began or ended, but not when.",
    why: "Without the times nobody can tell whether a gate or a decision came first.",
    mend: "Add the time that the message names.",
    source: "gap: the original does not compare status and times",
    example: Example {
        base: "workspace-ops/workspace-operation.json",
        at: "/tasks/0",
        good: r#"{"id": "task-collect", "operationId": "op-2031", "name": "Collect", "status": "failed", "startedAt": "2026-03-11T08:01:00Z", "endedAt": "2026-03-11T08:02:15Z"}"#,
        bad: r#"{"id": "task-collect", "operationId": "op-2031", "name": "Collect", "status": "failed", "startedAt": "2026-03-11T08:01:00Z"}"#,
    },
};

/// The member `then` is not before the member `first`.
pub(super) fn in_order(document: Node<'_>, first: &str, then: &str, report: &mut Report<'_>) {
    let (earlier, later) = (document.get(first), document.get(then));
    if let (Some(begins), Some(ends)) = (earlier.time(), later.time())
        && ends < begins
    {
        let shown = |node: Node<'_>| node.str().unwrap_or_default().to_owned();
        let message = format!("`{then}` {} is before `{first}` {}", shown(later), shown(earlier));
        report.add(&OPS_TIMES_REVERSED, later, message);
    }
}

/// Which times a status asks for, and which it rules out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Expected {
    pub(super) start: bool,
    pub(super) end: bool,
    /// It goes on, so there can be no end yet.
    pub(super) open: bool,
}

/// What the status of a task, an execution or a transfer asks for.
pub(super) fn of_status(status: Option<&str>) -> Expected {
    match status {
        Some("pending") => Expected { open: true, ..Expected::default() },
        Some("running") => Expected { start: true, open: true, ..Expected::default() },
        Some("completed" | "failed") => Expected { start: true, end: true, open: false },
        Some("cancelled") => Expected { end: true, ..Expected::default() },
        _ => Expected::default(),
    }
}

/// What the status of a whole operation asks for.
pub(super) fn of_operation(status: Option<&str>) -> Expected {
    match status {
        Some("pending" | "admitted" | "running" | "paused" | "gated") => {
            Expected { open: true, ..Expected::default() }
        }
        Some("completed" | "failed" | "cancelled") => Expected { end: true, ..Expected::default() },
        _ => Expected::default(),
    }
}

/// Compares the status of `record` with the members `start` and `end`.
pub(super) fn fit_status(
    record: Node<'_>,
    expected: Expected,
    (start, end): (&str, &str),
    report: &mut Report<'_>,
) {
    let status = || record.get("status").str().unwrap_or_default();
    if expected.open && record.get(end).exists() {
        let message = format!("the status is {}, but `{end}` is there", status());
        report.add(&OPS_END_WHILE_OPEN, record.get(end), message);
    }
    for (member, needed) in [(start, expected.start), (end, expected.end)] {
        if needed && !record.get(member).exists() {
            report.add(
                &OPS_TIME_MISSING,
                record,
                format!("the status is {}, but `{member}` is missing", status()),
            );
        }
    }
}
