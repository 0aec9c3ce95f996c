//! Documents: judged by their schema and rules first, and only then read into types.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use contract_check::{Checker, Options, Severity, Violation};
use contract_json::{Limits, Tape};
use serde::de::DeserializeOwned;

use crate::digest::{Sha256Digest, open_regular};
use crate::error::ModelError;

/// The largest document.
const MAX_BYTES: u64 = 4 << 20;

/// A document without a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it was read.
    pub path: PathBuf,
    /// Its kind, as `contract-runner schema list` names it.
    pub kind: &'static str,
    text: Vec<u8>,
    canonical: Vec<u8>,
}

/// Reads documents. Schemas are compiled when first needed, so one reader is for many documents.
#[derive(Debug)]
pub struct Documents {
    checker: Checker,
}

impl Default for Documents {
    fn default() -> Self {
        Self { checker: Checker::new(Options::default()) }
    }
}

/// What stands in the way of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// One line for each fault: rule, place, what is wrong.
    pub faults: Vec<String>,
}

impl Documents {
    /// Reads a document of this kind.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE`; `MODEL_DOCUMENT_INVALID` with every violation.
    pub fn read(&self, path: &Path, kind: &str) -> Result<Document, ModelError> {
        let document = self.read_any(path)?;
        if document.kind != kind {
            let what = format!("it is a {}, and a {kind} is wanted", document.kind);
            return Err(ModelError::Invalid { path: path.to_owned(), what });
        }
        Ok(document)
    }

    /// Reads a document of any kind that is known.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_any(&self, path: &Path) -> Result<Document, ModelError> {
        let text = read_text(path)?;
        self.judge(path, text, None)
            .map_err(|refused| ModelError::Invalid { path: path.to_owned(), what: refused.faults.join("; ") })
    }

    /// Judges a text as a document of `kind`, or of the kind that it names.
    ///
    /// # Errors
    /// Every fault.
    pub fn judge(&self, path: &Path, text: Vec<u8>, kind: Option<&str>) -> Result<Document, Refused> {
        let mut tape = Tape::new();
        let one = |fault: String| Refused { faults: vec![fault] };
        let value = tape
            .parse(&text, &Limits::default())
            .map_err(|error| one(format!("no JSON: {}: {error}", error.position(&text))))?;
        let kind = kind.and_then(contract_check::kind);
        let checked = self.checker.check_parsed(&text, value, kind);
        let faults: Vec<_> =
            checked.violations.iter().filter(|one| one.rule.severity == Severity::Error).map(told).collect();
        match checked.kind {
            Some(kind) if faults.is_empty() => {
                let mut canonical = Vec::with_capacity(text.len());
                value.write_canonical(&mut canonical);
                Ok(Document { path: path.to_owned(), kind: kind.name, text, canonical })
            }
            _ => Err(Refused { faults }),
        }
    }
}

fn told(violation: &Violation) -> String {
    let place = if violation.pointer.is_empty() { "the whole document" } else { &violation.pointer };
    format!("{} at {place}: {}", violation.rule.id, violation.message)
}

/// The whole of a document.
///
/// # Errors
/// `CONTRACT_INPUT_UNREADABLE`, also when it has more than 4 MiB.
pub fn read_text(path: &Path) -> Result<Vec<u8>, ModelError> {
    let unreadable = ModelError::unreadable(path);
    let mut text = Vec::new();
    let file = open_regular(path).map_err(&unreadable)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(&unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(unreadable(std::io::Error::other(format!("more than {MAX_BYTES} bytes"))));
    }
    Ok(text)
}

impl Document {
    /// Its canonical bytes, RFC 8785: what is signed, and what the digest of a document is made of. Spaces, order of members and spelling of
    /// numbers do not count.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// The SHA-256 of its canonical bytes.
    #[must_use]
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.canonical)
    }

    /// Reads it into a type.
    ///
    /// # Errors
    /// `MODEL_DOCUMENT_INVALID`: a value that the schema takes and this type does not, such as a version of `1.0`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ModelError> {
        serde_json::from_slice(&self.text)
            .map_err(|error| ModelError::Invalid { path: self.path.clone(), what: error.to_string() })
    }
}
