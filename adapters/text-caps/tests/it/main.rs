//! Literal bytes in, literal bytes out, through the real process.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const MANIFEST: &str = include_str!("../../adapter.json");

/// Runs the adapter with all of `stdin`, which is shorter than a pipe holds, and waits for its end.
fn run(stdin: &str) -> Output {
    #[expect(clippy::disallowed_methods, reason = "the test is about the process")]
    let mut child = Command::new(env!("CARGO_BIN_EXE_adapter-text-caps"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

/// The line without the id and the time, which no seed fixed.
fn without_id_and_ts(line: &str) -> String {
    let (id, ts) = (r#"{"id":""#, r#""ts":""#);
    let after_id = &line[id.len() + 32..];
    let at = after_id.rfind(ts).unwrap() + ts.len();
    format!("{id}{}{}", &after_id[..at], &after_id[at + "2026-01-31T12:00:00.000Z".len()..])
}

#[test]
fn answers_a_runner_that_gives_seed_and_clock_byte_for_byte() {
    let output = run(concat!(
        r#"{"id":"d8d4b9c2a4b0e4b50000000000000000","payload":{"protocols":["ipc.v0"],"requestedCapabilities":["text.caps"],"#,
        r#""role":"runner","session":{"clock":"2026-01-31T12:00:00.000Z","id":"s","seed":"000102030405060708090a0b0c0d0e0f"}},"#,
        r#""ts":"2026-01-31T12:00:00.000Z","type":"hello","v":"ipc.v0"}"#,
        "\n",
        r#"{"id":"d8d4b9c2a4b0e4b50000000000000001","payload":{"accepted":["text.caps"]},"#,
        r#""replyTo":"1d0f8b4f3d9e0f3a0000000000000001","ts":"2026-01-31T12:00:00.001Z","type":"capabilities_ack","v":"ipc.v0"}"#,
        "\n",
        r#"{"id":"d8d4b9c2a4b0e4b50000000000000002","payload":{"args":{"text":"straße \u00e9 ǆ ŉ"},"op":"text.caps","timeoutMs":10000},"#,
        r#""ts":"2026-01-31T12:00:00.002Z","type":"invoke","v":"ipc.v0"}"#,
        "\n",
        r#"{"id":"d8d4b9c2a4b0e4b50000000000000003","payload":{"args":{"text":3},"op":"text.caps","timeoutMs":10000},"#,
        r#""ts":"2026-01-31T12:00:00.003Z","type":"invoke","v":"ipc.v0"}"#,
        "\n",
    ));
    assert_eq!(
        lines(&output),
        [
            concat!(
                r#"{"id":"3ee9b6e9926f0a7b0000000000000000","payload":{"role":"adapter","selected":"ipc.v0"},"#,
                r#""replyTo":"d8d4b9c2a4b0e4b50000000000000000","ts":"2026-01-31T12:00:00.000Z","type":"hello_ack","v":"ipc.v0"}"#
            ),
            concat!(
                r#"{"id":"3ee9b6e9926f0a7b0000000000000001","payload":{"adapter":{"name":"text-caps","version":"0.1.0"},"capabilities":[{"#,
                r#""inputSchema":{"properties":{"text":{"type":"string"}},"required":["text"],"type":"object"},"name":"text.caps","#,
                r#""outputSchema":{"additionalProperties":false,"properties":{"text":{"type":"string"}},"required":["text"],"type":"object"},"#,
                r#""sideEffects":["none"],"timeouts":{"defaultMs":10000}}]},"ts":"2026-01-31T12:00:00.001Z","type":"capabilities","v":"ipc.v0"}"#
            ),
            concat!(
                r#"{"id":"3ee9b6e9926f0a7b0000000000000002","payload":{"data":{"text":"STRASSE É Ǆ ʼN"},"ok":true},"#,
                r#""replyTo":"d8d4b9c2a4b0e4b50000000000000002","ts":"2026-01-31T12:00:00.002Z","type":"result","v":"ipc.v0"}"#
            ),
            concat!(
                r#"{"id":"3ee9b6e9926f0a7b0000000000000003","payload":{"code":"ADAPTER_BAD_INPUT","details":{"pointer":"/text"},"#,
                r#""message":"/text: invalid type: integer `3`, expected a string","retryable":false},"#,
                r#""replyTo":"d8d4b9c2a4b0e4b50000000000000003","ts":"2026-01-31T12:00:00.003Z","type":"error","v":"ipc.v0"}"#
            ),
        ]
    );
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn answers_a_runner_that_gives_neither() {
    // Member order, ids, times, and a session of a pid alone, as the upstream reference runner writes them.
    let output = run(concat!(
        r#"{"v":"ipc.v0","id":"6f1c0a54c3f24a7f9d0f3b1f6c9f7a11","ts":"2026-08-02T10:11:12.131415Z","type":"hello","payload":"#,
        r#"{"role":"runner","protocols":["ipc.v0"],"requestedCapabilities":["text.caps"],"session":{"pid":4711}}}"#,
        "\n",
        r#"{"v":"ipc.v0","id":"0b0ad9dbb07d4cb2a9e4e2f1d97b5f22","ts":"2026-08-02T10:11:12Z","type":"capabilities_ack","payload":"#,
        r#"{"accepted":["text.caps"]},"replyTo":"5b0ad9dbb07d4cb2a9e4e2f1d97b5f22"}"#,
        "\n",
        r#"{"v":"ipc.v0","id":"1e0e4b7f0f4d4c0b8f9a7d1c2b3a4d33","ts":"2026-08-02T10:11:12.131999Z","type":"invoke","payload":"#,
        r#"{"op":"text.caps","args":{"text":"hello world"},"timeoutMs":10000}}"#,
        "\n",
    ));
    let lines = lines(&output);
    assert_eq!(lines.len(), 3);
    assert_eq!(
        without_id_and_ts(&lines[0]),
        r#"{"id":"","payload":{"role":"adapter","selected":"ipc.v0"},"replyTo":"6f1c0a54c3f24a7f9d0f3b1f6c9f7a11","ts":"","type":"hello_ack","v":"ipc.v0"}"#
    );
    assert_eq!(
        without_id_and_ts(&lines[2]),
        r#"{"id":"","payload":{"data":{"text":"HELLO WORLD"},"ok":true},"replyTo":"1e0e4b7f0f4d4c0b8f9a7d1c2b3a4d33","ts":"","type":"result","v":"ipc.v0"}"#
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn two_unseeded_sessions_have_different_ids() {
    let hello = r#"{"v":"ipc.v0","id":"hello-01","ts":"2026-01-31T12:00:00Z","type":"hello","payload":{"protocols":["ipc.v0"]}}"#;
    let (one, two) = (run(hello), run(hello));
    assert_ne!(lines(&one)[0][..24], lines(&two)[0][..24]);
}

#[test]
fn its_schemas_tell_good_values_from_bad_ones() {
    let manifest: serde_json::Value = contract_json::from_slice(MANIFEST.as_bytes()).unwrap();
    let operation = &manifest["operations"][0];
    for (schema, good, bad) in [
        ("inputSchema", r#"{"text":"a"}"#, r#"{"text":1}"#),
        ("outputSchema", r#"{"text":"A"}"#, r#"{"text":"A","more":1}"#),
    ] {
        let validator = jsonschema::validator_for(&operation[schema]).unwrap();
        assert!(validator.is_valid(&serde_json::from_str(good).unwrap()));
        assert!(!validator.is_valid(&serde_json::from_str(bad).unwrap()));
    }
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["command"][0], "./adapter-text-caps");
}
