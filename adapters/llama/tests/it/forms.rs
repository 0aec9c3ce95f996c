//! Output of a wanted form.

use serde_json::{Value, json};

use crate::calls::{done, failed, generate, harness, streamed, with_model};

/// Ten schemas: nesting, escapes, numbers, optional members, arrays, enums, and more.
fn schemas() -> Vec<Value> {
    vec![
        json!({ "type": "object", "properties": { "answer": { "type": "boolean" } }, "required": ["answer"], "additionalProperties": false }),
        json!({ "enum": ["red", "green \"quoted\"", "blue\\n\n", "\u{20ac}", 3, null] }),
        json!({ "type": "array", "items": { "type": "integer" }, "minItems": 2, "maxItems": 4 }),
        json!({ "type": "object", "properties": { "name": { "type": "string", "maxLength": 8 }, "note": { "type": "string", "maxLength": 4 } }, "required": ["name"], "additionalProperties": false }),
        json!({ "type": "object", "properties": { "a": { "type": "object", "properties": { "b": { "type": "object", "properties": { "c": { "type": "boolean" } }, "required": ["c"], "additionalProperties": false } }, "required": ["b"], "additionalProperties": false } }, "required": ["a"], "additionalProperties": false }),
        json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "maxLength": 5 }, { "type": "null" }] }),
        json!({ "type": "integer", "minimum": -20, "maximum": 300 }),
        json!({ "type": "string", "pattern": "^[a-z]{2,4}-[0-9]{1,3}$" }),
        json!({ "type": "array", "items": { "type": "object", "properties": { "label": { "enum": ["protocol", "sandbox"] }, "count": { "type": "integer", "minimum": 0, "maximum": 9 } }, "required": ["label", "count"], "additionalProperties": false }, "minItems": 1, "maxItems": 2 }),
        json!({ "$defs": { "side": { "enum": ["left", "right"] } }, "type": "object", "properties": { "from": { "$ref": "#/$defs/side" }, "to": { "$ref": "#/$defs/side" }, "\"q\\": { "type": "number" } }, "required": ["from", "\"q\\"], "additionalProperties": false }),
    ]
}

#[test]
fn output_fits_its_schema_or_is_no_answer_in_200_of_200() {
    let mut session = harness();
    let (mut whole, mut cut) = (0, 0);
    let schemas = schemas();
    let mut rng = fastrand::Rng::with_seed(3);
    for (number, schema) in schemas.iter().enumerate() {
        let validator = jsonschema::validator_for(schema).unwrap();
        for _ in 0..20 {
            let seed = rng.u32(..);
            let args = json!({ "prompt": "JSON: ", "jsonSchema": schema, "temperature": 1.2, "seed": seed, "maxTokens": 200 });
            let called = session.call("inference.generate", with_model(&args));
            let (ok, data) = done(&called);
            let text = data["text"].as_str().unwrap();
            assert_eq!(streamed(&called), text);
            match data["finishReason"].as_str().unwrap() {
                "length" => {
                    assert!(!ok, "what was cut is never called valid");
                    cut += 1;
                }
                "stop" => {
                    assert!(ok, "schema {number}, seed {seed}: {data}");
                    let value: Value = contract_json::from_slice(text.as_bytes()).unwrap();
                    assert!(validator.is_valid(&value), "schema {number}, seed {seed}: {text}");
                    whole += 1;
                }
                other => panic!("{other}"),
            }
        }
    }
    assert_eq!(whole + cut, 200);
    assert!(whole >= 150, "{cut} of 200 were cut");
}

#[test]
fn what_the_grammar_has_no_words_for_is_checked_afterwards() {
    // llama.cpp's grammar lets every integer through here.
    let schema = json!({ "type": "integer", "multipleOf": 1009 });
    let mut violations = 0;
    for seed in 0..10 {
        let args =
            json!({ "prompt": "a", "jsonSchema": schema, "temperature": 2, "seed": seed, "maxTokens": 30 });
        let (ok, data) = done(&generate(&args));
        if data["finishReason"] == "stop" {
            let number: f64 = data["text"].as_str().unwrap().trim().parse().unwrap();
            assert_eq!(ok, number % 1009.0 == 0.0, "{data}");
            violations += usize::from(!ok);
            assert_eq!(data["violation"].is_string(), !ok);
        }
    }
    assert!(violations > 0);
}

