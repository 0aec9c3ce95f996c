//! `adapter.json`: what an adapter is, what it offers, and what it asks for.

use std::path::{Path, PathBuf};

use contract_ipc::{Code, SchemaRef, SideEffects, Timeouts};
use contract_json::{Digest, to_canonical_vec};
use serde::{Deserialize, Serialize};

use crate::budget::LimitTexts;
use crate::document::read_document;
use crate::failure::Failure;
use crate::right::Right;
use crate::verb::{Verb, is_tame};

/// An adapter manifest, `schemas/json/adapter/adapter.v0.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `adapter.v0`
    pub v: ManifestVersion,
    /// Name, also that of its folder or binary.
    pub name: String,
    /// Version of the adapter.
    pub version: String,
    /// One sentence for people.
    #[serde(default)]
    pub description: String,
    /// Program and arguments; a program with a `/` is relative to the manifest's folder.
    pub command: Vec<String>,
    /// What it offers.
    pub operations: Vec<Operation>,
    /// Rights that it needs.
    #[serde(default)]
    pub asks: Vec<String>,
    /// Rights that it needs where their paths exist.
    #[serde(default, rename = "asksIfPresent", skip_serializing_if = "Vec::is_empty")]
    pub asks_if_present: Vec<String>,
    /// Command words that lead to its operations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verbs: Vec<Verb>,
    /// Limits that it needs or wants.
    #[serde(default)]
    pub limits: LimitTexts,
}

/// Version tag of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManifestVersion {
    /// The first version.
    #[serde(rename = "adapter.v0")]
    V0,
}

/// One operation of a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// One sentence for people.
    #[serde(default)]
    pub description: String,
    /// What `args` must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<SchemaRef>,
    /// What `data` will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<SchemaRef>,
    /// What it does to the world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side_effects: Option<SideEffects>,
    /// Suggested deadlines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// JSON pointers into the data of results and progress whose values may vary from run to run.
    #[serde(default)]
    pub volatile: Vec<String>,
    /// Values of which the runner records a digest alone.
    #[serde(default, skip_serializing_if = "Private::is_empty")]
    pub private: Private,
    /// Names that `documents` in the result's data may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<String>,
}

/// JSON pointers to private values of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Private {
    /// In its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// In the data of its results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// In the data of its progress messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub progress: Vec<String>,
}

impl Private {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn lists(&self) -> [(&'static str, &[String]); 3] {
        [("private/args", &self.args), ("private/data", &self.data), ("private/progress", &self.progress)]
    }
}

/// A manifest, where it was found, and its digest.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundManifest {
    /// The document.
    pub manifest: Manifest,
    /// Its file.
    pub path: PathBuf,
    /// `blake3:` and the digest of its canonical form.
    pub digest: String,
}

impl FoundManifest {
    /// Reads `path`.
    ///
    /// # Errors
    /// `ADAPTER_MANIFEST_INVALID` with file, line and column.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let invalid =
            |what: String| Failure::new(Code::AdapterManifestInvalid, format!("{}: {what}", path.display()));
        let text = read_document(path).map_err(|error| invalid(error.to_string()))?;
        let manifest: Manifest = contract_json::from_slice(&text).map_err(|error| {
            Failure::new(Code::AdapterManifestInvalid, format!("{}:{error}", path.display()))
        })?;
        manifest.check().map_err(invalid)?;
        let digest = Digest::of(&to_canonical_vec(&manifest)).blake3_uri();
        Ok(Self { manifest, path: path.to_owned(), digest })
    }

    /// The folder of the manifest.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

/// Most verbs of an adapter.
const MAX_VERBS: usize = 64;

/// Documents become files.
fn is_document_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'))
}

impl Manifest {
    fn check(&self) -> Result<(), String> {
        if self.name.is_empty()
            || !self.name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        {
            return Err(format!(
                "/name: `{}` has other characters than letters, digits, `-`, `_` and `.`",
                self.name
            ));
        }
        if self.command.is_empty() {
            return Err("/command: empty; write the program and its arguments".to_owned());
        }
        for (index, operation) in self.operations.iter().enumerate() {
            if operation.name.is_empty()
                || self.operations[..index].iter().any(|other| other.name == operation.name)
            {
                return Err(format!(
                    "/operations/{index}/name: `{}` is empty or there twice",
                    operation.name
                ));
            }
            let lists = [("volatile", operation.volatile.as_slice())];
            for (name, pointers) in lists.into_iter().chain(operation.private.lists()) {
                if let Some(bad) = pointers.iter().find(|pointer| !pointer.starts_with('/')) {
                    return Err(format!(
                        "/operations/{index}/{name}: `{bad}` is no JSON pointer; it starts with `/`"
                    ));
                }
            }
            if let Some(bad) = operation.documents.iter().find(|name| !is_document_name(name)) {
                return Err(format!(
                    "/operations/{index}/documents: `{bad}` has other characters than a-z, 0-9, `.`, `_` and `-`"
                ));
            }
            let schemas =
                [("inputSchema", &operation.input_schema), ("outputSchema", &operation.output_schema)];
            for (name, schema) in schemas {
                if matches!(schema, Some(SchemaRef::Inline(value)) if !value.is_object() && !value.is_boolean())
                {
                    return Err(format!("/operations/{index}/{name}: neither a schema nor the `$id` of one"));
                }
            }
        }
        for (name, asks) in [("asks", &self.asks), ("asksIfPresent", &self.asks_if_present)] {
            for (index, text) in asks.iter().enumerate() {
                Right::check_form(text).map_err(|error| format!("/{name}/{index}: {error}"))?;
            }
        }
        let texts = self.operations.iter().map(|operation| &operation.description).chain([&self.description]);
        if let Some(text) = texts.into_iter().find(|text| !is_tame(text)) {
            return Err(format!("a description has control characters: `{}`", text.escape_debug()));
        }
        if self.verbs.len() > MAX_VERBS {
            return Err(format!("/verbs: more than {MAX_VERBS}"));
        }
        for (index, verb) in self.verbs.iter().enumerate() {
            verb.check(self.operation(&verb.op)).map_err(|why| format!("/verbs/{index}{why}"))?;
        }
        self.limits.check().map_err(|why| format!("/limits: {why}"))
    }

    /// The operation called `name`.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }
}
