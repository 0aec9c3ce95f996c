//! The real process, spoken to in lines.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;

const HELLO: &str = concat!(
    r#"{"id":"d8d4b9c2a4b0e4b50000000000000000","payload":{"protocols":["ipc.v0"],"role":"runner","#,
    r#""session":{"clock":"2026-01-31T12:00:00.000Z","id":"s","seed":"000102030405060708090a0b0c0d0e0f"}},"#,
    r#""ts":"2026-01-31T12:00:00.000Z","type":"hello","v":"ipc.v0"}"#,
);

/// The adapter's process after the handshake.
pub(crate) struct Session {
    pub(crate) adapter: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
    next: u32,
}

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

impl Session {
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the tests are about the process")]
        let mut adapter = Command::new(env!("CARGO_BIN_EXE_adapter-llama"))
            .env_clear()
            // What the sandbox does by itself: no debugger is started when llama.cpp aborts.
            .env("GGML_NO_BACKTRACE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(adapter.stdout.take().unwrap());
        let stderr = adapter.stderr.take().unwrap();
        let stdin = adapter.stdin.take();
        let mut session = Self { adapter, stdin, stdout, stderr, next: 1 };
        session.say(HELLO);
        assert!(session.line().unwrap().contains("hello_ack"));
        assert!(session.line().unwrap().contains("inference.generate"));
        session
    }

    fn say(&mut self, line: &str) {
        // A process that has aborted does not read any more; what became of it is asked otherwise.
        let _ = self.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes());
    }

    pub(crate) fn invoke(&mut self, op: &str, args: &Value) {
        let id = format!("d8d4b9c2a4b0e4b5{:016x}", self.next);
        self.next += 1;
        self.say(&format!(
            r#"{{"id":"{id}","payload":{{"args":{args},"op":"{op}","timeoutMs":600000}},"ts":"2026-01-31T12:00:00.002Z","type":"invoke","v":"ipc.v0"}}"#,
        ));
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        (!line.is_empty()).then(|| line.trim_end_matches('\n').to_owned())
    }

    /// The next message that is no progress; `None` when the process ended instead.
    pub(crate) fn end(&mut self) -> Option<Value> {
        loop {
            let message: Value = serde_json::from_str(&self.line()?).unwrap();
            if message["type"] != "progress" {
                return Some(message);
            }
        }
    }

    /// Closes stdin and waits.
    pub(crate) fn close(mut self) -> Ended {
        drop(self.stdin.take());
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        Ended { status: self.adapter.wait().unwrap(), stderr }
    }
}
