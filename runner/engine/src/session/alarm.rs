//! One timer for all deadlines.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Rings at or before the next deadline. Deadlines that move away do not touch it: it rings too early then, and is set
/// again. So an invoke costs no timer.
#[derive(Debug)]
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
    due: Instant,
}

/// Nothing is due before: a year.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

impl Alarm {
    pub(crate) fn new(now: Instant) -> Self {
        Self { sleep: Box::pin(sleep_until(now + FAR)), due: now + FAR }
    }

    /// It will ring at `due` or before.
    pub(crate) fn at_most(&mut self, due: Instant) {
        if due < self.due {
            self.due = due;
            self.sleep.as_mut().reset(due);
        }
    }

    /// Ready when it rings; it is silent then until it is set.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Instant> {
        match self.sleep.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                let now = Instant::now();
                self.due = now + FAR;
                self.sleep.as_mut().reset(self.due);
                Poll::Ready(now)
            }
        }
    }
}
