//! Calls into C++ that may print what is private to stderr, which the runner keeps.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::{Result, fcntl_dupfd_cloexec};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::dup2_stderr;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Does `work` while all that this process writes to stderr is lost.
///
/// What is written goes to a pipe that nobody reads, so that a write fails at once (EPIPE; Rust ignores SIGPIPE): unlike
/// /dev/null that needs no right in the sandbox.
pub(crate) fn quiet<R>(work: impl FnOnce() -> R) -> Result<R> {
    let lock = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let stderr = fcntl_dupfd_cloexec(std::io::stderr().as_fd(), 3)?;
    let (_, nowhere) = pipe_with(PipeFlags::CLOEXEC)?;
    dup2_stderr(&nowhere)?;
    let _restored = Restored { stderr, _lock: lock };
    Ok(work())
}

struct Restored {
    stderr: OwnedFd,
    _lock: MutexGuard<'static, ()>,
}

impl Drop for Restored {
    fn drop(&mut self) {
        // Both are open, so nothing can fail but an interruption, and then stderr stays silent: nothing leaks.
        let _ = dup2_stderr(&self.stderr);
    }
}
