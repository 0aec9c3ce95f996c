//! ModelCarryManifest: which content belongs to which name, and which manifest came before.

use std::path::Path;

use serde::Deserialize;

use crate::digest::Sha256Digest;
use crate::document::{Document, Documents};
use crate::error::ModelError;
use crate::target::Targeting;

/// The kind of document.
pub const MANIFEST: &str = "model-carry-manifest";

/// A manifest without a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its name; all versions of it have the same.
    pub id: String,
    /// From 1.
    pub version: u64,
    /// Digest of the canonical bytes of the version before; none for version 1.
    pub previous: Option<Sha256Digest>,
    /// Its entries, in the order written.
    pub entries: Vec<Entry>,
    /// Of its own canonical bytes.
    pub digest: Sha256Digest,
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the manifest.
    pub id: String,
    /// Which model it is, such as `llama3.2:3b` or `file:tiny-words.gguf`.
    pub model: String,
    /// Of the file's bytes.
    pub content: Sha256Digest,
    /// Of the policy under which it may be used. What these bytes are is not defined anywhere; nothing here compares it.
    pub policy: Sha256Digest,
    /// For which machines it is.
    pub targeting: Targeting,
    /// A model of its own, or an adapter for one.
    pub part: Part,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A model.
    Base,
    /// A LoRA adapter.
    Adapter(AdapterFor),
}

/// For which base an adapter was made. Whoever loads an adapter asks [`AdapterFor::check`] with the digest of the base's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterFor {
    /// The adapter, for messages.
    pub adapter: String,
    /// The entry of the base.
    pub base_entry: String,
    /// Of the base's bytes.
    pub base: Sha256Digest,
}

impl AdapterFor {
    /// Whether the adapter may run on a base with these bytes.
    ///
    /// # Errors
    /// `MODEL_ADAPTER_BASE`.
    pub fn check(&self, base: Sha256Digest) -> Result<(), ModelError> {
        if base == self.base {
            return Ok(());
        }
        Err(ModelError::OtherBase { adapter: self.adapter.clone(), pinned: self.base, base })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    manifest_id: String,
    version: u64,
    prev_manifest_sha256: Option<Sha256Digest>,
    entries: Vec<WrittenEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenEntry {
    entry_id: String,
    entry_kind: EntryKind,
    model_ref: String,
    content_sha256: Sha256Digest,
    policy_sha256: Sha256Digest,
    targeting: Targeting,
    base_entry_ref: Option<String>,
    base_content_sha256: Option<Sha256Digest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum EntryKind {
    Base,
    Adapter,
}

impl Manifest {
    /// Reads one.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE`, `MODEL_DOCUMENT_INVALID`.
    pub fn read(documents: &Documents, path: &Path) -> Result<Self, ModelError> {
        Self::of(&documents.read(path, MANIFEST)?)
    }

    /// Reads one that was judged.
    ///
    /// # Errors
    /// `MODEL_DOCUMENT_INVALID`.
    pub fn of(document: &Document) -> Result<Self, ModelError> {
        let written: Written = document.parse()?;
        let entries = written.entries.into_iter().map(|entry| {
            let part = match (entry.entry_kind, entry.base_entry_ref, entry.base_content_sha256) {
                (EntryKind::Base, None, None) => Part::Base,
                (EntryKind::Adapter, Some(base_entry), Some(base)) => {
                    Part::Adapter(AdapterFor { adapter: entry.entry_id.clone(), base_entry, base })
                }
                // The rules refuse it already.
                _ => {
                    let what = format!("{}: its base does not fit its kind", entry.entry_id);
                    return Err(ModelError::Invalid { path: document.path.clone(), what });
                }
            };
            Ok(Entry {
                id: entry.entry_id,
                model: entry.model_ref,
                content: entry.content_sha256,
                policy: entry.policy_sha256,
                targeting: entry.targeting,
                part,
            })
        });
        Ok(Self {
            id: written.manifest_id,
            version: written.version,
            previous: written.prev_manifest_sha256,
            entries: entries.collect::<Result<_, _>>()?,
            digest: document.digest(),
        })
    }

    /// Whether this is the version that comes after `previous`.
    ///
    /// # Errors
    /// `MODEL_CHAIN_BROKEN`: another name, a version that is not the next, or other bytes than those that this version names.
    pub fn follows(&self, previous: &Self) -> Result<(), ModelError> {
        let broken = |what: String| Err(ModelError::Chain(what));
        if self.id != previous.id {
            return broken(format!("{} does not follow {}: they are two manifests", self.id, previous.id));
        }
        if Some(self.version) != previous.version.checked_add(1) {
            return broken(format!("version {} does not follow version {}", self.version, previous.version));
        }
        match self.previous {
            Some(named) if named == previous.digest => Ok(()),
            Some(named) => broken(format!(
                "version {} was made after a version {} whose canonical bytes have sha256:{named}; these have sha256:{}",
                self.version, previous.version, previous.digest
            )),
            None => broken(format!("version {} names no version before it", self.version)),
        }
    }

    /// The entries with this content.
    pub fn with_content(&self, content: Sha256Digest) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.content == content)
    }
}
