//! The manifest agrees with the code, and its schemas tell good values from bad ones.

use adapter_office::Office;
use contract_adapter::Harness;
use serde_json::{Value, json};

use crate::bench::MANIFEST;

fn manifest() -> Value {
    contract_json::from_slice(MANIFEST.as_bytes()).unwrap()
}

fn operation(name: &str) -> Value {
    let manifest = manifest();
    manifest["operations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|operation| operation["name"] == name)
        .unwrap()
        .clone()
}

#[test]
fn it_names_this_program_and_its_version() {
    let manifest = manifest();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["command"], json!(["./adapter-office"]));
    let offered = Harness::new(Office);
    let names: Vec<&str> = offered.offered().capabilities.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), manifest["operations"].as_array().unwrap().len());
}

#[test]
fn nothing_has_a_side_effect() {
    for operation in manifest()["operations"].as_array().unwrap() {
        assert_eq!(operation["sideEffects"], json!(["none"]));
    }
}

#[test]
fn every_verb_leads_to_an_operation_and_its_arguments() {
    let manifest = manifest();
    for verb in manifest["verbs"].as_array().unwrap() {
        let input = operation(verb["op"].as_str().unwrap())["inputSchema"]["properties"].clone();
        let positionals = verb["positionals"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        let keys =
            |member: &str| verb[member].as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
        for name in positionals.chain(keys("paths")).chain(keys("fromEnvironment")) {
            assert!(input.get(name).is_some(), "{name}");
        }
    }
}

#[test]
fn every_object_is_closed_and_every_property_says_what_it_is() {
    fn look(schema: &Value, at: &str) {
        if let Some(properties) = schema.get("properties") {
            assert_eq!(schema["additionalProperties"], false, "{at}");
            for (name, property) in properties.as_object().unwrap() {
                assert!(property["description"].is_string(), "{at}/{name}");
                look(property, &format!("{at}/{name}"));
            }
        }
        if let Some(items) = schema.get("items") {
            look(items, &format!("{at}/items"));
        }
    }
    for operation in manifest()["operations"].as_array().unwrap() {
        look(&operation["inputSchema"], "inputSchema");
        look(&operation["outputSchema"], "outputSchema");
    }
}

#[test]
fn its_schemas_tell_good_arguments_from_bad_ones() {
    let good = json!({"artifactType": "notes", "format": "md", "title": "a", "workroomId": "w", "input": ["/a"], "dryRun": true});
    let mut cases = vec![
        ("office.generate", good.clone(), true),
        ("office.doctor", json!({}), true),
        ("office.doctor", json!({"path": "/bin"}), false),
        ("office.convert", json!({"file": "/a", "to": "pdf"}), true),
        ("office.convert", json!({"file": "/a", "to": "exe"}), false),
        ("office.inspect", json!({"file": "/a", "names": true}), true),
        ("office.inspect", json!({"file": ["/a"]}), false),
        ("agentterm.office.event", json!({"room": "!a", "workroom": "w", "title": "t"}), true),
        ("agentterm.office.event", json!({"room": "../a", "workroom": "w", "title": "t"}), false),
    ];
    for (member, bad) in [
        ("artifactType", json!("poster")),
        ("format", json!("exe")),
        ("title", json!("")),
        ("workroomId", json!("a/b")),
        ("input", json!("/a")),
        ("dryRun", json!("yes")),
        ("more", json!(1)),
    ] {
        let mut args = good.clone();
        args[member] = bad;
        cases.push(("office.generate", args, false));
    }
    for (name, args, fits) in cases {
        let validator = jsonschema::validator_for(&operation(name)["inputSchema"]).unwrap();
        assert_eq!(validator.is_valid(&args), fits, "{name} {args}");
    }
}

#[test]
fn the_documents_of_an_operation_are_those_of_its_schema() {
    for operation in manifest()["operations"].as_array().unwrap() {
        let documents = &operation["outputSchema"]["properties"]["documents"];
        assert_eq!(documents["required"], operation["documents"]);
    }
}
