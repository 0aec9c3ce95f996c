//! The five parts of a run's authority, as the receipt names them.

use serde::{Deserialize, Serialize};

use crate::receipt::{nullable, present};

/// Who allowed what, with which budget, under which policy, leaving which evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Authority {
    /// Who allowed it.
    pub delegation: Delegation,
    /// What was allowed: rights, sorted.
    pub scope: Vec<String>,
    /// How much of it.
    pub budget: BudgetInfo,
    /// The policy profile that the run claims.
    pub policy_profile: String,
    /// The evidence it leaves.
    pub audit: Audit,
}

/// Who allowed a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// The kind of delegation.
    pub by: DelegatedBy,
    /// The grant documents in force.
    pub grants: Vec<GrantInfo>,
}

/// The kind of a delegation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DelegatedBy {
    /// The command line of the person who started the run.
    #[default]
    LocalOperator,
    /// Grant documents.
    Grant,
}

/// One grant document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantInfo {
    /// `blake3:` and the digest of its canonical form.
    pub digest: String,
    /// Who gave it.
    pub issuer: String,
    /// The adapter it is made out to.
    pub subject: GrantSubject,
    /// An RFC 3339 time.
    pub expires: String,
}

/// The adapter that a grant is made out to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantSubject {
    /// Its name.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// `blake3:` and the digest of its program or script.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What a run may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BudgetInfo {
    /// Milliseconds until the handshake must be done.
    pub handshake_ms: u64,
    /// Milliseconds without a progress message.
    pub idle_ms: u64,
    /// Milliseconds for one invoke.
    pub total_ms: u64,
    /// Milliseconds for the whole run.
    #[serde(deserialize_with = "nullable")]
    pub run_ms: Option<u64>,
    /// Private memory.
    pub memory_bytes: u64,
    /// Size of one written file.
    pub file_size_bytes: u64,
    /// Open descriptors.
    pub open_files: u64,
    /// Processor time of one process.
    pub cpu_seconds: u64,
    /// Processes at a time.
    pub processes: u64,
}

/// The files that tell what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Name of the transcript, or null when nothing started.
    #[serde(deserialize_with = "nullable")]
    pub transcript: Option<String>,
    /// Name of the receipt.
    pub receipt: String,
}
