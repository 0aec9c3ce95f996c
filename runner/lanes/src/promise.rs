//! What a lane promises, and where each document comes from.

use contract_engine::Failure;
use contract_ipc::Code;

use crate::catalogue::Catalogue;
use crate::contract::Lane;
use crate::plan::PlannedStep;
use crate::table::Table;

/// Where the documents of a key come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From the answers of these operations.
    Operations(Vec<String>),
    /// The runner itself knows it.
    Runner,
}

/// A promised key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedEvidence {
    /// The key.
    pub key: String,
    /// Who gives it.
    pub source: Source,
}

/// Keys that the runner can tell by itself.
pub(crate) const OF_THE_RUNNER: &[&str] = &[
    "container.digest",
    "deps.inventory",
    "terminal.command.evidence",
    "workspace-ops.decision-card",
    "workspace-ops.operation.event",
    "workspace-ops.policy-gate.record",
];

/// Where each promised key comes from, and the verbs that have to run for keys which no step gives.
///
/// # Errors
/// `LANE_EVIDENCE_MISSING` names the keys that nobody gives.
pub(crate) fn plan(
    lane: &Lane,
    steps: &[PlannedStep],
    table: &Table,
    catalogue: &Catalogue,
) -> Result<(Vec<PlannedEvidence>, Vec<Vec<String>>), Failure> {
    let (mut evidence, mut verbs, mut missing) = (Vec::new(), Vec::<Vec<String>>::new(), Vec::new());
    for key in &lane.evidence.emit {
        if evidence.iter().any(|known: &PlannedEvidence| known.key == *key) {
            continue;
        }
        let mut operations: Vec<String> = steps
            .iter()
            .flat_map(|step| &step.runs)
            .filter(|run| run.gives(key))
            .map(|run| run.action.op.clone())
            .collect();
        operations.dedup();
        let source = if !operations.is_empty() {
            Source::Operations(operations)
        } else if runner_gives(key, steps) {
            Source::Runner
        } else if let Some((found, _)) = table
            .evidence_verb(key)
            .and_then(|words| catalogue.find(words).filter(|(_, rest)| rest.is_empty()))
        {
            if !verbs.contains(&found.verb.words) {
                verbs.push(found.verb.words.clone());
            }
            Source::Operations(vec![found.verb.op.clone()])
        } else {
            missing.push(key.as_str());
            continue;
        };
        evidence.push(PlannedEvidence { key: key.clone(), source });
    }
    if missing.is_empty() {
        return Ok((evidence, verbs));
    }
    Err(Failure::new(
        Code::LaneEvidenceMissing,
        format!("lane `{}` promises what none of its steps gives: {}", lane.name, missing.join(", ")),
    ))
}

fn runner_gives(key: &str, steps: &[PlannedStep]) -> bool {
    // No command, no record of one.
    let has_command = || steps.iter().flat_map(|step| &step.runs).any(crate::plan::PlannedRun::is_process);
    OF_THE_RUNNER.contains(&key) && (key != "terminal.command.evidence" || has_command())
}
