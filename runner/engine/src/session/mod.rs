//! One session with a launched adapter: one loop over its pipes, its status, the signals and one timer.
//!
//! ```text
//! Launching -> Handshake -> Serving -> (Cancelling) -> Ending
//! ```
//! The first failure decides how the run ends; what comes later is counted and ignored.

mod alarm;
mod blame;
mod conversation;
mod deadlines;
mod ending;
mod interrupts;
mod offer;
mod stderr_tail;
mod streams;
mod watcher;

use std::future::poll_fn;
use std::process::ExitStatus;
use std::task::{Context, Poll};
use std::time::Duration;

use contract_ipc::{CancelReason, Code};
use contract_receipts::{Recorder, Redactor};
use contract_sandbox::{LaunchOutcome, Report};
use rustix::process::Pid;
use tokio::time::Instant;

pub(crate) use stderr_tail::SHOWN_BYTES as STDERR_SHOWN_BYTES;
pub use watcher::{Answer, Nobody, Note, Watcher};

use crate::broker::Broker;
use crate::budget::{CANCEL_GRACE_MS, EARLY_EXIT_MS};
use crate::calls::CallSource;
use crate::failure::Failure;
use crate::launch::{Launched, Process};
use crate::plan::Plan;
pub(crate) use blame::exit_code;
pub(crate) use conversation::redacted;
use conversation::{Conversation, Tally};
use ending::{Ending, Rung};
pub(crate) use interrupts::Interrupts;
pub(crate) use streams::Pipes;
use streams::{AdapterPipes, Incoming};

/// How a session ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) recorder: Recorder,
    /// Why it is not satisfied, when it is not: what ended it, or its first invoke that could not be done.
    pub(crate) failure: Option<Failure>,
    /// The session itself failed.
    pub(crate) broke: bool,
    /// An answer was no.
    pub(crate) rejected: bool,
    /// The launcher started nothing.
    pub(crate) nothing_started: bool,
    pub(crate) report: Option<Box<Report>>,
    pub(crate) status: Option<ExitStatus>,
    /// How the runner had to end it; `eof` when it went by itself.
    pub(crate) ended_by: &'static str,
    pub(crate) stderr: Vec<u8>,
    pub(crate) stderr_bytes: u64,
    pub(crate) tally: Tally,
}

/// Everything that the loop looks at.
struct Session<'p, 'w> {
    plan: &'p Plan,
    pipes: AdapterPipes,
    talk: Conversation<'p>,
    watcher: &'w mut dyn Watcher,
    interrupts: Interrupts,
    broker: Option<Broker>,
    process: Process,
    /// The process has ended.
    is_gone: bool,
    status: Option<ExitStatus>,
    group: Pid,
    started_at: Instant,
    alarm: alarm::Alarm,
    report: Option<Box<Report>>,
    launching: bool,
    nothing_started: bool,
    failure: Option<Failure>,
    /// An invoke expired or the user asked for the end: until when ends count.
    cancelling: Option<Instant>,
    /// stdout or the process ended early: until when the other must follow.
    early_end: Option<Instant>,
    ending: Option<Ending>,
    /// Our ending was not needed: the adapter had gone by itself.
    went_alone: bool,
}

/// Talks to the adapter until it is gone.
pub(crate) async fn talk(
    plan: &Plan,
    calls: CallSource,
    launched: Launched,
    interrupts: Interrupts,
    recorder: Recorder,
    redactor: &Redactor,
    watcher: &mut dyn Watcher,
) -> Ended {
    let now = Instant::now();
    let broker = launched.broker.and_then(|socket| Broker::new(socket, &plan.rights).ok());
    let mut session = Session {
        plan,
        pipes: AdapterPipes::new(launched.pipes, plan.request.max_line_bytes, redactor.longest_bytes()),
        talk: Conversation::new(plan, calls, recorder, redactor.clone()),
        watcher,
        interrupts,
        broker,
        group: launched.process.pid(),
        process: launched.process,
        is_gone: false,
        status: None,
        started_at: now,
        alarm: alarm::Alarm::new(now),
        report: None,
        launching: true,
        nothing_started: false,
        failure: None,
        cancelling: None,
        early_end: None,
        ending: None,
        went_alone: false,
    };
    session.set_alarm();
    poll_fn(|context| session.turn(context)).await;
    let Session { talk, failure, watcher, .. } = &mut session;
    talk.answer_rest(failure.as_ref(), *watcher);
    session.into_ended()
}

