//! The manifest agrees with the code, and its schemas tell good from bad.

use contract_adapter::End;
use serde_json::{Value, json};

use crate::recorded::{MACHINES, PATIENT, Recorded};

fn manifest() -> Value {
    contract_json::from_slice(include_bytes!("../../adapter.json")).unwrap()
}

#[test]
fn names_the_version_and_the_program() {
    assert_eq!(manifest()["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest()["command"], json!(["./adapter-machine-probe"]));
}

#[test]
fn what_comes_back_fits_the_output_schema_and_has_declared_documents_only() {
    for operation in manifest()["operations"].as_array().unwrap() {
        let op = operation["name"].as_str().unwrap();
        let schema = jsonschema::validator_for(&operation["outputSchema"]).unwrap();
        let mut seen: Vec<String> = Vec::new();
        for (name, ..) in MACHINES {
            let End::Result { data, .. } = Recorded::machine(name).call(op, json!({}), PATIENT).end else {
                panic!()
            };
            let faults: Vec<String> = schema.iter_errors(&data).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{op} {name}: {faults:?}");
            seen.extend(data["documents"].as_object().unwrap().keys().cloned());
            let mut more = data.clone();
            more["more"] = json!(1);
            assert!(!schema.is_valid(&more));
            more = data.clone();
            more["documents"]["other"] = json!({});
            assert!(!schema.is_valid(&more));
        }
        seen.sort();
        seen.dedup();
        let mut declared: Vec<&str> =
            operation["documents"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
        declared.sort_unstable();
        assert_eq!(seen, declared, "{op}");
    }
}

#[test]
fn the_input_schema_and_the_code_refuse_the_same() {
    let schema = manifest()["operations"][0]["inputSchema"].clone();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for (args, good) in [
        (json!({}), true),
        (json!({"names": true, "landlockAbi": 7}), true),
        (json!({"names": "yes"}), false),
        (json!({"landlockAbi": -1}), false),
        (json!({"home": "x"}), false),
    ] {
        assert_eq!(schema.is_valid(&args), good, "{args}");
        let called = Recorded::machine("edge").call("machine.paths", args.clone(), PATIENT);
        assert_eq!(matches!(called.end, End::Result { .. }), good, "{args}");
    }
}

#[test]
fn every_right_is_in_the_table_of_the_crate() {
    let table = include_str!("../../src/lib.rs");
    let asks =
        ["asks", "asksIfPresent"].map(|member| manifest()[member].as_array().unwrap().clone()).concat();
    assert!(asks.len() > 20);
    for ask in asks {
        let path = ask.as_str().unwrap().strip_prefix("read=").unwrap();
        let name = path.rsplit('/').next().unwrap().split("-8be4df61").next().unwrap();
        assert!(table.contains(name), "{path} is asked for and not explained");
        assert!(!["/proc", "/sys", "/etc", "/sys/devices", "/dev"].contains(&path));
    }
}

#[test]
fn every_property_has_a_description() {
    fn walk(schema: &Value, at: &str) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{at}/{name}");
            walk(property, &format!("{at}/{name}"));
            walk(&property["items"], &format!("{at}/{name}"));
        }
    }
    for operation in manifest()["operations"].as_array().unwrap() {
        walk(&operation["inputSchema"], "input");
        walk(&operation["outputSchema"], "output");
    }
}
