//! Promised keys become documents: from the answers of operations, or from what the runner itself knows.

mod inventory;
mod records;

use contract_engine::{Failure, Surroundings};
use contract_ipc::Code;
use contract_receipts::{EvidenceDocument, EvidenceSource, LaneEvidence, LaneEvidenceVersion, Status};
use serde_json::{Value, json};

use crate::contract::Lane;
use crate::plan::LanePlan;
use crate::promise::Source;
use crate::run::Done;

/// What a lane is called in documents.
pub(crate) fn operation_id(plan: &LanePlan) -> String {
    format!("lane:{}:{}", plan.contract.id, plan.lane.name)
}

/// The documents of all promised keys, and why the lane fails when one has none.
pub(crate) fn collect(
    plan: &LanePlan,
    done: &[Done<'_>],
    around: &Surroundings,
) -> (Vec<LaneEvidence>, Option<Failure>) {
    let (mut evidence, mut missing) = (Vec::new(), Vec::new());
    for promised in &plan.evidence {
        let (documents, reason) = match &promised.source {
            Source::Operations(_) => (of_operations(&promised.key, done), None),
            Source::Runner => of_runner(&promised.key, plan, done, around),
        };
        if documents.is_empty() && reason.is_none() {
            missing.push(promised.key.as_str());
            continue;
        }
        evidence.push(LaneEvidence {
            v: LaneEvidenceVersion::V0,
            key: promised.key.clone(),
            documents,
            reason,
        });
    }
    let failure = (!missing.is_empty()).then(|| {
        let what =
            format!("lane `{}` promises evidence that no step gave: {}", plan.lane.name, missing.join(", "));
        Failure::new(Code::LaneEvidenceMissing, what)
    });
    (evidence, failure)
}

/// From runs that ended well: a document of one that did not proves nothing.
fn of_operations(key: &str, done: &[Done<'_>]) -> Vec<EvidenceDocument> {
    done.iter()
        .filter(|done| done.info.status == Status::Satisfied && done.planned.gives(key))
        .filter_map(|done| {
            let document = done.data.as_ref()?.get("documents")?.get(key)?.clone();
            let is_something = document.as_object().is_some_and(|members| !members.is_empty());
            is_something
                .then(|| EvidenceDocument { from: EvidenceSource::Run(done.info.id.clone()), document })
        })
        .collect()
}

fn of_runner(
    key: &str,
    plan: &LanePlan,
    done: &[Done<'_>],
    around: &Surroundings,
) -> (Vec<EvidenceDocument>, Option<String>) {
    let ts = around.clock.to_string();
    match key {
        "container.digest" => match container(&plan.lane) {
            Some(document) => (vec![own(document)], None),
            None => (
                Vec::new(),
                Some(format!("the lane has no container: it asks for {}", plan.lane.backend.kind)),
            ),
        },
        "deps.inventory" => (vec![own(inventory::inventory(plan, done, around))], None),
        "terminal.command.evidence" => (records::commands(plan, done, &ts), None),
        "workspace-ops.decision-card" => (vec![own(records::decision_card(plan, &ts))], None),
        "workspace-ops.operation.event" => (records::events(plan, done, &ts), None),
        "workspace-ops.policy-gate.record" => (records::policy_gates(plan, done, &ts), None),
        _ => (Vec::new(), None),
    }
}

fn own(document: Value) -> EvidenceDocument {
    EvidenceDocument { from: EvidenceSource::Runner("contract-runner".to_owned()), document }
}

/// The image that the contract pins, and that nothing of it was run here.
fn container(lane: &Lane) -> Option<Value> {
    let image = &lane.backend.container.as_ref()?.image;
    let (name, digest) = image.rsplit_once('@')?;
    Some(json!({
        "image": name,
        "digest": digest,
        "started": false,
        "why": "the lane ran in the local sandbox instead; the digest is the contract's and was not compared with an image",
    }))
}
