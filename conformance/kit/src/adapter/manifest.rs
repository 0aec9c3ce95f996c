//! What the kit reads of an `adapter.json`, and the same adapter with fewer asks.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A manifest and its folder.
#[derive(Debug)]
pub(crate) struct Manifest {
    folder: PathBuf,
    document: Value,
}

impl Manifest {
    /// Reads `adapter.json` in `folder`.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join("adapter.json");
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read(&path).map_err(|error| told(&error))?;
        let document = serde_json::from_slice(&text).map_err(|error| told(&error))?;
        let folder = folder.canonicalize().map_err(|error| told(&error))?;
        Ok(Self { folder, document })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of its operations.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &str> {
        self.members("operations").filter_map(|operation| operation["name"].as_str())
    }

    /// Pointers into the data of an operation that may differ from run to run.
    pub(crate) fn volatile(&self, op: &str) -> Vec<String> {
        let operation = self.members("operations").find(|operation| operation["name"] == op);
        operation.map(|operation| texts(&operation["volatile"])).unwrap_or_default()
    }

    /// All that it asks for on any machine.
    pub(crate) fn asks(&self) -> Vec<String> {
        ["asks", "asksIfPresent"].iter().flat_map(|member| texts(&self.document[member])).collect()
    }

    /// Whether the path of a right is there; a right of another kind always is.
    pub(crate) fn is_present(&self, right: &str) -> bool {
        match right.split_once('=') {
            // A right that the reader of the manifest could not resolve is not asked for, such as a link to nowhere.
            Some(("read" | "write" | "exec", path)) => self.folder.join(path).metadata().is_ok(),
            _ => true,
        }
    }

    /// Makes the same adapter in `folder`, without some of its asks.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn without(&self, rights: &[String], folder: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in walkdir::WalkDir::new(&self.folder).min_depth(1) {
            let entry = entry.map_err(|error| error.to_string())?;
            let below = entry.path().strip_prefix(&self.folder).expect("walked from there");
            let to = folder.join(below);
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(&to).map_err(told)?;
            } else {
                std::fs::copy(entry.path(), &to).map_err(told)?;
            }
        }
        let mut document = self.document.clone();
        for member in ["asks", "asksIfPresent"] {
            if let Some(asks) = document.get_mut(member).and_then(Value::as_array_mut) {
                asks.retain(|ask| !rights.iter().any(|right| ask == right));
            }
        }
        std::fs::write(folder.join("adapter.json"), document.to_string()).map_err(told)?;
        Ok(Self { folder: folder.to_owned(), document })
    }

    fn members(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.document[name].as_array().into_iter().flatten()
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
