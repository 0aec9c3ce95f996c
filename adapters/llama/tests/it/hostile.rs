//! Forms that are made to end the process, to hold it up, or to have it say what is private.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::calls::with_model;
use crate::session::Session;

/// A word of the user. It must be nowhere but in the output.
const WORD: &str = "Rumpelstilzchen";

fn nested(levels: usize, innermost: Value, around: impl Fn(Value) -> Value) -> Value {
    (0..levels).fold(innermost, |inner, _| around(inner))
}

/// Schemas where each of `count` names leads to the next.
fn chain(count: usize, link: impl Fn(Value) -> Value) -> Value {
    let mut defs = json!({ format!("d{count}"): { "type": "boolean" } });
    for at in 0..count {
        defs[format!("d{at}")] = link(json!({ "$ref": format!("#/$defs/d{}", at + 1) }));
    }
    json!({ "$defs": defs, "$ref": "#/$defs/d0" })
}

fn properties(count: usize, name: impl Fn(usize) -> String) -> Value {
    let properties = (0..count).map(|at| (name(at), json!({ "type": "integer" }))).collect();
    json!({ "type": "object", "properties": Value::Object(properties) })
}

fn grammars() -> Vec<String> {
    let twice = |rule: &str| -> String {
        (0..40).map(|at| format!("r{at} ::= {}\n", rule.replace('N', &format!("r{}", at + 1)))).collect()
    };
    vec![
        format!("root ::= {}", "(".repeat(100_000)),
        format!("root ::= {}", "[".repeat(100_000)),
        format!("root ::= {}", "\"a\"?".repeat(50_000)),
        format!("root ::= {}", "[a-z]*".repeat(40_000)),
        format!("root ::= {}", "[a-z]{0,2000}".repeat(10_000)),
        "root ::= \"a\"{1000000}".to_owned(),
        "root ::= \"a\"{99999999999999999999}".to_owned(),
        "root ::= \"a\"{3,2}".to_owned(),
        format!("root ::= r0\n{}r40 ::= \"a\"", twice("N | N")),
        format!("root ::= r0\n{}r40 ::= \"a\"", twice("\"\" | N N")),
        format!(
            "root ::= r0\n{}r10000 ::= \"a\"",
            (0..10_000).map(|at| format!("r{at} ::= r{}\n", at + 1)).collect::<String>()
        ),
        "root ::= root root | \"\"".to_owned(),
        "root ::= [\\U00000000-\\UFFFFFFFF]*".to_owned(),
        "root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"a\" root".to_owned(),
    ]
}

fn schemas() -> Vec<Value> {
    let again = json!({ "$ref": "#/$defs/a" });
    let below = json!({ "items": again });
    vec![
        json!({ "$ref": "#" }),
        json!({ "$defs": { "a": again }, "$ref": "#/$defs/a" }),
        json!({ "$defs": { "a": again }, "allOf": [again] }),
        json!({ "$defs": { "a": { "anyOf": [again] } }, "$ref": "#/$defs/a" }),
        json!({ "$defs": { "a": { "type": "boolean", "not": again } }, "$ref": "#/$defs/a" }),
        json!({ "$defs": { "a": { "type": "boolean", "if": again, "then": again } }, "$ref": "#/$defs/a" }),
        nested(50, json!({ "type": "boolean" }), |inner| json!({ "type": "array", "items": inner })),
        nested(20, json!({}), |inner| json!({ "type": ["object", "string"], "allOf": [inner] })),
        chain(1500, |next| next),
        chain(500, |next| nested(10, next, |inner| json!({ "not": inner }))),
        chain(40, |next| json!({ "oneOf": [next, next] })),
        chain(40, |next| json!({ "type": "boolean", "allOf": [next, next] })),
        json!({ "$defs": { "a": { "oneOf": [below, below] } }, "allOf": [again], "const": nested(50, json!([]), |inner| json!([inner])) }),
        json!({ "enum": (0..20_000).collect::<Vec<_>>() }),
        json!({ "enum": (0..8000).collect::<Vec<_>>() }),
        properties(100, |at| format!("p{at}")),
        properties(2000, |at| format!("p{at}")),
        properties(1500, |at| char::from_u32(0x4e00 + at as u32).unwrap().to_string()),
        properties(1, |_| "!".repeat(60_000)),
        json!({ "type": "string", "minLength": 1_000_000 }),
        json!({ "type": "string", "maxLength": 1_000_000 }),
        json!({ "type": "array", "minItems": 4_000_000_000_u32 }),
        json!({ "type": "integer", "minimum": 9_000_000_000_000_000_u64, "maximum": -9_000_000_000_000_000_i64 }),
        json!({ "type": "string", "pattern": format!("^{}a{}$", "(".repeat(20_000), ")".repeat(20_000)) }),
        json!({ "type": "string", "pattern": "^((a{1000}){1000}){1000}$" }),
        json!({ "allOf": (0..2000).map(|_| json!({ "type": "string", "pattern": "^\\w{50}$" })).collect::<Vec<_>>() }),
    ]
}

