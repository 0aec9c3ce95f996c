use contract_ipc::{Code, Envelope, Fault, MessageType};
use contract_json::{Limits, Tape};

fn parse(line: &[u8]) -> Result<(String, MessageType, Option<String>), Fault> {
    let mut tape = Tape::new();
    Envelope::parse(&mut tape, line, &Limits::default())
        .map(|message| (message.id.into(), message.kind, message.reply_to.map(Into::into)))
}

/// A good message with `from` replaced by `to`.
fn with(from: &str, to: &str) -> String {
    let good = r#"{"v":"ipc.v0","id":"abcdefgh","ts":"2026-01-31T12:00:00Z","type":"result","replyTo":"12345678","payload":{}}"#;
    assert_eq!(good.matches(from).count(), 1, "{from}");
    good.replace(from, to)
}

#[track_caller]
fn refused(line: impl AsRef<[u8]>, what: &str) {
    let line = line.as_ref();
    let fault = parse(line).expect_err(&String::from_utf8_lossy(line));
    assert_eq!(
        (fault.code, fault.what.as_str()),
        (Code::IpcBadEnvelope, what),
        "{}",
        String::from_utf8_lossy(line)
    );
}

#[test]
fn r6_takes_members_in_any_order_and_spaces() {
    let line = " {\"payload\" : {\"a\":[1]} ,\t\"type\":\"progress\",\"trace\":{\"spanId\":\"\",\"traceId\":\"t\",\"parentSpanId\":\"p\"},\
                \"ts\":\"2026-01-31t12:00:00.5+01:00\",\"id\":\"\\u0061bcdefgh\",\"v\":\"ipc.v0\"} ";
    assert_eq!(parse(line.as_bytes()), Ok(("abcdefgh".into(), MessageType::Progress, None)));
}

