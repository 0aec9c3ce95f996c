//! Signals outside of a session: a session has its own way of ending.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use contract_ipc::Code;
use rustix::event::{Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::{SigId, flag, low_level};

use crate::failure::Failure;

/// What has come since somebody began to catch it: an interrupt, or something that is to end the process.
static CAME: [LazyLock<Arc<AtomicBool>>; 2] = [const { LazyLock::new(Arc::default) }; 2];
const CODES: [Code; 2] = [Code::ContractInterrupted, Code::ContractTerminated];

/// The code of a signal that was caught outside of a session. A session that begins looks at it, so that none is lost between.
pub(crate) fn came() -> Option<Code> {
    CAME.iter().zip(CODES).find(|(came, _)| came.load(Ordering::Relaxed)).map(|(_, code)| code)
}

/// From now on SIGINT, SIGTERM and SIGHUP are kept until somebody looks, so that what was begun can be put on record. The second one
/// ends the process, until a session takes over.
#[derive(Debug)]
pub struct EarlySignals {
    /// What ends the process.
    last: Vec<SigId>,
}

impl EarlySignals {
    /// # Errors
    /// `CONTRACT_INTERNAL`: the system takes no handler.
    pub fn catch() -> Result<Self, Failure> {
        let mut last = Vec::new();
        for (signal, at) in [(SIGINT, 0), (SIGTERM, 1), (SIGHUP, 1)] {
            // The order matters: the first signal finds the flag down and puts it up.
            let id = flag::register_conditional_default(signal, CAME[at].clone())
                .and_then(|id| flag::register(signal, CAME[at].clone()).map(|_| id))
                .map_err(no_handler)?;
            last.push(id);
        }
        Ok(Self { last })
    }

    /// Whether a signal has come.
    #[must_use]
    pub fn came(&self) -> bool {
        came().is_some()
    }

    /// # Errors
    /// `CONTRACT_INTERRUPTED` or `CONTRACT_TERMINATED` when a signal has come.
    pub fn check(&self) -> Result<(), Failure> {
        came().map_or(Ok(()), |code| Err(Failure::new(code, "it was ended before anything ran")))
    }

    /// Waits so long, or until a signal comes: its code then. For the main thread, which takes the signals of the process while it waits.
    #[must_use]
    pub fn pause(&self, time: Duration) -> Option<Code> {
        let wait = Timespec::try_from(time).ok();
        if came().is_none() {
            // A signal interrupts it.
            let _ = poll(&mut [], wait.as_ref());
        }
        came()
    }

    /// A session is to begin: it ends by signals in its own way, also by one that came before.
    pub fn hand_over(&mut self) {
        for id in self.last.drain(..) {
            low_level::unregister(id);
        }
    }
}

/// From now on a file that may not grow (RLIMIT_FSIZE, <https://man7.org/linux/man-pages/man2/getrlimit.2.html>) is an error of that write
/// and not the end of the process. Programs that are started have the default again.
///
/// # Errors
/// `CONTRACT_INTERNAL`: the system takes no handler.
pub fn survive_full_files() -> Result<(), Failure> {
    flag::register(SIGXFSZ, Arc::default()).map(drop).map_err(no_handler)
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn no_handler(error: std::io::Error) -> Failure {
    Failure::new(Code::ContractInternal, format!("no signal handler: {error}"))
}
