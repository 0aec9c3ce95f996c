//! Digests of the files that took part, taken while the adapter runs.

use std::path::PathBuf;
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::lock::digest_file;
use crate::plan::Plan;

/// Digests in the making.
#[derive(Debug)]
pub(crate) struct Binaries(JoinHandle<(Option<String>, Value)>);

impl Binaries {
    /// Begins to read, beside the session: an interpreter has several MiB.
    pub(crate) fn begin(plan: &Plan, runner: PathBuf) -> Self {
        let (own, runtime) = (plan.command.own.clone(), plan.command.runtime.clone());
        Self(std::thread::spawn(move || {
            let list = |paths: Vec<PathBuf>| -> Value {
                paths
                    .into_iter()
                    .map(
                        |path| json!({"path": path.display().to_string(), "digest": digest_file(&path).ok()}),
                    )
                    .collect()
            };
            (digest_file(&runner).ok(), json!({"own": list(own), "runtime": list(runtime)}))
        }))
    }

    /// The runner's digest, and those of the adapter's files.
    pub(crate) fn finish(self) -> (Option<String>, Value) {
        self.0.join().unwrap_or((None, Value::Null))
    }
}
