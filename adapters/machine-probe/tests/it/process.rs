//! The program itself, line by line.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Runs the program with these invokes and gives the payloads of its answers.
fn answers(invokes: &[Value]) -> Vec<Value> {
    #[expect(clippy::disallowed_methods, reason = "the test is about the process")]
    let mut child = Command::new(env!("CARGO_BIN_EXE_adapter-machine-probe"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let line = |id: usize, kind: &str, payload: &Value| {
        let message = json!({"v": "ipc.v0", "id": format!("message-{id}"), "ts": "2026-01-31T12:00:00Z", "type": kind, "payload": payload});
        format!("{message}\n")
    };
    let mut input = line(0, "hello", &json!({"role": "runner", "protocols": ["ipc.v0"]}));
    invokes.iter().enumerate().for_each(|(at, invoke)| input.push_str(&line(at + 1, "invoke", invoke)));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .skip(2)
        .map(|line| contract_json::from_slice::<Value>(line.as_bytes()).unwrap()["payload"].clone())
        .collect()
}

#[test]
fn answers_each_operation_and_again_the_same_but_for_what_varies() {
    let mut invokes = vec![json!({"op": "machine.probe", "args": {}, "timeoutMs": 5000}); 20];
    invokes.push(json!({"op": "machine.paths", "args": {}, "timeoutMs": 5000}));
    invokes.push(json!({"op": "machine.doctor", "args": {}, "timeoutMs": 5000}));
    let found = answers(&invokes);
    assert_eq!(found.len(), 22);
    // On a busy machine a group may miss its deadline, and then the probe says so instead.
    let mut complete: Vec<Value> = found[..20]
        .iter()
        .map(|payload| payload["data"].clone())
        .filter(|data| !data.to_string().contains(r#""unknown":"deadline""#))
        .collect();
    assert!(complete.len() > 1, "no two of 20 probes were in time");
    for data in &mut complete {
        assert!(data["observed"].is_object());
        data["observed"] = Value::Null;
    }
    complete.iter().for_each(|data| assert_eq!(*data, complete[0]));
    assert!(found[20]["data"]["summary"].is_string());
    assert!(found[21]["data"]["documents"]["agent-machine.doctor"]["readiness"].is_object());
}

#[test]
fn refuses_an_argument_that_it_does_not_know() {
    let found = answers(&[json!({"op": "machine.probe", "args": {"home": "x"}, "timeoutMs": 5000})]);
    assert_eq!(found[0]["code"], "ADAPTER_BAD_INPUT");
}
