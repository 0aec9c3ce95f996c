//! The session that takes calls, those that follow it, and the calls that have no end yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use contract_engine::{Answer, Caller as Calling, Failure, LiveCalls, live_calls};
use contract_inference::{AdapterFacts, Gate, Stop, Tracker};
use contract_ipc::Code;
use tokio::sync::mpsc::UnboundedSender;

use crate::clerk::{Ended, Job, Piece};

/// A call: its number, which no other call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

impl Ticket {
    pub(crate) fn new(number: u64) -> Self {
        Self(number)
    }
}

/// What is asked of a session.
pub(crate) struct Wanted {
    pub(crate) op: &'static str,
    pub(crate) args: Vec<u8>,
    /// It ends then at the latest.
    pub(crate) until: Instant,
}

/// How a client wants the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Each piece when it is there.
    Streamed,
    /// At the end. Nobody is woken for a piece.
    Whole,
}

/// What records say of the session that answered.
#[derive(Debug)]
pub(crate) struct Session {
    /// The id of its run.
    pub(crate) run: String,
    pub(crate) adapter: AdapterFacts,
    pub(crate) memory_bytes: u64,
    /// The most time of a call.
    pub(crate) total_ms: u64,
}

/// A call that was taken and has no end yet.
pub(crate) struct Open {
    pub(crate) tracker: Tracker,
    pub(crate) delivery: Delivery,
    pub(crate) client: UnboundedSender<Piece>,
    wanted: Wanted,
    session: u64,
    /// The session ends only when this is gone.
    calling: Calling,
}

impl Open {
    /// Asks for its end, which still comes.
    pub(crate) fn cancel(&self, ticket: Ticket) {
        self.calling.cancel(ticket.0);
    }
}

pub(crate) struct Line {
    /// The number of the session that takes calls.
    session: u64,
    calling: Option<Calling>,
    /// Calls that it has taken.
    calls: u64,
    /// Its end of `calling`, until the keeper has brought it up.
    pending: Option<LiveCalls>,
    /// The session that is up. One ends before the next one begins.
    up: Option<Arc<Session>>,
    open: HashMap<Ticket, Open>,
    /// Whither the ends of calls go.
    ends: Sender<Job>,
}

impl Line {
    /// Whoever calls before the first session is up waits for it.
    pub(crate) fn first(ends: Sender<Job>) -> Self {
        let (calling, calls) = live_calls();
        Self {
            session: 0,
            calling: Some(calling),
            calls: 0,
            pending: Some(calls),
            up: None,
            open: HashMap::new(),
            ends,
        }
    }

    /// The session to bring up now, and its calls: some may wait already.
    pub(crate) fn next_session(&mut self) -> (u64, LiveCalls) {
        let calls = self.pending.take().expect("one that was taken has ended, and left the next one");
        (self.session, calls)
    }

    /// The session that is to be brought up answers from now on.
    pub(crate) fn begin_session(&mut self, session: Session) {
        self.up = Some(Arc::new(session));
    }

    /// What is told while no session answers.
    pub(crate) fn not_up() -> Failure {
        Failure::new(Code::AdapterExited, "the model's session is not up")
            .hint("Try again in a moment; the server's own messages say why.")
    }

    /// Whether a session answers.
    pub(crate) fn is_up(&self) -> bool {
        self.up.is_some()
    }

    /// When this session has taken `most` calls, the next ones go to another. It ends with its open calls.
    pub(crate) fn turn_over_after(&mut self, session: u64, most: u64) {
        if self.session == session && self.calls >= most {
            self.turn_over();
        }
    }

    /// Ends what a session that is over has left open.
    pub(crate) fn end_session(&mut self, session: u64, gate: &Gate, failure: Option<&Failure>) {
        if self.session == session {
            // Who calls now waits for the next one.
            self.turn_over();
        }
        self.end(|open| open.session == session, gate, failure);
        self.up = None;
    }

    /// Takes no more calls, and ends all that are open.
    pub(crate) fn end_all(&mut self, gate: &Gate, failure: Option<&Failure>) {
        self.calling = None;
        self.pending = None;
        self.end(|_| true, gate, failure);
    }

    /// Takes a call. It goes to the session that takes calls or, when that is over, to the next one.
    ///
    /// # Errors
    /// There is none, or the arguments are none.
    pub(crate) fn call(
        &mut self,
        ticket: Ticket,
        wanted: Wanted,
        tracker: Tracker,
        delivery: Delivery,
        client: UnboundedSender<Piece>,
    ) -> Result<(), Failure> {
        let calling = self.ask(ticket, &wanted)?;
        let session = self.session;
        self.open.insert(ticket, Open { tracker, delivery, client, wanted, session, calling });
        Ok(())
    }

