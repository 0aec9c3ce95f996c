//! What a repair did: a line in a file beside the ledger.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use contract_json::{sha256_text, to_canonical_vec};
use serde::Serialize;

/// The record of one repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Length of the ledger after the repair.
    pub bytes: u64,
    /// Entries that the head did not know of.
    #[serde(rename = "entriesAfterHead")]
    pub entries_after_head: u64,
    /// Hash of what was cut off, as it was.
    #[serde(rename = "removedSha256")]
    pub removed_sha256: String,
    /// What was cut off, bytes that are no UTF-8 replaced.
    pub removed: String,
    /// When, RFC 3339.
    pub ts: String,
    /// `ledger-repair.v0`
    v: &'static str,
}

impl Repair {
    pub(crate) fn new(ts: &str, bytes: u64, entries_after_head: u64, removed: &[u8]) -> Self {
        Self {
            bytes,
            entries_after_head,
            removed_sha256: sha256_text(removed),
            removed: String::from_utf8_lossy(removed).into_owned(),
            ts: ts.to_owned(),
            v: "ledger-repair.v0",
        }
    }

    /// Where the repairs of a ledger are recorded.
    #[must_use]
    pub fn path(ledger: &Path) -> PathBuf {
        let mut name = ledger.as_os_str().to_owned();
        name.push(".repairs.ndjson");
        PathBuf::from(name)
    }

    /// Writes the record. It is on the disk before anything is cut off.
    pub(crate) fn record(&self, ledger: &Path) -> io::Result<()> {
        let mut line = to_canonical_vec(self);
        line.push(b'\n');
        let mut file = OpenOptions::new().create(true).append(true).open(Self::path(ledger))?;
        file.write_all(&line)?;
        file.sync_data()
    }
}
