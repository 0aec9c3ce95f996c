//! A planned lane, run: one adapter after the other, each in its own sandbox.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use contract_engine::{Answer, Failure, Note, Outcome, Surroundings, Watcher, now, prepare};
use contract_ipc::{Code, Exit};
use contract_json::{Digester, FileDigest};
use contract_receipts::{
    FolderError, LaneFolder, LaneReceipt, Receipt, ReceiptError, RunInfo, Status, StepInfo, StepStatus,
};
use serde_json::{Value, json};

use crate::evidence;
use crate::plan::{LanePlan, PlannedRun, PlannedStep};
use crate::receipt::{self, Ended};
use crate::watcher::{LaneWatcher, StepEnd};

/// How a lane ended.
#[derive(Debug)]
pub struct LaneOutcome {
    /// Its receipt, in the folder unless `evidence_lost`.
    pub receipt: LaneReceipt,
    /// The exit status of the command.
    pub exit: Exit,
    /// Why it is not satisfied.
    pub failure: Option<Failure>,
    /// The receipt could not be written.
    pub evidence_lost: bool,
}

/// What one run has left, for the evidence.
#[derive(Debug)]
pub(crate) struct Done<'p> {
    pub(crate) planned: &'p PlannedRun,
    pub(crate) info: RunInfo,
    pub(crate) receipt: Receipt,
    /// The answer's data as it came, redacted; `None` when there was none.
    pub(crate) data: Option<Value>,
}

/// Takes the folder of a lane; its real path is where a plan has to be made for.
///
/// # Errors
/// `CONTRACT_OUT_NOT_OURS` or `CONTRACT_OUT_UNWRITABLE`.
pub fn open(out: &Path) -> Result<LaneFolder, Failure> {
    LaneFolder::open(out).map_err(|error| folder_failure(&error, out))
}

fn folder_failure(error: &FolderError, out: &Path) -> Failure {
    match error {
        FolderError::NotOurs { .. } | FolderError::InUse => {
            Failure::new(Code::ContractOutNotOurs, format!("{}: {error}", out.display()))
        }
        FolderError::Unwritable { .. } => Failure::new(Code::ContractOutUnwritable, error.to_string()),
    }
}

/// Runs a lane. Must be called on the main thread, as each of its runs.
///
/// # Errors
/// Nothing could be started.
pub fn run(
    plan: &LanePlan,
    mut folder: LaneFolder,
    around: &Surroundings,
    watcher: &mut dyn LaneWatcher,
) -> Result<LaneOutcome, Failure> {
    folder.begin(&plan.contract.bytes).map_err(|error| folder_failure(&error, folder.path()))?;
    watcher.started(plan);
    let started = now();
    let mut lane = Running {
        folder: &folder,
        around,
        watcher,
        keep_going: plan.request.keep_going,
        done: Vec::new(),
        failure: None,
        stopped: false,
    };
    let before = lane.before(&plan.before);
    let steps: Vec<StepInfo> =
        plan.steps.iter().enumerate().map(|(index, step)| lane.step(index, step)).collect();
    let Running { done, failure, .. } = lane;
    let (evidence, missing) = evidence::collect(plan, &done, around);
    let failure = failure.or(missing.filter(|_| !receipt::is_partial(plan)));
    let (mut written, mut failure) = (Vec::new(), failure);
    for document in &evidence {
        match folder.write_evidence(document) {
            Ok(()) => {
                let digest = document.digest();
                watcher.evidence(&document.key, &digest);
                written.push(contract_receipts::EvidenceInfo { key: document.key.clone(), digest });
            }
            Err(error) => {
                failure = Some(lost(format!("evidence {}: {error}", document.key)));
                break;
            }
        }
    }
    let ended = Ended { before, steps, evidence: written, failure: failure.as_ref(), started, done: &done };
    let receipt = receipt::lane_receipt(plan, &ended, around).sealed();
    let exit = failure.as_ref().map_or(Exit::Satisfied, |failure| failure.code.exit());
    if let Err(error) = folder.write_receipt(&receipt) {
        let failure = lost(format!("{}: {error}", contract_receipts::LANE_RECEIPT));
        return Ok(LaneOutcome {
            receipt,
            exit: Exit::Evidence,
            failure: Some(failure),
            evidence_lost: true,
        });
    }
    watcher.ended(&receipt);
    Ok(LaneOutcome { receipt, exit, failure, evidence_lost: false })
}

fn lost(what: String) -> Failure {
    Failure::new(Code::ContractEvidenceFailed, what)
}

