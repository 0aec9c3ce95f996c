//! From the start of the program to the end of its group: one loop feeds stdin, reads both outputs, and looks for the end.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use contract_adapter::{Answer, Context, Failure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, write};
use serde_json::json;

use crate::group::{Group, Member};
use crate::input::Run;
use crate::outcome::Outcome;
use crate::pipes::Pipes;
use crate::stream::{Found, Source, Stream};

/// How often a cancel is looked for while the program is silent.
const LOOK: Duration = Duration::from_millis(50);

/// How long others may hold the streams when the program has exited, and how long they may take to go when they are killed.
const HELD: Duration = Duration::from_millis(500);

/// As much as a pipe holds unless it was made wider.
const READ_BYTES: usize = 64 * 1024;

/// A program at work.
pub(crate) struct Watch {
    run: Run,
    group: Group,
    /// None when all was written or nobody reads any more.
    stdin: Option<OwnedFd>,
    written: usize,
    stdout: Stream,
    stderr: Stream,
    space: Vec<u8>,
    /// How much more output is taken.
    room: u64,
    exited: bool,
    stop: Option<Stop>,
    /// When the group is killed.
    deadline: Option<Instant>,
}

/// Why the program is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Cancelled,
    TooMuchOutput,
}

impl Watch {
    pub(crate) fn new(run: Run, group: Group, pipes: Pipes) -> Self {
        let tail_bytes = run.tail_bytes();
        Self {
            group,
            stdin: Some(pipes.stdin).filter(|_| !run.stdin.is_empty()),
            written: 0,
            stdout: Stream::new(Source::Stdout, pipes.stdout, tail_bytes),
            stderr: Stream::new(Source::Stderr, pipes.stderr, tail_bytes),
            space: vec![0; READ_BYTES],
            room: run.output_limit_bytes(),
            exited: false,
            stop: None,
            deadline: None,
            run,
        }
    }

    /// Stays until the program and its group have ended.
    ///
    /// # Errors
    /// `ADAPTER_CANCELLED`, `PROCESS_OUTPUT_TOO_LARGE`.
    pub(crate) fn until_the_end(mut self, context: &mut Context<'_>) -> Result<Answer<Outcome>, Failure> {
        while !self.is_over() {
            self.wait(LOOK, &[]);
            self.feed();
            self.read(context);
            self.exited = self.exited || self.group.has_exited();
            if self.exited {
                self.kill_after(HELD);
            }
            if self.stop.is_none() && context.check().is_err() {
                self.ask_to_end(Stop::Cancelled);
            }
        }
        let leftover = self.group.members();
        self.group.kill();
        self.wait_for_the_dead(&leftover, context);
        let Self { run, group, stdout, stderr, stop, .. } = self;
        let (stdout, stderr) = (stdout.finish(context), stderr.finish(context));
        let status = group.reap()?;
        match stop {
            None => Ok(Outcome::answer(status, stdout, stderr, leftover.len())),
            Some(Stop::Cancelled) => Err(Failure::cancelled()),
            Some(Stop::TooMuchOutput) => {
                let limit = run.output_limit_bytes();
                let message = format!(
                    "the program was ended: it wrote more than {limit} bytes to stdout and stderr. Have it write less, or give more as `outputLimitBytes`."
                );
                Err(Failure::new("PROCESS_OUTPUT_TOO_LARGE", message)
                    .details(json!({ "outputLimitBytes": limit, "stdout": stdout, "stderr": stderr })))
            }
        }
    }

    fn is_over(&self) -> bool {
        self.exited && self.streams_ended() || self.deadline.is_some_and(|at| at <= Instant::now())
    }

    fn streams_ended(&self) -> bool {
        self.stdout.pipe().is_none() && self.stderr.pipe().is_none()
    }

    fn ask_to_end(&mut self, why: Stop) {
        self.stop = Some(why);
        self.group.ask();
        self.kill_after(self.run.grace());
    }

    /// The earliest deadline counts: when the program has gone, nobody needs the rest of its grace.
    fn kill_after(&mut self, time: Duration) {
        let at = Instant::now() + time;
        self.deadline = Some(self.deadline.map_or(at, |earlier| earlier.min(at)));
    }

    /// Waits until something can be done, at most `time`, or to the deadline.
    fn wait(&self, time: Duration, dying: &[Member]) {
        let left = self.deadline.map_or(time, |at| at.saturating_duration_since(Instant::now()).min(time));
        let outputs = [self.stdout.pipe(), self.stderr.pipe()];
        // The descriptor of who has ended stays readable: with it, the wait for others would not be one.
        let end = self.group.end().filter(|_| !self.exited);
        let alive = dying.iter().filter(|member| !member.has_ended()).filter_map(Member::end);
        let ends = outputs.into_iter().flatten().chain(end).chain(alive);
        let mut fds: Vec<_> = ends.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        fds.extend(self.stdin.as_ref().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::OUT)));
        let left = Timespec::try_from(left).expect("less than a minute");
        // What can be done is tried without blocking, so nobody asks what this found.
        let _ = poll(&mut fds, Some(&left));
    }

    /// Writes what the program takes of its stdin.
    fn feed(&mut self) {
        let Some(stdin) = &self.stdin else { return };
        let rest = &self.run.stdin.as_bytes()[self.written..];
        match write(stdin, rest) {
            Ok(count) if count < rest.len() => self.written += count,
            Err(Errno::AGAIN | Errno::INTR) => {}
            // All is written, or nobody reads (EPIPE), which is the program's choice.
            Ok(_) | Err(_) => self.stdin = None,
        }
    }

    /// Reads both streams once; says whether there may be more.
    fn read(&mut self, context: &mut Context<'_>) -> bool {
        let found = [&mut self.stdout, &mut self.stderr]
            .map(|stream| stream.read(&mut self.space, &mut self.room, context));
        if self.stop.is_none() && found.contains(&Found::TooMuch) {
            self.ask_to_end(Stop::TooMuchOutput);
        }
        found.contains(&Found::Output)
    }

    /// After SIGKILL: until nobody of the group is left and all that it had written is read. Who left the group is not
    /// waited for, even when it holds the streams; the launcher's supervisor ends it with the adapter.
    fn wait_for_the_dead(&mut self, members: &[Member], context: &mut Context<'_>) {
        self.stdin = None;
        self.deadline = Some(Instant::now() + HELD);
        while self.deadline.is_some_and(|at| at > Instant::now()) {
            // Looked at before the read, so that the read sees their last words.
            self.exited = self.exited || self.group.has_exited();
            let all_dead = self.exited && members.iter().all(Member::has_ended);
            if self.read(context) {
                continue;
            }
            if all_dead {
                return;
            }
            self.wait(LOOK, members);
        }
    }
}
