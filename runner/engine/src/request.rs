//! What a user asks for, as typed, before anything is judged.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One run, as asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Name, path or command line of the adapter.
    pub adapter: String,
    /// The operation; may be left out when the adapter has one.
    pub op: Option<String>,
    /// What to invoke it with; the transcript of a run has it.
    #[serde(skip)]
    pub calls: Calls,
    /// The operator gives the adapter what its manifest asks for, by typing its verb. Holds for adapters that came with the runner
    /// ([`crate::Surroundings::installed`]) and for no other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delegates_asks: bool,
    /// Rights that the run asks for beside its adapter's manifest: what a step of a lane declares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
    /// Rights, in the grammar of [`crate::Right`].
    pub allow: Vec<String>,
    /// Limits, as `name=value`.
    pub limits: Vec<String>,
    /// Grant documents.
    pub grants: Vec<PathBuf>,
    /// Only grant documents count; `allow` gives nothing.
    pub require_grant: bool,
    /// Properties of the sandbox that may be missing.
    pub accept_gaps: Vec<String>,
    /// The highest Landlock ABI to use; lowers only.
    pub max_abi: Option<u8>,
    /// 32 hex digits; otherwise the seed follows from the plan.
    pub seed: Option<String>,
    /// Most invokes open at a time.
    pub in_flight: usize,
    /// Lines that are no envelopes are set aside.
    pub lax_stdout: bool,
    /// Values that the manifest calls private are recorded as they are, not as digests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record_private: bool,
    /// The whole wire log is kept.
    pub keep_wire: bool,
    /// Most bytes in a line.
    pub max_line_bytes: usize,
    /// `adapters.lock`, when there is one.
    pub lock: Option<PathBuf>,
}

impl Default for Request {
    /// Of no adapter, without rights and calls, one invoke at a time.
    fn default() -> Self {
        Self {
            adapter: String::new(),
            op: None,
            calls: Calls::None,
            delegates_asks: false,
            asks: Vec::new(),
            allow: Vec::new(),
            limits: Vec::new(),
            grants: Vec::new(),
            require_grant: false,
            accept_gaps: Vec::new(),
            max_abi: None,
            seed: None,
            in_flight: 1,
            lax_stdout: false,
            record_private: false,
            keep_wire: false,
            max_line_bytes: contract_ipc::DEFAULT_MAX_LINE_BYTES,
            lock: None,
        }
    }
}

/// What is invoked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Calls {
    /// Nothing: the handshake alone.
    #[default]
    None,
    /// The same call, `count` times.
    Repeat {
        /// A JSON object.
        args: Vec<u8>,
        /// How often, at least once.
        count: u64,
    },
    /// One call per line of an NDJSON file: `{"op"?, "args"?}`.
    Batch(PathBuf),
    /// Calls of these operations, which come while the session runs ([`Prepared::serve`](crate::Prepared::serve)).
    Live(Vec<String>),
}