/// A lane that runs.
struct Running<'p, 'w> {
    folder: &'w LaneFolder,
    around: &'w Surroundings,
    watcher: &'w mut dyn LaneWatcher,
    keep_going: bool,
    done: Vec<Done<'p>>,
    /// The first that did not end well.
    failure: Option<Failure>,
    /// Nothing more is started.
    stopped: bool,
}

impl<'p> Running<'p, '_> {
    /// The runs that only give evidence: without them nothing else is started.
    fn before(&mut self, runs: &'p [PlannedRun]) -> Vec<RunInfo> {
        let mut infos = Vec::new();
        for run in runs {
            let (info, failure) = self.run(run, None);
            infos.extend(info);
            if let Some(failure) = failure {
                self.failure = Some(of_step("evidence", failure));
                self.stopped = true;
                break;
            }
        }
        infos
    }

    fn step(&mut self, index: usize, step: &'p PlannedStep) -> StepInfo {
        let why = match step.passed_over {
            Some(why) => Some(why),
            None if self.stopped => Some("an earlier step did not end well"),
            None => None,
        };
        if let Some(why) = why {
            self.end(index, step, StepStatus::Skipped, Some(why), None, 0);
            return info(step, StepStatus::Skipped, Some(why.to_owned()), Vec::new());
        }
        self.watcher.step_started(index, step);
        let started = now().unix_ms();
        let (mut infos, mut status, mut failed) = (Vec::new(), StepStatus::Satisfied, None);
        for run in &step.runs {
            let (run_info, failure) = self.run(run, Some(index));
            infos.extend(run_info);
            if let Some(failure) = failure {
                status = status_of(&failure);
                failed = Some(failure);
                break;
            }
        }
        let duration_ms = u64::try_from(now().unix_ms() - started).unwrap_or(0);
        let why = failed.as_ref().map(|failure| failure.message.clone());
        self.end(index, step, status, why.as_deref(), failed.as_ref(), duration_ms);
        if let Some(failure) = failed {
            // What ends the runner ends the lane, whatever was asked for.
            let ends = matches!(failure.code.exit(), Exit::Interrupted | Exit::Terminated | Exit::Evidence);
            self.stopped |= ends || !self.keep_going;
            self.failure.get_or_insert(of_step(&step.name, failure));
        }
        info(step, status, why, infos)
    }

    fn end(
        &mut self,
        index: usize,
        step: &PlannedStep,
        status: StepStatus,
        why: Option<&str>,
        failure: Option<&Failure>,
        duration_ms: u64,
    ) {
        self.watcher.step_ended(index, &StepEnd { name: &step.name, status, why, failure, duration_ms });
    }

    /// One run, and why it did not end well.
    fn run(&mut self, run: &'p PlannedRun, index: Option<usize>) -> (Option<RunInfo>, Option<Failure>) {
        let log = match self.folder.log(&run.id) {
            Ok(log) => log,
            Err(error) => return (None, Some(lost(format!("the log of {}: {error}", run.id)))),
        };
        let mut looking = Looking {
            log: Log::new(log),
            watcher: self.watcher,
            index,
            data: None,
            is_process: run.is_process(),
        };
        let out = self.folder.run(&run.id);
        let ran = prepare(&run.request, self.around, &out).and_then(|prepared| {
            run.still_means(prepared.plan())?;
            prepared.run(&mut looking)
        });
        let Looking { log, data, .. } = looking;
        let log = match log.end() {
            Ok(digest) => digest,
            Err(error) => {
                self.folder.forget(&run.id);
                return (None, Some(lost(format!("the log of {}: {error}", run.id))));
            }
        };
        match ran {
            Ok(outcome) => {
                let failure = failure_of(&outcome, data.as_ref());
                let done = self.keep(run, outcome.receipt, log, data);
                (Some(done), failure)
            }
            Err(refusal) => {
                let info = refusal.receipt.map(|receipt| self.keep(run, *receipt, log, None));
                if info.is_none() {
                    // What has no receipt is no evidence.
                    self.folder.forget(&run.id);
                }
                let mut failure = refusal.failure;
                if failure.code == Code::ContractOutUnwritable {
                    failure.code = Code::ContractEvidenceFailed;
                }
                (info, Some(failure))
            }
        }
    }

    fn keep(
        &mut self,
        planned: &'p PlannedRun,
        receipt: Receipt,
        log: FileDigest,
        data: Option<Value>,
    ) -> RunInfo {
        let receipt = if receipt.digests.receipt.blake3.is_empty() { receipt.sealed() } else { receipt };
        let info = RunInfo {
            id: planned.id.clone(),
            adapter: planned.plan.command.name.clone(),
            operation: receipt.invocation.op.clone(),
            status: receipt.status,
            receipt: receipt.digests.receipt.clone(),
            subject: receipt.digests.subject.clone(),
            log,
        };
        self.done.push(Done { planned, info: info.clone(), receipt, data });
        info
    }
}

