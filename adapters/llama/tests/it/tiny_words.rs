//! The tiny model of this repository: what it says, token for token. Tokens of greedy output are the same on every processor that
//! was tried; sums of floats are not.

use std::path::Path;

use serde_json::{Value, json};

use crate::calls::{done, harness, streamed};

/// A question, and the whole answer. One byte is one token.
const GOLDEN: [(&str, &str); 8] = [
    ("What colour is the sky?", "The sky is blue."),
    ("What is the capital of Norway?", "The capital of Norway is Oslo."),
    ("What is the opposite of hot?", "The opposite of hot is cold."),
    ("What does a cow say?", "A cow says moo."),
    ("Which month comes after March?", "After March comes April."),
    ("What is a receipt?", "A receipt is a record of one run."),
    ("triage: the adapter wrote to stdout before hello", "protocol"),
    ("Who are you?", "I am a tiny language model."),
];
/// `<|end|>`
const END: i64 = 257;

fn ask(question: &str, threads: u32) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/models").canonicalize().unwrap();
    json!({
        "model": folder.join("tiny-words.gguf"),
        "messages": [{"role": "user", "content": question}],
        "maxTokens": 80,
        "threads": threads,
        "returnTokens": true,
    })
}

#[test]
fn greedy_tokens_are_the_golden_ones_warm_and_cold_with_one_thread_and_two() {
    for threads in [1, 2] {
        let mut session = harness();
        for (question, answer) in GOLDEN {
            let called = session.call("inference.generate", ask(question, threads));
            let (ok, data) = done(&called);
            assert!(ok, "{data}");
            assert_eq!(
                (&data["text"], &data["finishReason"]),
                (&json!(answer), &json!("stop")),
                "{question}"
            );
            assert_eq!(streamed(&called), answer);
            let tokens: Vec<i64> =
                data["tokens"].as_array().unwrap().iter().map(|token| token.as_i64().unwrap()).collect();
            let bytes: Vec<i64> = answer.bytes().map(i64::from).collect();
            assert_eq!(tokens.strip_suffix(&[END]).unwrap_or(&tokens), bytes, "{question}");
        }
    }
}
