//! The store of imported models: `SHA256.gguf`, its pack `SHA256.json`, and its imports `SHA256.import.ndjson`, the newest last.

use std::path::{Path, PathBuf};

use crate::digest::Sha256Digest;
use crate::document::{Document, Documents, read_text};
use crate::error::ModelError;
use crate::pack::{PACK, Pack};
use crate::record::{Conditions, IMPORT_EVIDENCE, ImportRecord};
use crate::reference::ModelRef;

/// The folder of imported models. It need not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// A model in the store, with its papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredModel {
    /// How a router names it.
    pub reference: ModelRef,
    /// Its file.
    pub path: PathBuf,
    /// Size of the file; none when it is not there.
    pub bytes: Option<u64>,
    /// Its pack.
    pub pack: Pack,
    /// Its newest import.
    pub import: ImportRecord,
}

impl StoredModel {
    /// The seven conditions as they are now. `found` is the digest of the file as it is now; without it, the record of it counts.
    #[must_use]
    pub fn conditions(&self, found: Option<Sha256Digest>) -> Conditions {
        Conditions {
            file_present: self.bytes == Some(self.import.file.bytes),
            hash_on_record: self.import.conditions.hash_on_record
                && found.is_none_or(|found| found == self.import.file.sha256),
            ..self.import.conditions
        }
    }
}

impl Store {
    /// The store in this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the file of a model is, if it is in the store.
    #[must_use]
    pub fn model_path(&self, model: ModelRef) -> PathBuf {
        self.folder.join(format!("{}.gguf", model.0))
    }

    pub(crate) fn pack_path(&self, model: ModelRef) -> PathBuf {
        self.folder.join(format!("{}.json", model.0))
    }

    pub(crate) fn import_path(&self, model: ModelRef) -> PathBuf {
        self.folder.join(format!("{}.import.ndjson", model.0))
    }

    /// Every model that has been imported, in the order of their digests; a model whose papers are not in order is an error of its own.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE` when there is a store and it cannot be read.
    pub fn models(&self, documents: &Documents) -> Result<Vec<Result<StoredModel, ModelError>>, ModelError> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let mut references = Vec::new();
        for path in crate::folder::files_ending(&self.folder, ".json")? {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            references.extend(stem.parse().ok().map(ModelRef));
        }
        Ok(references.into_iter().map(|reference| self.read(documents, reference)).collect())
    }

    /// A model with its papers.
    ///
    /// # Errors
    /// `MODEL_NOT_FOUND`; `MODEL_DOCUMENT_INVALID` when its papers are broken, or those of another model.
    pub fn get(&self, documents: &Documents, reference: ModelRef) -> Result<StoredModel, ModelError> {
        if !self.pack_path(reference).exists() {
            let what = format!("{reference} is not in the store {}", self.folder.display());
            return Err(ModelError::NotFound(what));
        }
        self.read(documents, reference)
    }

    fn read(&self, documents: &Documents, reference: ModelRef) -> Result<StoredModel, ModelError> {
        let path = self.pack_path(reference);
        let invalid =
            |path: &Path, what: &str| ModelError::Invalid { path: path.to_owned(), what: what.to_owned() };
        let pack = Pack::of(&documents.read(&path, PACK)?)?;
        if pack.content != Some(reference.0) {
            return Err(invalid(&path, "it is the pack of another model"));
        }
        let import_path = self.import_path(reference);
        let import: ImportRecord = self.last_import(documents, reference)?.parse()?;
        if import.model != reference || import.pack_sha256 != pack.digest {
            return Err(invalid(&import_path, "its last line is the import of another model or pack"));
        }
        let model = self.model_path(reference);
        // A link or a folder is not what was imported.
        let bytes = model.symlink_metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len());
        Ok(StoredModel { reference, path: model, bytes, pack, import })
    }

    fn last_import(&self, documents: &Documents, reference: ModelRef) -> Result<Document, ModelError> {
        let path = self.import_path(reference);
        let text = read_text(&path)?;
        let line = text.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        documents.judge(&path, line.to_vec(), Some(IMPORT_EVIDENCE)).map_err(|refused| ModelError::Invalid {
            path: path.clone(),
            what: format!("its last line: {}", refused.faults.join("; ")),
        })
    }
}
