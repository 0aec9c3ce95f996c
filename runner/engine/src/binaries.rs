//! Digests of the files that took part, taken beside the run: an interpreter has several MiB, and so have we.

use std::path::PathBuf;
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::lock::digest_file;

/// Digests in the making, on a thread of their own.
#[derive(Debug)]
pub(crate) struct FileDigests(JoinHandle<Vec<(PathBuf, Option<String>)>>);

impl FileDigests {
    pub(crate) fn begin(paths: Vec<PathBuf>) -> Self {
        Self(std::thread::spawn(move || {
            paths
                .into_iter()
                .map(|path| {
                    let digest = digest_file(&path).ok();
                    (path, digest)
                })
                .collect()
        }))
    }

    /// Each file with its digest; null where it could not be read.
    pub(crate) fn finish(self) -> Vec<(PathBuf, Option<String>)> {
        self.0.join().unwrap_or_default()
    }
}

/// As the receipt has them.
pub(crate) fn list(digests: &[(PathBuf, Option<String>)]) -> Value {
    digests
        .iter()
        .map(|(path, digest)| json!({"path": path.display().to_string(), "digest": digest}))
        .collect()
}
