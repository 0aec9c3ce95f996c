//! The way out: the end of stdin, a signal, a stronger signal (R40, R41).

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::time::Instant;

use crate::budget::{EXIT_GRACE_MS, FAILED_GRACE_MS, TERM_GRACE_MS};

/// How far the runner had to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rung {
    /// Its stdin was closed.
    Eof,
    /// SIGTERM to its process group.
    Term,
    /// SIGKILL, by the supervisor where there is one.
    Kill,
    /// SIGKILL to the supervisor, too.
    Force,
}

impl Rung {
    /// The word in the receipt.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Eof => "eof",
            Self::Term => "SIGTERM",
            Self::Kill | Self::Force => "SIGKILL",
        }
    }
}

/// An ending that has begun.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) rung: Rung,
    /// When the next rung is due.
    pub(crate) until: Instant,
}

impl Ending {
    /// stdin was closed just now. A run that failed already waits shorter.
    pub(crate) fn begin(now: Instant, failed: bool) -> Self {
        let grace_ms = if failed { FAILED_GRACE_MS } else { EXIT_GRACE_MS };
        Self { rung: Rung::Eof, until: now + Duration::from_millis(grace_ms) }
    }

    /// The next rung. `supervised` adapters are killed by their supervisor, which the caller tells.
    pub(crate) fn climb(&mut self, now: Instant, group: Pid, supervised: bool) {
        self.rung = match self.rung {
            Rung::Eof => Rung::Term,
            Rung::Term => Rung::Kill,
            Rung::Kill | Rung::Force => Rung::Force,
        };
        self.until = now + Duration::from_millis(TERM_GRACE_MS);
        let signal = match self.rung {
            Rung::Eof => return,
            Rung::Term => Signal::TERM,
            Rung::Kill if supervised => return,
            Rung::Kill | Rung::Force => Signal::KILL,
        };
        // It may be gone already; its status tells.
        let _ = kill_process_group(group, signal);
    }
}
