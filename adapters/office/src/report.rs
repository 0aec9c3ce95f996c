//! The shape of every result: a summary for people, and documents by their keys.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Data of a result.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    summary: String,
    documents: BTreeMap<&'static str, Value>,
}

impl Report {
    pub(crate) fn new(lines: &[String]) -> Self {
        Self { summary: lines.join("\n"), documents: BTreeMap::new() }
    }

    /// Adds a document, which the runner writes to `<key>.json`.
    pub(crate) fn document<T: Serialize>(mut self, key: &'static str, document: &T) -> Self {
        let value = serde_json::to_value(document).expect("documents are structs and maps with string keys");
        self.documents.insert(key, value);
        self
    }
}
