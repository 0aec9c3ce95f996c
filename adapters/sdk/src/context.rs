//! What an operation knows about its invoke, and what it can do beside answering.

use std::net::TcpStream;

use contract_ipc::Incoming;
use serde::Serialize;

use crate::answer::write_json;
use crate::broker::Broker;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::wire::Wire;

/// The invoke that runs.
pub struct Context<'s> {
    wire: &'s mut Wire,
    broker: &'s mut Broker,
    invoke: &'s str,
    op: &'s str,
    timeout_ms: Option<u64>,
    next_seq: u64,
}

#[derive(Serialize)]
struct Numbered<'a, D> {
    #[serde(flatten)]
    progress: Progress<'a, D>,
    seq: u64,
}

impl<'s> Context<'s> {
    /// `next_seq` is the number of the next progress message: 0 unless some were sent already.
    pub(crate) fn new(
        wire: &'s mut Wire,
        broker: &'s mut Broker,
        incoming: &'s Incoming<'_>,
        next_seq: u64,
    ) -> Self {
        let Incoming { id, op, timeout_ms, .. } = incoming;
        Self { wire, broker, invoke: id, op, timeout_ms: *timeout_ms, next_seq }
    }

    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Name of the operation.
    #[must_use]
    pub fn op(&self) -> &str {
        self.op
    }

    /// Id of the invoke, as the runner gave it.
    #[must_use]
    pub fn invoke_id(&self) -> &str {
        self.invoke
    }

    /// How long the runner will wait for the answer, in milliseconds, when it said so.
    #[must_use]
    pub fn timeout_ms(&self) -> Option<u64> {
        self.timeout_ms
    }

    /// Whether the runner has cancelled this invoke. It looks at stdin without waiting: one or two system calls.
    ///
    /// Invokes that arrive meanwhile wait for their turn.
    #[must_use]
    pub fn cancelled(&mut self) -> bool {
        if !self.wire.cancelled() {
            self.wire.look(self.invoke);
        }
        self.wire.cancelled()
    }

    /// [`cancelled`](Self::cancelled) for use with `?`.
    ///
    /// # Errors
    /// `ADAPTER_CANCELLED` when the runner has cancelled this invoke, or reads no more.
    pub fn check(&mut self) -> Result<(), Failure> {
        if self.cancelled() || self.wire.output_ended().is_some() {
            Err(Failure::cancelled())
        } else {
            Ok(())
        }
    }

    /// Waits until the runner cancels this invoke or closes stdin. All open tasks wait with it: a step returns
    /// [`Step::More`](crate::Step::More) instead.
    pub fn wait_for_cancel(&mut self) -> Failure {
        self.wire.wait_for_cancel(self.invoke);
        Failure::cancelled()
    }

    /// Sends a progress message at once, and looks for a cancel.
    ///
    /// # Errors
    /// As [`check`](Self::check), when the message has been sent; `ADAPTER_BAD_OUTPUT` when the data cannot be written as JSON.
    pub fn progress<D: Serialize>(&mut self, progress: Progress<'_, D>) -> Result<(), Failure> {
        self.tell(progress)?;
        self.check()
    }

    /// Sends a progress message at once, in one write, and looks for nothing: for the steps of a [`Task`](crate::Task)
    /// that asks [`cancelled`](Self::cancelled) itself, to answer with what it has.
    ///
    /// # Errors
    /// `ADAPTER_BAD_OUTPUT` when the data cannot be written as JSON.
    pub fn tell<D: Serialize>(&mut self, progress: Progress<'_, D>) -> Result<(), Failure> {
        let numbered = Numbered { progress, seq: self.next_seq };
        self.wire.progress(self.invoke, |payload| write_json(&numbered, payload))?;
        self.next_seq += 1;
        Ok(())
    }

    /// Asks the runner for a connection to `to`, written `HOST:PORT` as it was granted (`--allow connect=HOST:PORT`).
    ///
    /// An adapter in the sandbox cannot open sockets itself; the runner connects and hands the connection over.
    ///
    /// # Errors
    /// `POLICY_DENIED` when it is not granted, `ADAPTER_IO` when nobody answers there.
    pub fn connect(&mut self, to: &str) -> Result<TcpStream, Failure> {
        self.broker.connect(to)
    }
}
