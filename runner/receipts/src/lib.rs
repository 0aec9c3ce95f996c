//! Transcript, receipt, verification and comparison: the evidence that a run leaves, byte for byte as `docs/receipts.md`
//! says.
//!
//! A run opens a [`RunFolder`], begins a [`Recorder`] in it when the launch begins, tells it every message, and finishes it
//! with a [`Receipt`]. Anyone may later [`verify`] the folder.

mod authority;
mod block_file;
mod block_writer;
mod clear;
mod compare;
mod difference;
mod folder;
mod held;
mod lane;
mod latest;
mod marks;
mod names;
mod normalise;
mod order;
mod publish;
mod receipt;
mod recorder;
mod redact;
mod run_folder;
mod secret_forms;
mod shape;
mod spill;
mod subject;
mod transcript;
mod verdict;
mod verify;
mod wire;

pub use authority::{Audit, Authority, BudgetInfo, DelegatedBy, Delegation, GrantInfo, GrantSubject};
pub use clear::remove_scratch;
pub use compare::{CompareError, Comparison, LineDifference, compare};
pub use difference::Difference;
pub use lane::{
    BackendInfo, ContractInfo, EvidenceDocument, EvidenceInfo, EvidenceSource, LaneAuthority, LaneDigests,
    LaneEvidence, LaneEvidenceVersion, LaneFolder, LaneReceipt, LaneReceiptVersion, RunInfo, StepInfo,
    StepStatus,
};
pub use latest::link_latest;
pub use marks::{Marks, OpIndex, OperationMarks, VOLATILE_MARK, is_private_mark, private_mark};
pub use names::{
    CONTRACT, DENIED, EVIDENCE, LANE_RECEIPT, LOGS, RECEIPT, RUNS, RUNS_FOLDER, SCRATCH, TRANSCRIPT, WIRE,
};
pub use order::Slot;
pub use publish::EvidenceError;
pub use receipt::{
    Counts, Digests, Invoked, NotCovered, Receipt, ReceiptError, ReceiptVersion, RunnerInfo, Sandbox,
    SessionInfo, Status,
};
pub use recorder::Recorder;
pub use redact::{MIN_SECRET_BYTES, Redactor, SecretError};
pub use run_folder::{FolderError, RunFolder};
pub use shape::ShapeError;
pub use verdict::{Finding, Verdict};
pub use verify::{check_expected, verify};
pub use wire::Other;
