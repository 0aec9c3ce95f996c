//! An adapter without a process, for tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use contract_ipc::{
    CancelReason, Capabilities, Envelope, Event, Invocation, Reply, RunnerSide, Sender, Timestamp,
};
use contract_json::{Limits, Tape};

use crate::broker::Broker;
use crate::memory::{Later, Memory, MemoryLink};
use crate::offer::Adapter;
use crate::session::Session;

const SEED: &str = "00000000000000000000000000000000";
const TIMEOUT_MS: u64 = 10_000;

/// Drives an adapter in memory, through the same code as [`serve`](crate::serve), and holds all that it sends to the
/// rules of the protocol as a runner would. It does not check schemas; the runner does.
///
/// ```
/// # use contract_adapter::{Adapter, Context, Failure, Harness, Offer, Progress};
/// # use serde_json::{Value, json};
/// struct Counter { total: u64 }
///
/// impl Adapter for Counter {
///     fn offer(&self) -> Offer<Self> {
///         Offer::new("counter", "0.1.0").operation("count", |counter: &mut Self, steps: Value, context: &mut Context<'_>| {
///             for _ in 0..steps["steps"].as_u64().ok_or_else(|| Failure::bad_input("`steps` is no number"))? {
///                 counter.total += 1;
///                 context.progress(Progress::new().data(counter.total))?;
///             }
///             Ok(json!({"total": counter.total}))
///         })
///     }
/// }
///
/// let mut harness = Harness::new(Counter { total: 0 });
/// assert_eq!(harness.call("count", json!({"steps": 2})).data(), &json!({"total": 2}));
///
/// let cancelled = harness.call_and_cancel("count", json!({"steps": 1000}), 3);
/// assert_eq!(cancelled.code(), "ADAPTER_CANCELLED");
/// assert_eq!(cancelled.progress[2].data, Some(json!(5)));
/// ```
pub struct Harness<A> {
    session: Session<A>,
    memory: Rc<RefCell<Memory>>,
    runner: RunnerSide,
    offered: Capabilities,
    /// What has come back from invokes whose end was not asked for yet.
    started: BTreeMap<Started, Seen>,
}

/// An invoke that was sent; see [`Harness::start`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Started(Invocation);

#[derive(Debug, Default)]
struct Seen {
    progress: Vec<SeenProgress>,
    end: Option<End>,
}

/// What came back from one invoke.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// The progress messages, in order.
    pub progress: Vec<SeenProgress>,
    /// The one end.
    pub end: End,
}

/// One progress message.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenProgress {
    /// From 0 to 1.
    pub fraction: Option<f64>,
    /// For people.
    pub message: Option<String>,
    /// A piece of a stream.
    pub data: Option<serde_json::Value>,
}

/// How an invoke ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It was done.
    Result {
        /// Whether the answer is yes.
        ok: bool,
        /// The data.
        data: serde_json::Value,
    },
    /// It could not be done.
    Error {
        /// Such as `ADAPTER_BAD_INPUT`.
        code: String,
        /// For people.
        message: String,
        /// For machines.
        details: Option<serde_json::Value>,
        /// Whether trying again may help.
        retryable: bool,
    },
}

impl Called {
    /// The data of a positive answer.
    ///
    /// # Panics
    /// When the invoke ended otherwise; the message says how.
    #[must_use]
    #[track_caller]
    pub fn data(&self) -> &serde_json::Value {
        match &self.end {
            End::Result { ok: true, data } => data,
            other => panic!("no positive answer: {other:?}"),
        }
    }

    /// The code of an error.
    ///
    /// # Panics
    /// When the invoke ended with a result.
    #[must_use]
    #[track_caller]
    pub fn code(&self) -> &str {
        match &self.end {
            End::Error { code, .. } => code,
            End::Result { .. } => panic!("no error: {:?}", self.end),
        }
    }
}

/// What an adapter did with literal input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// All that it wrote to stdout.
    pub stdout: String,
    /// The exit status that its process would have.
    pub status: u8,
}

impl<A: Adapter> Harness<A> {
    /// Starts a session with an adapter, up to the end of the handshake.
    ///
    /// # Panics
    /// When the offer has a mistake, or what the adapter sends breaks a rule of the protocol.
    #[must_use]
    #[track_caller]
    pub fn new(adapter: A) -> Self {
        let seed = SEED.parse().expect("32 digits");
        let mut runner = RunnerSide::new(contract_ipc::Session::new(seed, Timestamp::from_unix_ms(0)));
        let link = MemoryLink::default();
        let memory = Rc::clone(&link.0);
        let mut session = Session::new(adapter, Box::new(link), fallback(), Broker::Inherited);
        runner.hello(&[], &mut memory.borrow_mut().input);
        let status = session.turn();
        let output = std::mem::take(&mut memory.borrow_mut().output);
        assert_eq!(status, None, "the adapter ended the session: {}", String::from_utf8_lossy(&output));

        let (mut tape, mut offered) = (Tape::new(), None);
        for line in lines(&output) {
            let message = Envelope::parse(&mut tape, line, &Limits::default()).expect("a valid envelope");
            match runner.receive(&message).expect("a message in its place") {
                Event::HelloAck => {}
                Event::Capabilities(capabilities) => offered = Some(capabilities),
                other => panic!("{other:?} in the handshake"),
            }
        }
        let offered = offered.expect("an adapter sends its capabilities at once");
        let names: Vec<_> = offered.capabilities.iter().map(|capability| capability.name.clone()).collect();
        runner.accept(&names, &mut memory.borrow_mut().input);
        Self { session, memory, runner, offered, started: BTreeMap::new() }
    }

    /// What the adapter offers.
    #[must_use]
    pub fn offered(&self) -> &Capabilities {
        &self.offered
    }

