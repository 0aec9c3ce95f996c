//! Where requests meet the session: who waits for which call, and what every answer is recorded with.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contract_engine::{Answer, Failure, LiveCalls, Note, Surroundings, now};
use contract_inference::{
    AdapterFacts, Ask, Basis, Caller, Completion, DEFAULT_FOLDER, EgressPapers, Finished, Gate, Heard,
    Records, RunPlace, RunRef, Stop, Tracker,
};
use contract_ipc::Code;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use crate::args::ServeArgs;
use crate::clerk::{Clerk, Job, Piece};
use crate::line::{Delivery, Line, Session, Ticket, Wanted};
use crate::metrics::Metrics;

/// A request whose time is over ends at its session's next step. One that does not for so long may not take a step.
const LATE: Duration = Duration::from_secs(1);

/// Everything that requests share.
pub(crate) struct Desk {
    pub(crate) basis: Basis,
    pub(crate) gate: Gate,
    papers: EgressPapers,
    adapter_digest: String,
    records_folder: PathBuf,
    line: Mutex<Line>,
    pub(crate) jobs: Sender<Job>,
    tickets: AtomicU64,
    /// Requests at work and in the queue.
    pub(crate) seats: Arc<Semaphore>,
    all_seats: usize,
    pub(crate) timeout_ms: u64,
    pub(crate) metrics: Metrics,
}

impl Desk {
    /// Looks at the model and opens the records, for which the clerk is.
    ///
    /// # Errors
    /// What stands in the way of serving it.
    pub(crate) fn open(args: &ServeArgs, around: &Surroundings) -> Result<(Self, Clerk), Failure> {
        let records_folder = around.root.join(args.records.as_deref().unwrap_or(Path::new(DEFAULT_FOLDER)));
        let (jobs, clerk) = Clerk::new(Records::open(&records_folder)?);
        let papers = EgressPapers::read(None, None, &args.grant, &around.root)?;
        let gate = Gate::open(&args.model.wanted(), around, now(), &mut |_, _| ControlFlow::Continue(()))?;
        let command = contract_engine::find(gate.binding.adapter(), around)?;
        let adapter_digest = contract_engine::digest_command(&command)?;
        let basis = Basis {
            caller: Caller::local("contract-serve"),
            named: gate.model.name.clone(),
            gate: Some(gate.clone()),
            adapter: Some(AdapterFacts { name: command.name, digest: Some(adapter_digest.clone()) }),
            memory_bytes: None,
            route: None,
            fallback: None,
            keep_texts: args.store_texts,
        };
        let all_seats = usize::from(args.parallel) + usize::from(args.queue);
        let desk = Self {
            basis,
            gate,
            papers,
            adapter_digest,
            records_folder,
            line: Mutex::new(Line::first(jobs.clone())),
            jobs,
            tickets: AtomicU64::new(0),
            seats: Arc::new(Semaphore::new(all_seats)),
            all_seats,
            timeout_ms: args.timeout,
            metrics: Metrics::default(),
        };
        Ok((desk, clerk))
    }

    /// Requests that may be at work or wait.
    pub(crate) fn all_seats(&self) -> usize {
        self.all_seats
    }

    pub(crate) fn model_name(&self) -> &str {
        &self.gate.model.name
    }

    pub(crate) fn records_folder(&self) -> String {
        self.records_folder.display().to_string()
    }

    /// Looks whether a session is up and answers, and the model is the one that was looked at.
    ///
    /// # Errors
    /// Why a request would get no answer now.
    pub(crate) fn check_serving(&self) -> Result<(), Failure> {
        let line = self.line();
        if !line.is_up() {
            return Err(Line::not_up());
        }
        if line.next_deadline().is_some_and(|until| until + LATE < Instant::now()) {
            let what = "the session has not ended a request whose time is over";
            return Err(Failure::new(Code::IpcTimeout, what));
        }
        drop(line);
        self.gate.check_unchanged()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // A thread that panicked left whole entries behind: each change is one insertion or removal.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a request, given once.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket::new(self.tickets.fetch_add(1, Ordering::Relaxed))
    }

    /// The session to bring up now, and its calls: some may wait already.
    pub(crate) fn next_session(&self) -> (u64, LiveCalls) {
        self.line().next_session()
    }

    /// A session answers from now on.
    pub(crate) fn begin_session(&self, session: Session) {
        self.line().begin_session(session);
    }

