//! One run from request to evidence.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use contract_ipc::{Code, Exit, Timestamp};
use contract_receipts::{DENIED, FolderError, Receipt, Redactor, RunFolder, Status};
use serde_json::{Value, json};

use crate::binaries::{self, FileDigests};
use crate::calls::CallSource;
use crate::canary::Canary;
use crate::clock;
use crate::environment::Surroundings;
use crate::evidence;
use crate::failure::Failure;
use crate::launch;
use crate::live::LiveCalls;
use crate::plan::{Draft, Plan};
use crate::request::Request;
use crate::session::{self, Ended, Interrupts, STDERR_SHOWN_BYTES, Watcher};

/// A run that is permitted and has a folder, and has not begun.
#[derive(Debug)]
pub struct Prepared {
    plan: Plan,
    folder: RunFolder,
    redactor: Redactor,
    around: Surroundings,
    runner: FileDigests,
}

/// A run that was refused before anything was started.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub failure: Failure,
    /// Whether `denied-receipt.json` tells so in the output folder.
    pub receipt: Option<Box<Receipt>>,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refusal.failure
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { failure, receipt: None }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The receipt, in the folder unless `evidence_lost`.
    pub receipt: Receipt,
    /// The exit status of the command.
    pub exit: Exit,
    /// Why it is not satisfied, redacted: what ended the session, or the first invoke that could not be done.
    pub failure: Option<Failure>,
    /// The session itself failed, whatever became of its invokes.
    pub broke: bool,
    /// The last lines of the adapter's stderr, redacted.
    pub stderr: String,
    /// The receipt's bytes when they could not be written.
    pub evidence_lost: Option<Vec<u8>>,
}

/// Judges a request, and takes the output folder.
///
/// # Errors
/// What is wrong or not permitted. Nothing was started; what is not permitted leaves `denied-receipt.json`.
pub fn prepare(request: &Request, around: &Surroundings, out: &Path) -> Result<Prepared, Refusal> {
    let runner = FileDigests::begin(vec![around.runner.clone()]);
    let draft = Draft::read(request, around)?;
    let mut folder = RunFolder::open(&around.root.join(out)).map_err(|error| folder_failure(&error, out))?;
    let plan = match draft.decide(folder.path(), clock::now()) {
        Ok(plan) => plan,
        Err((draft, failure)) => return Err(refuse(&draft, failure, &mut folder)),
    };
    let redactor = Redactor::new(plan.secrets.iter().map(|(name, value)| (name.clone(), value.as_bytes())))
        .map_err(|error| Failure::new(Code::ContractUsage, error.to_string()))?;
    Ok(Prepared { plan, folder, redactor, around: around.clone(), runner })
}

fn refuse(draft: &Draft, failure: Failure, folder: &mut RunFolder) -> Refusal {
    // A slip in the command line is no decision, and leaves no receipt.
    if failure.code.exit() != Exit::Denied {
        return failure.into();
    }
    let receipt = evidence::denied(draft, folder.path(), &failure);
    match folder.write_denied(&receipt) {
        Ok(()) => Refusal { failure, receipt: Some(Box::new(receipt)) },
        Err(error) => {
            let cause = format!("and {DENIED} could not be written: {error}");
            Refusal { failure: failure.cause(cause), receipt: None }
        }
    }
}

fn folder_failure(error: &FolderError, out: &Path) -> Failure {
    match error {
        FolderError::NotOurs { .. } | FolderError::InUse => {
            Failure::new(Code::ContractOutNotOurs, format!("{}: {error}", out.display()))
        }
        FolderError::Unwritable { .. } => Failure::new(Code::ContractOutUnwritable, error.to_string()),
    }
}

impl Prepared {
    /// What will be done.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The output folder, its real path.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it. Must be called on the main thread: the adapter's life is bound to it.
    ///
    /// # Errors
    /// Nothing could be started.
    pub fn run(mut self, watcher: &mut dyn Watcher) -> Result<Outcome, Refusal> {
        let calls = std::mem::replace(&mut self.plan.calls, CallSource::none());
        self.run_calls(calls, watcher)
    }

    /// Runs it for calls that come while it runs ([`Calls::Live`](crate::Calls::Live)), until every caller is gone. On the main
    /// thread, as [`run`](Self::run).
    ///
    /// # Errors
    /// Nothing could be started.
    pub fn serve(self, calls: LiveCalls, watcher: &mut dyn Watcher) -> Result<Outcome, Refusal> {
        self.run_calls(CallSource::Live(calls), watcher)
    }

    fn run_calls(self, calls: CallSource, watcher: &mut dyn Watcher) -> Result<Outcome, Refusal> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Failure::new(Code::ContractInternal, format!("no event loop: {error}")))?;
        runtime.block_on(self.run_here(calls, watcher))
    }

    async fn run_here(self, calls: CallSource, watcher: &mut dyn Watcher) -> Result<Outcome, Refusal> {
        let Self { plan, mut folder, redactor, around, runner } = self;
        let out = folder.path().to_owned();
        let started = clock::now();
        let interrupts = Interrupts::listen()
            .map_err(|error| Failure::new(Code::ContractInternal, format!("no signal handlers: {error}")))?;
        let canary = Canary::find(folder.lock_path(), &plan.profile)?;
        let recorder = folder
            .begin(&plan.session, redactor.clone(), plan.marks(), plan.request.keep_wire)
            .map_err(|error| folder_failure(&error, &out))?;
        let _scratch = Scratch::make(&plan.scratch)?;
        let launched = launch::launch(&plan, &around.launcher, canary.path())?;
        let pid = launched.process.pid().as_raw_nonzero().get();
        let own = FileDigests::begin(plan.command.own.clone());
        let runtime = FileDigests::begin(plan.command.runtime.clone());
        let ended = session::talk(&plan, calls, launched, interrupts, recorder, &redactor, watcher).await;
        drop(canary);
        let runner_digest = runner.finish().pop().and_then(|(_, digest)| digest);
        let files =
            json!({"own": binaries::list(&own.finish()), "runtime": binaries::list(&runtime.finish())});
        let times = Times { started, ended: clock::now(), pid };
        let observed = observed(&plan, &ended, &redactor, &times, files, &around);
        Ok(conclude(&plan, &mut folder, &redactor, ended, runner_digest, observed))
    }
}

