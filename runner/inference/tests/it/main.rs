//! The model door, from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod boundary;
mod completions;
mod egress;
mod fallback;
mod loaded;
mod profile;
mod records;
mod records_damaged;
mod records_killed;
mod route;
mod shelf;
mod situation;

use std::path::Path;

use contract_inference::Profile;
use serde_json::{Value, json};

/// A good profile, which tests change.
pub(crate) fn document(name: &str) -> Value {
    json!({
        "schemaVersion": "v0.1",
        "kind": "LocalModelProfile",
        "profileId": reference(name),
        "displayName": name,
        "runtime": {"kind": "llama.cpp"},
        "model": {
            "provider": "us", "family": "words", "name": name, "parameterClass": "sub-1b", "licenseRef": "MIT",
            "ggufRef": format!("file:{name}.gguf"), "memoryHintMb": 64
        },
        "roles": ["triage"],
        "policy": {
            "localOnlyDefault": true, "sendPromptOffDeviceDefault": false, "allowToolUse": false, "allowNetwork": false,
            "allowModelDownload": false, "requiresExplicitPull": true, "maxPromptChars": 600, "fallbackProfileRefs": []
        }
    })
}

/// The reference of the profile called `name`.
pub(crate) fn reference(name: &str) -> String {
    format!("urn:srcos:model-profile:{name}")
}

/// Reads a profile that lies in `/models`.
pub(crate) fn read(document: &Value) -> Result<Profile, contract_engine::Failure> {
    Profile::read(document.to_string().as_bytes(), Path::new("/models"))
}

/// A good profile with these fallbacks.
pub(crate) fn with_fallbacks(name: &str, fallbacks: &[&str]) -> Profile {
    let mut written = document(name);
    written["policy"]["fallbackProfileRefs"] = fallbacks.iter().map(|name| reference(name)).collect();
    read(&written).unwrap()
}
