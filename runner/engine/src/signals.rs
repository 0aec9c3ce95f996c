//! Signals outside of a session: a session has its own way of ending.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contract_ipc::Code;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::{SigId, flag, low_level};

use crate::failure::Failure;

/// While this lives, the first SIGINT, SIGTERM or SIGHUP is kept until somebody looks, so that what was begun can be put on record.
/// The second one ends the process. A session takes its own, so this is dropped before one begins.
#[derive(Debug)]
pub struct EarlySignals {
    came: [(Arc<AtomicBool>, Code); 2],
    ids: Vec<SigId>,
}

impl EarlySignals {
    /// # Errors
    /// `CONTRACT_INTERNAL`: the system takes no handler.
    pub fn catch() -> Result<Self, Failure> {
        let mut early = Self {
            came: [Code::ContractInterrupted, Code::ContractTerminated].map(|code| (Arc::default(), code)),
            ids: Vec::new(),
        };
        for (signal, at) in [(SIGINT, 0), (SIGTERM, 1), (SIGHUP, 1)] {
            let came = &early.came[at].0;
            // The order matters: the first signal finds the flag down and puts it up.
            let ids = flag::register_conditional_default(signal, came.clone())
                .and_then(|last| Ok([last, flag::register(signal, came.clone())?]))
                .map_err(|error| {
                    Failure::new(Code::ContractInternal, format!("no signal handler: {error}"))
                })?;
            early.ids.extend(ids);
        }
        Ok(early)
    }

    /// Whether a signal has come.
    #[must_use]
    pub fn came(&self) -> bool {
        self.check().is_err()
    }

    /// # Errors
    /// `CONTRACT_INTERRUPTED` or `CONTRACT_TERMINATED` when a signal has come.
    pub fn check(&self) -> Result<(), Failure> {
        match self.came.iter().find(|(came, _)| came.load(Ordering::Relaxed)) {
            None => Ok(()),
            Some((_, code)) => Err(Failure::new(*code, "it was ended before anything ran")),
        }
    }
}

impl Drop for EarlySignals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
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
    flag::register(SIGXFSZ, Arc::default())
        .map(drop)
        .map_err(|error| Failure::new(Code::ContractInternal, format!("no signal handler: {error}")))
}
