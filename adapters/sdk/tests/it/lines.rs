use contract_adapter::Harness;
use serde_json::json;

use crate::workshop::{Workshop, ends, hello, invoke, message, replies};

fn raw(stdin: impl AsRef<[u8]>) -> contract_adapter::Raw {
    Harness::raw(Workshop::default(), stdin)
}

#[test]
fn answers_hello_with_seeded_ids_and_times() {
    let done = raw(hello(1));
    let lines: Vec<_> = done.stdout.lines().collect();
    assert_eq!(
        lines[0],
        concat!(
            r#"{"id":"a68b4795a6e201cd0000000000000000","payload":{"role":"adapter","selected":"ipc.v0"},"#,
            r#""replyTo":"message-1","ts":"2026-01-31T12:00:00.000Z","type":"hello_ack","v":"ipc.v0"}"#
        )
    );
    let offer = r#"{"id":"a68b4795a6e201cd0000000000000001","payload":{"adapter":{"name":"workshop","version":"1.2.3"},"#;
    assert!(lines[1].starts_with(offer), "{}", lines[1]);
    assert!(lines[1].ends_with(r#","ts":"2026-01-31T12:00:00.001Z","type":"capabilities","v":"ipc.v0"}"#));
    assert_eq!((lines.len(), done.status), (2, 0));
}

#[test]
fn answers_a_second_hello_and_keeps_its_ids() {
    let done = raw(hello(1) + &hello(2));
    assert_eq!(done.stdout.matches("hello_ack").count(), 2);
    assert!(done.stdout.contains(r#""id":"a68b4795a6e201cd0000000000000003""#));
}

#[test]
fn ends_quietly_without_any_input() {
    let done = raw("");
    assert_eq!((done.stdout.as_str(), done.status), ("", 0));
}

#[test]
fn answers_an_invoke_before_hello_with_ipc_state_and_goes_on() {
    let done = raw(invoke(1, "use", &json!({})) + &hello(2) + &invoke(3, "use", &json!({})));
    assert_eq!(ends(&done.stdout), [(1, "IPC_STATE".into()), (3, r#"{"uses":1}"#.into())]);
    assert_eq!(done.status, 0);
}

#[test]
fn refuses_another_protocol_and_exits_with_2() {
    let unoffered = message(1, "hello", None, &json!({ "protocols": ["ipc.v9"] }));
    let other_version = hello(1).replace("\"v\":\"ipc.v0\"", "\"v\":\"ipc.v1\"");
    for stdin in [unoffered, other_version] {
        let done = raw(stdin + &hello(2));
        let replies = replies(&done.stdout);
        assert_eq!(replies.len(), 1);
        assert_eq!((replies[0].0.as_str(), replies[0].1), ("error", None));
        assert_eq!(replies[0].2["code"], "IPC_PROTO_MISMATCH");
        assert_eq!(done.status, 2);
        assert!(!done.stdout.contains("hello_ack"));
    }
}

#[test]
fn refuses_a_line_that_is_no_envelope_after_answering_what_came_before() {
    let bad = [
        "nonsense\n".to_owned(),
        "\n".to_owned(),
        "[]\n".to_owned(),
        "{\"v\":\"ipc.v0\"}\n".to_owned(),
        invoke(3, "use", &json!({})).replace("\"v\"", "\"id\":\"message-9\",\"v\""),
        "\u{feff}".to_owned() + &invoke(3, "use", &json!({})),
        "{\"half\":".to_owned(),
    ];
    for line in bad {
        let done = raw(hello(1) + &invoke(2, "use", &json!({})) + &line);
        assert_eq!(
            ends(&done.stdout),
            [(2, r#"{"uses":1}"#.into()), (0, "IPC_BAD_ENVELOPE".into())],
            "{line}"
        );
        assert_eq!(done.status, 2);
    }
}

#[test]
fn refuses_invalid_utf_8() {
    let done = raw([hello(1).as_bytes(), b"{\"\xff\":1}\n"].concat());
    assert_eq!(ends(&done.stdout), [(0, "IPC_BAD_ENVELOPE".into())]);
    assert_eq!(done.status, 2);
}

#[test]
fn refuses_a_reused_id() {
    let done = raw(hello(1) + &invoke(2, "use", &json!({})) + &invoke(2, "use", &json!({})));
    assert_eq!(ends(&done.stdout), [(2, r#"{"uses":1}"#.into()), (0, "IPC_BAD_ENVELOPE".into())]);
    assert_eq!(done.status, 2);
}

#[test]
fn takes_a_cr_before_the_lf_and_a_last_line_without_lf() {
    let crlf = hello(1).replace('\n', "\r\n") + invoke(2, "use", &json!({})).trim_end();
    let done = raw(crlf);
    assert_eq!(ends(&done.stdout), [(2, r#"{"uses":1}"#.into())]);
    assert_eq!(done.status, 0);
}

#[test]
fn only_lf_ends_a_line() {
    let text = "a\u{2028}b\u{2029}c\u{85}d";
    let done = raw(hello(1) + &invoke(2, "raw", &json!({ "data": { "text": text } })));
    assert_eq!(replies(&done.stdout)[0].2["data"]["text"], text);
}

#[test]
fn takes_a_line_over_one_read_block_and_refuses_one_over_the_limit() {
    let long = "x".repeat(16 << 20);
    let fits = &long[..(16 << 20) - invoke(2, "raw", &json!({ "data": { "text": "" } })).len() + 1];
    let done = raw(hello(1) + &invoke(2, "raw", &json!({ "data": { "text": fits } })));
    assert_eq!(replies(&done.stdout)[0].2["data"]["text"].as_str().map(str::len), Some(fits.len()));
    assert_eq!(done.status, 0);

    let over = format!("{fits}y");
    let done = raw(hello(1) + &invoke(2, "raw", &json!({ "data": { "text": over } })));
    assert_eq!(ends(&done.stdout), [(0, "IPC_LINE_TOO_LONG".into())]);
    assert_eq!(done.status, 2);
}

#[test]
fn ignores_unknown_types_acknowledgements_and_cancels_of_nothing() {
    let quiet = message(2, "capabilities_ack", Some(7), &json!({ "accepted": [] }))
        + &message(3, "weather", None, &json!({}))
        + &message(4, "cancel", Some(9), &json!({ "reason": "timeout" }))
        + &message(5, "cancel", None, &json!({}));
    let done = raw(hello(1) + &quiet + &invoke(6, "use", &json!({})));
    assert_eq!(ends(&done.stdout), [(6, r#"{"uses":1}"#.into())]);
}

#[test]
fn writes_results_progress_and_errors_byte_for_byte() {
    let done = raw(hello(1)
        + &invoke(2, "steps", &json!({ "fractions": [0.5] }))
        + &invoke(3, "fail", &json!({ "code": "ADAPTER_X" })));
    let lines: Vec<_> = done.stdout.lines().skip(2).collect();
    assert_eq!(
        lines,
        [
            r#"{"id":"a68b4795a6e201cd0000000000000002","payload":{"data":[1,2],"fraction":0.5,"message":"a step","seq":0},"replyTo":"message-2","ts":"2026-01-31T12:00:00.002Z","type":"progress","v":"ipc.v0"}"#,
            r#"{"id":"a68b4795a6e201cd0000000000000003","payload":{"seq":1},"replyTo":"message-2","ts":"2026-01-31T12:00:00.003Z","type":"progress","v":"ipc.v0"}"#,
            r#"{"id":"a68b4795a6e201cd0000000000000004","payload":{"data":{"steps":2},"ok":true},"replyTo":"message-2","ts":"2026-01-31T12:00:00.004Z","type":"result","v":"ipc.v0"}"#,
            r#"{"id":"a68b4795a6e201cd0000000000000005","payload":{"code":"ADAPTER_X","details":[1],"message":"as told","retryable":true},"replyTo":"message-3","ts":"2026-01-31T12:00:00.005Z","type":"error","v":"ipc.v0"}"#,
        ]
    );
}
