//! What the runner's surroundings are. The command line crate fills it in; nothing here reads the process environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use contract_ipc::Timestamp;

/// Everything outside the request that decides what a run does.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where the command was given; relative paths start here.
    pub root: PathBuf,
    /// The user's home, which is never granted as a whole.
    pub home: Option<PathBuf>,
    /// Where programs are looked for.
    pub path: Vec<PathBuf>,
    /// Where adapters are looked for by name, in this order.
    pub adapter_folders: Vec<PathBuf>,
    /// The one of them that came with the runner: typing the verb of such an adapter gives it what its manifest asks for.
    pub installed: PathBuf,
    /// The `contract-launch` binary.
    pub launcher: PathBuf,
    /// The runner's own binary, for its digest.
    pub runner: PathBuf,
    /// The run clock (`SOURCE_DATE_EPOCH`, else 1970).
    pub clock: Timestamp,
    /// The runner's environment; only variables that a right names are looked up.
    pub variables: BTreeMap<String, String>,
}
