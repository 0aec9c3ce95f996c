//! For programs: a plan, and how a lane ended.

use std::path::Path;

use contract_engine::{profile_digest, profile_json};
use contract_lanes::{LaneOutcome, LanePlan, PlannedRun, Source};
use serde_json::{Value, json};

use super::super::failure_json;
use super::seen::Seen;

pub(super) fn plan(plan: &LanePlan) -> Value {
    let steps = plan.steps.iter().map(|step| {
        json!({"name": step.name, "passedOver": step.passed_over, "runs": step.runs.iter().map(run).collect::<Value>()})
    });
    let evidence = plan.evidence.iter().map(|evidence| match &evidence.source {
        Source::Operations(operations) => json!({"key": evidence.key, "from": operations}),
        Source::Runner => json!({"key": evidence.key, "from": ["contract-runner"]}),
    });
    json!({
        "v": "lane-plan.v0",
        "contract": {"kind": plan.contract.kind, "id": plan.contract.id},
        "lane": plan.lane.name,
        "backend": {"asked": plan.lane.backend.kind, "used": plan.request.backend},
        "before": plan.before.iter().map(run).collect::<Value>(),
        "steps": steps.collect::<Value>(),
        "evidence": evidence.collect::<Value>(),
    })
}

fn run(run: &PlannedRun) -> Value {
    let profile = profile_json(&run.plan.profile, &run.plan.tokens);
    json!({
        "id": run.id,
        "adapter": run.plan.command.name,
        "operation": run.action.op,
        "command": run.action.command,
        "args": run.action.args,
        "rights": run.plan.rights.iter().map(ToString::to_string).collect::<Value>(),
        "policyProfile": run.plan.policy_profile,
        "profileDigest": profile_digest(&profile),
        "profile": profile,
    })
}

pub(super) fn outcome(outcome: &LaneOutcome, seen: &Seen, shown: &Path) -> Value {
    let steps = seen.steps.iter().map(|step| {
        json!({"name": step.name, "status": step.status.as_str(), "why": step.why, "durationMs": step.duration_ms, "logs": step.logs})
    });
    json!({
        "v": "lane-outcome.v0",
        "exit": outcome.exit.status(),
        "status": outcome.receipt.status.as_str(),
        "contract": seen.contract,
        "lane": seen.lane,
        "steps": steps.collect::<Value>(),
        "evidence": outcome.receipt.evidence,
        "error": outcome.failure.as_ref().map(failure_json),
        "folder": shown.display().to_string(),
        "receipt": outcome.receipt.digests.receipt,
        "subject": outcome.receipt.digests.subject,
    })
}
