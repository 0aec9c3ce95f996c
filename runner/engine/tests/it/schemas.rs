//! What the reader takes fits the schema, and what the schema refuses the reader refuses, too.

use std::path::{Path, PathBuf};

use contract_engine::{FoundGrant, FoundManifest, Lock};
use contract_sandbox::Profile;
use serde_json::{Value, json};

fn schema(text: &str) -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(&serde_json::from_str(text).unwrap()).unwrap()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The document with the value at `pointer` replaced; without a value the member is removed.
fn changed(document: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut document = document.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(name).unwrap()),
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
        (parent, _) => panic!("{parent} has no members"),
    }
    document
}

/// Each change makes the document one that neither the schema nor `read` takes.
fn both_refuse(
    schema: &jsonschema::Validator,
    good: &Value,
    read: impl Fn(&Path) -> Result<(), String>,
    changes: &[(&str, Option<Value>)],
) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.json");
    let write = |document: &Value| std::fs::write(&file, document.to_string()).unwrap();
    write(good);
    schema.validate(good).unwrap();
    read(&file).unwrap();
    for (pointer, value) in changes {
        let bad = changed(good, pointer, value.clone());
        assert!(!schema.is_valid(&bad), "the schema takes {pointer} = {value:?}");
        write(&bad);
        let error = read(&file).expect_err(&format!("the reader takes {pointer} = {value:?}"));
        assert!(error.contains("document.json"), "{error} names no file");
    }
}

#[test]
fn manifests() {
    let schema = schema(include_str!("../../../../schemas/json/adapter/adapter.v0.schema.json"));
    let shipped = [
        "adapters/text-caps/adapter.json",
        "conformance/echo/adapter.json",
        "adapters/sdk/examples/find-lines/adapter.json",
    ];
    for name in shipped {
        let path = repository().join(name);
        let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        schema.validate(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = FoundManifest::read(&path).unwrap();
        schema.validate(&serde_json::to_value(&found.manifest).unwrap()).unwrap();
    }
    let good = json!({
        "v": "adapter.v0", "name": "a", "version": "1", "command": ["./a"],
        "operations": [{"name": "x.y", "sideEffects": "none", "timeouts": {"defaultMs": 5}, "volatile": ["/pid"]}],
        "asks": ["read=./data"], "limits": {"memory": "1GiB"},
    });
    let read = |path: &Path| FoundManifest::read(path).map(drop).map_err(|failure| failure.message);
    both_refuse(
        &schema,
        &good,
        read,
        &[
            ("/v", Some(json!("adapter.v1"))),
            ("/v", None),
            ("/name", Some(json!("a b"))),
            ("/name", Some(json!(""))),
            ("/version", None),
            ("/command", Some(json!([]))),
            ("/command", Some(json!("./a"))),
            ("/operations", None),
            ("/operations/0/name", Some(json!(""))),
            ("/operations/0/sideEffects", Some(json!("world"))),
            ("/operations/0/volatile/0", Some(json!("pid"))),
            ("/operations/0/timeouts", Some(json!({"defaultMs": -1}))),
            ("/operations/0/inputSchema", Some(json!(5))),
            ("/operations/0/more", Some(json!(1))),
            ("/asks/0", Some(json!("fly=high"))),
            ("/asks/0", Some(json!("read="))),
            ("/limits/memory", Some(json!(5))),
            ("/limits/speed", Some(json!("1"))),
            ("/more", Some(json!(1))),
        ],
    );
}

#[test]
fn grants() {
    let schema = schema(include_str!("../../../../schemas/json/authority/grant.v0.schema.json"));
    let digest = format!("blake3:{}", "0".repeat(64));
    let good = json!({
        "v": "grant.v0", "issuer": "ops", "subject": {"adapter": "a", "digest": digest},
        "rights": ["read=/usr"], "limits": {"run": "5s"},
        "notBefore": "2026-01-01T00:00:00Z", "expires": "2027-01-01T00:00:00Z",
    });
    let read = |path: &Path| FoundGrant::read(path).map(drop).map_err(|failure| failure.message);
    let shown = repository().join("adapters/sdk/examples/find-lines/grant.json");
    read(&shown).unwrap();
    schema.validate(&serde_json::from_slice(&std::fs::read(shown).unwrap()).unwrap()).unwrap();
    both_refuse(
        &schema,
        &good,
        read,
        &[
            ("/v", Some(json!("grant.v1"))),
            ("/issuer", None),
            ("/subject", Some(json!({}))),
            ("/subject", Some(json!({"adaptor": "a"}))),
            ("/subject/digest", Some(json!("sha256:00"))),
            ("/rights", None),
            ("/rights/0", Some(json!("everything"))),
            ("/limits/speed", Some(json!("1"))),
            ("/expires", None),
            ("/expires", Some(json!("tomorrow"))),
            ("/notBefore", Some(json!("2026-13-01T00:00:00Z"))),
            ("/more", Some(json!(1))),
        ],
    );
}

#[test]
fn locks() {
    let schema = schema(include_str!("../../../../schemas/json/adapter/adapters-lock.v0.schema.json"));
    let digest = format!("blake3:{}", "0".repeat(64));
    let good = json!({
        "v": "adapters-lock.v0",
        "adapters": {"a": {"command": digest, "manifest": null, "capabilities": digest}},
    });
    let read = |path: &Path| Lock::read(path).map(drop).map_err(|failure| failure.message);
    both_refuse(
        &schema,
        &good,
        read,
        &[
            ("/v", None),
            ("/adapters", Some(json!([]))),
            ("/adapters/a/command", None),
            ("/adapters/a/command", Some(json!("blake3:0"))),
            ("/adapters/a/manifest", Some(json!("none"))),
            ("/adapters/a/capabilities", Some(json!(null))),
            ("/adapters/a/more", Some(json!(1))),
        ],
    );
}

#[test]
fn profiles() {
    let schema = schema(include_str!("../../../../schemas/json/sandbox/sandbox-profile.v0.schema.json"));
    let mut profile = Profile::strictest("airgapped_local_only");
    profile.accepted_gaps = contract_sandbox::Property::ALL.to_vec();
    profile.raw_tcp = vec![443];
    profile.limits.address_space_bytes = Some(u64::MAX);
    let good = serde_json::to_value(&profile).unwrap();
    schema.validate(&good).unwrap();
    let changes = [
        ("/v", json!("sandbox-profile.v1")),
        ("/read", json!("/usr")),
        ("/processes", json!(-1)),
        ("/rawTcp/0", json!(65_536)),
        ("/limits/openFiles", json!(null)),
        ("/acceptedGaps/0", json!("everything")),
        ("/more", json!(1)),
    ];
    for (pointer, value) in changes {
        let bad = changed(&good, pointer, Some(value));
        assert!(!schema.is_valid(&bad), "the schema takes {bad}");
        serde_json::from_value::<Profile>(bad).unwrap_err();
    }
}
