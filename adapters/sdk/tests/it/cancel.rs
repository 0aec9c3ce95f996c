use contract_adapter::Harness;
use serde_json::json;

use crate::workshop::{Workshop, cancel, ends, hello, invoke, replies};

fn raw(stdin: impl AsRef<[u8]>) -> contract_adapter::Raw {
    Harness::raw(Workshop::default(), stdin)
}

#[test]
fn progress_leaves_the_operation_when_it_is_cancelled() {
    let mut harness = Harness::new(Workshop::default());
    let fractions = vec![0.5; 100];
    let whole = harness.call("steps", json!({ "fractions": fractions }));
    assert_eq!(whole.progress.len(), 101);
    let called = harness.call_and_cancel("steps", json!({ "fractions": fractions }), 3);
    assert_eq!((called.code(), called.progress.len()), ("ADAPTER_CANCELLED", 3));
}

#[test]
fn a_cancel_that_came_in_the_same_write_is_seen() {
    let mut harness = Harness::new(Workshop::default());
    let called = harness.call_and_cancel("look", json!({}), 0);
    assert_eq!(called.data()["cancelled"], true);
    assert_eq!(harness.call("look", json!({})).data()["cancelled"], false, "the next invoke is another one");
}

#[test]
fn a_waiting_operation_ends_with_its_cancel() {
    let mut harness = Harness::new(Workshop::default());
    assert_eq!(harness.call_and_cancel("wait", json!({}), 1).code(), "ADAPTER_CANCELLED");
    let done = harness.call_and_cancel("stubborn", json!({}), 1);
    assert_eq!(done.data(), &json!({ "done": "anyway" }), "what was done all the same may be said");
}

#[test]
fn a_waiting_operation_ends_with_the_input() {
    let done = raw(hello(1) + &invoke(2, "wait", &json!({})));
    assert_eq!(ends(&done.stdout), [(2, "ADAPTER_CANCELLED".into())]);
    assert_eq!(done.status, 0);
}

#[test]
fn the_end_of_the_input_is_no_cancel() {
    let done = raw(hello(1) + &invoke(2, "steps", &json!({ "fractions": [0.1, 0.2] })));
    assert_eq!(ends(&done.stdout), [(2, r#"{"steps":3}"#.into())]);
}

#[test]
fn invokes_that_come_meanwhile_wait_in_order() {
    let done = raw(hello(1)
        + &invoke(2, "wait", &json!({}))
        + &invoke(3, "use", &json!({}))
        + &invoke(4, "use", &json!({}))
        + &cancel(5, 2)
        + &invoke(6, "use", &json!({})));
    assert_eq!(
        ends(&done.stdout),
        [
            (2, "ADAPTER_CANCELLED".into()),
            (3, r#"{"uses":1}"#.into()),
            (4, r#"{"uses":2}"#.into()),
            (6, r#"{"uses":3}"#.into())
        ]
    );
}

#[test]
fn an_invoke_that_is_cancelled_before_its_turn_is_not_begun() {
    let done = raw(hello(1)
        + &invoke(2, "wait", &json!({}))
        + &invoke(3, "use", &json!({}))
        + &invoke(4, "use", &json!({}))
        + &cancel(5, 3)
        + &cancel(6, 2));
    assert_eq!(
        ends(&done.stdout),
        [(2, "ADAPTER_CANCELLED".into()), (3, "ADAPTER_CANCELLED".into()), (4, r#"{"uses":1}"#.into())]
    );
}

#[test]
fn a_cancel_that_comes_after_the_end_is_ignored() {
    let mut harness = Harness::new(Workshop::default());
    let called = harness.call_and_cancel("use", json!({}), 5);
    assert_eq!(called.data(), &json!({ "uses": 1 }));
    assert_eq!(harness.call("use", json!({})).data(), &json!({ "uses": 2 }));
}

#[test]
fn a_fault_that_comes_meanwhile_is_told_after_the_replies_to_what_came_before() {
    let steps = invoke(2, "steps", &json!({ "fractions": [0.1] }));
    for (bad, code) in [("nonsense\n".to_owned(), "IPC_BAD_ENVELOPE"), (cancel(1, 2), "IPC_BAD_ENVELOPE")] {
        let done =
            raw(hello(1) + &steps + &invoke(3, "use", &json!({})) + &bad + &invoke(4, "use", &json!({})));
        let expected =
            [(2, r#"{"steps":2}"#.to_owned()), (3, r#"{"uses":1}"#.to_owned()), (0, code.to_owned())];
        assert_eq!(ends(&done.stdout), expected, "{bad}");
        assert_eq!(done.status, 2);
    }
}

#[test]
fn a_second_hello_that_comes_meanwhile_is_answered_in_its_turn() {
    let done = raw(hello(1) + &invoke(2, "look", &json!({})) + &hello(3) + &invoke(4, "use", &json!({})));
    let kinds: Vec<_> = done
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds, ["hello_ack", "capabilities", "result", "hello_ack", "capabilities", "result"]);
}

#[test]
fn reading_ahead_is_bounded() {
    let mut stdin = hello(1) + &invoke(2, "wait", &json!({}));
    for n in 0..2000 {
        stdin += &invoke(100 + n, "look", &json!({}));
    }
    let done = raw(stdin + &cancel(3, 2));
    let replies = replies(&done.stdout);
    assert_eq!(replies.len(), 1 + 1024 + 1, "the wait, what was read ahead, the fault");
    assert_eq!(replies[1025].2["code"], "IPC_STATE");
    assert_eq!(done.status, 2);
}
