//! model-import-evidence.v0: what was on record when a model was imported.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256Digest;
use crate::reference::ModelRef;
use crate::statement::{Licence, Statement};

/// The kind of document.
pub const IMPORT_EVIDENCE: &str = "model-import-evidence.v0";

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportRecord {
    v: Version,
    /// When, RFC 3339.
    pub ts: String,
    /// Which model.
    pub model: ModelRef,
    /// Its pack.
    pub pack_id: String,
    /// Of the pack's canonical bytes.
    pub pack_sha256: Sha256Digest,
    /// The file.
    pub file: ImportedFile,
    /// Where it comes from.
    pub origin: Origin,
    /// What the operator says of its licence.
    pub licence: LicenceRecord,
    /// What the operator chose it for.
    pub tasks: Vec<String>,
    /// The seven conditions.
    pub conditions: Conditions,
    /// Whether all of them are met: a router may choose the model.
    pub eligible: bool,
    /// Whether its hash is on record and a licence was stated.
    pub verified: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "model-import-evidence.v0")]
    V0,
}

/// The file as it was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedFile {
    /// Its name, without folders.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Of its bytes.
    pub sha256: Sha256Digest,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Origin {
    /// Kind of place, as packs name it.
    pub source_kind: String,
    /// What the operator says.
    pub text: String,
}

/// What an operator says of a licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceRecord {
    /// Whether one was stated.
    pub state: LicenceState,
    /// Which.
    pub text: Option<String>,
}

/// Whether a licence was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LicenceState {
    /// It was.
    Stated,
    /// The operator does not attest any.
    Refused,
}

/// The seven conditions under which a router may choose a model that an operator brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conditions {
    /// The file is in the store.
    pub file_present: bool,
    /// Its hash was computed and is on record.
    pub hash_on_record: bool,
    /// Where it comes from was noted.
    pub origin_noted: bool,
    /// The licence was stated, or it was said that none is attested.
    pub licence_explicit: bool,
    /// The operator chose the tasks.
    pub tasks_chosen: bool,
    /// Prompts stay here, and answers call no tools.
    pub egress_and_tools_denied: bool,
    /// The router gets a reference, and no path.
    pub reference_not_path: bool,
}

impl Conditions {
    /// Each with its name in words.
    #[must_use]
    pub fn all(&self) -> [(&'static str, bool); 7] {
        [
            ("the file is in the store", self.file_present),
            ("its hash is on record", self.hash_on_record),
            ("its origin is noted", self.origin_noted),
            ("its licence is stated, or refused", self.licence_explicit),
            ("its tasks are chosen", self.tasks_chosen),
            ("egress and tools are denied", self.egress_and_tools_denied),
            ("it is named by a reference", self.reference_not_path),
        ]
    }

    /// Whether all are met.
    #[must_use]
    pub fn are_met(&self) -> bool {
        self.all().iter().all(|(_, met)| *met)
    }
}

impl ImportRecord {
    /// The record of an import that is done: file and pack are in the store, and the pack was judged.
    pub(crate) fn of(
        statement: &Statement,
        file: ImportedFile,
        pack_sha256: Sha256Digest,
        conditions: Conditions,
        ts: String,
    ) -> Self {
        let (state, text) = match &statement.licence {
            Licence::Stated(text) => (LicenceState::Stated, Some(text.clone())),
            Licence::Refused => (LicenceState::Refused, None),
        };
        Self {
            v: Version::V0,
            ts,
            model: ModelRef(file.sha256),
            pack_id: Statement::pack_id(file.sha256),
            pack_sha256,
            origin: Origin {
                source_kind: statement.source_kind().to_owned(),
                text: statement.origin.clone(),
            },
            licence: LicenceRecord { state, text },
            tasks: statement.tasks.clone(),
            eligible: conditions.are_met(),
            verified: conditions.hash_on_record && state == LicenceState::Stated,
            conditions,
            file,
        }
    }
}
