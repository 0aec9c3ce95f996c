//! Text from a prompt.

use serde_json::{Value, json};

use crate::calls::{done, failed, generate, generated, harness, streamed, with_model};
use crate::model_file::CONTEXT;

const PROMPT: &str = "The quick brown fox";

fn greedy(tokens: usize) -> Value {
    json!({ "prompt": PROMPT, "maxTokens": tokens, "returnTokens": true })
}

#[test]
fn greedy_output_is_the_same_warm_and_cold_on_one_thread_and_two() {
    let (ok, cold) = generated(&greedy(100));
    assert!(ok);
    let (text, tokens) = (&cold["text"], &cold["tokens"]);
    assert!(tokens.as_array().unwrap().len() > 20, "{tokens}");
    let mut two = greedy(100);
    two["threads"] = json!(2);
    assert_eq!(generated(&two).1["tokens"], *tokens);

    let mut session = harness();
    for seed in 0..3 {
        let other =
            json!({ "prompt": "x".repeat(90 + seed), "temperature": 1.5, "seed": seed, "maxTokens": 30 });
        session.call("inference.generate", with_model(&other));
        session.call("inference.embed", with_model(&json!({ "input": ["a text"] })));
        let warm = done(&session.call("inference.generate", with_model(&greedy(100)))).1;
        assert_eq!((&warm["text"], &warm["tokens"]), (text, tokens));
    }
}

