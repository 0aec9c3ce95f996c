//! From a contract to what will run, with which authority. Everything is judged here, before anything starts.

use std::path::{Path, PathBuf};

use contract_engine::{Calls, Draft, Failure, FoundGrant, Plan, Request, Right, Surroundings, now};
use contract_ipc::Code;
use serde_json::Value;

use crate::action::{Action, Reader};
use crate::catalogue::Catalogue;
use crate::contract::{Contract, ContractError, Lane, Mount};
use crate::promise::{self, PlannedEvidence};
use crate::request::{LaneRequest, SANDBOX};
use crate::table::Table;

/// A lane that may run.
#[derive(Debug)]
pub struct LanePlan {
    /// The contract.
    pub contract: Contract,
    /// Its lane.
    pub lane: Lane,
    /// Runs that only give evidence, before the first step.
    pub before: Vec<PlannedRun>,
    /// All steps of the lane, in order.
    pub steps: Vec<PlannedStep>,
    /// Where each promised key comes from.
    pub evidence: Vec<PlannedEvidence>,
    /// What was asked for.
    pub request: LaneRequest,
}

/// One step.
#[derive(Debug)]
pub struct PlannedStep {
    /// Its name in the contract.
    pub name: String,
    /// What it does, in order.
    pub runs: Vec<PlannedRun>,
    /// Why it is passed over, when it is.
    pub passed_over: Option<&'static str>,
}

/// One run of an adapter.
#[derive(Debug)]
pub struct PlannedRun {
    /// Its folder below `runs/`, and its name in logs.
    pub id: String,
    /// What is run.
    pub action: Action,
    /// For the engine.
    pub request: Request,
    /// What the engine decided.
    pub plan: Plan,
}

/// Why a lane cannot run.
#[derive(Debug)]
pub enum LaneRefusal {
    /// The contract breaks rules; `validate` shows them.
    Invalid(ContractError),
    /// Something else, for the whole lane or for some of its steps.
    Refused(Vec<StepFailure>),
}

/// What is wrong with a step, or with the lane when it names none.
#[derive(Debug)]
pub struct StepFailure {
    /// Name of the step.
    pub step: Option<String>,
    /// Why.
    pub failure: Failure,
}

impl From<Failure> for LaneRefusal {
    fn from(failure: Failure) -> Self {
        Self::Refused(vec![StepFailure { step: None, failure }])
    }
}

impl From<ContractError> for LaneRefusal {
    fn from(error: ContractError) -> Self {
        match error {
            ContractError::Unusable(failure) => failure.into(),
            invalid @ ContractError::Invalid(_) => Self::Invalid(invalid),
        }
    }
}

/// Plans a lane whose evidence goes to `out` (a real path, or one that does not exist yet).
///
/// # Errors
/// All that is wrong with it. Nothing was started and nothing written.
pub fn plan(request: &LaneRequest, around: &Surroundings, out: &Path) -> Result<LanePlan, LaneRefusal> {
    let home = around.home.as_ref().and_then(|home| home.to_str()).filter(|home| home.starts_with('/'));
    let contract = Contract::read(&around.root.join(&request.contract), home)?;
    let lane = contract.lane(request.lane.as_deref())?.clone();
    judge_backend(&lane, request)?;
    let (catalogue, table) = (Catalogue::read(around), Table::ours());
    let reader = Reader { catalogue: &catalogue, table: &table, around };
    let mut planner = Planner { request, around, out, mounts: mounts(&lane.mounts), faults: Vec::new() };
    let chosen = choose(&lane, request)?;
    let mut steps = Vec::new();
    for (index, step) in lane.steps.iter().enumerate() {
        let passed_over =
            match (chosen[index], step.run.as_deref().is_some_and(|script| !script.trim().is_empty())) {
                (false, _) => Some("it was not asked for"),
                (true, false) => Some("it has nothing to run"),
                (true, true) => None,
            };
        let mut planned = PlannedStep { name: step.name.clone(), runs: Vec::new(), passed_over };
        if passed_over.is_none() {
            match reader.actions(step) {
                Ok(actions) => planned.runs = planner.runs(index + 1, &step.name, actions),
                Err(failure) => planner.faults.push(StepFailure { step: Some(step.name.clone()), failure }),
            }
        }
        steps.push(planned);
    }
    let is_whole = chosen.iter().all(|&chosen| chosen);
    let (evidence, verbs) = match promise::plan(&lane, &steps, &table, &catalogue) {
        Ok(planned) => planned,
        Err(failure) if is_whole && planner.faults.is_empty() => return Err(failure.into()),
        // A part of a lane gives a part of the evidence, and steps that cannot run promise nothing.
        Err(_) => (Vec::new(), Vec::new()),
    };
    let mut before = Vec::new();
    for (index, words) in verbs.iter().enumerate() {
        match reader.verb(words, &words.join(" ")) {
            Ok(action) => {
                before.extend(planner.run(format!("00-evidence-{}", index + 1), "evidence", action))
            }
            Err(failure) => planner.faults.push(StepFailure { step: None, failure }),
        }
    }
    if !planner.faults.is_empty() {
        return Err(LaneRefusal::Refused(planner.faults));
    }
    Ok(LanePlan { contract, lane, before, steps, evidence, request: request.clone() })
}

