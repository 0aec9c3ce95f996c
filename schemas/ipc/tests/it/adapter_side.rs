use std::io::Write as _;

use contract_ipc::{
    AdapterEvent, AdapterSide, CancelReason, Capabilities, Code, Envelope, ErrorText, Fault, Sender,
    Timestamp,
};
use contract_json::{Limits, Tape};

use crate::envelope_schema::{schema, validator};
use crate::peer::{OFFER, Runner, SEED};

fn adapter() -> AdapterSide {
    AdapterSide::new(Sender::new(*b"fallbackfallback", Timestamp::from_unix_ms(0)))
}

/// Gives the adapter a message; what it means, and what was written.
fn gets(adapter: &mut AdapterSide, id: &str, kind: &str, payload: &str) -> (Result<String, Fault>, String) {
    let line = format!(
        r#"{{"v":"ipc.v0","id":"{id}","replyTo":"replied-to","ts":"2026-01-31T12:00:00Z","type":"{kind}","payload":{payload}}}"#
    );
    let (mut tape, mut out) = (Tape::new(), Vec::new());
    let message = Envelope::parse(&mut tape, line.as_bytes(), &Limits::default()).unwrap();
    let told = adapter.receive(&message, &mut out).map(|event| match event {
        AdapterEvent::Hello => "hello".to_owned(),
        AdapterEvent::Invoke(incoming) => {
            let args = incoming.args.map_or("no args", |args| args.raw());
            format!("{} {} {args} {:?}", incoming.id, incoming.op, incoming.timeout_ms)
        }
        AdapterEvent::Cancel(id) => format!("cancel {id}"),
        AdapterEvent::Nothing => "nothing".to_owned(),
    });
    (told, String::from_utf8(out).unwrap())
}

fn hello_payload() -> String {
    format!(
        r#"{{"protocols":["ipc.v9","ipc.v0"],"session":{{"seed":"{SEED}","clock":"2026-01-31T12:00:00Z"}}}}"#
    )
}

fn greeted() -> AdapterSide {
    let mut adapter = adapter();
    gets(&mut adapter, "hello-01", "hello", &hello_payload()).0.unwrap();
    adapter
}

#[test]
fn r51_an_adapter_honours_seed_and_clock() {
    let mut adapter = adapter();
    let (told, out) = gets(&mut adapter, "hello-01", "hello", &hello_payload());
    assert_eq!(told, Ok("hello".into()));
    assert_eq!(
        out,
        concat!(
            r#"{"id":"3ee9b6e9926f0a7b0000000000000000","payload":{"role":"adapter","selected":"ipc.v0"},"#,
            r#""replyTo":"hello-01","ts":"2026-01-31T12:00:00.000Z","type":"hello_ack","v":"ipc.v0"}"#,
            "\n"
        )
    );
    let mut out = Vec::new();
    let offer: Capabilities = serde_json::from_str(OFFER).unwrap();
    adapter.offer(&offer, &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"{"id":"3ee9b6e9926f0a7b0000000000000001","payload":{"adapter":{"name":"x","version":"1"},"capabilities":[{"name":"x.y"}]},"#,
            r#""ts":"2026-01-31T12:00:00.001Z","type":"capabilities","v":"ipc.v0"}"#,
            "\n"
        )
    );
}

