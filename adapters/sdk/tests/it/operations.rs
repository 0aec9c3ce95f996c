use contract_adapter::{End, Harness};
use serde_json::{Value, json};

use crate::workshop::{Workshop, ends, hello, message};

fn harness() -> Harness<Workshop> {
    Harness::new(Workshop::default())
}

fn error(op: &str, args: Value) -> (String, String, Option<Value>) {
    match harness().call(op, args).end {
        End::Error { code, message, details, .. } => (code, message, details),
        End::Result { .. } => panic!("{op} was done"),
    }
}

#[test]
fn gives_typed_arguments_and_returns_typed_data() {
    let called = harness().call("make", json!({ "item": "ring", "sizes": [5, 7] }));
    assert_eq!(called.data(), &json!({ "text": "ring [5, 7]" }));
}

#[test]
fn says_which_argument_has_the_wrong_type() {
    let (code, message, details) = error("make", json!({ "item": "ring", "sizes": [5, "six"] }));
    assert_eq!(code, "ADAPTER_BAD_INPUT");
    assert_eq!(message, "/sizes/1: invalid type: string \"six\", expected u32");
    assert_eq!(details, Some(json!({ "pointer": "/sizes/1" })));
}

#[test]
fn says_which_argument_is_missing_or_unknown() {
    let (_, message, details) = error("make", json!({ "item": "ring" }));
    assert_eq!((message.as_str(), details), ("missing field `sizes`", Some(json!({ "pointer": "" }))));
    let (_, message, details) = error("make", json!({ "item": "ring", "sizes": [], "a/b~": 1 }));
    assert_eq!(message, "/a~1b~0: unknown field `a/b~`, expected `item` or `sizes`");
    assert_eq!(details, Some(json!({ "pointer": "/a~1b~0" })));
}

#[test]
fn counts_absent_arguments_as_none_given() {
    let bare = message(2, "invoke", None, &json!({ "op": "use" }));
    let done = Harness::raw(Workshop::default(), hello(1) + &bare);
    assert_eq!(ends(&done.stdout), [(2, r#"{"uses":1}"#.into())]);
}

#[test]
fn refuses_an_invoke_whose_op_or_args_have_the_wrong_type_and_goes_on() {
    let done = Harness::raw(
        Workshop::default(),
        hello(1)
            + &message(2, "invoke", None, &json!({ "op": "use", "args": [] }))
            + &message(3, "invoke", None, &json!({ "op": 1, "args": {} }))
            + &message(4, "invoke", None, &json!({ "op": "use", "args": {} })),
    );
    let bad = || "ADAPTER_BAD_INPUT".to_owned();
    assert_eq!(ends(&done.stdout), [(2, bad()), (3, bad()), (4, r#"{"uses":1}"#.into())]);
}

#[test]
fn names_the_operation_that_it_does_not_know() {
    let (code, _, details) = error("text.cap", json!({}));
    assert_eq!((code.as_str(), details), ("ADAPTER_NO_SUCH_OP", Some(json!({ "op": "text.cap" }))));
}

#[test]
fn tells_done_from_a_negative_answer() {
    let mut harness = harness();
    let yes = harness.call("judge", json!({ "good": true })).end;
    assert_eq!(yes, End::Result { ok: true, data: json!({ "saw": true }) });
    let no = harness.call("judge", json!({ "good": false })).end;
    assert_eq!(no, End::Result { ok: false, data: json!({ "saw": false }) });
}

#[test]
fn turns_a_panic_into_an_error_and_goes_on_with_the_same_adapter() {
    let mut harness = harness();
    let End::Error { code, message, .. } = harness.call("use", json!({ "break": true })).end else {
        panic!("it broke")
    };
    assert_eq!((code.as_str(), message.as_str()), ("ADAPTER_PANIC", "broke after 1 uses"));
    assert_eq!(harness.call("use", json!({})).data(), &json!({ "uses": 2 }));
}

#[test]
fn names_system_errors() {
    let (code, message, details) = error("open", json!({ "path": "/nowhere/at/all" }));
    assert_eq!(code, "ADAPTER_IO");
    assert!(message.starts_with("No such file or directory"), "{message}");
    assert_eq!(details, Some(json!({ "errno": "ENOENT" })));
}

#[test]
fn sends_a_code_that_the_protocol_forbids_as_bad_output() {
    for code in ["oops", "", "ADAPTER", "_X", "ADAPTER__X", "ADAPTER_x"] {
        let (sent, message, details) = error("fail", json!({ "code": code }));
        assert_eq!(sent, "ADAPTER_BAD_OUTPUT", "{code}");
        assert_eq!(message, format!("`{code}` is no error code; the message was: as told"));
        assert_eq!(details, Some(json!([1])));
    }
    assert_eq!(error("fail", json!({ "code": "MY_2_CODE" })).0, "MY_2_CODE");
}

#[test]
fn refuses_data_that_the_runner_could_not_read() {
    assert_eq!(error("scalar", json!({})).0, "ADAPTER_BAD_OUTPUT");
    assert_eq!(error("raw", json!({ "data": [1] })).0, "ADAPTER_BAD_OUTPUT");
    assert_eq!(error("line feed", json!({})).0, "ADAPTER_BAD_OUTPUT");
}

#[test]
fn brings_fractions_between_0_and_1_and_leaves_out_what_is_no_number() {
    let called = harness().call("steps", json!({ "fractions": [-1, 0.25, 7, null] }));
    let fractions: Vec<_> = called.progress.iter().map(|step| step.fraction).collect();
    assert_eq!(fractions, [Some(0.0), Some(0.25), Some(1.0), None, None]);
    assert_eq!(called.progress[0].message.as_deref(), Some("a step"));
    assert_eq!(called.progress[0].data, Some(json!([1, 2])));
    assert_eq!(called.data(), &json!({ "steps": 5 }));
}

#[test]
fn tells_the_operation_what_the_runner_said_about_the_invoke() {
    let called = harness().call("look", json!({}));
    assert_eq!(called.data(), &json!({ "cancelled": false, "op": "look", "timeoutMs": 10_000 }));
}

#[test]
fn takes_arguments_over_one_read_block() {
    let text = "é".repeat(200_000);
    let called = harness().call("raw", json!({ "data": { "text": text } }));
    assert_eq!(called.data()["text"], Value::from(text));
}
