//! Operations and the records in them.

use std::collections::{HashMap, HashSet};

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{once, redaction, times};

const KINDS: &[&str] = &["workspace-operation"];
const BASE: &str = "workspace-ops/workspace-operation.json";

pub(crate) static OPS_OPERATION_ID_DIFFERS: Rule = Rule {
    id: "OPS_OPERATION_ID_DIFFERS",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A record inside an operation names another operation.",
    why: "The record would count for an operation that knows nothing of it.",
    mend: "Write the id of the operation, or move the record to the operation that it names.",
    source: "gap: the original does not compare the ids",
    example: Example { base: BASE, at: "/events/1/operationId", good: r#""op-2031""#, bad: r#""op-2013""# },
};

pub(crate) static OPS_REFERENCE_DANGLING: Rule = Rule {
    id: "OPS_REFERENCE_DANGLING",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "A record names a task, an artifact or a decision card that the operation does not list.",
    why: "The id is misspelt, or the record that it names was lost.",
    mend: "Correct the id, or add the record to its list.",
    source: "gap: the original resolves no ids",
    example: Example {
        base: BASE,
        at: "/events/1/taskId",
        good: r#""task-summarise""#,
        bad: r#""task-summary""#,
    },
};

pub(crate) static OPS_TASK_UNFINISHED: Rule = Rule {
    id: "OPS_TASK_UNFINISHED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The operation is completed, but one of its tasks is not over.",
    why: "Whoever trusts the operation takes the result of a task that is still at work.",
    mend: "Finish or skip the task before the operation is completed.",
    source: "gap: the original does not compare the two",
    example: Example {
        base: BASE,
        at: "/tasks/0",
        good: r#"{"id": "task-collect", "operationId": "op-2031", "name": "Collect", "status": "skipped"}"#,
        bad: r#"{"id": "task-collect", "operationId": "op-2031", "name": "Collect", "status": "pending"}"#,
    },
};

pub(crate) static OPS_GATE_NOT_PASSED: Rule = Rule {
    id: "OPS_GATE_NOT_PASSED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The operation went on although no policy gate let it.",
    why: "An agent runs only after a gate said allow, and a gate that was asked must have let the operation pass.",
    mend: "Add the gate record with result allow, or stop the operation: gated, cancelled or failed.",
    source: "gap: the texts of the original demand a prior gate, its tool does not look for one",
    example: Example { base: BASE, at: "/policyGates/1/result", good: r#""allow""#, bad: r#""escalate""# },
};

pub(crate) static OPS_GATE_TOO_LATE: Rule = Rule {
    id: "OPS_GATE_TOO_LATE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The first gate that let the operation pass came after its first task had begun.",
    why: "A leave that is given afterwards stopped nothing.",
    mend: "Ask the policy before the first task starts; correct the time if it is wrong.",
    source: "gap: the texts of the original demand a prior gate, its tool does not look for one",
    example: Example {
        base: BASE,
        at: "/policyGates/1/ts",
        good: r#""2026-03-11T08:00:30Z""#,
        bad: r#""2026-03-11T08:06:30Z""#,
    },
};

pub(crate) static OPS_GATE_DENIED: Rule = Rule {
    id: "OPS_GATE_DENIED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The last answer of a policy about the operation was deny, and still it went on.",
    why: "A denial that stops nothing is none. Another policy that allows does not lift it.",
    mend: "Ask the same policy again after the cause is gone, or stop the operation.",
    source: "gap: the original does not compare gates and status",
    example: Example { base: BASE, at: "/policyGates/0/result", good: r#""escalate""#, bad: r#""deny""# },
};

/// The lists of records that an operation keeps.
const LISTS: &[&str] = &["tasks", "events", "artifacts", "decisionCards", "policyGates"];

/// Checks an operation, or one of its records that stands alone.
pub(super) fn check(document: Node<'_>, report: &mut Report<'_>) {
    if !document.get("deviceId").exists() {
        check_task(document, report);
        check_card(document, report);
        redaction::check_named(document, report);
        return;
    }
    let status = document.get("status").str();
    times::in_order(document, "createdAt", "updatedAt", report);
    times::in_order(document, "createdAt", "closedAt", report);
    times::fit_status(document, times::of_operation(status), ("createdAt", "closedAt"), report);
    for list in LISTS {
        check_owner(document, document.get(list), report);
        once::each_once(document.get(list).items().map(|record| record.get("id")), report);
    }
    check_references(document, report);
    for task in document.get("tasks").items() {
        check_task(task, report);
        if status == Some("completed")
            && (task.get("status").is("pending") || task.get("status").is("running"))
        {
            let state = task.get("status");
            report.add(
                &OPS_TASK_UNFINISHED,
                state,
                format!("the task is {}", state.str().unwrap_or_default()),
            );
        }
    }
    document.get("decisionCards").items().for_each(|card| check_card(card, report));
    document.get("artifacts").items().for_each(|artifact| redaction::check_named(artifact, report));
    check_gates(document, report);
}

fn check_task(task: Node<'_>, report: &mut Report<'_>) {
    times::in_order(task, "startedAt", "endedAt", report);
    times::fit_status(task, times::of_status(task.get("status").str()), ("startedAt", "endedAt"), report);
}

fn check_card(card: Node<'_>, report: &mut Report<'_>) {
    times::in_order(card, "ts", "expiresAt", report);
}

fn check_owner(operation: Node<'_>, records: Node<'_>, report: &mut Report<'_>) {
    let Some(id) = operation.get("id").str() else { return };
    for record in records.items() {
        let owner = record.get("operationId");
        if let Some(named) = owner.str()
            && named != id
        {
            report.add(
                &OPS_OPERATION_ID_DIFFERS,
                owner,
                format!("\"{named}\" is not this operation, \"{id}\""),
            );
        }
    }
}

/// Records that name a record of another list. A list that is absent may be kept elsewhere.
const REFERENCES: &[(&str, &str, &str)] = &[
    ("events", "taskId", "tasks"),
    ("artifacts", "taskId", "tasks"),
    ("decisionCards", "taskId", "tasks"),
    ("policyGates", "taskId", "tasks"),
    ("policyGates", "decisionCardId", "decisionCards"),
];

fn check_references(operation: Node<'_>, report: &mut Report<'_>) {
    for list in ["tasks", "artifacts", "decisionCards"] {
        if operation.get(list).exists() {
            check_references_to(operation, list, report);
        }
    }
}

fn check_references_to(operation: Node<'_>, list: &str, report: &mut Report<'_>) {
    let known: HashSet<&str> =
        operation.get(list).items().filter_map(|record| record.get("id").str()).collect();
    let mut check = |id: Node<'_>| {
        if let Some(named) = id.str()
            && !known.contains(named)
        {
            report.add(&OPS_REFERENCE_DANGLING, id, format!("\"{named}\" is not in `{list}`"));
        }
    };
    for (from, member, _) in REFERENCES.iter().filter(|(_, _, to)| *to == list) {
        operation.get(from).items().for_each(|record| check(record.get(member)));
    }
    if list == "artifacts" {
        operation.get("tasks").items().flat_map(|task| task.get("artifactIds").items()).for_each(check);
    }
}

fn check_gates(operation: Node<'_>, report: &mut Report<'_>) {
    let gates = operation.get("policyGates");
    let agent = operation.get("kind").is("local-agent-execution");
    let went_on = ["admitted", "running", "paused", "completed"]
        .iter()
        .any(|status| operation.get("status").is(status));
    if went_on {
        check_denied(gates, report);
    }
    let passed = |gate: &Node<'_>| {
        let result = gate.get("result");
        result.is("allow")
            || !agent && (result.is("redact") || result.is("escalate") && gate.get("decisionCardId").exists())
    };
    let started = operation.get("tasks").items().filter_map(|task| task.get("startedAt").time()).min();
    let asked = agent || gates.items().len() > 0;
    if !asked || !(went_on || started.is_some()) {
        return;
    }
    let Some(first) = gates.items().filter(passed).min_by_key(|gate| gate.get("ts").time()) else {
        let message = match gates.items().len() {
            0 => "an agent ran without a gate record".to_owned(),
            1 => "the only gate record did not let it pass".to_owned(),
            count => format!("none of the {count} gate records let it pass"),
        };
        report.add(&OPS_GATE_NOT_PASSED, gates, message);
        return;
    };
    if let (Some(started), Some(allowed)) = (started, first.get("ts").time())
        && started < allowed
    {
        let message = format!("the first task began at {started}, the gate answered at {allowed}");
        report.add(&OPS_GATE_TOO_LATE, first.get("ts"), message);
    }
}

/// The last answer of each policy about the operation as a whole.
fn check_denied(gates: Node<'_>, report: &mut Report<'_>) {
    let about_all = |gate: &Node<'_>| !gate.get("taskId").exists();
    if !gates.items().filter(about_all).any(|gate| gate.get("result").is("deny")) {
        return;
    }
    let mut last: HashMap<&str, Node<'_>> = HashMap::new();
    for gate in gates.items().filter(about_all) {
        let Some(policy) = gate.get("policy").str() else { continue };
        let answer = last.entry(policy).or_insert(gate);
        if gate.get("ts").time() >= answer.get("ts").time() {
            *answer = gate;
        }
    }
    for gate in gates.items().filter(about_all) {
        let Some(policy) = gate.get("policy").str() else { continue };
        let is_last = last.get(policy).is_some_and(|last| std::ptr::eq(last.nearest(), gate.nearest()));
        if is_last && gate.get("result").is("deny") {
            report.add(&OPS_GATE_DENIED, gate.get("result"), format!("the last answer of {policy} is deny"));
        }
    }
}

#[cfg(test)]
mod tests {
    use contract_json::Tape;
    use serde_json::{Value, json};

    use crate::{Checker, Options};

    fn broken(kind: &str, status: &str, gates: Value, started: Option<&str>) -> Vec<&'static str> {
        let mut operation = json!({
            "id": "o", "kind": kind, "status": status, "deviceId": "d", "createdAt": "2026-03-11T07:00:00Z",
            "policyGates": gates
        });
        if let Some(started) = started {
            operation["tasks"] = json!([{"id": "t", "operationId": "o", "name": "t", "status": "running", "startedAt": started}]);
        }
        let checked = Checker::new(Options::default())
            .check(&mut Tape::new(), operation.to_string().as_bytes(), None)
            .expect("it is JSON");
        checked.violations.into_iter().map(|violation| violation.rule.id).collect()
    }

    fn gate(policy: &str, result: &str, ts: &str) -> Value {
        json!({"id": format!("{policy}-{ts}"), "operationId": "o", "policy": policy, "result": result, "ts": ts})
    }

    const EIGHT: &str = "2026-03-11T08:00:00Z";
    const NINE: &str = "2026-03-11T09:00:00Z";

    #[test]
    fn an_agent_needs_a_gate_that_allows() {
        let agent = "local-agent-execution";
        assert_eq!(broken(agent, "running", json!([]), None), ["OPS_GATE_NOT_PASSED"]);
        assert_eq!(
            broken(agent, "running", json!([gate("p", "redact", EIGHT)]), None),
            ["OPS_GATE_NOT_PASSED"]
        );
        assert!(broken(agent, "running", json!([gate("p", "allow", EIGHT)]), None).is_empty());
        assert!(broken(agent, "pending", json!([]), None).is_empty());
        assert_eq!(broken(agent, "gated", json!([]), Some(NINE)), ["OPS_GATE_NOT_PASSED"]);
    }

    #[test]
    fn other_operations_may_go_without_a_gate_or_pass_with_less() {
        assert!(broken("upload", "running", json!([]), None).is_empty());
        assert!(broken("upload", "running", json!([gate("p", "redact", EIGHT)]), None).is_empty());
        assert_eq!(
            broken("upload", "running", json!([gate("p", "escalate", EIGHT)]), None),
            ["OPS_GATE_NOT_PASSED"]
        );
        let mut answered = gate("p", "escalate", EIGHT);
        answered["decisionCardId"] = json!("card");
        assert!(broken("upload", "running", json!([answered]), None).is_empty());
    }

    #[test]
    fn the_gate_comes_before_the_first_task() {
        let gates = |ts| json!([gate("p", "allow", ts)]);
        assert!(broken("upload", "running", gates(EIGHT), Some(NINE)).is_empty());
        assert_eq!(broken("upload", "running", gates(NINE), Some(EIGHT)), ["OPS_GATE_TOO_LATE"]);
        // 10:00+02:00 is 08:00Z.
        assert!(broken("upload", "running", gates("2026-03-11T10:00:00+02:00"), Some(EIGHT)).is_empty());
    }

    #[test]
    fn the_last_answer_of_each_policy_counts() {
        let lifted = json!([gate("p", "allow", NINE), gate("p", "deny", EIGHT)]);
        assert!(broken("upload", "running", lifted, None).is_empty());
        let withdrawn = json!([gate("p", "allow", EIGHT), gate("p", "deny", NINE)]);
        assert_eq!(broken("upload", "running", withdrawn.clone(), None), ["OPS_GATE_DENIED"]);
        assert!(broken("upload", "gated", withdrawn, None).is_empty());
        let other = json!([gate("p", "deny", EIGHT), gate("q", "allow", NINE)]);
        assert_eq!(broken("upload", "running", other, None), ["OPS_GATE_DENIED"]);
    }
}
