//! `lane-receipt.json`: what a lane did, joined by digest to the receipts of its runs.

mod evidence;
mod folder;
mod verify;

pub use evidence::{EvidenceDocument, EvidenceSource, LaneEvidence, LaneEvidenceVersion};
pub use folder::LaneFolder;
pub(crate) use verify::verify;

use contract_json::{Digest, FileDigest, Tape, to_canonical_vec};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::authority::Delegation;
use crate::receipt::{ReceiptError, RunnerInfo, Status, nullable};
use crate::shape::{self, ShapeError};
use crate::subject;

/// The receipt of one lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaneReceipt {
    /// `lane-receipt.v0`
    pub v: LaneReceiptVersion,
    /// The run clock.
    pub ts: String,
    /// What was run.
    pub contract: ContractInfo,
    /// Name of the lane.
    pub lane: String,
    /// What it asked to be run in, and what it was run in.
    pub backend: BackendInfo,
    /// Who allowed what; each run's receipt has its own part.
    pub authority: LaneAuthority,
    /// How it ended.
    pub status: Status,
    /// Why, when there is a why.
    #[serde(deserialize_with = "nullable")]
    pub error: Option<ReceiptError>,
    /// Only some of its steps were asked for.
    pub partial: bool,
    /// Runs before the first step, for evidence that no step gives.
    pub before: Vec<RunInfo>,
    /// All steps of the lane, in order.
    pub steps: Vec<StepInfo>,
    /// The documents that it promised.
    pub evidence: Vec<EvidenceInfo>,
    /// The program that wrote this.
    pub runner: RunnerInfo,
    /// Digests of the contract, of the subject, and of this receipt.
    pub digests: LaneDigests,
    /// What may differ from run to run.
    pub observed: Value,
}

/// Version tag of a lane's receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaneReceiptVersion {
    /// The first version.
    #[default]
    #[serde(rename = "lane-receipt.v0")]
    V0,
}

/// The contract of a lane; its text is `contract.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractInfo {
    /// Its kind.
    pub kind: String,
    /// `metadata.id`
    pub id: String,
}

/// What a lane asked to be run in, and what it was run in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendInfo {
    /// The contract's.
    pub asked: String,
    /// `sandbox`
    pub used: String,
    /// What the substitution means.
    pub substitution: String,
}

/// Who allowed a lane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaneAuthority {
    /// Who allowed it.
    pub delegation: Delegation,
    /// Rights that the operator gave for steps which start programs, sorted.
    pub scope: Vec<String>,
    /// Limits that the operator set for each run.
    pub limits: Vec<String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepInfo {
    /// Its name in the contract.
    pub name: String,
    /// How it ended.
    pub status: StepStatus,
    /// Why it was passed over, or did not end well.
    #[serde(deserialize_with = "nullable")]
    pub why: Option<String>,
    /// What it ran, in order.
    pub runs: Vec<RunInfo>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// As [`Status::Satisfied`].
    Satisfied,
    /// As [`Status::Violated`].
    Violated,
    /// As [`Status::Denied`].
    Denied,
    /// As [`Status::Failed`].
    Failed,
    /// As [`Status::TimedOut`].
    TimedOut,
    /// As [`Status::Cancelled`].
    Cancelled,
    /// Nothing of it was started.
    Skipped,
}

impl From<Status> for StepStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Satisfied => Self::Satisfied,
            Status::Violated => Self::Violated,
            Status::Denied => Self::Denied,
            Status::Failed => Self::Failed,
            Status::TimedOut => Self::TimedOut,
            Status::Cancelled => Self::Cancelled,
        }
    }
}

impl StepStatus {
    /// The word in the receipt.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Violated => "violated",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// One run of an adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunInfo {
    /// Its folder below `runs/`; its log is `logs/ID.log`.
    pub id: String,
    /// Name of the adapter.
    pub adapter: String,
    /// Its operation.
    pub operation: String,
    /// How it ended.
    pub status: Status,
    /// Digest of its receipt.
    pub receipt: Digest,
    /// Its subject: equal on every machine for the same plan and answers.
    pub subject: Digest,
    /// Of the log: what the run said.
    pub log: FileDigest,
}

