//! What lies in a folder, in the order of names.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::ModelError;

/// Files of a folder whose name ends so. Not those in folders below.
pub(crate) fn files_ending(folder: &Path, end: &str) -> Result<Vec<PathBuf>, ModelError> {
    let unreadable = ModelError::unreadable(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(&unreadable)? {
        let name = entry.map_err(&unreadable)?.file_name();
        if name.as_encoded_bytes().ends_with(end.as_bytes()) {
            found.push(folder.join(name));
        }
    }
    found.sort();
    Ok(found)
}

/// Documents of a folder; signatures are no documents of their own.
///
/// # Errors
/// `CONTRACT_INPUT_UNREADABLE`.
pub fn json_files(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let mut found = files_ending(folder, ".json")?;
    found.retain(|path| !ends(path, ".sig.json"));
    Ok(found)
}

/// GGUF files of a folder.
///
/// # Errors
/// `CONTRACT_INPUT_UNREADABLE`.
pub fn model_files(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    files_ending(folder, ".gguf")
}

fn ends(path: &Path, end: &str) -> bool {
    path.file_name().map(OsStr::as_encoded_bytes).is_some_and(|name| name.ends_with(end.as_bytes()))
}
