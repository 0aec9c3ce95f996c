//! What a user asks of a lane.

use std::path::PathBuf;

/// The one back end there is.
pub const SANDBOX: &str = "sandbox";

/// A lane to be planned or run, as asked for.
#[derive(Debug, Clone, Default)]
pub struct LaneRequest {
    /// The contract.
    pub contract: PathBuf,
    /// Which of its lanes; may be left out when it has one.
    pub lane: Option<String>,
    /// The back end to use instead of the one that the contract asks for.
    pub backend: Option<String>,
    /// These steps only, by name.
    pub steps: Vec<String>,
    /// This step and those after it.
    pub from: Option<String>,
    /// A step that fails does not end the lane.
    pub keep_going: bool,
    /// Rights, in the grammar of [`contract_engine::Right`]. Steps that start programs have them all; an operation of an adapter has
    /// those that it asks for.
    pub allow: Vec<String>,
    /// Limits of each run, as `name=value`.
    pub limits: Vec<String>,
    /// Grant documents.
    pub grants: Vec<PathBuf>,
    /// Only grant documents count.
    pub require_grant: bool,
    /// Properties of the sandbox that may be missing.
    pub accept_gaps: Vec<String>,
    /// The highest Landlock ABI to use.
    pub max_abi: Option<u8>,
}
