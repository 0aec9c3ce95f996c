use contract_adapter::Harness;
use serde_json::{Value, json};

use crate::call::{call, done, generate, hello, hello_with};
use crate::peer::{Peer, chat, json_answer};

fn manifest() -> Value {
    contract_json::from_slice(include_bytes!("../../adapter.json")).unwrap()
}

fn accepts(op: &str, schema: &str, value: &Value) -> bool {
    let manifest = manifest();
    let operation = manifest["operations"].as_array().unwrap().iter().find(|it| it["name"] == op).unwrap();
    jsonschema::validator_for(&operation[schema]).unwrap().is_valid(value)
}

#[test]
fn the_manifest_says_what_the_program_offers_and_asks_for_nothing() {
    let manifest = manifest();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["command"], json!(["./adapter-openai-endpoint"]));
    assert_eq!(manifest["asks"], json!([]));
    let harness = Harness::new(adapter_openai_endpoint::EndpointAdapter::new());
    let offered: Vec<_> = harness.offered().capabilities.iter().map(|capability| &capability.name).collect();
    assert_eq!(offered, ["inference.generate", "inference.embed", "inference.tokenize", "model.inspect"]);
}

#[test]
fn every_member_is_described_and_every_object_closed() {
    fn look(schema: &Value, place: &str) {
        if schema["type"] == "object" && place != "/inference.generate/inputSchema/jsonSchema" {
            assert_eq!(schema["additionalProperties"], false, "{place}");
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}/{name}");
            assert!(member["description"].is_string(), "{place}");
            look(member, &place);
        }
        if let Some(items) = schema.get("items") {
            look(items, &format!("{place}/items"));
        }
    }
    for operation in manifest()["operations"].as_array().unwrap() {
        for schema in ["inputSchema", "outputSchema"] {
            look(&operation[schema], &format!("/{}/{schema}", operation["name"].as_str().unwrap()));
        }
    }
}

#[test]
fn the_input_schemas_tell_good_arguments_from_bad_ones() {
    let generate = json!({"endpoint": "127.0.0.1:1", "model": "m", "prompt": "p"});
    let with = |name: &str, value: Value| {
        let mut args = generate.clone();
        args[name] = value;
        args
    };
    assert!(accepts("inference.generate", "inputSchema", &generate));
    for (name, good) in [
        ("maxTokens", json!(1_048_576)),
        ("temperature", json!(2)),
        ("topK", json!(0)),
        ("seed", json!(4_294_967_295_u32)),
        ("stop", json!(["a"])),
        ("jsonSchema", json!({"type": "object"})),
        ("apiKeyEnv", json!("_KEY1")),
        ("idleTimeoutMs", json!(1)),
    ] {
        assert!(accepts("inference.generate", "inputSchema", &with(name, good)), "{name}");
    }
    for (name, bad) in [
        ("messages", json!([{"role": "user", "content": "c"}])),
        ("maxTokens", json!(0)),
        ("temperature", json!(-0.1)),
        ("temperature", json!(2.1)),
        ("topP", json!(1.5)),
        ("seed", json!(4_294_967_296_u64)),
        ("stop", json!(vec!["a"; 17])),
        ("stop", json!([""])),
        ("jsonSchema", json!("{}")),
        ("apiKeyEnv", json!("A=B")),
        ("idleTimeoutMs", json!(0)),
        ("threads", json!(1)),
    ] {
        assert!(!accepts("inference.generate", "inputSchema", &with(name, bad.clone())), "{name} {bad}");
    }
    let mut chat = hello();
    chat["endpoint"] = json!("a:1");
    assert!(accepts("inference.generate", "inputSchema", &chat));
    chat["messages"][0]["role"] = json!("tool");
    assert!(!accepts("inference.generate", "inputSchema", &chat));
    assert!(!accepts("inference.generate", "inputSchema", &json!({"endpoint": "a:1", "model": "m"})));
    let embed = |input: Value| json!({"endpoint": "a:1", "model": "m", "input": input});
    assert!(accepts("inference.embed", "inputSchema", &embed(json!(["a"]))));
    for bad in [json!([]), json!("a"), json!(vec!["a"; 257])] {
        assert!(!accepts("inference.embed", "inputSchema", &embed(bad)));
    }
    let mut pooled = embed(json!(["a"]));
    pooled["pooling"] = json!("mean");
    assert!(!accepts("inference.embed", "inputSchema", &pooled));
}

#[test]
fn the_defaults_of_the_schema_are_those_of_the_program() {
    let defaults = manifest()["operations"][0]["inputSchema"]["properties"].clone();
    let peer = Peer::answers(chat(&["a"], "stop"));
    done(&generate(&peer, &hello()));
    let seen = peer.seen();
    assert!(seen.head.starts_with(&format!("POST {}/", defaults["basePath"]["default"].as_str().unwrap())));
    let sent = seen.json();
    assert_eq!(sent["max_tokens"], defaults["maxTokens"]["default"]);
    assert_eq!(sent["temperature"].as_f64(), defaults["temperature"]["default"].as_f64());
    assert_eq!(sent["seed"], defaults["seed"]["default"]);
    for absent in ["top_k", "top_p", "min_p", "repeat_penalty", "stop", "response_format"] {
        assert!(sent.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn the_output_schemas_take_what_the_program_gives_and_nothing_else() {
    let schema = json!({"jsonSchema": {"type": "object"}});
    for (pieces, reason, args) in [
        (&["a"][..], "stop", hello()),
        (&[], "length", hello()),
        (&["{}"], "stop", hello_with(&schema)),
        (&["{"], "stop", hello_with(&schema)),
    ] {
        let called = generate(&Peer::answers(chat(pieces, reason)), &args);
        let data = done(&called).1.clone();
        assert!(accepts("inference.generate", "outputSchema", &data), "{data}");
        for (pointer, bad) in [
            ("/finishReason", json!("content_filter")),
            ("/usage/outputTokens", json!(null)),
            ("/usage/estimated", json!(null)),
            ("/timings/totalMs", json!(null)),
            ("/model", json!({})),
        ] {
            let mut data = data.clone();
            *data.pointer_mut(pointer).unwrap() = bad;
            assert!(!accepts("inference.generate", "outputSchema", &data), "{pointer}");
        }
    }
    let others = [
        (
            "inference.embed",
            json!({"model": "m", "input": ["a"]}),
            json!({"data": [{"index": 0, "embedding": [1]}]}),
        ),
        ("inference.tokenize", json!({"model": "m", "text": "a"}), json!({"tokens": [1]})),
        ("model.inspect", json!({}), json!({"data": [{"id": "m"}, {"id": "n", "owned_by": "o"}]})),
    ];
    for (op, args, body) in others {
        let called = call(&Peer::answers(json_answer(&body)), op, &args);
        let mut data = called.data().clone();
        assert!(accepts(op, "outputSchema", &data), "{op} {data}");
        data["more"] = json!(1);
        assert!(!accepts(op, "outputSchema", &data), "{op}");
    }
}
