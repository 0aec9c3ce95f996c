//! The pipes to and from an adapter.

use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use contract_ipc::{Code, Envelope, Fault, LineReader};
use contract_json::{Limits, Tape};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;

use super::blame::shown_frame;
use super::stderr_tail::StderrTail;
use crate::failure::Failure;

/// Reads from one pipe before the others have their turn.
const READS_A_TURN: u32 = 16;
/// Memory for streams that are not lines.
const BLOCK_BYTES: usize = 64 * 1024;
/// A report is smaller; what is larger is none.
const MAX_REPORT_BYTES: usize = 1 << 20;

/// Our ends of an adapter's pipes.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub(crate) stdin: pipe::Sender,
    pub(crate) stdout: pipe::Receiver,
    pub(crate) stderr: pipe::Receiver,
    pub(crate) report: pipe::Receiver,
    /// Closed when the runner goes away; a supervisor ends everything then.
    pub(crate) life: Option<OwnedFd>,
}

/// What came on stdout.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// Some bytes.
    Bytes,
    /// The end of the stream.
    End,
}

/// The pipes, while a session goes on.
#[derive(Debug)]
pub(crate) struct AdapterPipes {
    stdin: Option<pipe::Sender>,
    stdin_is_broken: bool,
    stdout: Option<pipe::Receiver>,
    stderr: Option<pipe::Receiver>,
    report: pipe::Receiver,
    report_bytes: Vec<u8>,
    supervised: bool,
    life: Option<OwnedFd>,
    lines: LineReader,
    max_line_bytes: usize,
    /// A line was too long: what follows cannot be told apart.
    deaf: bool,
    tape: Tape,
    limits: Limits,
    reads: u32,
    block: Vec<u8>,
    tail: StderrTail,
}

impl AdapterPipes {
    pub(crate) fn new(pipes: Pipes, max_line_bytes: usize, longest_secret_bytes: usize) -> Self {
        Self {
            stdin: Some(pipes.stdin),
            stdin_is_broken: false,
            stdout: Some(pipes.stdout),
            stderr: Some(pipes.stderr),
            report: pipes.report,
            report_bytes: Vec::new(),
            supervised: pipes.life.is_some(),
            life: pipes.life,
            lines: LineReader::new(max_line_bytes),
            max_line_bytes,
            deaf: false,
            tape: Tape::new(),
            limits: Limits::default(),
            reads: 0,
            block: Vec::new(),
            tail: StderrTail::new(longest_secret_bytes),
        }
    }

    /// All that the launcher reported, when its end is there.
    pub(crate) fn read_report(&mut self, context: &mut Context<'_>) -> Poll<Vec<u8>> {
        loop {
            let mut block = [0; 4096];
            let mut buffer = ReadBuf::new(&mut block);
            match Pin::new(&mut self.report).poll_read(context, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(()))
                    if !buffer.filled().is_empty() && self.report_bytes.len() < MAX_REPORT_BYTES =>
                {
                    self.report_bytes.extend_from_slice(buffer.filled());
                }
                Poll::Ready(_) => return Poll::Ready(std::mem::take(&mut self.report_bytes)),
            }
        }
    }

    /// Reads once from stdout; [`Self::lines`] has what is whole.
    pub(crate) fn read_stdout(&mut self, context: &mut Context<'_>) -> Poll<Incoming> {
        let Some(stdout) = &mut self.stdout else { return Poll::Pending };
        if self.reads == READS_A_TURN {
            self.reads = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let space = if self.deaf {
            self.block.resize(BLOCK_BYTES, 0);
            &mut self.block[..]
        } else {
            self.lines.space()
        };
        let mut buffer = ReadBuf::new(space);
        let read = Pin::new(stdout).poll_read(context, &mut buffer);
        let count = buffer.filled().len();
        match read {
            Poll::Pending => {
                self.reads = 0;
                Poll::Pending
            }
            Poll::Ready(Ok(())) if count > 0 => {
                self.reads += 1;
                if !self.deaf {
                    self.lines.filled(count);
                }
                Poll::Ready(Incoming::Bytes)
            }
            Poll::Ready(_) => {
                self.stdout = None;
                Poll::Ready(Incoming::End)
            }
        }
    }

    /// Gives every whole line to `take`: its text, whether a CR stood at its end, and the message that it is. At the end of
    /// the stream also what has no LF (R2).
    ///
    /// # Errors
    /// `IPC_LINE_TOO_LONG`
    pub(crate) fn lines(
        &mut self,
        ended: bool,
        mut take: impl FnMut(&[u8], bool, Result<Envelope<'_>, Fault>),
    ) -> Result<(), Failure> {
        if self.deaf {
            return Ok(());
        }
        let Self { lines, tape, limits, .. } = self;
        let too_long = loop {
            match lines.next_line() {
                Ok(Some(line)) => take(line.text, line.had_cr, Envelope::parse(tape, line.text, limits)),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        if too_long {
            self.deaf = true;
            let what = format!("a line is longer than {} bytes", self.max_line_bytes);
            return Err(Failure {
                last_frame: Some(shown_frame(self.lines.rest())),
                ..Failure::new(Code::IpcLineTooLong, what)
            });
        }
        let rest = self.lines.rest();
        if ended && !rest.is_empty() {
            let (text, had_cr) = rest.strip_suffix(b"\r").map_or((rest, false), |text| (text, true));
            take(text, had_cr, Envelope::parse(&mut self.tape, text, &self.limits));
        }
        Ok(())
    }

    /// Writes once to stdin; `None` when nobody reads it any more.
    pub(crate) fn write_stdin(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Option<usize>> {
        let Some(stdin) = &mut self.stdin else { return Poll::Ready(None) };
        match Pin::new(stdin).poll_write(context, bytes) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(count)) => Poll::Ready(Some(count)),
            Poll::Ready(Err(_)) => {
                self.stdin = None;
                self.stdin_is_broken = true;
                Poll::Ready(None)
            }
        }
    }

    /// Drains stderr, always (an adapter that cannot write would stand still).
    pub(crate) fn read_stderr(&mut self, context: &mut Context<'_>) {
        for turn in 0.. {
            let Some(stderr) = &mut self.stderr else { return };
            if turn == READS_A_TURN {
                context.waker().wake_by_ref();
                return;
            }
            self.block.resize(BLOCK_BYTES, 0);
            let mut buffer = ReadBuf::new(&mut self.block);
            match Pin::new(stderr).poll_read(context, &mut buffer) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.tail.push(buffer.filled()),
                Poll::Ready(_) => self.stderr = None,
            }
        }
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    pub(crate) fn close_life(&mut self) {
        self.life = None;
    }

    /// The adapter closed its stdin while something was to be written.
    pub(crate) fn stdin_is_broken(&self) -> bool {
        self.stdin_is_broken
    }

    pub(crate) fn stdout_is_at_end(&self) -> bool {
        self.stdout.is_none()
    }

    /// A supervisor stays beside the adapter.
    pub(crate) fn is_supervised(&self) -> bool {
        self.supervised
    }

    pub(crate) fn are_at_end(&self) -> bool {
        self.stdout.is_none() && self.stderr.is_none()
    }

    /// The last bytes of stderr, and how many there were.
    pub(crate) fn into_stderr(self) -> (Vec<u8>, u64) {
        (self.tail.bytes(), self.tail.total_bytes())
    }
}
