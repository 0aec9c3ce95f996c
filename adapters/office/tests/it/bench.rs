//! An adapter, a folder for its files, and the schemas that every call is held to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use adapter_office::Office;
use contract_adapter::{Called, End, Harness};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const MANIFEST: &str = include_str!("../../adapter.json");

/// A search path on which nothing is.
pub const NOWHERE: &str = "/nonexistent/bin";

pub struct Bench {
    office: Harness<Office>,
    folder: TempDir,
    manifest: Value,
}

impl Bench {
    pub fn new() -> Self {
        let manifest = contract_json::from_slice(MANIFEST.as_bytes()).unwrap();
        Self { office: Harness::new(Office), folder: tempfile::tempdir().unwrap(), manifest }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Writes a file, and says its path.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A folder with these programs, as a search path.
    pub fn programs(&self, names: &[&str]) -> String {
        for name in names {
            let path = self.file(&format!("bin/{name}"), b"#!/bin/false\n");
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        self.path("bin").to_str().unwrap().to_owned()
    }

    /// Calls an operation; arguments and data fit the schemas of the manifest.
    #[track_caller]
    pub fn call(&mut self, op: &str, args: Value) -> Called {
        let operations = self.manifest["operations"].as_array().unwrap();
        let operation = operations.iter().find(|operation| operation["name"] == op).unwrap();
        fits(&operation["inputSchema"], &args);
        let called = self.office.call(op, args);
        if let End::Result { data, .. } = &called.end {
            fits(&operation["outputSchema"], data);
            let keys: Vec<&String> = data["documents"].as_object().unwrap().keys().collect();
            assert!(keys.iter().all(|key| operation["documents"].as_array().unwrap().contains(&json!(key))));
            assert!(!data["summary"].as_str().unwrap().ends_with('\n'));
        }
        called
    }

    #[track_caller]
    pub fn data(&mut self, op: &str, args: Value) -> Value {
        self.call(op, args).data().clone()
    }

    /// The code and the message of an error.
    #[track_caller]
    pub fn refused(&mut self, op: &str, args: Value) -> (String, String) {
        match self.call(op, args).end {
            End::Error { code, message, .. } => (code, message),
            End::Result { data, .. } => panic!("no error: {data}"),
        }
    }

    /// What is said of a file with this name and content.
    #[track_caller]
    pub fn inspected(&mut self, name: &str, bytes: &[u8]) -> Value {
        let file = self.file(name, bytes);
        self.data("office.inspect", json!({"file": file}))
    }

    /// The code of the refusal of a file with this name and content.
    #[track_caller]
    pub fn refusal(&mut self, name: &str, bytes: &[u8]) -> (String, String) {
        let file = self.file(name, bytes);
        self.refused("office.inspect", json!({"file": file}))
    }
}

#[track_caller]
fn fits(schema: &Value, value: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
