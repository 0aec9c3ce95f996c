//! ModelCarryPack: what a machine must have for a model, and what must be known of it before its use.

use std::path::Path;

use serde::Deserialize;

use crate::digest::Sha256Digest;
use crate::document::{Document, Documents};
use crate::error::ModelError;

/// The kind of document.
pub const PACK: &str = "model-carry-pack";
/// Bytes in a GB of a pack. The format does not say which GB; the smaller one refuses no machine whose label fits.
const GB: u64 = 1_000_000_000;

/// A pack without a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Its name; portable kits refer to it.
    pub id: String,
    /// Its name for people.
    pub display_name: String,
    /// Class of machine and use.
    pub profile_key: String,
    /// Name of the model in it.
    pub model: String,
    /// How the weights are delivered.
    pub format: String,
    /// What the machine must have.
    pub footprint: Footprint,
    /// Licence of the weights, or that nobody attests one.
    pub licence: String,
    /// Of the weights, when it is known.
    pub content: Option<Sha256Digest>,
    /// No use before the hash of the weights is known.
    pub hash_required: bool,
    /// Jobs for which a router may choose it.
    pub task_classes: Vec<String>,
    /// Words for operators.
    pub labels: Vec<String>,
    /// Longest prompt in characters; none for no limit.
    pub max_prompt_chars: Option<u64>,
    /// Of its own canonical bytes.
    pub digest: Sha256Digest,
}

/// What the machine must have, in GB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Footprint {
    /// Free space below which the pack is refused.
    pub minimum_free_gb: u64,
    /// Free space at which it is comfortable.
    pub recommended_free_gb: u64,
    /// Memory below which the pack is refused.
    pub minimum_ram_gb: u64,
    /// Memory at which it is comfortable.
    pub recommended_ram_gb: u64,
}

/// What is known of a machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MachineFacts {
    /// Free space where the models lie, in bytes.
    pub free_bytes: Option<u64>,
    /// Memory of the machine, in bytes.
    pub ram_bytes: Option<u64>,
}

/// What is known of the file of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFact {
    /// It is not there.
    Absent,
    /// It is there, and nobody has read it.
    Unread,
    /// It is there, and this is its digest.
    Digest(Sha256Digest),
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Whether it speaks for the use of the pack.
    pub met: bool,
    /// What was found.
    pub what: String,
}

/// Whether a pack may be used on a machine, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligibility {
    /// Everything that was looked at.
    pub reasons: Vec<Reason>,
}

impl Eligibility {
    /// Whether nothing speaks against it.
    #[must_use]
    pub fn is_eligible(&self) -> bool {
        self.reasons.iter().all(|reason| reason.met)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    pack_id: String,
    display_name: String,
    profile_key: String,
    model: WrittenModel,
    footprint: Footprint,
    provenance: WrittenProvenance,
    task_classes: Vec<String>,
    labels: Vec<String>,
    policy: WrittenPolicy,
}

#[derive(Deserialize)]
struct WrittenModel {
    name: String,
    format: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenProvenance {
    license_ref: String,
    sha256: Option<Sha256Digest>,
    sha256_required_before_eligibility: bool,
}

// The permissions of a pack are not read: its rules refuse it unless all of them are off.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenPolicy {
    max_prompt_chars: Option<u64>,
}

impl Pack {
    /// Reads one.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE`, `MODEL_DOCUMENT_INVALID`.
    pub fn read(documents: &Documents, path: &Path) -> Result<Self, ModelError> {
        Self::of(&documents.read(path, PACK)?)
    }

    /// Reads one that was judged.
    ///
    /// # Errors
    /// `MODEL_DOCUMENT_INVALID`.
    pub fn of(document: &Document) -> Result<Self, ModelError> {
        let written: Written = document.parse()?;
        Ok(Self {
            id: written.pack_id,
            display_name: written.display_name,
            profile_key: written.profile_key,
            model: written.model.name,
            format: written.model.format,
            footprint: written.footprint,
            licence: written.provenance.license_ref,
            content: written.provenance.sha256,
            hash_required: written.provenance.sha256_required_before_eligibility,
            task_classes: written.task_classes,
            labels: written.labels,
            max_prompt_chars: written.policy.max_prompt_chars,
            digest: document.digest(),
        })
    }

    /// Whether it may be used on this machine with this file. What is not known speaks against it.
    #[must_use]
    pub fn eligibility(&self, machine: &MachineFacts, file: FileFact) -> Eligibility {
        let Footprint { minimum_free_gb, recommended_free_gb, minimum_ram_gb, recommended_ram_gb } =
            self.footprint;
        Eligibility {
            reasons: vec![
                floor("free space", machine.free_bytes, minimum_free_gb, recommended_free_gb),
                floor("memory", machine.ram_bytes, minimum_ram_gb, recommended_ram_gb),
                self.file_reason(file),
            ],
        }
    }

    fn file_reason(&self, file: FileFact) -> Reason {
        let reason = |met, what: String| Reason { met, what };
        match (file, self.content) {
            (FileFact::Absent, _) => reason(false, "the model file is not there".to_owned()),
            (FileFact::Digest(found), Some(expected)) if found == expected => {
                reason(true, format!("the model file has sha256:{found}, as the pack says"))
            }
            (FileFact::Digest(found), Some(expected)) => {
                reason(false, format!("the model file has sha256:{found}; the pack says sha256:{expected}"))
            }
            (FileFact::Unread, Some(_)) => {
                reason(false, "the model file was not read, so its hash was not compared".to_owned())
            }
            (_, None) if self.hash_required => {
                reason(false, "the pack needs a hash before its use, and has none".to_owned())
            }
            (FileFact::Unread | FileFact::Digest(_), None) => {
                reason(true, "the model file is there; the pack names no hash".to_owned())
            }
        }
    }
}

fn floor(what: &str, bytes: Option<u64>, minimum_gb: u64, recommended_gb: u64) -> Reason {
    let Some(bytes) = bytes else {
        return Reason {
            met: false,
            what: format!("{what}: not known; the pack needs {minimum_gb} GB, so it is not used"),
        };
    };
    let met = bytes >= minimum_gb.saturating_mul(GB);
    // One decimal, rounded down: what is shown is never more than what is there.
    let shown = format!("{}.{} GB", bytes / GB, bytes % GB / (GB / 10));
    let advice = if !met {
        format!("; the pack needs {minimum_gb} GB")
    } else if bytes < recommended_gb.saturating_mul(GB) {
        format!(", enough; {recommended_gb} GB are recommended")
    } else {
        String::new()
    };
    Reason { met, what: format!("{what}: {shown}{advice}") }
}
