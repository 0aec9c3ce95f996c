//! The schemas themselves.

use std::collections::BTreeSet;

use contract_check::kinds;
use serde_json::Value;

use crate::{conformance, files};

fn schemas() -> impl Iterator<Item = (&'static str, Value)> {
    kinds().map(|kind| (kind.name, serde_json::from_str(kind.schema).expect("a schema is JSON")))
}

#[test]
fn each_is_valid_and_carries_its_name() {
    let mut ids = BTreeSet::new();
    for (name, schema) in schemas() {
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert_eq!(schema["$id"], format!("urn:contract-runner:schema:{name}"), "{name}");
        assert!(ids.insert(schema["$id"].to_string()), "{name}: the id is used twice");
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{name}");
    }
}

#[test]
fn every_member_is_described_and_every_object_closed() {
    let mut faults = Vec::new();
    for (name, schema) in schemas() {
        visit(&schema, name, &mut faults);
    }
    assert!(faults.is_empty(), "{} places:\n{}", faults.len(), faults.join("\n"));
}

/// Visits a schema and what it is made of. Parts of a condition add to a schema that is visited itself.
fn visit(schema: &Value, place: &str, faults: &mut Vec<String>) {
    if let Some(members) = schema["properties"].as_object() {
        if schema.get("additionalProperties").is_none() && schema.get("unevaluatedProperties").is_none() {
            faults.push(format!("{place}: says nothing of other members"));
        }
        for (member, schema) in members {
            let place = format!("{place}.{member}");
            if schema["description"].as_str().is_none_or(|text| text.len() < 4) {
                faults.push(format!("{place}: no description"));
            }
            visit(schema, &place, faults);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if schema[keyword].is_object() {
            visit(&schema[keyword], &format!("{place}.{keyword}"), faults);
        }
    }
    if let Some(definitions) = schema["$defs"].as_object() {
        for (name, schema) in definitions {
            visit(schema, &format!("{place}#{name}"), faults);
        }
    }
}

#[test]
fn every_schema_file_belongs_to_a_kind() {
    let folder = conformance().join("../schemas/json");
    let on_disk: BTreeSet<String> = files(&folder)
        .iter()
        .map(|path| path.strip_prefix(&folder).expect("it is below").display().to_string())
        .collect();
    let known = kinds().map(|kind| format!("{}/{}.schema.json", kind.family, kind.name)).collect();
    assert_eq!(on_disk, known);
}
