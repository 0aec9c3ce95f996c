//! Calls that come and go while the session runs.

use std::task::{Context, Poll};

use contract_ipc::{CancelReason, Code};
use tokio::time::Instant;

use super::{Conversation, redacted};
use crate::calls::CallSource;
use crate::failure::Failure;
use crate::session::watcher::{Answer, Watcher};

impl Conversation<'_> {
    /// Takes in calls and cancels of a live session.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub(crate) fn poll_live(
        &mut self,
        context: &mut Context<'_>,
        now: Instant,
        watcher: &mut dyn Watcher,
    ) -> Poll<Result<(), Failure>> {
        let CallSource::Live(calls) = &mut self.calls else { return Poll::Pending };
        if self.closing || calls.poll(context).is_pending() {
            return Poll::Pending;
        }
        for number in calls.cancels() {
            let CallSource::Live(calls) = &mut self.calls else { break };
            if calls.withdraw(number) {
                let withdrawn =
                    Failure::new(Code::AdapterCancelled, "the call was withdrawn before its turn");
                watcher.answer(number, &refusal(&withdrawn));
                continue;
            }
            let open = self.open.iter().position(|open| open.call == number && open.ends_by.is_none());
            if let Some(at) = open {
                self.cancel_one(at, CancelReason::Interrupted, now);
            }
        }
        Poll::Ready(self.fill(now, watcher))
    }

    /// Tells of the calls of a live session that nobody will answer any more.
    pub(crate) fn answer_rest(&mut self, failure: Option<&Failure>, watcher: &mut dyn Watcher) {
        let CallSource::Live(calls) = &mut self.calls else { return };
        let over = Failure::new(Code::AdapterExited, "the session is over");
        let mut failure = failure.unwrap_or(&over).clone();
        failure.message = redacted(&self.redactor, &failure.message);
        let answer = refusal(&failure);
        let open = self.open.drain(..).map(|open| open.call);
        for number in self.given_up.drain(..).chain(open) {
            watcher.answer(number, &answer);
        }
        for number in calls.close() {
            watcher.unasked(number, &answer);
        }
    }

    /// Ends calls that have no more time and have not had their turn.
    pub(crate) fn end_overdue(&mut self, now: Instant, watcher: &mut dyn Watcher) {
        let CallSource::Live(calls) = &mut self.calls else { return };
        while let Some(number) = calls.overdue(now.into_std()) {
            let failure = Failure::new(Code::IpcTimeout, "the call had no turn in its time");
            watcher.expired(number);
            watcher.answer(number, &refusal(&failure));
        }
    }
}

/// The answer to a call that came to nothing.
pub(super) fn refusal(failure: &Failure) -> Answer<'_> {
    Answer::Error { code: failure.code_text().into(), message: failure.message.as_str().into() }
}
