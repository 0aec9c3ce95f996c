//! An adapter process and the runner's side of its session.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use contract_ipc::{
    CancelReason, Envelope, Event, Invocation, LineReader, Reply, RunnerSide, Session, Timestamp,
};
use contract_json::{Limits, Tape};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use serde_json::Value;

/// A test that waits longer than this has failed.
const PATIENCE: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

pub(crate) struct Adapter {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    reader: LineReader,
    runner: RunnerSide,
    tape: Tape,
}

/// One thing that came back, with `data` as text.
#[derive(Debug, PartialEq)]
pub(crate) enum Seen {
    Progress(u64, Option<Value>),
    Result(bool, Value),
    Error(String, String, Option<Value>),
}

impl Adapter {
    /// Starts the process, without a handshake.
    pub(crate) fn spawn(broker: Option<OwnedFd>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the test is about the process")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_adapter-echo"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_clear().env("SECRET_TOKEN", "value").current_dir("/");
        if let Some(broker) = &broker {
            use std::os::fd::AsRawFd as _;
            fcntl_setfd(broker, FdFlags::empty()).unwrap();
            command.env("CONTRACT_BROKER_FD", broker.as_raw_fd().to_string());
        }
        let mut child = command.spawn().unwrap();
        let seed = "0".repeat(32).parse().unwrap();
        Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            child,
            reader: LineReader::new(32 << 20),
            runner: RunnerSide::new(Session::new(seed, Timestamp::from_unix_ms(0))),
            tape: Tape::new(),
        }
    }

    /// Starts the process and does the handshake.
    pub(crate) fn ready(broker: Option<OwnedFd>) -> Self {
        let mut adapter = Self::spawn(broker);
        let mut out = Vec::new();
        adapter.runner.hello(&[], &mut out);
        adapter.write(&out);
        let names: Vec<_> = {
            let line = adapter.line().unwrap();
            let ack = Envelope::parse(&mut adapter.tape, &line, &Limits::default()).unwrap();
            assert!(matches!(adapter.runner.receive(&ack).unwrap(), Event::HelloAck));
            let line = adapter.line().unwrap();
            let offer = Envelope::parse(&mut adapter.tape, &line, &Limits::default()).unwrap();
            let Event::Capabilities(offered) = adapter.runner.receive(&offer).unwrap() else {
                panic!("no capabilities")
            };
            offered.capabilities.into_iter().map(|capability| capability.name).collect()
        };
        out.clear();
        adapter.runner.accept(&names, &mut out);
        adapter.write(&out);
        adapter
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("stdin is open").write_all(bytes).unwrap();
    }

    /// The next line of stdout, or nothing at its end.
    pub(crate) fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(line) = self.reader.next_line().unwrap() {
                return Some(line.text.to_vec());
            }
            let stdout = self.stdout.as_mut().expect("stdout is open");
            let ready = poll(&mut [PollFd::new(stdout, PollFlags::IN)], Some(&PATIENCE)).unwrap();
            assert_eq!(ready, 1, "the adapter says nothing");
            match stdout.read(self.reader.space()).unwrap() {
                0 => return None,
                count => self.reader.filled(count),
            }
        }
    }

    /// Appends an invoke to `out`.
    pub(crate) fn invoke(&mut self, op: &str, args: &Value, out: &mut Vec<u8>) -> Invocation {
        self.runner.invoke(op, args.to_string().as_bytes(), 10_000, out).0
    }

    pub(crate) fn cancel(&mut self, invocation: Invocation) {
        let mut out = Vec::new();
        self.runner.cancel(invocation, CancelReason::Timeout, &mut out);
        self.write(&out);
    }

    /// The next message, which must keep the rules.
    pub(crate) fn next(&mut self) -> (Invocation, Seen) {
        let line = self.line().expect("a message");
        let message = Envelope::parse(&mut self.tape, &line, &Limits::default()).unwrap();
        match self.runner.receive(&message).unwrap() {
            Event::Progress(from, step) => {
                (from, Seen::Progress(step.seq, step.data.map(contract_json::Value::to_serde)))
            }
            Event::End(from, Reply::Result { ok, data }) => {
                (from, Seen::Result(ok, data.map_or(Value::Null, contract_json::Value::to_serde)))
            }
            Event::End(from, Reply::Error(error)) => {
                let details = error.details.map(contract_json::Value::to_serde);
                (from, Seen::Error(error.code.into(), error.message.into(), details))
            }
            other => panic!("{other:?}"),
        }
    }

    /// One invoke and its end.
    pub(crate) fn call(&mut self, op: &str, args: &Value) -> Seen {
        let mut out = Vec::new();
        let invocation = self.invoke(op, args, &mut out);
        self.write(&out);
        let (from, seen) = self.next();
        assert_eq!(from, invocation);
        seen
    }

    /// Closes stdin and waits: the exit status, and what stderr had.
    pub(crate) fn finish(mut self) -> (ExitStatus, String) {
        drop(self.stdin.take());
        if self.stdout.is_some() {
            assert_eq!(self.line(), None, "nothing follows the last reply");
        }
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (self.child.wait().unwrap(), text)
    }
}
