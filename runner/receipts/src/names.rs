//! The files of a run's folder.

/// The receipt, written last.
pub const RECEIPT: &str = "run-receipt.json";
/// The canonical layer.
pub const TRANSCRIPT: &str = "ipc-transcript.ndjson";
/// The wire layer.
pub const WIRE: &str = "ipc-wire.ndjson";
/// The receipt of a run that was refused before it started.
pub const DENIED: &str = "denied-receipt.json";
/// HOME and TMPDIR of the adapter.
pub const SCRATCH: &str = "scratch";

/// The receipt of a lane, written last.
pub const LANE_RECEIPT: &str = "lane-receipt.json";
/// The contract of a lane, as it was read.
pub const CONTRACT: &str = "contract.json";
/// The runs of a lane, a folder for each.
pub const RUNS: &str = "runs";
/// What the runs of a lane said, a file for each.
pub const LOGS: &str = "logs";
/// What a lane promised, a file for each key.
pub const EVIDENCE: &str = "evidence";

pub(crate) const LANE_RECEIPT_TEMP: &str = ".lane-receipt.json.tmp";
pub(crate) const CONTRACT_TEMP: &str = ".contract.json.tmp";
pub(crate) const LOCK: &str = ".contract-runner.lock";
pub(crate) const RECEIPT_TEMP: &str = ".run-receipt.json.tmp";
pub(crate) const TRANSCRIPT_TEMP: &str = ".ipc-transcript.ndjson.tmp";
pub(crate) const WIRE_TEMP: &str = ".ipc-wire.ndjson.tmp";
pub(crate) const DENIED_TEMP: &str = ".denied-receipt.json.tmp";
pub(crate) const SPILL_TEMP: &str = ".spill.tmp";
pub(crate) const INDEX_TEMP: &str = ".spill-index.tmp";

/// Regular files that a run of ours leaves behind, or leaves lying when it is killed; the lock is not among them.
pub(crate) const OUR_FILES: [&str; 10] = [
    RECEIPT,
    TRANSCRIPT,
    WIRE,
    DENIED,
    RECEIPT_TEMP,
    TRANSCRIPT_TEMP,
    WIRE_TEMP,
    DENIED_TEMP,
    SPILL_TEMP,
    INDEX_TEMP,
];

/// Where runs are kept when nobody says otherwise, below the working folder.
pub const RUNS_FOLDER: &str = ".workstation/runs";
