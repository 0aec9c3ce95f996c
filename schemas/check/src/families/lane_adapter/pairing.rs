//! Responses and their requests, over the lines of one file.

use super::{BOTH, WORKSTATION};
use crate::exchange::{Answers, Exchange};
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const BASE: &str = "lane-adapter/m2-message.agent-machine.ndjson";
const BASE_WORKSTATION: &str = "lane-adapter/m2-message.workstation.ndjson";

pub(super) static M2_RESPONSE_UNPAIRED: Rule = Rule {
    id: "M2_RESPONSE_UNPAIRED",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A response has the id of no request that waits for one.",
    why: "A runner would take the result of one operation for that of another, or drop it.",
    mend: "Give the response the id of its request, and answer each request once.",
    source: "adapter IPC, pairs of lines; M2 IPC 1.0, responses",
    example: Example { base: BASE, at: "/3/id", good: r#""l-1""#, bad: r#""l-2""# },
};

pub(super) static M2_REQUEST_ID_IN_USE: Rule = Rule {
    id: "M2_REQUEST_ID_IN_USE",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A request has the id of an earlier one that waits for its response.",
    why: "Nobody could tell which of the two a response answers.",
    mend: "Give each request an id of its own.",
    source: "gap: neither dialect says how requests in flight are told apart",
    example: Example {
        base: BASE,
        at: "/1",
        good: r#"{"id": "h-1", "ok": true, "result": {}, "errors": []}"#,
        bad: r#"{"id": "h-1", "op": "info"}"#,
    },
};

pub(super) static M2_RESPONSE_OP_DIFFERS: Rule = Rule {
    id: "M2_RESPONSE_OP_DIFFERS",
    severity: Severity::Error,
    kinds: &[WORKSTATION],
    what: "A response names another operation than its request.",
    why: "A runner that goes by the operation reads the result as something that it is not.",
    mend: "Repeat the operation of the request, or name the operation error.",
    source: "M2 IPC 1.0, responses",
    example: Example { base: BASE_WORKSTATION, at: "/3/op", good: r#""task_run""#, bad: r#""info""# },
};

/// The rules about requests and responses together.
pub(super) static RULES: &[&Rule] = &[&M2_RESPONSE_UNPAIRED, &M2_REQUEST_ID_IN_USE, &M2_RESPONSE_OP_DIFFERS];

/// Remembers a request.
pub(super) fn ask(request: Node<'_>, exchange: &mut Exchange, report: &mut Report<'_>) {
    let id = request.get("id");
    if let (Some(text), Some(op)) = (id.str(), request.get("op").str())
        && !exchange.ask(text, op)
    {
        report.add(&M2_REQUEST_ID_IN_USE, id, format!("the request {text:?} has no response yet"));
    }
}

/// Finds the request of a response.
pub(super) fn answer(response: Node<'_>, exchange: &mut Exchange, report: &mut Report<'_>) {
    let id = response.get("id");
    let Some(text) = id.str() else { return };
    match exchange.answer(text) {
        Answers::Request(asked) => {
            let op = response.get("op");
            // One dialect has no operation in responses; its schema says so.
            if let Some(other) = op.str().filter(|op| *op != asked && *op != "error") {
                report.add(&M2_RESPONSE_OP_DIFFERS, op, format!("{text:?} asked for {asked}, not {other}"));
            }
        }
        Answers::Nothing => {
            report.add(&M2_RESPONSE_UNPAIRED, id, format!("no request {text:?} waits for a response"));
        }
        Answers::Unknown => {}
    }
}
