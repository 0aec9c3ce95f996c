//! One output stream of the program.

use std::os::fd::OwnedFd;

use contract_adapter::{Context, Progress};
use rustix::io::{Errno, read};
use serde::Serialize;

use crate::lines::Lines;
use crate::tail::{Output, Tail};

/// Which one it is, as progress says it.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "stream", rename_all = "lowercase")]
pub(crate) enum Source {
    Stdout,
    Stderr,
}

/// What one read found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing now, or the end.
    Nothing,
    /// Something.
    Output,
    /// More than may be taken.
    TooMuch,
}

/// A stream: read here, told to the runner, and its end kept.
#[derive(Debug)]
pub(crate) struct Stream {
    source: Source,
    /// None after its end.
    pipe: Option<OwnedFd>,
    lines: Lines,
    tail: Tail,
}

impl Stream {
    pub(crate) fn new(source: Source, pipe: OwnedFd, tail_bytes: usize) -> Self {
        Self { source, pipe: Some(pipe), lines: Lines::default(), tail: Tail::new(tail_bytes) }
    }

    pub(crate) fn pipe(&self) -> Option<&OwnedFd> {
        self.pipe.as_ref()
    }

    /// Reads what is there, once, and takes at most `room` bytes of it.
    pub(crate) fn read(&mut self, space: &mut [u8], room: &mut u64, context: &mut Context<'_>) -> Found {
        let Some(pipe) = &self.pipe else { return Found::Nothing };
        let count = match read(pipe, &mut *space) {
            Err(Errno::AGAIN | Errno::INTR) => return Found::Nothing,
            // A read that fails tells nothing that its end would not.
            Ok(0) | Err(_) => {
                self.pipe = None;
                return Found::Nothing;
            }
            Ok(count) => count,
        };
        let taken = count.min(usize::try_from(*room).unwrap_or(usize::MAX));
        *room -= taken as u64;
        self.tail.push(&space[..taken]);
        self.lines.push(&space[..taken]);
        while let Some(message) = self.lines.next_message() {
            self.tell(&message, context);
        }
        if taken < count { Found::TooMuch } else { Found::Output }
    }

    /// Reads no more and tells the rest.
    pub(crate) fn finish(mut self, context: &mut Context<'_>) -> Output {
        if let Some(rest) = self.lines.rest() {
            self.tell(&rest, context);
        }
        self.tail.output()
    }

    fn tell(&self, message: &str, context: &mut Context<'_>) {
        // The one error is a cancel, which is looked for elsewhere; what the program says while it ends is told, too.
        let _ = context.progress(Progress::new().message(message).data(self.source));
    }
}