#[test]
fn a_seed_says_what_is_drawn() {
    let drawn = |seed: u32| {
        generated(&json!({ "prompt": PROMPT, "temperature": 1, "topK": 0, "topP": 1, "minP": 0, "seed": seed, "maxTokens": 40 })).1["text"].clone()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}

#[test]
fn each_way_of_drawing_has_its_effect() {
    let base = generated(&greedy(60)).1["text"].clone();
    let with = |name: &str, value: Value| {
        let mut args = greedy(60);
        args["temperature"] = json!(2);
        args["topK"] = json!(0);
        args["topP"] = json!(1);
        args["minP"] = json!(0);
        args[name] = value;
        generated(&args).1["text"].clone()
    };
    for (name, narrow) in [("topK", json!(1)), ("topP", json!(0)), ("minP", json!(1))] {
        assert_eq!(with(name, narrow), base, "{name}");
    }
    assert_ne!(with("topK", json!(0)), base);
    let mut penalised = greedy(60);
    penalised["repeatPenalty"] = json!(3);
    assert_ne!(generated(&penalised).1["text"], base);
}

#[test]
fn the_length_ends_it() {
    let (ok, data) = generated(&greedy(7));
    assert_eq!((ok, &data["finishReason"]), (true, &json!("length")));
    assert_eq!(data["usage"]["outputTokens"], 7);
    assert_eq!(data["usage"]["promptTokens"], PROMPT.len() + 1, "a byte is a token, and one begins");
    assert_eq!(data["tokens"].as_array().unwrap().len(), 7);
    assert_eq!(data["usage"]["estimated"], false);
}

#[test]
fn a_full_context_ends_it() {
    let mut args = greedy(1000);
    args["contextTokens"] = json!(32);
    let (_, data) = generated(&args);
    assert_eq!(data["finishReason"], "length");
    assert_eq!(data["usage"]["outputTokens"], 32 - (PROMPT.len() + 1));
}

#[test]
fn a_stop_string_ends_it_and_is_never_sent() {
    let (_, whole) = generated(&greedy(100));
    let whole = whole["text"].as_str().unwrap();
    let characters: Vec<char> = whole.chars().collect();
    assert!(characters.len() > 30, "{whole:?}");
    let mut checked = 0;
    for at in 5..20 {
        let stop: String = characters[at..at + 4].iter().collect();
        let begin = whole.find(&stop).unwrap();
        let mut args = greedy(100);
        args["stop"] = json!(["never in it", stop]);
        let called = generate(&args);
        let (ok, data) = done(&called);
        assert!(ok);
        assert_eq!(data["finishReason"], "stop-string");
        assert_eq!(data["text"], whole[..begin], "up to {stop:?}");
        assert_eq!(streamed(&called), whole[..begin]);
        checked += 1;
    }
    assert_eq!(checked, 15);
}

#[test]
fn only_whole_characters_are_sent() {
    // Random bytes: most of them are no UTF-8, and some begin characters that never end.
    for seed in 0..5 {
        let (_, data) = generated(
            &json!({ "prompt": "\u{20ac}", "temperature": 2, "topK": 0, "topP": 1, "minP": 0, "seed": seed, "maxTokens": 200 }),
        );
        assert!(data["text"].as_str().unwrap().contains(char::REPLACEMENT_CHARACTER));
    }
}

#[test]
fn a_cancel_gives_what_there_is() {
    let mut session = harness();
    let full = done(&session.call("inference.generate", with_model(&greedy(200)))).1;
    // The model is warm: each message is a piece.
    let called = session.call_and_cancel("inference.generate", with_model(&greedy(200)), 10);
    let (ok, data) = done(&called);
    assert_eq!((ok, &data["finishReason"]), (false, &json!("cancelled")));
    let tokens = data["usage"]["outputTokens"].as_u64().unwrap();
    let told =
        called.progress.iter().filter_map(|step| step.data.as_ref()?["tokens"].as_u64()).max().unwrap();
    assert!(tokens - told <= 1, "{tokens} tokens, of which {told} were told");
    assert_eq!(streamed(&called), data["text"].as_str().unwrap());
    assert!(
        full["text"]
            .as_str()
            .unwrap()
            .starts_with(data["text"].as_str().unwrap().trim_end_matches('\u{fffd}'))
    );
    let again = done(&session.call("inference.generate", with_model(&greedy(200)))).1;
    assert_eq!(again["text"], full["text"], "the session goes on as before");
}

#[test]
fn a_cancel_while_the_prompt_is_read_gives_no_text() {
    let mut session = harness();
    let args = json!({ "prompt": "y".repeat(400), "maxTokens": 5 });
    session.call("inference.tokenize", with_model(&json!({ "text": "" })));
    let called = session.call_and_cancel("inference.generate", with_model(&args), 2);
    let (ok, data) = done(&called);
    assert_eq!((ok, &data["finishReason"], &data["text"]), (false, &json!("cancelled"), &json!("")));
    assert_eq!(called.progress.len(), 2);
    assert_eq!(called.progress[1].message.as_deref(), Some("reading the prompt"));
}

#[test]
fn a_cancel_before_anything_began_is_an_error() {
    let called = harness().call_and_cancel("inference.generate", with_model(&greedy(5)), 1);
    assert_eq!(called.code(), "ADAPTER_CANCELLED");
    assert_eq!(called.progress[0].message.as_deref(), Some("loading the model"));
}

#[test]
fn a_prompt_longer_than_the_context_is_refused() {
    let prompt = "z".repeat(CONTEXT as usize);
    let (code, message, details) = failed(&generate(&json!({ "prompt": prompt })));
    assert_eq!(code, "ADAPTER_PROMPT_TOO_LONG");
    assert_eq!(details, json!({ "promptTokens": CONTEXT + 1, "contextTokens": CONTEXT }));
    assert!(message.contains("513 tokens"), "{message}");
    assert!(generated(&json!({ "prompt": &prompt[..CONTEXT as usize - 2], "maxTokens": 5 })).0);
}

#[test]
fn a_context_longer_than_the_model_was_made_for_is_refused() {
    let (code, message, _) = failed(&generate(&json!({ "prompt": "a", "contextTokens": CONTEXT + 1 })));
    assert_eq!(code, "ADAPTER_BAD_INPUT");
    assert!(message.contains("at most 512"), "{message}");
}

#[test]
fn arguments_that_contradict_each_other_are_refused() {
    for bad in [
        json!({}),
        json!({ "prompt": "a", "messages": [{ "role": "user", "content": "a" }] }),
        json!({ "messages": [] }),
        json!({ "prompt": "a", "jsonSchema": {}, "grammar": "root ::= \"a\"" }),
        json!({ "prompt": "a", "stop": [""] }),
        json!({ "prompt": "a", "state": "/tmp/x" }),
        json!({ "prompt": "a", "adapters": [{ "path": "/a" }, { "path": "/b" }] }),
        json!({ "prompt": "a", "temprature": 1 }),
        json!({ "messages": [{ "role": "tool", "content": "a" }] }),
    ] {
        assert_eq!(failed(&generate(&bad)).0, "ADAPTER_BAD_INPUT", "{bad}");
    }
}

#[test]
fn loading_is_told_and_done_once() {
    let mut session = harness();
    let cold = session.call("inference.generate", with_model(&greedy(3)));
    let fractions: Vec<_> = cold.progress.iter().filter_map(|step| step.fraction).collect();
    assert_eq!(fractions.last(), Some(&1.0));
    assert!(fractions.is_sorted());
    assert_eq!(cold.progress[0].message.as_deref(), Some("loading the model"));
    let warm = session.call("inference.generate", with_model(&greedy(3)));
    assert!(warm.progress.iter().all(|step| step.fraction.is_none()), "{warm:?}");
}
