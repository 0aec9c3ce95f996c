//! The receipt of a lane, from what was planned and what happened.

use contract_engine::{Failure, FoundGrant, Surroundings};
use contract_ipc::Timestamp;
use contract_json::Digest;
use contract_receipts::{
    BackendInfo, ContractInfo, DelegatedBy, Delegation, EvidenceInfo, GrantInfo, GrantSubject, LaneAuthority,
    LaneDigests, LaneReceipt, LaneReceiptVersion, RunInfo, RunnerInfo, StepInfo,
};

use crate::plan::LanePlan;
use crate::request::SANDBOX;
use crate::run::{Done, lane_status, observed, receipt_error};

/// What happened.
pub(crate) struct Ended<'e> {
    pub(crate) before: Vec<RunInfo>,
    pub(crate) steps: Vec<StepInfo>,
    pub(crate) evidence: Vec<EvidenceInfo>,
    pub(crate) failure: Option<&'e Failure>,
    pub(crate) started: Timestamp,
    pub(crate) done: &'e [Done<'e>],
}

/// What running in the sandbox instead means.
fn substitution(asked: &str) -> String {
    format!(
        "the {asked} of the contract was not started: its steps ran on this host, in the local sandbox, as the operator asked"
    )
}

/// Whether only some steps were asked for.
pub(crate) fn is_partial(plan: &LanePlan) -> bool {
    !plan.request.steps.is_empty() || plan.request.from.is_some()
}

pub(crate) fn lane_receipt(plan: &LanePlan, ended: &Ended<'_>, around: &Surroundings) -> LaneReceipt {
    let none = || Digest { blake3: String::new(), sha256: String::new() };
    let digest = ended.done.iter().find_map(|done| done.receipt.runner.digest.clone());
    let mut scope = plan.request.allow.clone();
    scope.sort();
    scope.dedup();
    let grants = plan.before.iter().chain(plan.steps.iter().flat_map(|step| &step.runs)).next();
    let grants = grants.map(|run| run.plan.grants.as_slice()).unwrap_or_default();
    LaneReceipt {
        v: LaneReceiptVersion::V0,
        ts: around.clock.to_string(),
        contract: ContractInfo { kind: plan.contract.kind.to_owned(), id: plan.contract.id.clone() },
        lane: plan.lane.name.clone(),
        backend: BackendInfo {
            asked: plan.lane.backend.kind.clone(),
            used: SANDBOX.to_owned(),
            substitution: substitution(&plan.lane.backend.kind),
        },
        authority: LaneAuthority {
            delegation: delegation(grants),
            scope,
            limits: plan.request.limits.clone(),
        },
        status: lane_status(ended.failure),
        error: ended.failure.map(receipt_error),
        partial: is_partial(plan),
        before: ended.before.clone(),
        steps: ended.steps.clone(),
        evidence: ended.evidence.clone(),
        runner: RunnerInfo {
            name: "contract-runner".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            digest,
        },
        digests: LaneDigests { contract: Digest::of(&plan.contract.bytes), subject: none(), receipt: none() },
        observed: observed(ended.started, ended.done),
    }
}

fn delegation(grants: &[FoundGrant]) -> Delegation {
    let info = |found: &FoundGrant| GrantInfo {
        digest: found.digest.clone(),
        issuer: found.grant.issuer.clone(),
        subject: GrantSubject {
            adapter: found.grant.subject.adapter.clone(),
            digest: found.grant.subject.digest.clone(),
        },
        expires: found.grant.expires.clone(),
    };
    Delegation {
        by: if grants.is_empty() { DelegatedBy::LocalOperator } else { DelegatedBy::Grant },
        grants: grants.iter().map(info).collect(),
    }
}
