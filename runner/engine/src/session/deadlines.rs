//! What has its time: the handshake, each invoke, the run, and the steps of its end.

use std::time::Duration;

use contract_ipc::{CancelReason, Code};
use tokio::time::Instant;

use super::Session;
use super::ending::Rung;
use crate::failure::Failure;

impl Session<'_, '_> {
    /// Deadlines that have passed.
    pub(super) fn expire(&mut self, now: Instant) {
        self.talk.end_overdue(now, self.watcher);
        if let Some(ending) = &self.ending {
            if ending.until <= now && self.status.is_none() {
                let next = match ending.rung {
                    Rung::Eof => Rung::Term,
                    Rung::Term => Rung::Kill,
                    Rung::Kill | Rung::Force => Rung::Force,
                };
                if next == Rung::Term && self.failure.is_none() {
                    let what = "the adapter did not exit when its stdin was closed, and had to be ended";
                    self.fail(Failure::new(Code::AdapterIgnoredEof, what));
                }
                self.climb_to(next, now);
            }
            return;
        }
        if self.cancelling.is_some() || self.failure.is_some() {
            return;
        }
        let budget = &self.plan.budget;
        let ran = now.saturating_duration_since(self.started_at);
        let failure = if budget.run_ms.is_some_and(|limit| ran >= Duration::from_millis(limit)) {
            let limit = budget.run_ms.unwrap_or_default();
            Some(
                Failure::new(Code::IpcTimeout, format!("the run was not done in {limit} ms (run)"))
                    .hint("Raise it with --limit run=TIME."),
            )
        } else if !self.talk.is_serving() {
            let limit = budget.handshake_ms;
            (ran >= Duration::from_millis(limit)).then(|| {
                Failure::new(
                    Code::IpcTimeout,
                    format!("the handshake was not done in {limit} ms (handshake)"),
                )
                .hint("Answer hello at once and load things later, or raise it with --limit handshake=TIME.")
            })
        } else {
            self.talk.expired(now, self.watcher)
        };
        if let Some(failure) = failure {
            self.cancel(failure, CancelReason::Timeout, now);
        }
    }

    pub(super) fn set_alarm(&mut self) {
        let budget = &self.plan.budget;
        let after = |ms| self.started_at + Duration::from_millis(ms);
        let handshake = (!self.talk.is_serving()).then(|| after(budget.handshake_ms));
        let deadlines = [
            self.ending.as_ref().map(|ending| ending.until),
            self.early_end,
            self.cancelling,
            if self.ending.is_some() { None } else { handshake },
            if self.ending.is_some() { None } else { budget.run_ms.map(after) },
            self.talk.next_deadline(),
        ];
        let now = Instant::now();
        // One that has passed and changed nothing does not ring again at once.
        for due in deadlines.into_iter().flatten().filter(|due| *due > now) {
            self.alarm.at_most(due);
        }
    }
}