#[test]
fn output_that_was_cut_is_no_answer() {
    let args = json!({ "prompt": "a", "jsonSchema": { "type": "string", "minLength": 50 }, "maxTokens": 10 });
    let (ok, data) = done(&generate(&args));
    assert_eq!((ok, &data["finishReason"]), (false, &json!("length")));
    let grammar = json!({ "prompt": "a", "grammar": "root ::= \"abcdefghijkl\"", "maxTokens": 10 });
    assert!(!done(&generate(&grammar)).0);
}

#[test]
fn a_grammar_says_what_comes() {
    for temperature in [0, 1] {
        let args = json!({ "prompt": "a", "grammar": "root ::= \"yes \" [a-c]{3} \"!\"", "temperature": temperature, "maxTokens": 30 });
        let (ok, data) = done(&generate(&args));
        let text = data["text"].as_str().unwrap();
        assert!(ok && data["finishReason"] == "stop", "{data}");
        assert!(text.len() == 8 && text.starts_with("yes ") && text.ends_with('!'), "{text}");
    }
}

#[test]
fn a_stop_string_within_a_form_leaves_no_whole_output() {
    for (name, form, left) in
        [("jsonSchema", json!({ "const": "abc" }), "\"a"), ("grammar", json!("root ::= \"abc\""), "a")]
    {
        let args = json!({ "prompt": "a", name: form, "stop": ["b"], "maxTokens": 30 });
        let (ok, data) = done(&generate(&args));
        assert_eq!((&data["finishReason"], &data["text"]), (&json!("stop-string"), &json!(left)), "{form}");
        assert!(
            !ok && data["violation"].as_str().unwrap().starts_with("a stop string cut the text"),
            "{data}"
        );
    }
}

#[test]
fn a_form_that_is_none_is_refused() {
    for (form, says) in [
        (json!({ "grammar": "start ::= \"a\"" }), "grammar cannot be used: it has no rule `root`"),
        (json!({ "grammar": "root ::= other" }), "at byte 9: this rule is not defined"),
        (json!({ "grammar": "root ::= root \"a\" | \"b\"" }), "let no rule begin with itself"),
        (json!({ "grammar": "root ::= \"a\u{0}\"" }), "at byte 11: the text has a NUL"),
        (json!({ "grammar": "root ::= \"a\"{0,2001}" }), "at byte 20: more than 2000 repetitions"),
        (json!({ "jsonSchema": { "type": "nothing" } }), "jsonSchema is no JSON Schema"),
        (json!({ "jsonSchema": { "type": "string", "pattern": "(?=a)a" } }), "a pattern that is not taken"),
        (json!({ "jsonSchema": { "$ref": "https://example.org/schema.json" } }), "does not begin with `#/`"),
    ] {
        let mut args = json!({ "prompt": "a" });
        args.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
        let (code, message, _) = failed(&generate(&args));
        assert_eq!(code, "ADAPTER_GRAMMAR_INVALID", "{form}");
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn a_model_draws_no_more_than_the_grammar_lets_it_where_bytes_are_tokens() {
    let three =
        |text: &str| text.chars().count() == 3 && text.chars().all(|char| "\u{e4}\u{20ac}".contains(char));
    let some = |text: &str| {
        let some = text.strip_suffix('.').unwrap_or_default();
        !some.is_empty() && some.chars().all(|char| "\u{1F600}\u{1F601}".contains(char))
    };
    for (grammar, is_good) in [
        ("root ::= [\u{e4}\u{20ac}]{3}", &three as &dyn Fn(&str) -> bool),
        ("root ::= (\"\u{1F600}\" | \"\u{1F601}\")+ \".\"", &some),
    ] {
        for seed in 0..10 {
            let args =
                json!({ "prompt": "a", "grammar": grammar, "temperature": 2, "seed": seed, "maxTokens": 90 });
            let (ok, data) = done(&generate(&args));
            let text = data["text"].as_str().unwrap();
            assert!(ok && is_good(text), "{text}");
        }
    }
}
