//! Forms that are made to end the process, to have it work without end, or to have it say what is private.

use std::path::PathBuf;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use Verdict::{Refused, Taken};

use crate::calls::with_model;
use crate::session::Session;

/// A word of the user. It must be nowhere but in the output.
const WORD: &str = "Rumpelstilzchen";

/// What becomes of a form: work that is too much is refused before it is done.
enum Verdict {
    /// There is an output, whatever it is.
    Taken,
    Refused,
}

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

fn grammars() -> Vec<(Verdict, String)> {
    let twice = |rule: &str| -> String {
        (0..40).map(|at| format!("r{at} ::= {}\n", rule.replace('N', &format!("r{}", at + 1)))).collect()
    };
    vec![
        (Refused, format!("root ::= {}", "(".repeat(100_000))),
        (Refused, format!("root ::= {}", "[".repeat(100_000))),
        (Refused, format!("root ::= {}", "\"a\"?".repeat(50_000))),
        (Refused, format!("root ::= {}", "[a-z]*".repeat(40_000))),
        (Refused, format!("root ::= {}", "[a-z]{0,2000}".repeat(10_000))),
        (Refused, "root ::= \"a\"{1000000}".to_owned()),
        (Refused, "root ::= \"a\"{99999999999999999999}".to_owned()),
        (Refused, "root ::= \"a\"{3,2}".to_owned()),
        (Taken, format!("root ::= r0\n{}r40 ::= \"a\"", twice("N | N"))),
        (Refused, format!("root ::= r0\n{}r40 ::= \"a\"", twice("\"\" | N N"))),
        (
            Taken,
            format!(
                "root ::= r0\n{}r10000 ::= \"a\"",
                (0..10_000).map(|at| format!("r{at} ::= r{}\n", at + 1)).collect::<String>()
            ),
        ),
        (Refused, "root ::= root root | \"\"".to_owned()),
        (Taken, "root ::= [\\U00000000-\\UFFFFFFFF]*".to_owned()),
        (Refused, "root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"a\" root".to_owned()),
        // What waits for the end of its rule.
        (Refused, format!("root ::= {}", vec![".{2000}".repeat(513); 71].join("|"))),
        (Refused, format!("root ::= {}", vec![".{2000}".repeat(513); 71].join("("))),
    ]
}

fn schemas() -> Vec<(Verdict, Value)> {
    let again = json!({ "$ref": "#/$defs/a" });
    let below = json!({ "items": again });
    let part = json!({ "allOf": [again] });
    let each_level: Vec<_> =
        (0..58).map(|level| json!({ "$ref": format!("#/$defs/a{}", "/items".repeat(level)) })).collect();
    vec![
        (Refused, json!({ "$ref": "#" })),
        (Refused, json!({ "$defs": { "a": again }, "$ref": "#/$defs/a" })),
        (Refused, json!({ "$defs": { "a": again }, "allOf": [again] })),
        (Refused, json!({ "$defs": { "a": { "anyOf": [again] } }, "$ref": "#/$defs/a" })),
        (Taken, json!({ "$defs": { "a": { "type": "boolean", "not": again } }, "$ref": "#/$defs/a" })),
        (
            Taken,
            json!({ "$defs": { "a": { "type": "boolean", "if": again, "then": again } }, "$ref": "#/$defs/a" }),
        ),
        (Taken, nested(50, json!({ "type": "boolean" }), |inner| json!({ "type": "array", "items": inner }))),
        (Refused, nested(20, json!({}), |inner| json!({ "type": ["object", "string"], "allOf": [inner] }))),
        // The converter reads what an `allOf` refers to where it is, again and again.
        (
            Refused,
            json!({ "$defs": { "a": { "properties": { "b": part, "c": part } } }, "$ref": "#/$defs/a" }),
        ),
        (
            Refused,
            chain(40, |next| json!({ "properties": { "a": { "allOf": [next] }, "b": { "allOf": [next] } } })),
        ),
        // What is within it is written out for each reference to a level.
        (
            Refused,
            json!({ "$defs": { "a": nested(58, json!({ "anyOf": vec![json!({}); 7500] }), |inner| json!({ "items": inner })) }, "anyOf": each_level }),
        ),
        (Refused, chain(1500, |next| next)),
        (Refused, chain(500, |next| nested(10, next, |inner| json!({ "not": inner })))),
        (Taken, chain(40, |next| json!({ "oneOf": [next, next] }))),
        (Refused, chain(40, |next| json!({ "type": "boolean", "allOf": [next, next] }))),
        (
            Taken,
            json!({ "$defs": { "a": { "oneOf": [below, below] } }, "allOf": [again], "const": nested(50, json!([]), |inner| json!([inner])) }),
        ),
        (Refused, json!({ "enum": (0..20_000).collect::<Vec<_>>() })),
        (Taken, json!({ "enum": (0..8000).collect::<Vec<_>>() })),
        (Taken, properties(100, |at| format!("p{at}"))),
        (Refused, properties(2000, |at| format!("p{at}"))),
        (Refused, properties(1500, |at| char::from_u32(0x4e00 + at as u32).unwrap().to_string())),
        (Refused, properties(1, |_| "!".repeat(60_000))),
        (Refused, json!({ "type": "string", "minLength": 1_000_000 })),
        (Taken, json!({ "type": "string", "maxLength": 1_000_000 })),
        (Refused, json!({ "type": "array", "minItems": 4_000_000_000_u32 })),
        (
            Taken,
            json!({ "type": "integer", "minimum": 9_000_000_000_000_000_u64, "maximum": -9_000_000_000_000_000_i64 }),
        ),
        (
            Refused,
            json!({ "type": "string", "pattern": format!("^{}a{}$", "(".repeat(20_000), ")".repeat(20_000)) }),
        ),
        (Refused, json!({ "type": "string", "pattern": "^((a{1000}){1000}){1000}$" })),
        (
            Refused,
            json!({ "allOf": (0..2000).map(|_| json!({ "type": "string", "pattern": "^\\w{50}$" })).collect::<Vec<_>>() }),
        ),
    ]
}

#[test]
fn no_form_ends_the_process_or_breaks_the_next_request() {
    let mut session = Session::start();
    // As much as the sandbox gives it. What takes more ends the process.
    let pid = Pid::from_raw(i32::try_from(session.adapter.id()).unwrap()).unwrap();
    let limit = Rlimit { current: Some(1 << 30), maximum: Some(1 << 30) };
    prlimit(Some(pid), Resource::Data, limit).unwrap();
    let grammars = grammars().into_iter().map(|(verdict, grammar)| (verdict, json!({ "grammar": grammar })));
    let schemas = schemas().into_iter().map(|(verdict, schema)| (verdict, json!({ "jsonSchema": schema })));
    for (verdict, form) in grammars.chain(schemas) {
        let mut args = with_model(&json!({ "prompt": "a", "maxTokens": 150 }));
        args.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
        session.invoke("inference.generate", &args);
        let shown: String = form.to_string().chars().take(100).collect();
        let end = session.end().unwrap_or_else(|| panic!("the process has ended: {shown}"));
        match verdict {
            Taken => assert_eq!(end["type"], "result", "{shown}: {end}"),
            Refused => assert_eq!(end["payload"]["code"], "ADAPTER_GRAMMAR_INVALID", "{shown}: {end}"),
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
