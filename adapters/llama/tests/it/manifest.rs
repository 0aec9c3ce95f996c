//! adapter.json: what it lets through, and that it says what the program does.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::calls::{done, harness, with_model};

fn manifest() -> Value {
    contract_json::from_slice(include_bytes!("../../adapter.json")).unwrap()
}

fn operation(name: &str) -> Value {
    let manifest = manifest();
    let found = manifest["operations"].as_array().unwrap().iter().find(|operation| operation["name"] == name);
    found.unwrap().clone()
}

fn schema(op: &str, which: &str) -> Validator {
    jsonschema::validator_for(&operation(op)[which]).unwrap()
}

#[test]
fn the_manifest_says_what_the_program_offers() {
    let manifest = manifest();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["command"], json!(["./adapter-llama"]));
    let harness = harness();
    let offered: Vec<_> = harness.offered().capabilities.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        offered,
        [
            "inference.generate",
            "inference.embed",
            "inference.tokenize",
            "model.inspect",
            "model.state.save",
            "model.state.load"
        ]
    );
}

#[test]
fn what_people_say_and_what_the_model_says_is_marked_private() {
    let generate = operation("inference.generate");
    assert_eq!(
        generate["private"]["args"],
        json!(["/prompt", "/messages", "/stop", "/jsonSchema", "/grammar"])
    );
    assert_eq!(generate["private"]["data"], json!(["/text", "/tokens", "/violation"]));
    assert_eq!(generate["private"]["progress"], json!(["/text"]));
    assert_eq!(
        operation("inference.embed")["private"],
        json!({ "args": ["/input"], "data": ["/embeddings"] })
    );
    for op in ["inference.generate", "inference.embed"] {
        assert_eq!(operation(op)["volatile"], json!(["/loaded", "/timings"]));
    }
    assert_eq!(operation("inference.tokenize")["private"], json!({ "args": ["/text"], "data": ["/tokens"] }));
    assert_eq!(operation("model.state.save")["private"], json!({ "args": ["/prompt", "/messages"] }));
}

#[test]
fn the_input_schema_tells_good_arguments_from_bad_ones() {
    let schema = schema("inference.generate", "inputSchema");
    let with = |more: Value| {
        let mut args = json!({ "model": "/m.gguf", "prompt": "a" });
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    let key = json!({ "modelDigest": "a", "tokenizerDigest": format!("sha256:{}", "0".repeat(64)), "adapterDigest": null,
        "prefixDigest": "b", "agent": "c", "workroom": "d", "policyDomain": "e" });
    for good in [
        with(json!({})),
        with(
            json!({ "maxTokens": 1, "temperature": 2, "topK": 0, "topP": 1, "minP": 0, "repeatPenalty": 1.1, "repeatLastTokens": 0, "seed": 4_294_967_295_u32, "stop": ["a"], "threads": 2, "contextTokens": 8, "returnTokens": true }),
        ),
        with(json!({ "jsonSchema": {} })),
        with(json!({ "grammar": "root ::= \"a\"" })),
        with(json!({ "adapters": [{ "path": "/l.gguf", "scale": 0.5 }] })),
        with(json!({ "state": "/s", "stateKey": key })),
        json!({ "model": "/m.gguf", "messages": [{ "role": "user", "content": "" }] }),
    ] {
        assert!(schema.is_valid(&good), "{good}");
    }
    for bad in [
        json!({ "model": "/m.gguf" }),
        json!({ "prompt": "a" }),
        json!({ "model": "m.gguf", "prompt": "a" }),
        with(json!({ "messages": [{ "role": "user", "content": "" }] })),
        json!({ "model": "/m.gguf", "messages": [] }),
        json!({ "model": "/m.gguf", "messages": [{ "role": "tool", "content": "" }] }),
        with(json!({ "maxTokens": 0 })),
        with(json!({ "temperature": 2.5 })),
        with(json!({ "seed": -1 })),
        with(json!({ "stop": [""] })),
        with(json!({ "stop": vec!["a"; 17] })),
        with(json!({ "jsonSchema": {}, "grammar": "root ::= \"a\"" })),
        with(json!({ "adapters": [{ "path": "/a" }, { "path": "/b" }] })),
        with(json!({ "state": "/s" })),
        with(json!({ "repeatPenalty": 0 })),
        with(json!({ "tools": [] })),
    ] {
        assert!(!schema.is_valid(&bad), "{bad}");
    }
}

#[test]
fn the_defaults_of_the_schema_are_those_of_the_program() {
    let properties = operation("inference.generate")["inputSchema"]["properties"].clone();
    let mut explicit = json!({ "prompt": "The quick", "temperature": 1, "seed": 9, "maxTokens": 30 });
    let mut session = harness();
    let implicit = done(&session.call("inference.generate", with_model(&explicit))).1["text"].clone();
    for (name, property) in properties.as_object().unwrap() {
        if let Some(default) = property.get("default").filter(|_| explicit.get(name).is_none()) {
            explicit[name] = default.clone();
        }
    }
    let data = done(&session.call("inference.generate", with_model(&explicit))).1;
    assert_eq!(data["text"], implicit);
    assert_eq!(properties["maxTokens"]["default"], 256);
    assert_eq!(properties["temperature"]["default"], 0);
}

#[test]
fn the_output_schemas_describe_what_comes() {
    let mut session = harness();
    for (op, args) in [
        ("inference.generate", json!({ "prompt": "a", "maxTokens": 3, "returnTokens": true })),
        ("inference.generate", json!({ "prompt": "a", "jsonSchema": { "const": "abc" }, "stop": ["b"] })),
        ("inference.embed", json!({ "input": ["a"] })),
        ("inference.tokenize", json!({ "text": "a" })),
        ("model.inspect", json!({})),
    ] {
        let args = with_model(&args);
        assert!(schema(op, "inputSchema").is_valid(&args), "{op}");
        let data = done(&session.call(op, args)).1;
        let schema = schema(op, "outputSchema");
        assert!(
            schema.is_valid(&data),
            "{op}: {data}: {:?}",
            schema.validate(&data).err().map(|error| error.to_string())
        );
        let mut more = data.clone();
        more["extra"] = json!(1);
        assert!(!schema.is_valid(&more), "{op}");
    }
}

#[test]
fn every_property_is_described() {
    fn look(schema: &Value, place: &str) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            assert_eq!(schema["additionalProperties"], false, "{place}");
            for (name, property) in properties {
                let place = format!("{place}/{name}");
                assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{place}");
                look(property, &place);
            }
        }
        if let Some(items) = schema.get("items") {
            look(items, &format!("{place}/items"));
        }
    }
    for operation in manifest()["operations"].as_array().unwrap() {
        for which in ["inputSchema", "outputSchema"] {
            look(&operation[which], &format!("{}/{which}", operation["name"]));
        }
    }
}