#[test]
fn r6_knows_every_type_and_keeps_unknown_ones() {
    for (name, kind) in [
        ("hello", MessageType::Hello),
        ("hello_ack", MessageType::HelloAck),
        ("capabilities", MessageType::Capabilities),
        ("capabilities_ack", MessageType::CapabilitiesAck),
        ("invoke", MessageType::Invoke),
        ("result", MessageType::Result),
        ("error", MessageType::Error),
        ("cancel", MessageType::Cancel),
        ("progress", MessageType::Progress),
        ("Hello", MessageType::Unknown),
        ("x", MessageType::Unknown),
    ] {
        let line = with(r#""result""#, &format!("\"{name}\""));
        let mut tape = Tape::new();
        let message = Envelope::parse(&mut tape, line.as_bytes(), &Limits::default()).unwrap();
        assert_eq!((message.kind, &*message.type_name), (kind, name));
    }
}

#[test]
fn r6_refuses_missing_and_unknown_members() {
    refused(with(r#""id":"abcdefgh","#, ""), "`id` is missing");
    refused(with(r#""ts":"2026-01-31T12:00:00Z","#, ""), "`ts` is missing");
    refused(with(r#""type":"result","#, ""), "`type` is missing");
    refused(with(r#","payload":{}"#, ""), "`payload` is missing");
    refused(with(r#""v":"ipc.v0","#, ""), "`v` is missing");
    refused(with(r#""payload""#, r#""extra":1,"payload""#), "unknown member `\\\"extra\\\"`");
    refused(
        with(r#""payload""#, r#""trace":{"traceid":"x"},"payload""#),
        "unknown member `\\\"traceid\\\"` in `trace`",
    );
}

#[test]
fn r6_refuses_members_of_another_type() {
    refused(with(r#""12345678""#, "null"), "`replyTo` is null instead of a string");
    refused(with(r#""abcdefgh""#, "12345678"), "`id` is a number instead of a string");
    refused(with(r#""2026-01-31T12:00:00Z""#, "1"), "`ts` is a number instead of a string");
    refused(with(r#""result""#, "[]"), "`type` is an array instead of a string");
    refused(with(r#""payload":{}"#, r#""payload":[]"#), "`payload` is an array instead of an object");
    refused(with(r#""payload":{}"#, r#""payload":null"#), "`payload` is null instead of an object");
    refused(with(r#""ipc.v0""#, "true"), "`v` is a boolean instead of a string");
    refused(with(r#""payload""#, r#""trace":"x","payload""#), "`trace` is a string instead of an object");
    refused(
        with(r#""payload""#, r#""trace":{"spanId":1},"payload""#),
        "`trace` is a number instead of a string",
    );
}

#[test]
fn r6_counts_characters_not_bytes() {
    for (count, good) in [(7, false), (8, true), (128, true), (129, false)] {
        for character in ["a", "é", "\u{1f600}", "\\u00e9", "\\ud83d\\ude00"] {
            let text = character.repeat(count);
            assert_eq!(parse(with("abcdefgh", &text).as_bytes()).is_ok(), good, "id of {count} {character}");
            assert_eq!(
                parse(with("12345678", &text).as_bytes()).is_ok(),
                good,
                "replyTo of {count} {character}"
            );
            let is_type = (1..=128).contains(&count);
            assert_eq!(
                parse(with("result", &text).as_bytes()).is_ok(),
                is_type,
                "type of {count} {character}"
            );
        }
    }
    refused(with("result", ""), "`type` has 0 characters instead of 1 to 128");
    refused(with("abcdefgh", "1234567"), "`id` has 7 characters instead of 8 to 128");
}

#[test]
fn r6_asserts_the_format_of_the_time() {
    refused(
        with("2026-01-31T", "2026-02-30T"),
        "`ts` is `2026-02-30T12:00:00Z`, which is no RFC 3339 date-time",
    );
    refused(with("12:00:00Z", "12:00:00"), "`ts` is `2026-01-31T12:00:00`, which is no RFC 3339 date-time");
}

#[test]
fn r7_another_version_of_a_good_envelope_is_a_mismatch() {
    let fault = parse(with("ipc.v0", "ipc.v1").as_bytes()).unwrap_err();
    assert_eq!(fault.to_string(), "IPC_PROTO_MISMATCH: `v` is `ipc.v1` instead of `ipc.v0`");
    let both_wrong = with("ipc.v0", "ipc.v1").replace("abcdefgh", "short");
    refused(both_wrong, "`id` has 5 characters instead of 8 to 128");
}

#[test]
fn r4_refuses_what_is_no_object() {
    refused("", "an empty line where a message is expected");
    refused("   ", "empty text where a JSON value is expected at byte 3");
    refused("[1]", "an array where an object is expected");
    refused("1", "a number where an object is expected");
    refused("\"x\"", "a string where an object is expected");
    refused("null", "null where an object is expected");
    refused("true", "a boolean where an object is expected");
    refused("Traceback (most recent call last):", "unexpected character at byte 0");
    refused("{\"v\":", "unexpected end of text at byte 5");
    refused(with("{}}", "{}}x"), "text after the value at byte 108");
}

#[test]
fn r4_refuses_what_readers_would_read_differently() {
    refused(b"\xef\xbb\xbf{}", "a byte order mark, which JSON does not allow at byte 0");
    refused(b"{\"a\xff\":1}", "invalid UTF-8 at byte 3");
    refused(b"{\"a\xc3", "invalid UTF-8 at byte 3");
    let payload = |text: &str| with("{}", text);
    let start = payload("").len() - 1;
    let at = |what: &str, offset: usize| format!("{what} at byte {}", start + offset);
    refused(payload(r#"{"a":1,"a":2}"#), &at("duplicate key", 7));
    refused(payload(r#"{"a":1,"\u0061":2}"#), &at("duplicate key", 7));
    refused(payload(r#"{"x":[{"b":{},"b":{}}]}"#), &at("duplicate key", 14));
    refused(with(r#""v":"ipc.v0","#, r#""v":"ipc.v0","v":"ipc.v0","#), "duplicate key at byte 14");
    for number in ["NaN", "Infinity"] {
        refused(payload(&format!("{{\"a\":{number}}}")), &at("invalid number", 5));
    }
    refused(payload(r#"{"a":-Infinity}"#), &at("invalid number", 5));
    refused(payload(r#"{"a":1e400}"#), &at("number too large for a double", 5));
    refused(payload(r#"{"a":18446744073709551616}"#), &at("integer beyond 64 bits", 5));
    refused(payload(r#"{"a":-9223372036854775809}"#), &at("integer beyond 64 bits", 5));
    refused(payload(r#"{"a":"\ud800"}"#), &at("lone surrogate in a string", 6));
    refused(payload(r#"{"a":"\ude00\ud83d"}"#), &at("lone surrogate in a string", 6));
    for good in [
        r#"{"a":18446744073709551615,"b":-9223372036854775808}"#,
        r#"{"a":1e308,"b":1e-400}"#,
        r#"{"a":"\ud83d\ude00","A":"\u0000"}"#,
    ] {
        assert!(parse(payload(good).as_bytes()).is_ok(), "{good}");
    }
}

#[test]
fn r4_nesting_is_limited_to_128() {
    // The envelope and its payload are two levels.
    let nested = |depth: usize| with("{}", &format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth)));
    assert!(parse(nested(126).as_bytes()).is_ok());
    assert_eq!(parse(nested(127).as_bytes()).unwrap_err().code, Code::IpcBadEnvelope);
}

#[test]
fn a_fault_shows_at_most_60_characters_of_what_came() {
    let fault = parse(with("ipc.v0", &"\\n\u{1f600}".repeat(50)).as_bytes()).unwrap_err();
    let shown = "\\n\u{1f600}".repeat(30) + "...";
    assert_eq!(fault.what, format!("`v` is `{shown}` instead of `ipc.v0`"));
}
