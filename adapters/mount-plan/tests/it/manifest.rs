//! adapter.json against the code, and its schemas against good and bad values.

use contract_check::kind;
use serde_json::{Value, json};

use crate::machine::{Machine, OPERATION, call};

fn manifest() -> Value {
    contract_json::from_slice(include_bytes!("../../adapter.json")).unwrap()
}

fn validator(schema: &str) -> jsonschema::Validator {
    jsonschema::validator_for(&manifest()["operations"][0][schema]).unwrap()
}

#[test]
fn agrees_with_the_code() {
    let manifest = manifest();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["command"], json!(["./adapter-mount-plan"]));
    let operation = &manifest["operations"][0];
    assert_eq!(operation["name"], OPERATION);
    assert_eq!((&operation["sideEffects"], &operation["volatile"]), (&json!(["none"]), &json!([])));
    assert_eq!((&manifest["asks"], &manifest["verbs"][0]["op"]), (&json!([]), &json!(OPERATION)));
    // What the verb speaks of are arguments of the operation.
    let verb = &manifest["verbs"][0];
    for member in ["paths", "fromEnvironment"] {
        for name in verb[member].as_object().unwrap().keys() {
            assert!(operation["inputSchema"]["properties"][name].is_object(), "{name}");
        }
    }
}

#[test]
fn holds_the_schemas_of_the_kinds_as_they_are() {
    let manifest = manifest();
    let definitions = &manifest["operations"][0]["outputSchema"]["$defs"];
    for (definition, name) in
        [("plan", "agent-machine-mount-plan"), ("evidence", "agent-machine-mount-evidence")]
    {
        let schema: Value = serde_json::from_str(kind(name).unwrap().schema).unwrap();
        assert_eq!(definitions[definition], schema, "{name}");
    }
}

#[test]
fn its_input_schema_tells_good_arguments_from_bad_ones() {
    let input = validator("inputSchema");
    for good in [
        json!({}),
        json!({ "devRoot": "/srv/dev", "docsRoot": "~", "downloadsRoot": "", "home": "/srv/me", "label": "none" }),
        json!({ "roots": ["tables=/srv/tide tables", "x-1=y"] }),
    ] {
        assert!(input.is_valid(&good), "{good}");
    }
    for bad in [
        json!({ "dev_root": "/srv/dev" }),
        json!({ "devRoot": ["/srv/dev"] }),
        json!({ "home": "me" }),
        json!({ "roots": "tables=/srv" }),
        json!({ "roots": ["/srv"] }),
        json!({ "roots": ["-x=/srv"] }),
        json!({ "label": "Z" }),
    ] {
        assert!(!input.is_valid(&bad), "{bad}");
    }
}

#[test]
fn its_output_schema_tells_answers_from_what_is_none() {
    let output = validator("outputSchema");
    let machine = Machine::new();
    let planned = machine.plan(json!({
        "devRoot": machine.path("me/dev"), "docsRoot": machine.path("me/out"), "roots": [format!("a={}", machine.folder("a"))],
    }));
    let planned = planned.data();
    let refused = match call(json!({ "devRoot": "/" })).end {
        contract_adapter::End::Result { ok: false, data } => data,
        other => panic!("no refusal: {other:?}"),
    };
    for good in [planned, &refused] {
        let faults: Vec<_> = output.iter_errors(good).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
    let plan = "/documents/agent-machine.mount.plan";
    let evidence = "/documents/agent-machine.mount.evidence";
    for (pointer, value) in [
        (format!("{plan}/mounts/2/mode"), json!("read-write")),
        (format!("{plan}/mounts/0/target"), json!("/etc")),
        (format!("{plan}/mounts/0/source"), json!("dev")),
        (format!("{plan}/authorizationGranted"), json!(true)),
        (format!("{plan}/forms"), json!({ "podman": [] })),
        (format!("{evidence}/planDigest"), json!("sha256:0")),
        (format!("{evidence}/mounts/0/permissions"), json!("rwx")),
        (format!("{evidence}/mounts/0/checks/0/verdict"), json!("fail")),
        (evidence.to_owned(), json!(null)),
        ("/documents".to_owned(), json!({ "other": {} })),
        ("/documents".to_owned(), json!({ "agent-machine.mount.plan": planned.pointer(plan).unwrap() })),
        ("/summary".to_owned(), json!("")),
        ("/violations".to_owned(), json!([{ "rule": "MOUNT_ROOT_LINK" }])),
    ] {
        let mut bad = planned.clone();
        *bad.pointer_mut(&pointer).unwrap() = value;
        assert!(!output.is_valid(&bad), "{pointer}");
    }
}
