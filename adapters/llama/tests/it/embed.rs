//! Vectors of texts.

use serde_json::{Value, json};

use crate::calls::{done, failed, harness, with_model};
use crate::model_file::{CONTEXT, WIDTH};

fn embed(more: &Value) -> Vec<Vec<f64>> {
    let (ok, data) = done(&harness().call("inference.embed", with_model(more)));
    assert!(ok);
    assert_eq!(data["dimensions"], WIDTH);
    serde_json::from_value(data["embeddings"].clone()).unwrap()
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|number| number * number).sum::<f64>().sqrt()
}

#[test]
fn a_text_has_the_same_vector_wherever_it_stands() {
    let texts = ["one", "another text", "one", "a third one, somewhat longer than the rest of them are"];
    let vectors = embed(&json!({ "input": texts }));
    assert_eq!(vectors.len(), 4);
    assert_eq!(vectors[0], vectors[2]);
    assert_ne!(vectors[0], vectors[1]);
    for vector in &vectors {
        assert_eq!(vector.len() as u64, WIDTH);
        assert!((length(vector) - 1.0).abs() < 1e-6, "{}", length(vector));
    }
}

#[test]
fn vectors_keep_their_length_when_they_are_not_normalised() {
    let raw = &embed(&json!({ "input": ["one"], "normalize": false }))[0];
    assert!((length(raw) - 1.0).abs() > 1e-3);
    let one = &embed(&json!({ "input": ["one"] }))[0];
    for (raw_number, number) in raw.iter().zip(one) {
        assert!((raw_number / length(raw) - number).abs() < 1e-6);
    }
}

#[test]
fn each_pooling_is_another_vector() {
    let of = |pooling: &str| embed(&json!({ "input": ["some words"], "pooling": pooling }));
    assert_eq!(of("model"), of("mean"), "the model says nothing");
    assert_ne!(of("mean"), of("cls"));
    assert_ne!(of("mean"), of("last"));
}

#[test]
fn a_text_longer_than_the_context_is_refused() {
    let (code, _, details) =
        failed(&harness().call("inference.embed", with_model(&json!({ "input": ["a", "b".repeat(600)] }))));
    assert_eq!(code, "ADAPTER_PROMPT_TOO_LONG");
    assert_eq!(details, json!({ "promptTokens": 601, "contextTokens": CONTEXT }));
}

#[test]
fn a_cancel_ends_it() {
    let input: Vec<String> = (0..200).map(|number| format!("text {number}")).collect();
    let mut session = harness();
    session.call("inference.tokenize", with_model(&json!({ "text": "" })));
    let called = session.call_and_cancel("inference.embed", with_model(&json!({ "input": input })), 3);
    assert_eq!(called.code(), "ADAPTER_CANCELLED");
    assert_eq!(called.progress.len(), 3);
}