    /// What waits for a session that could not begin waits for the next one.
    pub(crate) fn skip_session(&mut self, session: u64, failure: &Failure, gate: &Gate) {
        if self.session == session {
            self.turn_over();
        }
        for ticket in self.tickets(|open| open.session == session) {
            self.pass_on(ticket, &answer_of(failure), gate);
        }
    }

    /// Ends the calls that have no more time.
    pub(crate) fn expire_waiting(&mut self, failure: &Failure, gate: &Gate) {
        let now = Instant::now();
        for ticket in self.tickets(|open| open.wanted.until <= now) {
            self.pass_on(ticket, &answer_of(failure), gate);
        }
    }

    /// When the first of the calls that have no end yet has no more time.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.open.values().map(|open| open.wanted.until).min()
    }

    /// A call that its session was never asked for goes to the next one.
    pub(crate) fn unasked(&mut self, number: u64, answer: &Answer<'_>, gate: &Gate) {
        self.pass_on(Ticket(number), answer, gate);
    }

    /// Gives a call to the session that takes calls; with `answer` it ends when there is none, or nobody waits for it.
    fn pass_on(&mut self, ticket: Ticket, answer: &Answer<'_>, gate: &Gate) {
        let Some(mut open) = self.open.remove(&ticket) else { return };
        if open.client.is_closed() {
            // Its cancel may have come too late to be heard.
            open.tracker.stop(Stop::Cancelled);
            return self.finish(ticket, open, answer, gate);
        }
        if open.wanted.until <= Instant::now() {
            open.tracker.stop(Stop::Expired);
            return self.finish(ticket, open, answer, gate);
        }
        match self.ask(ticket, &open.wanted) {
            Ok(calling) => {
                (open.calling, open.session) = (calling, self.session);
                self.open.insert(ticket, open);
            }
            Err(_) => self.finish(ticket, open, answer, gate),
        }
    }

    fn ask(&mut self, ticket: Ticket, wanted: &Wanted) -> Result<Calling, Failure> {
        loop {
            let calling = self.calling.clone().ok_or_else(Self::not_up)?;
            if calling.call(ticket.0, wanted.op, &wanted.args, Some(wanted.until))? {
                self.calls += 1;
                return Ok(calling);
            }
            // It is over, and nobody has noticed yet.
            self.turn_over();
        }
    }

    /// The call with this number, and its ticket.
    pub(crate) fn open(&mut self, number: u64) -> Option<(Ticket, &mut Open)> {
        let ticket = Ticket(number);
        self.open.get_mut(&ticket).map(|open| (ticket, open))
    }

    /// The same, by ticket.
    pub(crate) fn of_ticket(&mut self, ticket: Ticket) -> Option<&mut Open> {
        self.open.get_mut(&ticket)
    }

    /// The end of a call.
    pub(crate) fn answer(&mut self, number: u64, answer: &Answer<'_>, gate: &Gate) {
        let ticket = Ticket(number);
        if let Some(open) = self.open.remove(&ticket) {
            self.finish(ticket, open, answer, gate);
        }
    }

    fn finish(&self, ticket: Ticket, open: Open, answer: &Answer<'_>, gate: &Gate) {
        let at = Instant::now();
        let finished = open.tracker.end(answer, gate);
        let ended = Ended { ticket, finished, session: self.up.clone(), at };
        // The clerk works as long as the server lives.
        let _ = self.ends.send(Job::Record(Box::new(ended)));
    }

    /// Ends the calls that `which` picks.
    fn end(&mut self, which: impl Fn(&Open) -> bool, gate: &Gate, failure: Option<&Failure>) {
        let over = Failure::new(Code::AdapterExited, "the session is over");
        for ticket in self.tickets(which) {
            self.answer(ticket.0, &answer_of(failure.unwrap_or(&over)), gate);
        }
    }

    fn tickets(&self, which: impl Fn(&Open) -> bool) -> Vec<Ticket> {
        self.open.iter().filter(|(_, open)| which(open)).map(|(ticket, _)| *ticket).collect()
    }

    fn turn_over(&mut self) {
        let (calling, calls) = live_calls();
        self.session += 1;
        self.calls = 0;
        self.calling = Some(calling);
        self.pending = Some(calls);
    }
}

