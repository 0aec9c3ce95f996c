//! `evidence/KEY.json`: the documents of one promised key.

use contract_json::{Digest, to_canonical_vec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::receipt::nullable;

/// What a lane promised under one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneEvidence {
    /// `lane-evidence.v0`
    pub v: LaneEvidenceVersion,
    /// The key.
    pub key: String,
    /// The documents; none only with a reason.
    pub documents: Vec<EvidenceDocument>,
    /// Why there is no document.
    #[serde(deserialize_with = "nullable")]
    pub reason: Option<String>,
}

/// Version tag of evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaneEvidenceVersion {
    /// The first version.
    #[default]
    #[serde(rename = "lane-evidence.v0")]
    V0,
}

/// One document, and who gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceDocument {
    /// Who gave it.
    pub from: EvidenceSource,
    /// The document.
    pub document: Value,
}

/// Who gave a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum EvidenceSource {
    /// A run, by its id.
    Run(String),
    /// The runner itself, which this names.
    Runner(String),
}

impl LaneEvidence {
    /// The bytes of the file: canonical JSON, no LF.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_canonical_vec(self)
    }

    /// Of the file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }
}