/// Only the sandbox can be had, and only when the user says so.
fn judge_backend(lane: &Lane, request: &LaneRequest) -> Result<(), Failure> {
    let asked = &lane.backend.kind;
    match request.backend.as_deref() {
        Some(SANDBOX) => Ok(()),
        Some(other) => Err(Failure::new(
            Code::LaneBackendUnavailable,
            format!("--backend {other}: the only back end here is {SANDBOX}"),
        )),
        None => Err(Failure::new(
            Code::LaneBackendUnavailable,
            format!("lane `{}` asks for {asked}, which this runner does not start", lane.name),
        )),
    }
}

/// Which steps are asked for.
fn choose(lane: &Lane, request: &LaneRequest) -> Result<Vec<bool>, Failure> {
    let names = lane.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>();
    let known = |flag: &str, name: &String| match names.contains(&name.as_str()) {
        true => Ok(()),
        false => Err(Failure::new(
            Code::ContractUsage,
            format!("--{flag} {name}: there is no such step; there is {}", names.join(", ")),
        )),
    };
    request.steps.iter().try_for_each(|name| known("step", name))?;
    request.from.iter().try_for_each(|name| known("from", name))?;
    let first =
        request.from.as_ref().and_then(|from| names.iter().position(|name| name == from)).unwrap_or(0);
    let asked = |name: &str| request.steps.is_empty() || request.steps.iter().any(|step| step == name);
    Ok(names.iter().enumerate().map(|(index, name)| index >= first && asked(name)).collect())
}

/// Declared inputs and outputs, as rights to be asked for.
fn mounts(mounts: &[Mount]) -> Vec<String> {
    mounts
        .iter()
        .map(|mount| format!("{}={}", if mount.read_only { "read" } else { "write" }, mount.source))
        .collect()
}

/// Plans runs, and collects what is wrong with them.
struct Planner<'p> {
    request: &'p LaneRequest,
    around: &'p Surroundings,
    out: &'p Path,
    mounts: Vec<String>,
    faults: Vec<StepFailure>,
}

