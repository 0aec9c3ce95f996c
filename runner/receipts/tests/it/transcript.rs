use contract_receipts::{Status, Verdict, verify};

use crate::session::{Run, outline, read, small_run};

/// The ids and the session id were computed with `sha256sum`.
const SMALL: &str = r#"{"id":"03f80050f089f7180000000000000000","payload":{"protocols":["ipc.v0"],"requestedCapabilities":["text.caps"],"role":"runner","session":{"clock":"2026-01-31T12:00:00.000Z","id":"1c0664e01f60e57f3f4f1a3942b8f52f","seed":"00112233445566778899aabbccddeeff"}},"ts":"2026-01-31T12:00:00.000Z","type":"hello","v":"ipc.v0"}
{"id":"03f80050f089f7180000000000000001","payload":{"role":"adapter","selected":"ipc.v0"},"replyTo":"03f80050f089f7180000000000000000","ts":"2026-01-31T12:00:00.001Z","type":"hello_ack","v":"ipc.v0"}
{"id":"03f80050f089f7180000000000000002","payload":{"adapter":{"name":"caps","version":"1.0"},"capabilities":[{"name":"text.caps"}]},"ts":"2026-01-31T12:00:00.002Z","type":"capabilities","v":"ipc.v0"}
{"id":"03f80050f089f7180000000000000003","payload":{"accepted":["text.caps"]},"replyTo":"03f80050f089f7180000000000000002","ts":"2026-01-31T12:00:00.003Z","type":"capabilities_ack","v":"ipc.v0"}
{"id":"03f80050f089f7180000000000000004","payload":{"args":{"text":"grüße"},"op":"text.caps","timeoutMs":600000},"ts":"2026-01-31T12:00:00.004Z","type":"invoke","v":"ipc.v0"}
{"id":"03f80050f089f7180000000000000005","payload":{"fraction":0.5,"message":"half way","seq":0},"replyTo":"03f80050f089f7180000000000000004","ts":"2026-01-31T12:00:00.005Z","type":"progress","v":"ipc.v0"}
{"id":"03f80050f089f7180000000000000006","payload":{"data":{"n":1,"text":"GRÜSSE"},"ok":true},"replyTo":"03f80050f089f7180000000000000004","ts":"2026-01-31T12:00:00.006Z","type":"result","v":"ipc.v0"}
"#;

#[test]
fn a_small_session_has_exactly_these_bytes() {
    let dir = tempfile::tempdir().unwrap();
    small_run(dir.path());
    assert_eq!(read(dir.path(), "ipc-transcript.ndjson"), SMALL);
}

#[test]
fn a_receipt_is_canonical_has_no_line_feed_and_repeats_the_transcript() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = small_run(dir.path());
    let text = std::fs::read(dir.path().join("run-receipt.json")).unwrap();
    assert_eq!(text, receipt.to_bytes());
    assert!(!text.ends_with(b"\n"));
    assert_eq!(receipt.invocation.args, serde_json::json!({"text": "grüße"}));
    assert_eq!(receipt.result, Some(serde_json::json!({"ok": true, "data": {"text": "GRÜSSE", "n": 1}})));
    assert_eq!(receipt.capabilities.unwrap()["adapter"]["name"], "caps");
    let counts = receipt.counts;
    assert_eq!((counts.invokes, counts.results, counts.errors, counts.progress), (1, 1, 0, 1));
    assert_eq!(receipt.transcript.as_deref(), Some("ipc-transcript.ndjson"));
    assert_eq!(receipt.digests.wire, None);
}

#[test]
fn a_run_that_ends_before_its_first_message_has_an_empty_transcript() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = Run::begin(dir.path()).finish(Status::Failed);
    assert_eq!(read(dir.path(), "ipc-transcript.ndjson"), "");
    assert_eq!(receipt.invocation.args, serde_json::json!({"text": "asked for"}));
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn an_error_that_answers_no_invoke_is_the_last_line() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin(dir.path());
    run.handshake();
    let one = run.invoke("{}");
    let two = run.invoke("{}");
    run.session_error(r#"{"code":"ADAPTER_BROKEN","message":"no"}"#);
    run.reply(two, "progress", r#"{"seq":3}"#);
    run.reply(one, "error", r#"{"code":"ADAPTER_PANIC","message":"x"}"#);
    let receipt = run.finish(Status::Failed);
    assert_eq!(outline(dir.path())[4..], ["invoke", "error>4", "invoke", "progress>6", "error"]);
    assert_eq!((receipt.counts.errors, receipt.result), (2, None));
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn an_error_in_the_handshake_is_the_last_line() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin(dir.path());
    run.hello();
    run.session_error(r#"{"code":"IPC_PROTO_MISMATCH","message":"no"}"#);
    let receipt = run.finish(Status::Failed);
    assert_eq!(outline(dir.path()), ["hello", "error"]);
    assert_eq!(receipt.capabilities, None);
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn wide_integers_are_kept_digit_by_digit_and_told() {
    for (args, data, wide) in [
        (r#"{"n":9007199254740991}"#, r#"{"n":-9007199254740991}"#, false),
        (r#"{"n":18446744073709551615}"#, "{}", true),
        ("{}", r#"{"n":-9007199254740992}"#, true),
        ("{}", r#"{"n":1e20}"#, true),
        (r#"{"n":"1234567890123456789"}"#, "{}", false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::begin(dir.path());
        run.handshake();
        let one = run.invoke(args);
        run.reply(one, "result", &format!(r#"{{"data":{data},"ok":true}}"#));
        let receipt = run.finish(Status::Satisfied);
        assert_eq!(receipt.wide_integers, wide, "{args} {data}");
        assert!(read(dir.path(), "ipc-transcript.ndjson").contains(args));
        assert!(
            matches!(verify(dir.path(), None), Verdict::Consistent { .. }),
            "{}",
            verify(dir.path(), None)
        );
    }
}

#[test]
fn a_payload_as_deep_as_a_message_may_be_is_recorded_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin(dir.path());
    run.handshake();
    let one = run.invoke("{}");
    // The envelope, its payload and `data` are three levels of the 128.
    let deep = format!("{}{}", "[".repeat(125), "]".repeat(125));
    run.reply(one, "result", &format!(r#"{{"data":{{"x":{deep}}},"ok":true}}"#));
    run.finish(Status::Satisfied);
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}
