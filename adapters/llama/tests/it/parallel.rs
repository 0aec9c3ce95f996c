//! Several requests at once.

use serde_json::{Value, json};

use crate::calls::{done, harness, streamed, with_model};

fn args(number: usize) -> Value {
    with_model(
        &json!({ "prompt": format!("request {number}: {}", "z".repeat(number * 40)), "maxTokens": 30 + number * 10 }),
    )
}

#[test]
fn requests_side_by_side_answer_as_they_do_alone() {
    let mut session = harness();
    let alone: Vec<Value> = (0..4)
        .map(|number| done(&session.call("inference.generate", args(number))).1["text"].clone())
        .collect();
    let started: Vec<_> = (0..4).map(|number| session.start("inference.generate", args(number))).collect();
    let embedding = session.start("inference.embed", with_model(&json!({ "input": ["a", "b", "c"] })));
    for (number, one) in started.into_iter().enumerate().rev() {
        let called = session.end(one);
        assert_eq!(done(&called).1["text"], alone[number]);
        assert_eq!(streamed(&called), alone[number].as_str().unwrap());
    }
    assert!(done(&session.end(embedding)).0);
}

#[test]
fn requests_have_a_token_each_in_turn() {
    let mut session = harness();
    session.call("inference.tokenize", with_model(&json!({ "text": "" })));
    let long = session.start("inference.generate", with_model(&json!({ "prompt": "a", "maxTokens": 400 })));
    let short = session.start("inference.generate", with_model(&json!({ "prompt": "b", "maxTokens": 5 })));
    assert_eq!(done(&session.end(short)).1["usage"]["outputTokens"], 5);
    let told = session.progress(long).len();
    assert!(told <= 6, "{told} tokens of the long one while the short one had 5");
    session.cancel(long);
    let (ok, data) = done(&session.end(long));
    assert_eq!((ok, &data["finishReason"]), (false, &json!("cancelled")));
    assert!(data["usage"]["outputTokens"].as_u64().unwrap() <= 7);
}

#[test]
fn a_cancel_of_one_leaves_the_others() {
    let mut session = harness();
    let alone = done(&session.call("inference.generate", args(1))).1["text"].clone();
    let first = session.start("inference.generate", args(0));
    let second = session.start("inference.generate", args(1));
    session.turn();
    session.cancel(first);
    assert_eq!(done(&session.end(second)).1["text"], alone);
    assert!(!done(&session.end(first)).0);
}
