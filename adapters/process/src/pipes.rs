//! The three pipes to the program.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};

/// Our ends, which never block: one thread serves all three.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

/// The program's ends.
#[derive(Debug)]
pub(crate) struct Theirs {
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

/// # Errors
/// What the system says, `EMFILE` when there are too many open files.
pub(crate) fn pipes() -> io::Result<(Pipes, Theirs)> {
    let (their_stdin, stdin) = pipe_with(PipeFlags::CLOEXEC)?;
    let (stdout, their_stdout) = pipe_with(PipeFlags::CLOEXEC)?;
    let (stderr, their_stderr) = pipe_with(PipeFlags::CLOEXEC)?;
    // Not by a flag of pipe2(2), which would make the program's ends the same.
    for ours in [&stdin, &stdout, &stderr] {
        fcntl_setfl(ours, OFlags::NONBLOCK)?;
    }
    let theirs = Theirs { stdin: their_stdin, stdout: their_stdout, stderr: their_stderr };
    Ok((Pipes { stdin, stdout, stderr }, theirs))
}
