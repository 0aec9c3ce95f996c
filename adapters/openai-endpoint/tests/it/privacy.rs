//! Servers that quote what they were sent: it is in no error.

use contract_adapter::{Called, End};
use serde_json::json;

use crate::call::{KEY, call, generate};
use crate::peer::{Peer, answer, event, piece, stream};

const PROMPT: &str = "The patient is called M\u{fc}ller and lives in Bern.";
const OUTPUT: &str = "Dear Mr M\u{fc}ller of Bern, your result is";

/// Neither the whole nor a part of what was sent or made is in the error.
#[track_caller]
fn keeps_quiet(called: &Called) {
    let End::Error { code, message, details, .. } = &called.end else { panic!("no error: {called:?}") };
    let all = format!("{code} {message} {details:?}");
    for private in ["M\u{fc}ller", "Bern", "patient", KEY, &KEY[..12], &KEY[5..]] {
        assert!(!all.contains(private), "`{private}` is in: {all}");
    }
}

#[test]
fn errors_quote_neither_prompts_nor_keys_nor_answers() {
    let chat =
        json!({"model": "m", "apiKeyEnv": "SERVER_KEY", "messages": [{"role": "user", "content": PROMPT}]});
    let escaped =
        json!({"error": {"message": format!("Input should be shorter: {PROMPT:?} with key {KEY}")}});
    for body in [
        escaped.to_string(),
        json!({ "error": PROMPT }).to_string(),
        json!({"message": format!("...{}...", &PROMPT[8..])}).to_string(),
        format!("bad request: Bearer {KEY} said {PROMPT}{PROMPT}"),
        PROMPT.repeat(500),
        format!("<html>{PROMPT}</html>"),
        format!("{{\"prompt\": {PROMPT:?}"),
    ] {
        keeps_quiet(&generate(&Peer::answers(answer("400 Bad Request", "application/json", &body)), &chat));
    }
    let location = format!("HTTP/1.1 302 Found\r\nLocation: /?key={KEY}\r\nContent-Length: 0\r\n\r\n");
    keeps_quiet(&generate(&Peer::answers(location), &chat));
    let kind = format!("HTTP/1.1 200 OK\r\nContent-Type: {KEY}\r\nContent-Length: 0\r\n\r\n");
    keeps_quiet(&generate(&Peer::answers(kind), &chat));
    let broken_off = event(&json!({"error": {"message": format!("failed after: {OUTPUT} for {PROMPT}")}}));
    keeps_quiet(&generate(&Peer::answers(stream(&[piece(OUTPUT), broken_off])), &chat));
    let wrong = event(&json!({"choices": [{"index": 0, "delta": {"content": [PROMPT]}}]}));
    keeps_quiet(&generate(&Peer::answers(stream(&[wrong])), &chat));
    let reason = event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": PROMPT}]}));
    keeps_quiet(&generate(&Peer::answers(stream(&[reason])), &chat));
}

#[test]
fn so_do_those_of_the_other_operations() {
    let quoting = || {
        Peer::answers(answer("422 Unprocessable", "application/json", &json!({"detail": PROMPT}).to_string()))
    };
    keeps_quiet(&call(&quoting(), "inference.embed", &json!({"model": "m", "input": ["a", PROMPT]})));
    keeps_quiet(&call(&quoting(), "inference.tokenize", &json!({"model": "m", "text": PROMPT})));
    let quoting = answer("401 Unauthorized", "text/plain", &format!("wrong key: {KEY}"));
    keeps_quiet(&call(&Peer::answers(quoting), "model.inspect", &json!({"apiKeyEnv": "SERVER_KEY"})));
}
