use std::io::Write as _;

use serde_json::{Value, json};

use crate::process::{Adapter, Seen};

#[test]
fn what_an_operation_prints_goes_to_stderr() {
    let mut adapter = Adapter::ready(None);
    let text = json!({ "text": "{\"v\":\"ipc.v0\"} and more" });
    assert_eq!(adapter.call("print", &text), Seen::Result(true, text));
    assert_eq!(adapter.call("echo", &json!({})), Seen::Result(true, json!({ "args": {} })));
    let (status, stderr) = adapter.finish();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), "{\"v\":\"ipc.v0\"} and more\n"));
}

#[test]
fn names_its_environment_without_values() {
    let mut adapter = Adapter::ready(None);
    let expected = json!({ "variables": ["SECRET_TOKEN"], "cwd": "/" });
    assert_eq!(adapter.call("env", &json!({})), Seen::Result(true, expected));
}

#[test]
fn reads_a_file_or_says_which_error() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all("größe\n".as_bytes()).unwrap();
    let mut adapter = Adapter::ready(None);
    assert_eq!(
        adapter.call("read", &json!({ "path": file.path() })),
        Seen::Result(true, json!({ "text": "größe\n" }))
    );
    let Seen::Error(code, _, details) = adapter.call("read", &json!({ "path": "/" })) else {
        panic!("read a folder")
    };
    assert_eq!((code.as_str(), details), ("ADAPTER_IO", Some(json!({ "errno": "EISDIR" }))));
}

#[test]
fn its_manifest_is_what_it_offers() {
    let manifest: Value = contract_json::from_slice(include_bytes!("../../adapter.json")).unwrap();
    let mut adapter = Adapter::spawn(None);
    adapter.write(
        br#"{"v":"ipc.v0","id":"hello-01","ts":"2026-01-31T12:00:00Z","type":"hello","payload":{"protocols":["ipc.v0"]}}
"#,
    );
    adapter.line();
    let offer: Value = serde_json::from_slice(&adapter.line().unwrap()).unwrap();
    let offered = offer["payload"]["capabilities"].as_array().unwrap();
    let declared = manifest["operations"].as_array().unwrap();
    assert_eq!(offered.len(), declared.len());
    for (offered, declared) in offered.iter().zip(declared) {
        for member in ["name", "inputSchema", "outputSchema", "sideEffects", "timeouts"] {
            assert_eq!(offered.get(member), declared.get(member));
        }
        for schema in ["inputSchema", "outputSchema"].iter().filter_map(|name| declared.get(name)) {
            jsonschema::validator_for(schema).unwrap();
        }
    }
    assert_eq!(manifest["name"], offer["payload"]["adapter"]["name"]);
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
}