impl Planner<'_> {
    fn runs(&mut self, number: usize, step: &str, actions: Vec<Action>) -> Vec<PlannedRun> {
        let several = actions.len() > 1;
        let mut runs = Vec::new();
        for (index, action) in actions.into_iter().enumerate() {
            let id = match several {
                true => format!("{number:02}-{}-{}", slug(step), index + 1),
                false => format!("{number:02}-{}", slug(step)),
            };
            runs.extend(self.run(id, step, action));
        }
        runs
    }

    fn run(&mut self, id: String, step: &str, action: Action) -> Option<PlannedRun> {
        let request = match self.engine_request(&action) {
            Ok(request) => request,
            Err(failure) => {
                self.faults.push(StepFailure { step: Some(step.to_owned()), failure });
                return None;
            }
        };
        let out = self.out.join("runs").join(&id);
        let decided = Draft::read(&request, self.around)
            .and_then(|draft| draft.decide(&out, now()).map_err(|(_, failure)| failure));
        match decided {
            Ok(plan) => Some(PlannedRun { id, action, request, plan }),
            Err(failure) => {
                self.faults.push(StepFailure { step: Some(step.to_owned()), failure });
                None
            }
        }
    }

    fn engine_request(&self, action: &Action) -> Result<Request, Failure> {
        let mut asks = action.asks.clone();
        let mut allow = action.delegated.clone();
        let mut limits = self.request.limits.clone();
        if action.is_process {
            // A program that says nothing may still work: only the total deadline ends it.
            let value = |name: &str| limits.iter().rev().find_map(|limit| limit.strip_prefix(name));
            if value("idle=").is_none() {
                let total = value("total=").map_or_else(
                    || format!("{}ms", contract_engine::Budget::default().total_ms),
                    str::to_owned,
                );
                limits.push(format!("idle={total}"));
            }
            asks.extend(self.mounts.iter().cloned());
            allow.extend(self.request.allow.iter().cloned());
        } else {
            allow.extend(self.covered(&action.asks));
        }
        Ok(Request {
            adapter: action.adapter.clone(),
            op: Some(action.op.clone()),
            calls: Calls::Repeat {
                args: Value::Object(action.args.clone()).to_string().into_bytes(),
                count: 1,
            },
            delegates_asks: true,
            asks,
            allow,
            limits,
            grants: self.grants_for(action)?,
            require_grant: self.request.require_grant,
            accept_gaps: self.request.accept_gaps.clone(),
            max_abi: self.request.max_abi,
            ..Request::default()
        })
    }

    /// The grant documents that are not made out to another adapter.
    fn grants_for(&self, action: &Action) -> Result<Vec<PathBuf>, Failure> {
        if self.request.grants.is_empty() {
            return Ok(Vec::new());
        }
        let adapter = contract_engine::find(&action.adapter, self.around)?.name;
        let mut fitting = Vec::new();
        for path in &self.request.grants {
            let subject = FoundGrant::read(&self.around.root.join(path))?.grant.subject;
            if subject.adapter.is_none_or(|name| name == adapter) {
                fitting.push(path.clone());
            }
        }
        Ok(fitting)
    }

    /// Those of `asks` that the operator's rights cover: an operation gets no more than it asks for.
    fn covered(&self, asks: &[String]) -> Vec<String> {
        let parse = |text: &String| Right::parse(text, &self.around.root).ok();
        let given: Vec<Right> = self.request.allow.iter().filter_map(parse).collect();
        asks.iter()
            .filter(|ask| parse(ask).is_some_and(|ask| given.iter().any(|given| given.covers(&ask))))
            .cloned()
            .collect()
    }
}

/// Letters, digits and `-` of a name, at most 40 of them.
fn slug(name: &str) -> String {
    let mut slug: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(40)
        .collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "step".to_owned() } else { slug.to_owned() }
}

impl PlannedRun {
    /// Whether its operation declares documents of this name.
    pub(crate) fn gives(&self, key: &str) -> bool {
        let manifest = self.plan.command.manifest.as_ref();
        let operation = manifest.and_then(|found| found.manifest.operation(&self.action.op));
        operation.is_some_and(|operation| operation.documents.iter().any(|name| name == key))
    }

    /// Whether it may do exactly what was planned: an earlier step may have put a link, or another program, where paths lead.
    pub(crate) fn still_means(&self, now: &Plan) -> Result<(), Failure> {
        let read =
            |plan: &Plan| plan.profile.read.iter().filter(|path| **path != plan.scratch).cloned().collect();
        let (planned, now_read): (Vec<PathBuf>, Vec<PathBuf>) = (read(&self.plan), read(now));
        if self.plan.rights == now.rights && self.plan.profile.exec == now.profile.exec && planned == now_read
        {
            return Ok(());
        }
        let other = now.rights.iter().find(|right| !self.plan.rights.contains(right));
        let what =
            other.map_or("its paths lead elsewhere now".to_owned(), |right| format!("it would have {right}"));
        Err(Failure::new(
            Code::PolicyDenied,
            format!("run {} is not the one that was planned: {what}", self.id),
        )
        .hint("A step before it changed what its paths lead to; do not let steps write where programs lie."))
    }

    /// Whether it starts a program in the process adapter.
    #[must_use]
    pub fn is_process(&self) -> bool {
        self.action.is_process
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_folder() {
        for (name, expected) in
            [("Build & test", "build-test"), ("../../etc", "etc"), ("", "step"), ("é", "step")]
        {
            assert_eq!(slug(name), expected);
        }
    }
}
