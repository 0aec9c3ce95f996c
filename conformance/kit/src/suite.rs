//! The corpus: good documents, bad documents, and why the bad ones are bad.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use walkdir::WalkDir;

/// A corpus that was read.
#[derive(Debug)]
pub(crate) struct Suite {
    /// Documents that must pass without a word.
    pub(crate) good: Vec<PathBuf>,
    /// Documents that must be refused.
    pub(crate) bad: Vec<(PathBuf, Case)>,
}

/// What `cases.toml` says of one bad document.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Path below the folder of the suite.
    pub(crate) file: PathBuf,
    /// Ids of the rules that it breaks: all of them, and no others.
    pub(crate) rules: Vec<String>,
    /// Why it is known not to be judged so yet. When it is, this line must go.
    #[serde(default)]
    pub(crate) exception: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    #[serde(default)]
    case: Vec<Case>,
}

/// A corpus that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SuiteError {
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Malformed { path: PathBuf, error: Box<toml::de::Error> },
    #[error("{}: {what}", path.display())]
    Inconsistent { path: PathBuf, what: &'static str },
}

impl Suite {
    /// Reads `good/`, `bad/` and `cases.toml` in `folder`.
    ///
    /// # Errors
    /// When one of them cannot be read, a bad document has no case, a case has no document, or there is no document at all.
    pub(crate) fn read(folder: &Path) -> Result<Self, SuiteError> {
        let path = folder.join("cases.toml");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| SuiteError::Unreadable { path: path.clone(), error })?;
        let cases: Cases = toml::from_str(&text)
            .map_err(|error| SuiteError::Malformed { path: path.clone(), error: Box::new(error) })?;
        let mut by_file = BTreeMap::new();
        for case in cases.case {
            let file = folder.join(&case.file);
            if by_file.insert(file.clone(), case).is_some() {
                return Err(SuiteError::Inconsistent { path: file, what: "two cases in cases.toml" });
            }
        }
        let good = files(&folder.join("good"))?;
        let mut bad = Vec::new();
        for path in files(&folder.join("bad"))? {
            match by_file.remove(&path) {
                Some(case) => bad.push((path, case)),
                None => return Err(SuiteError::Inconsistent { path, what: "no case in cases.toml" }),
            }
        }
        if let Some((path, _)) = by_file.pop_first() {
            return Err(SuiteError::Inconsistent { path, what: "a case in cases.toml, and no document" });
        }
        if good.is_empty() || bad.is_empty() {
            return Err(SuiteError::Inconsistent {
                path: folder.to_owned(),
                what: "no good or no bad document",
            });
        }
        Ok(Self { good, bad })
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| SuiteError::Unreadable {
            path: error.path().unwrap_or(folder).to_owned(),
            error: error.into(),
        })?;
        if entry.file_type().is_file() {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}
