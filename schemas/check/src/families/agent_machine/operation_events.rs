//! WorkspaceOperationContract: what happened, and the state that follows from it.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::text;

/// Which events may stand before an event; an empty text is the beginning.
const BEFORE: &[(&str, &[&str])] = &[
    ("start", &[""]),
    ("progress", &["start", "progress", "retry"]),
    ("failure", &["start", "progress", "retry"]),
    ("retry", &["failure"]),
    ("cancel", &["start", "progress", "failure", "retry"]),
    ("complete", &["start", "progress", "retry", "cancel"]),
];
/// The states of a task.
const STATE_WORDS: &[&str] = &["queued", "running", "retrying", "cancelled", "failed", "completed"];
/// The states that a last event leads to.
const STATES: &[(&str, &[&str])] = &[
    ("start", &["running"]),
    ("progress", &["running"]),
    ("failure", &["failed"]),
    ("retry", &["retrying", "running"]),
    ("cancel", &["cancelled"]),
    ("complete", &["completed"]),
];

pub(crate) static OPERATION_EVENTS_REVERSED: Rule = Rule {
    id: "OPERATION_EVENTS_REVERSED",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "An event is earlier than the one above it.",
    why: "The list is read from the top; the last event decides about the state.",
    mend: "Sort the events by time, oldest first.",
    source: "gap: the original accepts events in reverse",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/controls/operationEvents/1/at",
        good: r#""2026-09-14T06:10:00Z""#,
        bad: r#""2026-09-14T06:09:59.999Z""#,
    },
};
pub(crate) static OPERATION_EVENT_UNEXPECTED: Rule = Rule {
    id: "OPERATION_EVENT_UNEXPECTED",
    severity: Severity::Warning,
    kinds: &["workspace-operation-contract"],
    what: "An event cannot follow the one above it.",
    why: "A run starts once, is retried after a failure, and does nothing after it has completed.",
    mend: "Add the event that is missing between the two, or take this one out.",
    source: "advice: the original has no order of events",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/controls/operationEvents/4/eventType",
        good: r#""progress""#,
        bad: r#""retry""#,
    },
};
pub(crate) static OPERATION_STATE_CONTRADICTS: Rule = Rule {
    id: "OPERATION_STATE_CONTRADICTS",
    severity: Severity::Warning,
    kinds: &["workspace-operation-contract"],
    what: "The state of the task does not follow from the last event.",
    why: "Who reads the state waits for a task that is over, or takes a running one for done.",
    mend: "Give the state that follows from the last event. A completed task that was cancelled before may be called cancelled.",
    source: "gap: the original never compares state and events",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/operationTask/state",
        good: r#""completed""#,
        bad: r#""running""#,
    },
};

pub(crate) static RULES: &[&Rule] =
    &[&OPERATION_EVENTS_REVERSED, &OPERATION_EVENT_UNEXPECTED, &OPERATION_STATE_CONTRADICTS];

pub(super) fn check(events: Node<'_>, state: Node<'_>, report: &mut Report<'_>) {
    let mut before = "";
    let mut above: Option<Node<'_>> = None;
    let mut was_cancelled = false;
    for event in events.items() {
        let (kind, at) = (event.get("eventType"), event.get("at"));
        if let Some(above) = above
            && let (Some(first), Some(second)) = (above.time(), at.time())
            && second < first
        {
            report.add(&OPERATION_EVENTS_REVERSED, at, format!("{} is before {}", text(at), text(above)));
        }
        above = Some(at);
        let Some((name, fitting)) = BEFORE.iter().find(|(name, _)| kind.is(name)) else { return };
        if !fitting.contains(&before) {
            let message = if before.is_empty() {
                format!("{name} is the first event")
            } else {
                format!("{name} follows {before}")
            };
            report.add(&OPERATION_EVENT_UNEXPECTED, kind, message);
        }
        was_cancelled |= *name == "cancel";
        before = name;
    }
    let Some((last, states)) = STATES.iter().find(|(name, _)| *name == before) else { return };
    let fits = |state: &str| {
        states.contains(&state) || (was_cancelled && *last == "complete" && state == "cancelled")
    };
    if STATE_WORDS.iter().any(|word| state.is(word) && !fits(word)) {
        report.add(
            &OPERATION_STATE_CONTRADICTS,
            state,
            format!("the last event is {last}, the state is {}", text(state)),
        );
    }
}
