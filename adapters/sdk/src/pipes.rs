//! stdin and stdout, taken away from everything else in the process.

use std::io;
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;
use rustix::io::{Errno, fcntl_dupfd_cloexec, read, retry_on_intr, write};
use rustix::stdio::{dup2_stdout, stderr, stdin, stdout};

use crate::link::Link;

/// The pipes to the runner.
#[derive(Debug)]
pub(crate) struct Pipes {
    output: OwnedFd,
}

/// The first descriptor that is not one of the standard three.
const FIRST_FREE: i32 = 3;

impl Pipes {
    /// Takes stdout for the protocol alone: whatever else the process prints goes to stderr from now on.
    ///
    /// # Errors
    /// When stdout or stderr is closed.
    pub(crate) fn take() -> io::Result<Self> {
        let output = fcntl_dupfd_cloexec(stdout(), FIRST_FREE)?;
        dup2_stdout(stderr())?;
        Ok(Self { output })
    }
}

impl Link for Pipes {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        loop {
            match retry_on_intr(|| read(stdin(), &mut *space)) {
                // Whoever shares the pipe may have made it non-blocking.
                Err(Errno::AGAIN) => wait(stdin(), PollFlags::IN)?,
                done => return Ok(done?),
            }
        }
    }

    fn is_ready(&mut self) -> bool {
        let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        retry_on_intr(|| poll(&mut fds, Some(&Timespec::default()))).is_ok_and(|ready| ready > 0)
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match retry_on_intr(|| write(&self.output, bytes)) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::AGAIN) => wait(&self.output, PollFlags::OUT)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn wait(fd: impl AsFd, flags: PollFlags) -> io::Result<()> {
    retry_on_intr(|| poll(&mut [PollFd::new(&fd, flags)], None))?;
    Ok(())
}
