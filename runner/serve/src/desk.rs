//! Where requests meet the session: who waits for which call, and what every answer is recorded with.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract_engine::{Answer, Caller as Calling, Failure, LiveCalls, Note, Surroundings, live_calls, now};
use contract_inference::{
    AdapterFacts, Appended, Ask, Basis, Caller, DEFAULT_FOLDER, EgressPapers, Finished, Gate, Heard, Records,
    RunPlace, RunRef, Stop, Tracker,
};
use contract_ipc::Code;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::args::ServeArgs;
use crate::metrics::Metrics;

/// Everything that requests share.
pub(crate) struct Desk {
    pub(crate) basis: Basis,
    pub(crate) gate: Gate,
    papers: EgressPapers,
    adapter_digest: String,
    records: Mutex<Records>,
    records_folder: PathBuf,
    line: Mutex<Line>,
    /// Requests at work and in the queue.
    pub(crate) seats: Arc<Semaphore>,
    all_seats: usize,
    pub(crate) timeout_ms: u64,
    pub(crate) metrics: Metrics,
}

/// The session that takes calls now, and the calls that have no end yet.
#[derive(Default)]
struct Line {
    session: u64,
    calling: Option<Calling>,
    /// Calls that it has taken.
    calls: u64,
    /// Its end of `calling`, until the keeper has brought it up.
    pending: Option<LiveCalls>,
    open: HashMap<Ticket, Open>,
    /// Ids of the runs of sessions that are up.
    runs: HashMap<u64, String>,
}

/// A call, by session and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    session: u64,
    number: u64,
}

struct Open {
    tracker: Tracker,
    /// Its session ends only when this is gone.
    calling: Calling,
    events: UnboundedSender<Event>,
}

/// What happens to a call.
#[derive(Debug)]
pub(crate) enum Event {
    /// More text.
    Text(String),
    /// The end, and the run that came to it. Nothing follows.
    End(Box<Finished>, Option<RunRef>),
}

/// A call that was taken.
pub(crate) struct Taken {
    pub(crate) ticket: Ticket,
    pub(crate) events: UnboundedReceiver<Event>,
}