#[test]
fn no_form_ends_the_process_or_breaks_the_next_request() {
    let mut session = Session::start();
    let grammars = grammars().into_iter().map(|grammar| json!({ "grammar": grammar }));
    let schemas = schemas().into_iter().map(|schema| json!({ "jsonSchema": schema }));
    for form in grammars.chain(schemas) {
        let mut args = with_model(&json!({ "prompt": "a", "maxTokens": 150 }));
        args.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
        session.invoke("inference.generate", &args);
        let shown: String = form.to_string().chars().take(100).collect();
        let end = session.end().unwrap_or_else(|| panic!("the process has ended: {shown}"));
        if end["type"] == "error" {
            assert_eq!(end["payload"]["code"], "ADAPTER_GRAMMAR_INVALID", "{shown}: {end}");
        }
    }
    session.invoke(
        "inference.generate",
        &with_model(&json!({ "prompt": "a", "grammar": "root ::= \"whole\"" })),
    );
    assert_eq!(session.end().unwrap()["payload"]["data"]["text"], "whole");
    let ended = session.close();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn words_of_a_form_are_neither_in_messages_nor_on_stderr() {
    let mut session = Session::start();
    let stderr = stderr_of(&session);
    for form in [
        json!({ "grammar": format!("root ::= \"{WORD}") }),
        json!({ "grammar": format!("root ::= {WORD}") }),
        json!({ "grammar": WORD }),
        json!({ "grammar": format!("root ::= \"\\q{WORD}\"") }),
        json!({ "grammar": format!("root ::= <{WORD}>") }),
        json!({ "grammar": format!("root ::= {WORD} {WORD}\n{WORD} ::= {WORD} \"a\" | \"\"") }),
        json!({ "jsonSchema": { "type": WORD } }),
        json!({ "jsonSchema": { "properties": { WORD: 1 } } }),
        json!({ "jsonSchema": { "$ref": format!("#/{WORD}") } }),
        json!({ "jsonSchema": { "$ref": format!("https://{WORD}.example/") } }),
        json!({ "jsonSchema": { "type": "string", "pattern": format!("^({WORD}$") } }),
        json!({ "jsonSchema": { "type": "object", "properties": { WORD: { "type": "string", "format": WORD, "minLength": -1 } } } }),
        json!({ "jsonSchema": { "type": "object", "required": [WORD], "properties": { WORD: { "enum": [] } } } }),
    ] {
        let mut args = with_model(&json!({ "prompt": "a", "maxTokens": 9 }));
        args.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
        session.invoke("inference.generate", &args);
        let end = session.end().unwrap();
        assert_eq!(end["payload"]["code"], "ADAPTER_GRAMMAR_INVALID", "{form}: {end}");
        assert!(!end.to_string().contains(WORD), "{end}");
    }
    // llama.cpp has no grammar for this pattern, prints it, and takes any string.
    let pattern = json!({ "type": "string", "pattern": format!("^{WORD}\\d?$") });
    session.invoke(
        "inference.generate",
        &with_model(&json!({ "prompt": "a", "jsonSchema": pattern, "maxTokens": 9 })),
    );
    assert_eq!(session.end().unwrap()["type"], "result");
    // stderr is back afterwards, for what llama.cpp says when it aborts.
    session.invoke("inference.generate", &with_model(&json!({ "prompt": "a", "maxTokens": 1 })));
    assert_eq!(session.end().unwrap()["type"], "result");
    assert_eq!(stderr_of(&session), stderr);
    assert_eq!(session.close().stderr, "");
}

fn stderr_of(session: &Session) -> PathBuf {
    std::fs::read_link(format!("/proc/{}/fd/2", session.adapter.id())).unwrap()
}