/// A promised document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceInfo {
    /// The key; its file is `evidence/KEY.json`.
    pub key: String,
    /// Of the file.
    pub digest: Digest,
}

/// Digests of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneDigests {
    /// Of the contract's text.
    pub contract: Digest,
    /// Equal for the same contract, answers and evidence.
    pub subject: Digest,
    /// Of the receipt without this member.
    pub receipt: Digest,
}

impl LaneReceipt {
    /// Reads a receipt: strict JSON, no unknown member.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ShapeError> {
        let mut tape = Tape::new();
        tape.parse(bytes, &shape::RECEIPT_LIMITS)
            .map_err(|error| ShapeError::new("", format!("{}: {error}", error.position(bytes))))?;
        let receipt: Self =
            serde_json::from_slice(bytes).map_err(|error| ShapeError::new("", error.to_string()))?;
        receipt.check()?;
        Ok(receipt)
    }

    /// Forms that types do not hold; `lane-receipt.v0.schema.json` says the same.
    fn check(&self) -> Result<(), ShapeError> {
        let digests = [&self.digests.contract, &self.digests.subject, &self.digests.receipt].into_iter();
        let digests = digests.chain(self.runs().flat_map(|run| [&run.receipt, &run.subject]));
        let mut digests = digests.chain(self.evidence.iter().map(|info| &info.digest));
        let ids = self.runs().map(|run| &run.id).chain(self.evidence.iter().map(|info| &info.key));
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphanumeric())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        let wrong = |pointer: &str, what: &str| Err(ShapeError::new(pointer, what));
        if self.backend.used != "sandbox" {
            return wrong("/backend/used", "it is not `sandbox`");
        }
        let logs = self.runs().all(|run| shape::is_digest(&run.log.digest()));
        if !logs || !digests.all(shape::is_digest) {
            return wrong("", "a digest has not the form that the schema asks for");
        }
        match ids.into_iter().find(|id| !is_name(id)) {
            Some(id) => wrong("", &format!("`{}` is no name of a file", id.escape_debug())),
            None => Ok(()),
        }
    }

    /// The bytes of the file: canonical JSON, no LF.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_canonical_vec(self)
    }

    /// The same with the digests of subject and receipt filled in.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.digests.subject = self.subject_digest();
        let bytes = self.to_bytes();
        let mut tape = Tape::new();
        let value = tape.parse(&bytes, &shape::RECEIPT_LIMITS_OWN).expect("a receipt of ours is strict JSON");
        self.digests.receipt = subject::receipt_digest(value);
        self
    }

    /// Digest of what does not differ from run to run.
    pub(crate) fn subject_digest(&self) -> Digest {
        let run = |run: &RunInfo| json!({"status": run.status, "subject": run.subject.blake3});
        let step = |step: &StepInfo| json!({"name": step.name, "status": step.status, "runs": step.runs.iter().map(run).collect::<Value>()});
        let evidence = |info: &EvidenceInfo| json!({"key": info.key, "digest": info.digest.blake3});
        Digest::of(&to_canonical_vec(&json!({
            "v": "lane-subject.v0",
            "contract": self.digests.contract.blake3,
            "lane": self.lane,
            "backend": self.backend.used,
            "before": self.before.iter().map(run).collect::<Value>(),
            "steps": self.steps.iter().map(step).collect::<Value>(),
            "evidence": self.evidence.iter().map(evidence).collect::<Value>(),
            "outcome": {"status": self.status, "code": self.error.as_ref().map(|error| &error.code)},
        })))
    }

    /// All runs, in the order in which they ran.
    pub fn runs(&self) -> impl Iterator<Item = &RunInfo> {
        self.before.iter().chain(self.steps.iter().flat_map(|step| &step.runs))
    }
}