/// As the watcher would be told it.
fn answer_of(failure: &Failure) -> Answer<'_> {
    Answer::Error { code: failure.code_text().into(), message: failure.message.as_str().into() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::ControlFlow;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use contract_engine::{Surroundings, now};
    use contract_inference::{Ask, Ending, Input, Sampling, Wanted as WantedModel};
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    const TICKET: Ticket = Ticket(7);

    /// A line with one call, which its session was not asked for.
    struct Waiting {
        line: Line,
        ended: Receiver<Job>,
        client: UnboundedReceiver<Piece>,
        gate: Gate,
        _calls: LiveCalls,
        _model: tempfile::TempDir,
    }

    impl Waiting {
        fn new() -> Self {
            Self::with(Duration::from_secs(60))
        }

        /// It has so much time.
        fn with(time: Duration) -> Self {
            let (ends, ended) = channel();
            let mut line = Line::first(ends);
            let (_, calls) = line.next_session();
            let ask =
                Ask { input: Input::Prompt("a".to_owned()), sampling: Sampling::default(), timeout_ms: None };
            let until = Instant::now() + time;
            let wanted = Wanted { op: ask.op(), args: b"{}".to_vec(), until };
            let (sender, client) = unbounded_channel();
            line.call(TICKET, wanted, Tracker::new(&ask), Delivery::Whole, sender).unwrap();
            let (gate, model) = gate();
            Self { line, ended, client, gate, _calls: calls, _model: model }
        }

        /// How it ended; none while it waits.
        fn ending(&self) -> Option<Ending> {
            match self.ended.try_recv() {
                Ok(Job::Record(ended)) => Some(ended.finished.ending),
                _ => None,
            }
        }
    }

    /// A gate of a model that nobody runs.
    fn gate() -> (Gate, tempfile::TempDir) {
        let model = tempfile::tempdir().unwrap();
        std::fs::write(model.path().join("model.gguf"), "GGUF").unwrap();
        let around = Surroundings {
            root: model.path().to_owned(),
            home: None,
            variables: BTreeMap::new(),
            ..Surroundings::of_process().unwrap()
        };
        let wanted = WantedModel { model: Some("model.gguf".to_owned()), ..WantedModel::default() };
        (Gate::open(&wanted, &around, now(), &mut |_, _| ControlFlow::Continue(())).unwrap(), model)
    }

    fn killed() -> Failure {
        Failure::new(Code::AdapterKilled, "killed")
    }

    #[test]
    fn what_a_session_was_not_asked_for_waits_for_the_next_one() {
        let mut waiting = Waiting::new();
        let session = |waiting: &mut Waiting| waiting.line.of_ticket(TICKET).map(|open| open.session);
        assert_eq!(session(&mut waiting), Some(0));
        waiting.line.skip_session(0, &killed(), &waiting.gate);
        assert_eq!((session(&mut waiting), waiting.ending()), (Some(1), None));
        let _ = waiting.line.next_session();
        waiting.line.unasked(TICKET.0, &answer_of(&killed()), &waiting.gate);
        assert_eq!((session(&mut waiting), waiting.ending()), (Some(2), None));
        waiting.line.end_all(&waiting.gate, Some(&killed()));
        assert!(matches!(waiting.ending(), Some(Ending::Failed(_))));
    }

    type End = fn(&mut Waiting);
    /// What a session that ended, and one that could not begin, does with what waits.
    const ENDS: [End; 2] = [
        |waiting| waiting.line.unasked(TICKET.0, &answer_of(&killed()), &waiting.gate),
        |waiting| waiting.line.skip_session(0, &killed(), &waiting.gate),
    ];

    #[test]
    fn whoever_went_while_the_session_ended_has_cancelled() {
        for end in ENDS {
            let mut waiting = Waiting::new();
            waiting.client.close();
            end(&mut waiting);
            assert!(matches!(waiting.ending(), Some(Ending::Cancelled(_))));
        }
    }

    #[test]
    fn what_has_no_more_time_does_not_wait_on() {
        let expire: End = |waiting| waiting.line.expire_waiting(&killed(), &waiting.gate);
        for end in ENDS.into_iter().chain([expire]) {
            let mut waiting = Waiting::with(Duration::ZERO);
            end(&mut waiting);
            let ending = waiting.ending();
            assert!(matches!(&ending, Some(Ending::Failed(why)) if why.is(Code::IpcTimeout)), "{ending:?}");
        }
        let mut waiting = Waiting::new();
        expire(&mut waiting);
        assert_eq!(waiting.ending(), None);
    }
}
