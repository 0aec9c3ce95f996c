//! How long a server may take: in all, and without a byte.

use std::time::{Duration, Instant};

use contract_adapter::{Context, Failure, Progress};

use crate::bounds::{MARGIN, TOTAL};

/// A deadline that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    /// The whole invoke.
    Total(Duration),
    /// Nothing came, and nothing was taken.
    Idle(Duration),
}

/// When the runner is told that the server is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs {
    every: Duration,
    last: Instant,
}

impl Signs {
    /// From now on.
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, last: Instant::now() }
    }

    /// Something else was told.
    pub(crate) fn told(&mut self) {
        self.last = Instant::now();
    }

    /// Sends a sign when it is time for one.
    ///
    /// # Errors
    /// `ADAPTER_CANCELLED`
    pub(crate) fn send_when_due(&mut self, context: &mut Context<'_>) -> Result<(), Failure> {
        if self.last.elapsed() < self.every {
            return Ok(());
        }
        self.told();
        context.progress(Progress::new().message("waiting for the server"))
    }
}

/// The deadlines of one invoke.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    begun: Instant,
    total: Duration,
    idle: Duration,
    last: Instant,
}

impl Patience {
    /// From now on.
    pub(crate) fn new(timeout_ms: Option<u64>, idle: Duration) -> Self {
        let total = timeout_ms.map_or(TOTAL, Duration::from_millis);
        let total = total.saturating_sub(MARGIN.min(total / 4));
        let now = Instant::now();
        Self { begun: now, total, idle, last: now }
    }

    /// Bytes went or came.
    pub(crate) fn moved(&mut self) {
        self.last = Instant::now();
    }

    /// Since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// # Errors
    /// The deadline that has passed.
    pub(crate) fn check(&self) -> Result<(), Passed> {
        if self.begun.elapsed() >= self.total {
            Err(Passed::Total(self.total))
        } else if self.last.elapsed() >= self.idle {
            Err(Passed::Idle(self.idle))
        } else {
            Ok(())
        }
    }
}