    /// Sends one invoke and waits for its end.
    ///
    /// # Panics
    /// When what the adapter sends breaks a rule of the protocol, or an operation waits for a cancel that never comes.
    #[track_caller]
    pub fn call(&mut self, op: &str, args: serde_json::Value) -> Called {
        let started = self.start(op, args);
        self.end(started)
    }

    /// Sends one invoke, and a cancel that arrives when `after` progress messages have been sent, those of other open
    /// invokes included; or when the operation waits, should there be fewer.
    ///
    /// # Panics
    /// When what the adapter sends breaks a rule of the protocol.
    #[track_caller]
    pub fn call_and_cancel(&mut self, op: &str, args: serde_json::Value, after: usize) -> Called {
        let started = self.start(op, args);
        let mut bytes = Vec::new();
        self.runner.cancel(started.0, CancelReason::Interrupted, &mut bytes);
        let mut memory = self.memory.borrow_mut();
        if after == 0 {
            memory.input.extend_from_slice(&bytes);
        } else {
            memory.later = Some(Later { after_lines: after, bytes });
        }
        drop(memory);
        self.end(started)
    }

    /// Sends one invoke and does not wait: so several are open at a time.
    ///
    /// The adapter sees it at the next [`turn`](Self::turn), or while another invoke is waited for.
    pub fn start(&mut self, op: &str, args: serde_json::Value) -> Started {
        let args = args.to_string();
        let input = &mut self.memory.borrow_mut().input;
        let started = Started(self.runner.invoke(op, args.as_bytes(), TIMEOUT_MS, input).0);
        self.started.insert(started, Seen::default());
        started
    }

    /// Sends a cancel of an invoke; one that has ended already does not see it.
    pub fn cancel(&mut self, started: Started) {
        self.runner.cancel(started.0, CancelReason::Interrupted, &mut self.memory.borrow_mut().input);
    }

    /// One turn of the session: it takes in what was sent, which begins tasks and does other operations as a whole, and then
    /// does one step of the task whose turn it is. Says whether there was anything to do.
    ///
    /// # Panics
    /// When what the adapter sends breaks a rule of the protocol.
    #[track_caller]
    pub fn turn(&mut self) -> bool {
        if self.memory.borrow().input.is_empty() && !self.session.has_tasks() {
            return false;
        }
        let status = self.session.turn();
        let output = std::mem::take(&mut self.memory.borrow_mut().output);
        assert_eq!(status, None, "the adapter ended the session: {}", String::from_utf8_lossy(&output));
        self.see(&output);
        true
    }

    /// The progress messages that an invoke has sent so far.
    ///
    /// # Panics
    /// When [`end`](Self::end) has given them away.
    #[must_use]
    #[track_caller]
    pub fn progress(&self, started: Started) -> &[SeenProgress] {
        &self.started.get(&started).expect("an invoke whose end was not asked for yet").progress
    }

    /// Waits for the end of an invoke, while others go on as they have their turns.
    ///
    /// # Panics
    /// When what the adapter sends breaks a rule of the protocol, an operation waits for a cancel that never comes, or
    /// the end was given away before.
    #[track_caller]
    pub fn end(&mut self, started: Started) -> Called {
        while self.started.get(&started).is_some_and(|seen| seen.end.is_none()) {
            assert!(self.turn(), "an invoke has an end");
        }
        // A cancel that the operation did not live to see arrives late, as it would in a real session.
        let later = self.memory.borrow_mut().later.take();
        if let Some(later) = later {
            self.memory.borrow_mut().input.extend_from_slice(&later.bytes);
        }
        let seen = self.started.remove(&started).expect("an invoke whose end was not asked for yet");
        Called { progress: seen.progress, end: seen.end.expect("it has ended") }
    }

    /// Gives an adapter literal bytes and the end of its input.
    #[must_use]
    pub fn raw(adapter: A, stdin: impl AsRef<[u8]>) -> Raw {
        let link = MemoryLink::default();
        let memory = Rc::clone(&link.0);
        memory.borrow_mut().input = stdin.as_ref().to_vec();
        let status = Session::new(adapter, Box::new(link), fallback(), Broker::Inherited).run();
        let stdout = std::mem::take(&mut memory.borrow_mut().output);
        Raw { stdout: String::from_utf8(stdout).expect("messages are UTF-8"), status }
    }

    #[track_caller]
    fn see(&mut self, output: &[u8]) {
        let mut tape = Tape::new();
        for line in lines(output) {
            let message = Envelope::parse(&mut tape, line, &Limits::default()).expect("a valid envelope");
            match self.runner.receive(&message).expect("a message in its place") {
                Event::Progress(from, step) => self.seen(from).progress.push(SeenProgress {
                    fraction: step.fraction,
                    message: step.message.map(Into::into),
                    data: step.data.map(contract_json::Value::to_serde),
                }),
                Event::End(from, reply) => self.seen(from).end = Some(owned(reply)),
                other => panic!("{other:?} in answer to an invoke"),
            }
        }
    }

    fn seen(&mut self, from: Invocation) -> &mut Seen {
        self.started.get_mut(&Started(from)).expect("an open invoke was started here")
    }
}

/// Ids and times of an adapter that gets no seed.
fn fallback() -> Sender {
    Sender::new(*b"0123456789abcdef", Timestamp::from_unix_ms(0))
}

fn lines(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
}

fn owned(reply: Reply<'_>) -> End {
    match reply {
        Reply::Result { ok, data } => {
            End::Result { ok, data: data.map_or(serde_json::Value::Null, contract_json::Value::to_serde) }
        }
        Reply::Error(error) => End::Error {
            code: error.code.into(),
            message: error.message.into(),
            details: error.details.map(contract_json::Value::to_serde),
            retryable: error.retryable,
        },
    }
}
