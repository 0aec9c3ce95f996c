//! Calls that come while a session runs.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::calls::{Call, canonical_object};
use crate::failure::Failure;

/// Hands calls to a running session, from any thread. The session ends when every clone is gone.
#[derive(Debug, Clone)]
pub struct Caller {
    sender: UnboundedSender<Ask>,
}

/// The session's end of a [`Caller`].
#[derive(Debug)]
pub struct LiveCalls {
    receiver: UnboundedReceiver<Ask>,
    /// Calls that came and have no place yet.
    waiting: VecDeque<LiveCall>,
    /// Cancels that came and were not acted upon.
    cancels: Vec<u64>,
    callers_are_gone: bool,
}

/// A call, and how it is named to the watcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveCall {
    pub(crate) number: u64,
    pub(crate) call: Call,
    /// Its end at the latest, also when it has not had its turn; the budget may give less.
    pub(crate) until: Option<Instant>,
}

#[derive(Debug)]
enum Ask {
    Call(LiveCall),
    Cancel(u64),
}

/// Both ends of a way for calls.
#[must_use]
pub fn live_calls() -> (Caller, LiveCalls) {
    let (sender, receiver) = unbounded_channel();
    let calls =
        LiveCalls { receiver, waiting: VecDeque::new(), cancels: Vec::new(), callers_are_gone: false };
    (Caller { sender }, calls)
}

impl Caller {
    /// Asks for an invoke of `op` with `args`, a JSON object. What comes of it, a fault of the arguments included, is told to the
    /// watcher under `number`, which no other call of the session may have. It ends with `until`, whether it has had its turn by
    /// then or not. Returns false when the session is over.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE`: the arguments are no JSON object.
    pub fn call(&self, number: u64, op: &str, args: &[u8], until: Option<Instant>) -> Result<bool, Failure> {
        let call = Call { op: Some(op.to_owned()), args: canonical_object(args, "args")? };
        Ok(self.sender.send(Ask::Call(LiveCall { number, call, until })).is_ok())
    }

    /// Whether the session takes no more calls.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.sender.is_closed()
    }

    /// Asks for the end of a call. It still ends with an answer.
    pub fn cancel(&self, number: u64) {
        // A session that is over has no open call.
        let _ = self.sender.send(Ask::Cancel(number));
    }
}

impl LiveCalls {
    /// Takes in what has come. Ready when something came, or every caller went.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut came = false;
        while !self.callers_are_gone {
            match self.receiver.poll_recv(context) {
                Poll::Ready(Some(Ask::Call(call))) => self.waiting.push_back(call),
                Poll::Ready(Some(Ask::Cancel(number))) => self.cancels.push(number),
                Poll::Ready(None) => self.callers_are_gone = true,
                Poll::Pending => break,
            }
            came = true;
        }
        if came { Poll::Ready(()) } else { Poll::Pending }
    }

    /// More calls wait, or may come.
    pub(crate) fn may_come(&self) -> bool {
        !self.callers_are_gone || !self.waiting.is_empty()
    }

    pub(crate) fn next(&mut self) -> Option<LiveCall> {
        self.waiting.pop_front()
    }

    /// Takes a waiting call away; false when it does not wait.
    pub(crate) fn withdraw(&mut self, number: u64) -> bool {
        let at = self.waiting.iter().position(|waiting| waiting.number == number);
        at.and_then(|at| self.waiting.remove(at)).is_some()
    }

    /// When the first of those that wait has no more time.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|waiting| waiting.until).min()
    }

    /// Takes away a waiting call that has no more time.
    pub(crate) fn overdue(&mut self, now: Instant) -> Option<u64> {
        let is_overdue = |waiting: &LiveCall| waiting.until.is_some_and(|until| until <= now);
        let at = self.waiting.iter().position(is_overdue)?;
        self.waiting.remove(at).map(|overdue| overdue.number)
    }

    pub(crate) fn cancels(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.cancels)
    }

    /// No more are taken; the numbers of those that wait.
    pub(crate) fn close(&mut self) -> Vec<u64> {
        self.receiver.close();
        self.callers_are_gone = true;
        while let Ok(ask) = self.receiver.try_recv() {
            if let Ask::Call(call) = ask {
                self.waiting.push_back(call);
            }
        }
        self.waiting.drain(..).map(|waiting| waiting.number).collect()
    }
}