/// HOME and TMPDIR of the adapter, gone after the run.
struct Scratch<'p>(&'p Path);

impl<'p> Scratch<'p> {
    fn make(path: &'p Path) -> Result<Self, Failure> {
        DirBuilder::new().mode(0o700).create(path).map_err(|error| {
            Failure::new(Code::ContractOutUnwritable, format!("{}: {error}", path.display()))
        })?;
        Ok(Self(path))
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // What stays is removed by the next run.
        let _ = contract_receipts::remove_scratch(self.0);
    }
}

struct Times {
    started: Timestamp,
    ended: Timestamp,
    pid: i32,
}

/// What may differ from run to run.
fn observed(
    plan: &Plan,
    ended: &Ended,
    redactor: &Redactor,
    times: &Times,
    files: Value,
    around: &Surroundings,
) -> Value {
    let system = rustix::system::uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    json!({
        "startedAt": times.started.to_string(),
        "endedAt": times.ended.to_string(),
        "pid": times.pid,
        "kernel": {"system": text(system.sysname()), "release": text(system.release()), "machine": text(system.machine())},
        "uid": rustix::process::geteuid().as_raw(),
        "root": around.root.display().to_string(),
        "request": plan.request,
        "files": files,
        "launch": ended.report,
        "endedBy": ended.ended_by,
        "stderr": {"bytes": ended.stderr_bytes, "tail": shown_stderr(ended, redactor)},
        "counts": {
            "late": ended.tally.late,
            "ignored": ended.tally.ignored,
            "setAside": ended.tally.set_aside,
            "endedWithCr": ended.tally.ended_with_cr,
        },
        "uncheckedSchemas": ended.tally.unchecked_schemas,
    })
}

fn shown_stderr(ended: &Ended, redactor: &Redactor) -> String {
    String::from_utf8_lossy(&redactor.tail(&ended.stderr, STDERR_SHOWN_BYTES)).into_owned()
}

fn conclude(
    plan: &Plan,
    folder: &mut RunFolder,
    redactor: &Redactor,
    ended: Ended,
    runner_digest: Option<String>,
    observed: Value,
) -> Outcome {
    let stderr = shown_stderr(&ended, redactor);
    let status = evidence::status_of(ended.failure.as_ref(), ended.rejected, ended.nothing_started);
    let mut receipt = evidence::launched(plan, ended.report.as_deref(), runner_digest);
    receipt.status = status;
    receipt.reproducible = status.is_reproducible();
    receipt.exit_code = ended.status.filter(|_| !ended.nothing_started).map(session::exit_code);
    receipt.observed = observed;
    receipt.error = match (&ended.failure, status) {
        (Some(failure), _) => Some(evidence::receipt_error(failure)),
        (None, Status::Violated) => Some(evidence::receipt_error(&Failure::new(
            Code::ContractRejected,
            "an answer is no (ok: false)",
        ))),
        (None, _) => None,
    };
    let exit = match (&ended.failure, status) {
        (Some(failure), _) => failure.code.exit(),
        (None, Status::Violated) => Exit::Violated,
        (None, _) => Exit::Satisfied,
    };
    let (broke, failure) = (ended.broke, ended.failure.map(|failure| redact(failure, redactor)));
    if status == Status::Denied {
        drop(ended.recorder);
        receipt.authority.audit.receipt = DENIED.to_owned();
        let receipt = redactor.receipt(receipt);
        let lost = folder.write_denied(&receipt).err().map(|_| receipt.clone().sealed().to_bytes());
        return Outcome { receipt, exit, failure, broke, stderr, evidence_lost: lost };
    }
    let failed = !matches!(status, Status::Satisfied | Status::Violated);
    match ended.recorder.finish(receipt.clone(), failed) {
        Ok(receipt) => Outcome { receipt, exit, failure, broke, stderr, evidence_lost: None },
        Err(error) => {
            let what = format!("the evidence could not be written: {}", error.source);
            Outcome {
                receipt: redactor.receipt(receipt),
                exit: Exit::Evidence,
                failure: Some(Failure::new(Code::ContractEvidenceFailed, what)),
                broke: true,
                stderr,
                evidence_lost: Some(error.receipt_json),
            }
        }
    }
}

fn redact(mut failure: Failure, redactor: &Redactor) -> Failure {
    let clean = |text: &mut String| *text = session::redacted(redactor, text);
    clean(&mut failure.message);
    let others = [&mut failure.cause, &mut failure.hint, &mut failure.last_frame, &mut failure.adapter_code];
    others.into_iter().flatten().for_each(clean);
    // The receipt has them, redacted.
    failure.details = None;
    failure
}
