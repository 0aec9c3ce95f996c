//! Literal bytes in, literal bytes out, through the real process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::Pid;
use serde_json::{Value, json};

use crate::program::is_gone;

const HELLO: &str = concat!(
    r#"{"id":"d8d4b9c2a4b0e4b50000000000000000","payload":{"protocols":["ipc.v0"],"requestedCapabilities":["process.run"],"#,
    r#""role":"runner","session":{"clock":"2026-01-31T12:00:00.000Z","id":"s","seed":"000102030405060708090a0b0c0d0e0f"}},"#,
    r#""ts":"2026-01-31T12:00:00.000Z","type":"hello","v":"ipc.v0"}"#,
);

/// The adapter's process after the handshake.
struct Session {
    adapter: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

fn id(number: u32) -> String {
    format!("d8d4b9c2a4b0e4b5{number:016x}")
}

impl Session {
    fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the test is about the process")]
        let mut adapter = Command::new(env!("CARGO_BIN_EXE_adapter-process"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(adapter.stdout.take().unwrap());
        let mut session = Self { stdin: adapter.stdin.take(), stdout, adapter };
        session.say(HELLO);
        assert!(session.line().contains("hello_ack"));
        assert!(session.line().contains("process.run"));
        session
    }

    fn say(&mut self, line: &str) {
        self.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn invoke(&mut self, number: u32, args: &Value) {
        self.say(&format!(
            r#"{{"id":"{}","payload":{{"args":{args},"op":"process.run","timeoutMs":600000}},"ts":"2026-01-31T12:00:00.002Z","type":"invoke","v":"ipc.v0"}}"#,
            id(number)
        ));
    }

    fn cancel(&mut self, number: u32, invoke: u32) {
        self.say(&format!(
            r#"{{"id":"{}","payload":{{"reason":"interrupted"}},"replyTo":"{}","ts":"2026-01-31T12:00:00.003Z","type":"cancel","v":"ipc.v0"}}"#,
            id(number),
            id(invoke)
        ));
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    /// The next message that is no progress.
    fn end(&mut self) -> Value {
        loop {
            let message: Value = serde_json::from_str(&self.line()).unwrap();
            if message["type"] != "progress" {
                return message;
            }
        }
    }

    /// The process number that a program wrote as its first line.
    fn pid(&mut self) -> Pid {
        let message: Value = serde_json::from_str(&self.line()).unwrap();
        let text = message["payload"]["message"].as_str().unwrap();
        Pid::from_raw(text.lines().next().unwrap().parse().unwrap()).unwrap()
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.adapter.id())).unwrap().count()
    }

    /// Closes stdin; what the adapter still says, and its exit status.
    fn close(mut self) -> (Vec<String>, Option<i32>) {
        drop(self.stdin.take());
        let lines = self.stdout.lines().map(Result::unwrap).collect();
        (lines, self.adapter.wait().unwrap().code())
    }
}

fn shell(script: &str) -> Value {
    json!({ "argv": ["/bin/sh", "-c", script] })
}

#[test]
fn answers_byte_for_byte() {
    let mut session = Session::start();
    session.invoke(
        2,
        &json!({ "argv": ["/bin/sh", "-c", "read line; echo \"$line\"; exit 3"], "stdin": "stra\u{df}e" }),
    );
    session.invoke(3, &json!({ "argv": ["/missing/program"] }));
    let expected = [
        concat!(
            r#"{"id":"3ee9b6e9926f0a7b0000000000000002","payload":{"data":{"stream":"stdout"},"message":"straße\n","seq":0},"#,
            r#""replyTo":"d8d4b9c2a4b0e4b50000000000000002","ts":"2026-01-31T12:00:00.002Z","type":"progress","v":"ipc.v0"}"#
        ),
        concat!(
            r#"{"id":"3ee9b6e9926f0a7b0000000000000003","payload":{"data":{"summary":"exit status 3\nstdout: 8 bytes\nstderr: 0 bytes","#,
            r#""documents":{},"exitStatus":3,"signal":null,"stdout":{"bytes":8,"tail":"straße\n","truncated":false},"#,
            r#""stderr":{"bytes":0,"tail":"","truncated":false},"leftover":0},"ok":false},"#,
            r#""replyTo":"d8d4b9c2a4b0e4b50000000000000002","ts":"2026-01-31T12:00:00.003Z","type":"result","v":"ipc.v0"}"#
        ),
        concat!(
            r#"{"id":"3ee9b6e9926f0a7b0000000000000004","payload":{"code":"PROCESS_NOT_STARTED","details":{"errno":"ENOENT","path":"/missing/program"},"#,
            r#""message":"/missing/program was not started: ENOENT. There is no such file; nothing is looked for in PATH.","retryable":false},"#,
            r#""replyTo":"d8d4b9c2a4b0e4b50000000000000003","ts":"2026-01-31T12:00:00.004Z","type":"error","v":"ipc.v0"}"#
        ),
    ];
    assert_eq!(expected.map(|_| session.line()), expected);
    assert_eq!(session.close(), (Vec::new(), Some(0)));
}

#[test]
fn a_cancel_ends_a_silent_program_and_the_session_goes_on() {
    let mut session = Session::start();
    session.invoke(2, &shell("true"));
    session.end();
    let open = session.descriptors();
    for number in (10..20).step_by(2) {
        session.invoke(number, &shell("trap '' TERM; echo $$; exec tail -f /dev/null >/dev/null"));
        let pid = session.pid();
        session.cancel(number + 1, number);
        assert_eq!(session.end()["payload"]["code"], "ADAPTER_CANCELLED");
        assert!(is_gone(pid));
    }
    session.invoke(30, &shell("tail -f /dev/null >/dev/null & exit 0"));
    assert_eq!(session.end()["payload"]["data"]["leftover"], 1);
    assert_eq!(session.descriptors(), open, "no descriptor leaks");
    assert_eq!(session.close(), (Vec::new(), Some(0)));
}

#[test]
fn who_outlives_a_cancelled_program_does_not_get_its_grace() {
    let mut session = Session::start();
    // The shell ends by the SIGTERM that its child ignores. The child holds stderr, and has 60 s by the grace alone.
    let outlived = "trap '' TERM; tail -f /dev/null >/dev/null & trap - TERM; echo $!; wait";
    session.invoke(2, &json!({ "argv": ["/bin/sh", "-c", outlived], "terminationGraceMs": 60_000 }));
    let pid = session.pid();
    session.cancel(3, 2);
    assert!(is_gone(pid), "within the ten seconds that are looked for it");
    assert_eq!(session.end()["payload"]["code"], "ADAPTER_CANCELLED");
    session.close();
}

#[test]
fn the_end_of_the_input_lets_a_program_finish() {
    let mut session = Session::start();
    session.invoke(2, &shell("echo one; echo two; exit 4"));
    let (lines, status) = session.close();
    assert!(lines.last().unwrap().contains(r#""exitStatus":4"#), "{lines:?}");
    assert_eq!(status, Some(0));
}

#[test]
fn a_runner_that_reads_no_more_ends_the_program() {
    let mut session = Session::start();
    session.invoke(2, &shell("echo $$; while :; do echo more; done"));
    let pid = session.pid();
    drop(session.stdout);
    assert!(is_gone(pid));
    drop(session.stdin);
    assert_eq!(session.adapter.wait().unwrap().code(), Some(0));
}

#[test]
fn the_program_has_no_descriptors_of_the_adapter() {
    let mut session = Session::start();
    session.invoke(2, &json!({ "argv": ["/bin/ls", "/proc/self/fd"] }));
    let through_the_adapter = session.end()["payload"]["data"]["stdout"]["tail"].clone();
    session.close();
    #[expect(clippy::disallowed_methods, reason = "what the test itself was left by its parents")]
    let direct = Command::new("/bin/ls").arg("/proc/self/fd").output().unwrap();
    assert_eq!(through_the_adapter, String::from_utf8(direct.stdout).unwrap());
}
