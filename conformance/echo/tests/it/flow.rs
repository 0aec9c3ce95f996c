use serde_json::json;

use crate::process::{Adapter, Seen};

#[test]
fn echoes_byte_for_byte() {
    let mut adapter = Adapter::ready(None);
    let args =
        json!({ "text": "ß\u{2028}\u{1f600}", "number": 18_446_744_073_709_551_615_u64, "deep": [[{}]] });
    assert_eq!(adapter.call("echo", &args), Seen::Result(true, json!({ "args": args })));
    let mut line = Vec::new();
    adapter.invoke("echo", &json!({}), &mut line);
    let spaced = String::from_utf8(line).unwrap().replace("{}", "{ \"a\" : 1.50e0 }");
    adapter.write(spaced.as_bytes());
    let reply = String::from_utf8(adapter.line().unwrap()).unwrap();
    assert!(reply.contains(r#""data":{"args":{ "a" : 1.50e0 }}"#), "{reply}");
}

#[test]
fn answers_pipelined_invokes_in_order() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    let sent: Vec<_> = (0..64).map(|n| adapter.invoke("echo", &json!({ "n": n }), &mut out)).collect();
    adapter.write(&out);
    for (n, invocation) in sent.into_iter().enumerate() {
        assert_eq!(adapter.next(), (invocation, Seen::Result(true, json!({ "args": { "n": n } }))));
    }
    assert_eq!(adapter.finish().0.code(), Some(0));
}

#[test]
fn answers_an_invoke_whose_line_comes_in_two_writes() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    let first = adapter.invoke("echo", &json!({ "n": 1 }), &mut out);
    let whole = out.len();
    let second = adapter.invoke("echo", &json!({ "n": 2 }), &mut out);
    adapter.write(&out[..whole + 40]);
    assert_eq!(adapter.next().0, first, "a whole line is answered while half of the next is there");
    adapter.write(&out[whole + 40..]);
    assert_eq!(adapter.next().0, second);
}

#[test]
fn counts_in_progress_messages() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    let invocation = adapter.invoke("count", &json!({ "n": 3 }), &mut out);
    adapter.write(&out);
    for seq in 0..3 {
        assert_eq!(adapter.next(), (invocation, Seen::Progress(seq, None)));
    }
    assert_eq!(adapter.next(), (invocation, Seen::Result(true, json!({ "n": 3 }))));
}

#[test]
fn a_cancel_ends_a_count_that_would_go_on_for_ever() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    let invocation = adapter.invoke("count", &json!({ "n": u64::MAX }), &mut out);
    adapter.write(&out);
    assert_eq!(adapter.next().1, Seen::Progress(0, None));
    adapter.cancel(invocation);
    loop {
        match adapter.next().1 {
            Seen::Progress(..) => {}
            Seen::Error(code, ..) => break assert_eq!(code, "ADAPTER_CANCELLED"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(adapter.call("echo", &json!({})), Seen::Result(true, json!({ "args": {} })));
}

#[test]
fn a_waiting_operation_ends_with_its_cancel_and_lets_the_next_begin() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    let waiting = adapter.invoke("wait", &json!({}), &mut out);
    let next = adapter.invoke("echo", &json!({}), &mut out);
    adapter.write(&out);
    adapter.cancel(waiting);
    let (from, Seen::Error(code, ..)) = adapter.next() else { panic!("no error") };
    assert_eq!((from, code.as_str()), (waiting, "ADAPTER_CANCELLED"));
    assert_eq!(adapter.next().0, next);
}

#[test]
fn fails_rejects_and_panics_as_asked() {
    let mut adapter = Adapter::ready(None);
    let args = json!({ "code": "ADAPTER_TIRED", "message": "no more", "details": { "a": 1 } });
    let expected = Seen::Error("ADAPTER_TIRED".into(), "no more".into(), Some(json!({ "a": 1 })));
    assert_eq!(adapter.call("fail", &args), expected);
    let rejected = Seen::Result(false, json!({ "rejected": { "a": 1 } }));
    assert_eq!(adapter.call("reject", &json!({ "a": 1 })), rejected);
    let panicked = Seen::Error("ADAPTER_PANIC".into(), "oh".into(), None);
    assert_eq!(adapter.call("panic", &json!({ "message": "oh" })), panicked);
    assert_eq!(adapter.call("echo", &json!({})), Seen::Result(true, json!({ "args": {} })));
    let (status, stderr) = adapter.finish();
    assert_eq!(status.code(), Some(0));
    assert!(stderr.contains("flow.rs") && stderr.contains("oh"), "stderr has the place: {stderr}");
}
