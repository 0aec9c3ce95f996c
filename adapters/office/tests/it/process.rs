//! Literal bytes in, literal bytes out, through the real process, and the memory that it takes.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::bench::{Bench, NOWHERE};
use crate::hostile::{BOMB_BYTES, lying_bomb};
use crate::pdf_file;

const HELLO: &str = r#"{"id":"d8d4b9c2a4b0e4b50000000000000000","payload":{"protocols":["ipc.v0"],"role":"runner","session":{"clock":"2026-01-31T12:00:00.000Z","id":"s","seed":"000102030405060708090a0b0c0d0e0f"}},"ts":"2026-01-31T12:00:00.000Z","type":"hello","v":"ipc.v0"}"#;
const ACCEPT: &str = r#"{"id":"d8d4b9c2a4b0e4b50000000000000001","payload":{"accepted":["office.doctor","office.generate","office.convert","office.inspect","agentterm.office.event"]},"replyTo":"1d0f8b4f3d9e0f3a0000000000000001","ts":"2026-01-31T12:00:00.001Z","type":"capabilities_ack","v":"ipc.v0"}"#;

fn start() -> Child {
    #[expect(clippy::disallowed_methods, reason = "the test is about the process")]
    let mut command = Command::new(env!("CARGO_BIN_EXE_adapter-office"));
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn invoke(op: &str, args: &Value) -> String {
    json!({"id": "d8d4b9c2a4b0e4b50000000000000002", "payload": {"op": op, "args": args, "timeoutMs": 30000},
        "ts": "2026-01-31T12:00:00.002Z", "type": "invoke", "v": "ipc.v0"})
    .to_string()
}

/// The third line of a session with one invoke, and the most memory that the process has had by then, in KiB.
fn answer(op: &str, args: &Value) -> (String, u64) {
    let mut child = start();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{HELLO}\n{ACCEPT}\n{}\n", invoke(op, args)).as_bytes()).unwrap();
    let line = BufReader::new(child.stdout.take().unwrap()).lines().nth(2).unwrap().unwrap();
    // VmHWM: peak resident set, in kB (proc_pid_status(5)). It is still there, because stdin is open.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = peak.trim().trim_end_matches(" kB").parse().unwrap();
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    (line, peak)
}

#[test]
fn answers_a_runner_byte_for_byte() {
    let args = json!({"room": "!prophet-workspace", "workroom": "workroom-demo-0001", "title": "Demo Briefing Deck",
        "searchPath": NOWHERE, "searchPathOnly": true});
    let (line, _) = answer("agentterm.office.event", &args);
    assert_eq!(
        line,
        concat!(
            r#"{"id":"3ee9b6e9926f0a7b0000000000000002","payload":{"data":{"summary":"Event, dry run: slide-deck \"Demo Briefing Deck\" as pptx\nroom       !prophet-workspace\nwork room  workroom-demo-0001\nplan       sha256:09411908c2bd060cca31cbfb903a51687e47f851c3be075f358c55be78852eb6\nNothing was posted.","#,
            r#""documents":{"agentterm.office.event":{"artifactType":"slide-deck","dryRun":true,"format":"pptx","kind":"create-deck","planDigest":"sha256:09411908c2bd060cca31cbfb903a51687e47f851c3be075f358c55be78852eb6","posted":false,"#,
            r#""room":"!prophet-workspace","title":"Demo Briefing Deck","v":"agentterm.office.event.v0","workroomId":"workroom-demo-0001"}}},"ok":true},"replyTo":"d8d4b9c2a4b0e4b50000000000000002","ts":"2026-01-31T12:00:00.002Z","type":"result","v":"ipc.v0"}"#
        )
    );
}

#[test]
fn a_bomb_of_ten_gigabytes_takes_no_memory() {
    const { assert!(BOMB_BYTES == 10 << 30) };
    let bench = Bench::new();
    let mut zlib = vec![0x78, 0xda];
    zlib.extend(crate::hostile::deflated_zeros());
    for (name, bytes) in [("bomb.docx", lying_bomb()), ("bomb.pdf", pdf_file::with_table(&zlib))] {
        let file = bench.file(name, &bytes);
        let (line, peak) = answer("office.inspect", &json!({"file": file}));
        assert!(line.contains("ADAPTER_DOCUMENT_BOMB"), "{line}");
        // The file itself has 10 MiB.
        assert!(peak < 128 << 10, "{peak} KiB");
    }
}