#[test]
fn r51_without_a_good_seed_and_clock_it_uses_its_own() {
    for session in [
        "",
        r#","session":{}"#,
        r#","session":{"pid":7}"#,
        r#","session":{"seed":"x","clock":"2026-01-31T12:00:00Z"}"#,
        r#","session":{"seed":"000102030405060708090a0b0c0d0e0f","clock":"noon"}"#,
        r#","session":7"#,
    ] {
        let payload = format!(r#"{{"protocols":["ipc.v0"]{session}}}"#);
        let (told, out) = gets(&mut adapter(), "hello-01", "hello", &payload);
        assert_eq!(told, Ok("hello".into()));
        assert!(out.starts_with(r#"{"id":"fallbackfallback0000000000000000""#), "{out}");
        assert!(out.contains(r#""ts":"1970-01-01T00:00:00.000Z""#));
    }
}

#[test]
fn r15_a_hello_without_its_protocol_is_a_mismatch() {
    for payload in ["{}", r#"{"protocols":[]}"#, r#"{"protocols":["ipc.v1"]}"#, r#"{"protocols":"ipc.v0"}"#] {
        let mut adapter = adapter();
        let (told, out) = gets(&mut adapter, "hello-01", "hello", payload);
        let fault = told.unwrap_err();
        assert_eq!((fault.code, out.as_str()), (Code::IpcProtoMismatch, ""));
        let mut out = Vec::new();
        adapter.refuse(&fault, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#""payload":{"code":"IPC_PROTO_MISMATCH","message":"hello does not offer `ipc.v0`","retryable":false},"ts""#));
    }
}

#[test]
fn r16_an_invoke_before_hello_is_answered_with_ipc_state() {
    let mut adapter = adapter();
    let (told, out) = gets(&mut adapter, "invoke-1", "invoke", r#"{"op":"x.y","args":{}}"#);
    assert_eq!(told, Ok("nothing".into()));
    assert!(out.contains(r#""payload":{"code":"IPC_STATE","message":"invoke before hello","retryable":false},"replyTo":"invoke-1""#));
    assert_eq!(gets(&mut adapter, "hello-01", "hello", &hello_payload()).0, Ok("hello".into()));
}

#[test]
fn r20_an_invoke_is_read() {
    let mut adapter = greeted();
    let mut told = |id, payload| gets(&mut adapter, id, "invoke", payload);
    let (full, out) = told("invoke-1", r#"{"op":"x.y","args":{"a":[1]},"timeoutMs":5}"#);
    assert_eq!((full, out.as_str()), (Ok("invoke-1 x.y {\"a\":[1]} Some(5)".into()), ""));
    assert_eq!(told("invoke-2", r#"{"op":"x.y"}"#).0, Ok("invoke-2 x.y no args None".into()));
    let (told_bad, out) = told("invoke-3", r#"{"op":"x.y","args":[]}"#);
    assert_eq!(told_bad, Ok("nothing".into()));
    assert!(out.contains(r#"{"code":"ADAPTER_BAD_INPUT","message":"`args` is no object","retryable":false},"replyTo":"invoke-3""#));
    let (_, out) = told("invoke-4", r#"{"args":{}}"#);
    assert!(out.contains(r#""message":"`op` is no string""#));
}

#[test]
fn r26_r27_cancels_name_their_invoke_and_the_rest_is_ignored() {
    let mut adapter = greeted();
    assert_eq!(gets(&mut adapter, "cancel-1", "cancel", "{}").0, Ok("cancel replied-to".into()));
    for (id, kind) in [("message1", "weather"), ("message2", "capabilities_ack"), ("message3", "result")] {
        assert_eq!(gets(&mut adapter, id, kind, "{}"), (Ok("nothing".into()), String::new()));
    }
}

#[test]
fn r8_an_id_is_used_once() {
    let mut adapter = greeted();
    let fault = gets(&mut adapter, "hello-01", "weather", "{}").0.unwrap_err();
    assert_eq!(fault.to_string(), "IPC_BAD_ENVELOPE: id `hello-01` was used before");
}

/// One of each message that this crate can write, hard characters included.
fn everything() -> Vec<u8> {
    let mut greeting = Runner::new();
    greeting.side.hello(&["ß\"\\\u{1}\u{2028}".into()], &mut greeting.out);
    let mut runner = Runner::offered();
    runner.out = greeting.out;
    runner.side.accept(&["ß\"\\\u{1}\u{2028}".into()], &mut runner.out);
    let invocation =
        runner.side.invoke("ß\"\\\u{1}", r#"{"ß":"\u0001"}"#.as_bytes(), u64::MAX, &mut runner.out).0;
    for reason in [CancelReason::Timeout, CancelReason::Interrupted, CancelReason::Shutdown] {
        runner.side.cancel(invocation, reason, &mut runner.out);
    }
    let mut out = runner.out;
    let mut adapter = greeted();
    out.extend_from_slice(gets(&mut adapter, "hello-02", "hello", &hello_payload()).1.as_bytes());
    adapter.offer(&serde_json::from_str(OFFER).unwrap(), &mut out);
    adapter.progress("invoke-1", br#"{"seq":0}"#, &mut out);
    adapter.result("invoke-1", true, b"{}", &mut out);
    adapter.result("invoke-1", false, b"{}", &mut out);
    let details = serde_json::json!({ "a": [1.5, null] });
    for details in [None, Some(&details)] {
        let error = ErrorText { code: "ADAPTER_X", message: "\"\u{7f}\u{1f600}", details, retryable: true };
        adapter.error("invoke-1", error, &mut out);
    }
    adapter.refuse(&Fault { code: Code::IpcBadEnvelope, what: "line\nfeed".into() }, &mut out);
    out
}

#[test]
fn everything_that_is_written_is_a_valid_canonical_envelope() {
    let (out, schema) = (everything(), schema());
    let lines: Vec<_> = out.strip_suffix(b"\n").unwrap().split(|&byte| byte == b'\n').collect();
    assert_eq!(lines.len(), 14);
    let mut tape = Tape::new();
    for line in lines {
        let text = String::from_utf8_lossy(line);
        let message: serde_json::Value = serde_json::from_slice(line).unwrap();
        assert!(schema.is_valid(&message), "{text}");
        Envelope::parse(&mut tape, line, &Limits::default()).unwrap();
        assert!(tape.parse(line, &Limits::default()).unwrap().is_canonical(), "{text}");
    }
}

#[test]
fn everything_that_is_written_is_valid_by_the_upstream_schema_too() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/upstream/workstation-contracts/schemas/ipc/v0/envelope.schema.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        let _ = writeln!(std::io::stderr(), "skipped: no upstream envelope schema beside the repository");
        return;
    };
    let schema = validator(&text);
    assert!(!schema.is_valid(&serde_json::json!({})), "the schema refuses something");
    for line in everything().strip_suffix(b"\n").unwrap().split(|&byte| byte == b'\n') {
        let message: serde_json::Value = serde_json::from_slice(line).unwrap();
        assert!(schema.is_valid(&message), "{message}");
    }
}

#[test]
fn r4_a_double_that_is_a_wide_integer_in_canonical_form_can_be_read_again() {
    let mut side =
        AdapterSide::new(Sender::new(*b"0123456789abcdef", "1970-01-01T00:00:00Z".parse().unwrap()));
    let details = serde_json::json!({"b": 1e20, "a": [1.5, -1e20]});
    let text = ErrorText { code: "ADAPTER_X", message: "m", details: Some(&details), retryable: false };
    let mut out = Vec::new();
    side.error("invoke-0001", text, &mut out);
    let mut tape = Tape::new();
    let message = Envelope::parse(&mut tape, out.strip_suffix(b"\n").unwrap(), &Limits::default()).unwrap();
    assert_eq!(message.payload.get("details").unwrap().to_serde(), details);
}
