use std::io::Write as _;

use serde_json::json;

use crate::process::{Adapter, Seen};

#[test]
fn exits_with_0_at_the_end_of_stdin_with_nothing_on_stderr() {
    let (status, stderr) = Adapter::ready(None).finish();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_waiting_operation_does_not_outlive_stdin() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    adapter.invoke("wait", &json!({}), &mut out);
    adapter.write(&out);
    drop(adapter.stdin.take());
    let Seen::Error(code, ..) = adapter.next().1 else { panic!("no error") };
    assert_eq!(code, "ADAPTER_CANCELLED");
    assert_eq!(adapter.finish().0.code(), Some(0));
}

#[test]
fn exits_with_0_and_quietly_when_the_runner_closes_stdout() {
    let mut adapter = Adapter::ready(None);
    drop(adapter.stdout.take());
    let mut out = Vec::new();
    adapter.invoke("count", &json!({ "n": u64::MAX }), &mut out);
    adapter.write(&out);
    let (status, stderr) = {
        let text = std::io::read_to_string(adapter.child.stderr.take().unwrap()).unwrap();
        (adapter.child.wait().unwrap(), text)
    };
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "without the end of stdin");
}

#[test]
fn exits_with_2_after_a_line_that_is_no_envelope() {
    let mut adapter = Adapter::ready(None);
    adapter.write(b"hello?\n");
    let line = String::from_utf8(adapter.line().unwrap()).unwrap();
    assert!(line.contains(
        r#"{"code":"IPC_BAD_ENVELOPE","message":"unexpected character at byte 0","retryable":false}"#
    ));
    assert!(!line.contains("replyTo"));
    assert_eq!(adapter.finish().0.code(), Some(2));
}

#[test]
fn exits_with_2_after_a_line_over_the_limit_and_takes_one_below_it() {
    let mut adapter = Adapter::ready(None);
    let text = "x".repeat(10 << 20);
    assert_eq!(
        adapter.call("echo", &json!({ "text": text })),
        Seen::Result(true, json!({ "args": { "text": text } }))
    );
    let mut stdin = adapter.stdin.take().unwrap();
    // The adapter may leave before it has read everything.
    let writer = std::thread::spawn(move || stdin.write_all(&vec![b' '; 20 << 20]).is_ok());
    let line = String::from_utf8(adapter.line().unwrap()).unwrap();
    assert!(line.contains(r#""code":"IPC_LINE_TOO_LONG""#), "{line}");
    assert_eq!(adapter.finish().0.code(), Some(2));
    writer.join().unwrap();
}

#[test]
fn a_stream_of_64_mib_needs_no_more_memory_than_its_pieces() {
    let mut adapter = Adapter::ready(None);
    let peak_kib = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = peak_kib(adapter.child.id());
    let mut out = Vec::new();
    adapter.invoke("stream", &json!({ "bytes": 64 << 20, "chunk": 100_000 }), &mut out);
    adapter.write(&out);
    let mut bytes = 0;
    let end = loop {
        match adapter.next().1 {
            Seen::Progress(_, Some(data)) => bytes += data.as_str().unwrap().len(),
            other => break other,
        }
    };
    assert_eq!(bytes, 64 << 20);
    assert_eq!(end, Seen::Result(true, json!({ "bytes": 64 << 20, "chunks": 672 })));
    let grown = peak_kib(adapter.child.id()) - before;
    assert!(grown < 4096, "the peak grew by {grown} KiB");
}
