//! Records of workspace operations: what was decided, permitted, done. Their forms are those of schemas/json/workspace-ops.

use contract_engine::Right;
use contract_receipts::{EvidenceDocument, EvidenceSource, Status};
use serde_json::{Value, json};

use super::operation_id;
use crate::plan::LanePlan;
use crate::request::SANDBOX;
use crate::run::Done;

fn of_run(done: &Done<'_>, document: Value) -> EvidenceDocument {
    EvidenceDocument { from: EvidenceSource::Runner(format!("run {}", done.info.id)), document }
}

/// The one decision that a person takes for a lane: to run it here.
pub(super) fn decision_card(plan: &LanePlan, ts: &str) -> Value {
    let operation = operation_id(plan);
    json!({
        "id": format!("{operation}:backend"),
        "operationId": operation,
        "question": format!(
            "Lane {} asks for {}. Run it in the local {SANDBOX} instead?",
            plan.lane.name, plan.lane.backend.kind
        ),
        "answer": "yes",
        "decidedBy": format!("the local operator, by --backend {SANDBOX}"),
        "ts": ts,
    })
}

/// What `decide()` answered for each run.
pub(super) fn policy_gates(plan: &LanePlan, done: &[Done<'_>], ts: &str) -> Vec<EvidenceDocument> {
    let operation = operation_id(plan);
    let gate = |done: &Done<'_>| {
        let document = json!({
            "id": format!("{operation}:{}:gate", done.info.id),
            "operationId": operation,
            "policy": done.receipt.authority.policy_profile,
            "result": if done.info.status == Status::Denied { "deny" } else { "allow" },
            "ts": ts,
        });
        of_run(done, document)
    };
    done.iter().map(gate).collect()
}

/// That each run ended, and how.
pub(super) fn events(plan: &LanePlan, done: &[Done<'_>], ts: &str) -> Vec<EvidenceDocument> {
    let operation = operation_id(plan);
    let event = |done: &Done<'_>| {
        let document = json!({
            "id": format!("{operation}:{}:ended", done.info.id),
            "operationId": operation,
            "type": format!("run.{}", done.info.status.as_str()),
            "ts": ts,
            "payload": {"run": done.info.id, "operation": done.info.operation, "subject": done.info.subject.blake3_uri()},
        });
        of_run(done, document)
    };
    done.iter().map(event).collect()
}

/// The commands that were started in the process adapter.
pub(super) fn commands(plan: &LanePlan, done: &[Done<'_>], ts: &str) -> Vec<EvidenceDocument> {
    let operation = operation_id(plan);
    let command = |done: &Done<'_>| {
        let args = &done.planned.action.args;
        let argv: Vec<&str> =
            args["argv"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut document = json!({
            "schemaVersion": "workspace-ops/terminal-command/v1",
            "id": format!("{operation}:{}", done.info.id),
            "sessionId": operation,
            "operationId": operation,
            "command": argv.first(),
            "args": argv.get(1..),
            "env": args["environment"],
            "cwd": args["cwd"],
            "startedAt": ts,
            "outputRef": format!("sha256:{}", done.info.log.sha256),
            "sideEffects": {"classification": classification(&done.planned.plan.rights)},
            "policyGateId": format!("{operation}:{}:gate", done.info.id),
        });
        if let Some(status) = done.data.as_ref().and_then(|data| data["exitStatus"].as_i64()) {
            document["exitCode"] = json!(status);
        }
        of_run(done, document)
    };
    done.iter().filter(|done| done.planned.is_process()).map(command).collect()
}

/// What it could change beyond its scratch folder: what it did change, only its own outputs tell.
fn classification(rights: &[Right]) -> &'static str {
    let writes = rights.iter().any(|right| matches!(right, Right::Write(_)));
    match (writes, rights.iter().any(Right::is_network)) {
        (true, true) => "filesystem+network",
        (true, false) => "filesystem",
        (false, true) => "network",
        (false, false) => "none",
    }
}