    /// When this session has taken `most` calls, the next ones go to another. It ends with its open calls.
    pub(crate) fn turn_over_after(&self, session: u64, most: u64) {
        self.line().turn_over_after(session, most);
    }

    /// Ends what a session that is over has left open. Another one is to follow, or [`Self::end_all`].
    pub(crate) fn end_session(&self, session: u64, failure: Option<&Failure>) {
        self.line().end_session(session, &self.gate, failure);
    }

    /// What waits for a session that could not begin waits for the next one. That is to follow, or [`Self::end_all`].
    pub(crate) fn skip_session(&self, session: u64, failure: &Failure) {
        self.line().skip_session(session, failure, &self.gate);
    }

    /// While no session is up: ends the calls that have no more time, and gives the time until the next one has none.
    pub(crate) fn expire_waiting(&self, failure: &Failure) -> Option<Duration> {
        let mut line = self.line();
        line.expire_waiting(failure, &self.gate);
        line.next_deadline().map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// Takes no more calls, and ends all that are open.
    pub(crate) fn end_all(&self, failure: Option<&Failure>) {
        self.line().end_all(&self.gate, failure);
    }

    /// Judges a request, before anything of it runs.
    ///
    /// # Errors
    /// Why it is refused; nothing is on record yet.
    pub(crate) fn judge(&self, ask: &Ask) -> Result<RunPlace, Failure> {
        self.gate.judge(ask, &self.papers, &self.adapter_digest, now())
    }

    /// When a request that began then has no more time.
    pub(crate) fn until(&self, began: Instant) -> Instant {
        began + Duration::from_millis(self.timeout_ms)
    }

    /// Hands a request to the session.
    ///
    /// # Errors
    /// There is none, or the arguments are none.
    pub(crate) fn call(
        &self,
        ticket: Ticket,
        ask: &Ask,
        began: Instant,
        delivery: Delivery,
        client: UnboundedSender<Piece>,
    ) -> Result<(), Failure> {
        let wanted = Wanted { op: ask.op(), args: self.gate.args(ask), until: self.until(began) };
        self.line().call(ticket, wanted, Tracker::new(ask), delivery, client)
    }

    /// Asks for the end of a call. Its end still comes.
    pub(crate) fn cancel(&self, ticket: Ticket) {
        if let Some(open) = self.line().of_ticket(ticket) {
            open.tracker.stop(Stop::Cancelled);
            open.cancel(ticket);
        }
    }

    /// A progress message of a call.
    pub(crate) fn hear(&self, number: u64, note: &Note<'_>) {
        let mut line = self.line();
        let Some((ticket, open)) = line.open(number) else { return };
        match open.tracker.hear(note, &self.gate) {
            // Who went away cancels it.
            Some(Heard::Text { text, .. }) if open.delivery == Delivery::Streamed => {
                drop(open.client.send(Piece::Text(text)));
            }
            Some(Heard::Broken) => open.cancel(ticket),
            Some(Heard::Text { .. } | Heard::Loading(_)) | None => {}
        }
    }

    /// A call had no more time.
    pub(crate) fn expire(&self, number: u64) {
        if let Some((_, open)) = self.line().open(number) {
            open.tracker.stop(Stop::Expired);
        }
    }

    /// The end of a call.
    pub(crate) fn answer(&self, number: u64, answer: &Answer<'_>) {
        self.line().answer(number, answer, &self.gate);
    }

    /// A call that its session was never asked for goes to the next one.
    pub(crate) fn unasked(&self, number: u64, answer: &Answer<'_>) {
        self.line().unasked(number, answer, &self.gate);
    }

    /// What is recorded of a request that ran, and that this session has answered.
    pub(crate) fn completion(
        &self,
        ask: &Ask,
        place: RunPlace,
        finished: &Finished,
        session: Option<&Session>,
    ) -> Completion {
        // The session's receipt comes at its end, after those of its requests.
        let run = session.map(|session| RunRef { id: session.run.clone(), subject_digest: None });
        let mut completion = self.basis.finished(ask, place, finished, run);
        if let Some(session) = session {
            completion.adapter = Some(session.adapter.clone());
            let limits = &mut completion.limits;
            limits.memory_bytes = Some(session.memory_bytes);
            limits.timeout_ms = limits.timeout_ms.map(|ms| ms.min(session.total_ms));
        }
        completion
    }

    /// What is recorded of a request that was refused.
    pub(crate) fn refused(&self, ask: &Ask, failure: &Failure) -> Completion {
        self.basis.refused(ask, failure)
    }
}