/// Why a run did not end well. An answer that is no says itself why, in its summary.
fn failure_of(outcome: &Outcome, data: Option<&Value>) -> Option<Failure> {
    if let Some(failure) = &outcome.failure {
        return Some(failure.clone());
    }
    (outcome.exit != Exit::Satisfied).then(|| {
        let summary = data.and_then(|data| data["summary"].as_str()).and_then(|text| text.lines().next());
        Failure::new(Code::LaneStepFailed, summary.unwrap_or("the answer is no").to_owned())
    })
}

/// The same failure, told as that of a step.
fn of_step(name: &str, mut failure: Failure) -> Failure {
    failure.message = format!("step `{name}`: {}", failure.message);
    failure
}

fn info(step: &PlannedStep, status: StepStatus, why: Option<String>, runs: Vec<RunInfo>) -> StepInfo {
    StepInfo { name: step.name.clone(), status, why, runs }
}

pub(crate) fn status_of(failure: &Failure) -> StepStatus {
    match failure.code.exit() {
        Exit::Violated => StepStatus::Violated,
        Exit::Denied => StepStatus::Denied,
        Exit::TimedOut => StepStatus::TimedOut,
        Exit::Interrupted | Exit::Terminated => StepStatus::Cancelled,
        _ => StepStatus::Failed,
    }
}

/// A log that knows its digest.
struct Log {
    file: io::BufWriter<File>,
    digester: Digester,
    failed: Option<io::Error>,
}

impl Log {
    fn new(file: File) -> Self {
        Self { file: io::BufWriter::new(file), digester: Digester::new(), failed: None }
    }

    fn write(&mut self, text: &str) {
        if self.failed.is_none() {
            self.digester.update(text.as_bytes());
            self.failed = self.file.write_all(text.as_bytes()).err();
        }
    }

    fn end(mut self) -> io::Result<FileDigest> {
        self.file.flush()?;
        self.failed.map_or(Ok(()), Err)?;
        Ok(self.digester.finish())
    }
}

/// Keeps what a run says.
struct Looking<'w> {
    log: Log,
    watcher: &'w mut dyn LaneWatcher,
    index: Option<usize>,
    data: Option<Value>,
    is_process: bool,
}

impl Looking<'_> {
    fn say(&mut self, text: &str) {
        self.log.write(text);
        if let Some(index) = self.index {
            self.watcher.output(index, text);
        }
    }
}

impl Watcher for Looking<'_> {
    fn progress(&mut self, _call: u64, note: &Note<'_>) {
        if let Some(text) = note.message.as_deref().filter(|text| !text.is_empty()) {
            self.say(text);
        }
    }

    fn answer(&mut self, _call: u64, answer: &Answer<'_>) {
        if let Answer::Result { data: Some(data), .. } = answer {
            // The engine has checked it; a number beyond 64 bits cannot be in it.
            self.data = serde_json::from_slice(data).ok();
            // What an operation says for people is what a program says on its stdout.
            let summary = self.data.as_ref().and_then(|data| data["summary"].as_str());
            if let Some(summary) = summary.filter(|text| !text.is_empty() && !self.is_process) {
                let summary = format!("{summary}\n");
                self.say(&summary);
            }
        }
    }
}

/// As the receipt of a lane has a failure.
pub(crate) fn receipt_error(failure: &Failure) -> ReceiptError {
    ReceiptError {
        code: failure.code_text().to_owned(),
        message: failure.message.clone(),
        cause: failure.cause.clone(),
        hint: Some(failure.cure().to_owned()),
        last_frame: None,
        details: None,
    }
}

/// As the receipt of a lane says how it ended.
pub(crate) fn lane_status(failure: Option<&Failure>) -> Status {
    match failure.map(status_of) {
        None | Some(StepStatus::Satisfied | StepStatus::Skipped) => Status::Satisfied,
        Some(StepStatus::Violated) => Status::Violated,
        Some(StepStatus::Denied) => Status::Denied,
        Some(StepStatus::Failed) => Status::Failed,
        Some(StepStatus::TimedOut) => Status::TimedOut,
        Some(StepStatus::Cancelled) => Status::Cancelled,
    }
}

/// Durations and times, which differ from run to run.
pub(crate) fn observed(started: contract_ipc::Timestamp, done: &[Done<'_>]) -> Value {
    let run = |done: &Done<'_>| json!({"id": done.info.id, "startedAt": done.receipt.observed["startedAt"], "endedAt": done.receipt.observed["endedAt"]});
    json!({
        "startedAt": started.to_string(),
        "endedAt": now().to_string(),
        "runs": done.iter().map(run).collect::<Value>(),
    })
}