impl Desk {
    /// Looks at the model and opens the records.
    ///
    /// # Errors
    /// What stands in the way of serving it.
    pub(crate) fn open(args: &ServeArgs, around: &Surroundings) -> Result<Self, Failure> {
        let records_folder = around.root.join(args.records.as_deref().unwrap_or(Path::new(DEFAULT_FOLDER)));
        let records = Records::open(&records_folder)?;
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
        Ok(Self {
            basis,
            gate,
            papers,
            adapter_digest,
            records: Mutex::new(records),
            records_folder,
            line: Mutex::new(Line::first()),
            seats: Arc::new(Semaphore::new(all_seats)),
            all_seats,
            timeout_ms: args.timeout,
            metrics: Metrics::default(),
        })
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

    /// Whether a session takes calls, and the model is the one that was looked at.
    pub(crate) fn is_serving(&self) -> bool {
        self.line().calling.is_some() && self.gate.check_unchanged().is_ok()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // A thread that panicked left whole entries behind: each change is one insertion or removal.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session to bring up now, and its calls: some may wait already.
    pub(crate) fn next_session(&self) -> (u64, LiveCalls) {
        let mut line = self.line();
        if line.pending.is_none() {
            line.turn_over();
        }
        let calls = line.pending.take().expect("it was made above");
        (line.session, calls)
    }

    /// A session is about to come up, as this run.
    pub(crate) fn begin_session(&self, session: u64, run: &str) {
        self.line().runs.insert(session, run.to_owned());
    }

    /// When this session has taken `most` calls, the next ones go to another. It ends with its open calls.
    pub(crate) fn turn_over_after(&self, session: u64, most: u64) {
        let mut line = self.line();
        if line.session == session && line.calls >= most {
            line.turn_over();
        }
    }

    /// Ends what a session that is over has left open. Another one is to follow, or [`Self::end_all`].
    pub(crate) fn end_session(&self, session: u64, failure: Option<&Failure>) {
        let mut line = self.line();
        if line.session == session {
            // Who calls now waits for the next one.
            line.turn_over();
        }
        line.end(|ticket| ticket.session == session, &self.gate, failure);
        line.runs.remove(&session);
    }

    /// Takes no more calls, and ends all that are open.
    pub(crate) fn end_all(&self, failure: Option<&Failure>) {
        let mut line = self.line();
        line.calling = None;
        line.pending = None;
        line.end(|_| true, &self.gate, failure);
    }

    /// Judges a request, before anything of it runs.
    ///
    /// # Errors
    /// Why it is refused; nothing is on record yet.
    pub(crate) fn judge(&self, ask: &Ask) -> Result<RunPlace, Failure> {
        let place = self.gate.judge(ask, &self.papers, &self.adapter_digest, now())?;
        self.records().reserve()?;
        Ok(place)
    }

    /// Hands a request to the session.
    ///
    /// # Errors
    /// There is none, or the arguments are none.
    pub(crate) fn call(&self, ask: &Ask) -> Result<Taken, Failure> {
        let away = || {
            Failure::new(Code::AdapterExited, "the model's session is not up")
                .hint("Try again in a moment; the server's own messages say why.")
        };
        let mut line = self.line();
        let calling = line.calling().ok_or_else(away)?;
        let ticket = Ticket { session: line.session, number: calling.number() };
        let (events, receiver) = unbounded_channel();
        line.open.insert(ticket, Open { tracker: Tracker::new(ask), calling: calling.clone(), events });
        line.calls += 1;
        match calling.call(ticket.number, ask.op(), &self.gate.args(ask), ask.timeout_ms) {
            Ok(true) => Ok(Taken { ticket, events: receiver }),
            Ok(false) => {
                line.open.remove(&ticket);
                Err(away())
            }
            Err(failure) => {
                line.open.remove(&ticket);
                Err(failure)
            }
        }
    }

    /// Asks for the end of a call. Its end still comes.
    pub(crate) fn cancel(&self, ticket: Ticket) {
        let mut line = self.line();
        if let Some(open) = line.open.get_mut(&ticket) {
            open.tracker.stop(Stop::Cancelled);
            open.calling.cancel(ticket.number);
        }
    }

    /// A progress message of a call.
    pub(crate) fn hear(&self, session: u64, number: u64, note: &Note<'_>) {
        let ticket = Ticket { session, number };
        let mut line = self.line();
        let Some(open) = line.open.get_mut(&ticket) else { return };
        match open.tracker.hear(note, &self.gate) {
            // Who went away is noticed by the clerk.
            Some(Heard::Text { text, .. }) => drop(open.events.send(Event::Text(text))),
            Some(Heard::Broken) => open.calling.cancel(number),
            Some(Heard::Loading(_)) | None => {}
        }
    }

    /// A call had no more time.
    pub(crate) fn expire(&self, session: u64, number: u64) {
        if let Some(open) = self.line().open.get_mut(&Ticket { session, number }) {
            open.tracker.stop(Stop::Expired);
        }
    }

    /// The end of a call.
    pub(crate) fn answer(&self, session: u64, number: u64, answer: &Answer<'_>) {
        let mut line = self.line();
        if let Some(open) = line.open.remove(&Ticket { session, number }) {
            open.end(answer, &self.gate, line.run(session));
        }
    }

    /// Writes the receipt of a request that ran. It waits for the disk.
    ///
    /// # Errors
    /// It could not be written.
    pub(crate) fn record(
        &self,
        ask: &Ask,
        place: RunPlace,
        finished: &Finished,
        run: Option<RunRef>,
    ) -> Result<Appended, Failure> {
        self.records().append(&self.basis.finished(ask, place, finished, run), now())
    }

    /// Writes the receipt of a request that was refused.
    ///
    /// # Errors
    /// It could not be written.
    pub(crate) fn record_refusal(&self, ask: &Ask, failure: &Failure) -> Result<Appended, Failure> {
        self.records().append(&self.basis.refused(ask, failure), now())
    }
}

impl Line {
    /// Ends the calls that `which` picks.
    fn end(&mut self, which: impl Fn(&Ticket) -> bool, gate: &Gate, failure: Option<&Failure>) {
        let left: Vec<Ticket> = self.open.keys().filter(|ticket| which(ticket)).copied().collect();
        let code = failure.map_or(Code::AdapterExited.as_str(), |failure| failure.code_text());
        let message = failure.map_or("the session is over", |failure| failure.message.as_str());
        for ticket in left {
            if let Some(open) = self.open.remove(&ticket) {
                let answer = Answer::Error { code: code.into(), message: message.into() };
                open.end(&answer, gate, self.run(ticket.session));
            }
        }
    }

    /// The session that takes calls. When it is over and nobody has noticed yet, the next one.
    fn calling(&mut self) -> Option<Calling> {
        if self.calling.as_ref()?.is_over() {
            self.turn_over();
        }
        self.calling.clone()
    }

    /// The run of a session. Its receipt comes at its end, after those of its requests.
    fn run(&self, session: u64) -> Option<RunRef> {
        self.runs.get(&session).map(|id| RunRef { id: id.clone(), subject_digest: None })
    }

    /// Whoever calls before the first session is up waits for it.
    fn first() -> Self {
        let mut line = Self::default();
        line.turn_over();
        line
    }

    fn turn_over(&mut self) {
        let (calling, calls) = live_calls();
        self.session += 1;
        self.calls = 0;
        self.calling = Some(calling);
        self.pending = Some(calls);
    }
}

impl Open {
    fn end(self, answer: &Answer<'_>, gate: &Gate, run: Option<RunRef>) {
        // The clerk waits for it as long as the server lives.
        let _ = self.events.send(Event::End(Box::new(self.tracker.end(answer, gate)), run));
    }
}