impl Session<'_, '_> {
    /// Does all that can be done now. Ready when the adapter is gone and all it wrote was read.
    fn turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            self.watch_interrupts(context);
            // Also before anything can be asked: their time runs.
            self.take_calls(context);
            if self.launching {
                self.read_report(context);
            }
            if !self.launching {
                // Answers make room for new invokes: the adapter works on these while we read on.
                while self.read_stdout(context) {
                    self.write_stdin(context);
                }
                self.write_stdin(context);
                self.pipes.read_stderr(context);
                let is_over = self.failure.is_some();
                if self.broker.as_ref().is_some_and(|broker| is_over || broker.poll(context).is_ready()) {
                    // Nobody is connected any more when the run has failed.
                    self.broker = None;
                }
            }
            self.watch_status(context);
            if self.is_over() {
                return Poll::Ready(());
            }
            // A step forward may have something to write or to read at once.
            if !self.step() {
                return self.wait(context);
            }
        }
    }

    /// Waits for the alarm, too; what has expired is dealt with before.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(now) = self.alarm.poll(context) {
            self.expire(now);
            self.set_alarm();
            // What the expiry changed is acted upon in the next turn.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn watch_interrupts(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(code) = self.interrupts.poll(context) {
            let now = Instant::now();
            if self.cancelling.is_some() || self.ending.is_some() && self.failure.is_some() {
                // The second signal does not wait.
                self.begin_ending(now);
                self.climb_to(Rung::Kill, now);
            } else {
                let what =
                    if code == Code::ContractInterrupted { "interrupted" } else { "asked to terminate" };
                self.cancel(
                    Failure::new(code, format!("the run was {what}")),
                    CancelReason::Interrupted,
                    now,
                );
            }
        }
    }

    fn read_report(&mut self, context: &mut Context<'_>) {
        let Poll::Ready(bytes) = self.pipes.read_report(context) else { return };
        self.launching = false;
        match LaunchOutcome::decode(&bytes) {
            LaunchOutcome::Started(report) => {
                self.report = Some(report);
                self.watcher.started();
                if self.failure.is_none() {
                    self.talk.hello();
                }
            }
            LaunchOutcome::Failed { failure, report } => {
                self.report = report;
                self.nothing_started = true;
                self.fail(blame::launch_failure(&failure));
            }
            LaunchOutcome::Garbled { message } => {
                self.nothing_started = true;
                self.fail(Failure::new(
                    Code::AdapterSpawnFailed,
                    format!("the launcher gave no report: {message}"),
                ));
            }
        }
    }

    /// One read and what it brought. False when there is nothing more to read now.
    fn read_stdout(&mut self, context: &mut Context<'_>) -> bool {
        let Self { pipes, talk, watcher, failure, .. } = self;
        let Poll::Ready(incoming) = pipes.read_stdout(context) else { return false };
        let now = Instant::now();
        let ended = matches!(incoming, Incoming::End);
        let mut found = None;
        let received = pipes.lines(ended, |line, had_cr, message| {
            if found.is_some() || failure.as_ref().is_some_and(|failure| !may_go_on(failure)) {
                talk.ignore(line);
                return;
            }
            talk.tally.ended_with_cr += u64::from(had_cr);
            let result = match message {
                Ok(message) => talk.receive(line, &message, now, *watcher),
                Err(fault) => talk.receive_other(line, fault),
            };
            found = result.err();
        });
        if let Err(too_long) = received {
            found.get_or_insert(too_long);
        }
        if found.is_none() && failure.is_none() {
            found = talk.fill(now, *watcher).err();
        }
        if let Some(failure) = found {
            self.fail(failure);
        }
        if let Some(due) = self.talk.next_deadline() {
            self.alarm.at_most(due);
        }
        !ended
    }

    /// Calls and cancels of a live session.
    fn take_calls(&mut self, context: &mut Context<'_>) {
        if self.failure.is_some() {
            return;
        }
        let now = Instant::now();
        while let Poll::Ready(taken) = self.talk.poll_live(context, now, self.watcher) {
            if let Err(failure) = taken {
                self.fail(failure);
            }
            if let Some(due) = self.talk.next_deadline() {
                self.alarm.at_most(due);
            }
        }
    }

    fn write_stdin(&mut self, context: &mut Context<'_>) {
        loop {
            let unwritten = self.talk.unwritten();
            if unwritten.is_empty() {
                break;
            }
            match self.pipes.write_stdin(context, unwritten) {
                Poll::Ready(Some(count)) => {
                    self.talk.wrote(count);
                    if self.failure.is_none()
                        && let Err(failure) = self.talk.fill(Instant::now(), self.watcher)
                    {
                        self.fail(failure);
                    }
                }
                Poll::Ready(None) => {
                    let all = self.talk.unwritten().len();
                    self.talk.wrote(all);
                }
                Poll::Pending => break,
            }
        }
    }

    fn watch_status(&mut self, context: &mut Context<'_>) {
        if self.is_gone {
            return;
        }
        if let Poll::Ready(status) = self.process.poll_end(context) {
            self.is_gone = true;
            match status {
                Ok(status) => self.status = Some(status),
                Err(error) => {
                    self.fail(Failure::new(Code::ContractInternal, format!("no exit status: {error}")));
                }
            }
            self.went_alone = self.ending.as_ref().is_none_or(|ending| ending.rung == Rung::Eof);
            let now = Instant::now();
            self.alarm.at_most(now + Duration::from_millis(EARLY_EXIT_MS));
            self.early_end.get_or_insert(now + Duration::from_millis(EARLY_EXIT_MS));
        }
    }

    fn is_over(&mut self) -> bool {
        if !self.is_gone {
            return false;
        }
        // Something may hold the pipes open for ever; nothing of it counts after the grace.
        let patience_is_over = self.early_end.is_some_and(|until| until <= Instant::now());
        if !patience_is_over && !self.pipes.are_at_end() {
            return false;
        }
        if self.failure.is_none() && !self.talk.is_done() {
            let failure = match self.status {
                Some(status) => blame::early_exit(status, self.owed()),
                None => blame::closed_stdout(self.owed()),
            };
            self.fail(failure);
        }
        true
    }

    /// One step of the session's life. True when there may be something to do at once.
    fn step(&mut self) -> bool {
        let now = Instant::now();
        if self.ending.is_some() {
            return false;
        }
        if let Some(error) = self.talk.recorder.take_error() {
            self.fail(Failure::new(
                Code::ContractEvidenceFailed,
                format!("the evidence cannot be written: {error}"),
            ));
        }
        if let Some(until) = self.cancelling {
            if !self.talk.owes() || !self.talk.is_serving() || until <= now || self.pipes.stdout_is_at_end() {
                self.talk.give_up();
                self.begin_ending(now);
                return true;
            }
            return false;
        }
        if self.failure.is_some() || self.talk.is_done() {
            self.begin_ending(now);
            return true;
        }
        if self.pipes.stdin_is_broken() || self.pipes.stdout_is_at_end() {
            let until = *self.early_end.get_or_insert(now + Duration::from_millis(EARLY_EXIT_MS));
            self.alarm.at_most(until);
            if until <= now && self.status.is_none() {
                let failure = if self.pipes.stdout_is_at_end() {
                    blame::closed_stdout(self.owed())
                } else {
                    Failure::new(
                        Code::AdapterClosedStdin,
                        "the adapter closed its stdin before it had read everything",
                    )
                };
                self.fail(failure);
                return true;
            }
        }
        false
    }

    fn owed(&self) -> &'static str {
        match (self.talk.is_serving(), self.talk.owes()) {
            (false, _) => "the handshake was done",
            (true, true) => "it had answered",
            (true, false) => "the session was over",
        }
    }

    /// Asks for the end of everything that is open.
    fn cancel(&mut self, failure: Failure, reason: CancelReason, now: Instant) {
        self.fail(failure);
        if self.ending.is_some() {
            return;
        }
        self.talk.cancel_all(reason);
        let until = now + Duration::from_millis(CANCEL_GRACE_MS);
        self.cancelling = Some(until);
        self.alarm.at_most(until);
    }

    /// The first failure counts.
    fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    fn begin_ending(&mut self, now: Instant) {
        if self.ending.is_none() {
            self.pipes.close_stdin();
            let ending = Ending::begin(now, self.failure.is_some());
            self.alarm.at_most(ending.until);
            self.ending = Some(ending);
        }
    }

    fn climb_to(&mut self, rung: Rung, now: Instant) {
        let supervised = self.pipes.is_supervised();
        let Some(ending) = &mut self.ending else { return };
        while ending.rung < rung {
            ending.climb(now, self.group, supervised);
        }
        if ending.rung == Rung::Force && rung == Rung::Force {
            ending.climb(now, self.group, supervised);
        }
        if ending.rung >= Rung::Kill {
            // The supervisor ends everything when this is closed.
            self.pipes.close_life();
        }
        let until = ending.until;
        self.alarm.at_most(until);
    }

    fn into_ended(self) -> Ended {
        let Self { mut failure, status, ending, went_alone, pipes, talk, nothing_started, report, .. } = self;
        let (stderr, stderr_bytes) = pipes.into_stderr();
        let broke = failure.is_some();
        if failure.is_none() {
            failure = talk.first_error;
        }
        if let Some(failure) = failure.as_mut().filter(|_| !nothing_started) {
            let shown = String::from_utf8_lossy(&stderr);
            blame::explain(failure, status.filter(|_| went_alone), &shown);
        }
        let rung = ending.map_or(Rung::Eof, |ending| ending.rung);
        Ended {
            recorder: talk.recorder,
            failure,
            broke,
            rejected: talk.rejected,
            nothing_started,
            report,
            status,
            ended_by: if went_alone { Rung::Eof.as_str() } else { rung.as_str() },
            stderr,
            stderr_bytes,
            tally: talk.tally,
        }
    }
}

/// Ends that come within the grace of a cancel count, those after another failure do not.
fn may_go_on(failure: &Failure) -> bool {
    matches!(failure.code, Code::IpcTimeout | Code::ContractInterrupted | Code::ContractTerminated)
}
