//! The head: sequence, hash and count of the last entry, beside the ledger.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use contract_json::Tape;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;

/// One block of this size is written in place: a reader sees the old one or the new one.
pub(crate) const HEAD_BYTES: usize = 256;
/// The largest integer that every JSON reader has exactly (RFC 8785, section 3.2.2.3).
const MOST_ENTRIES: u64 = (1 << 53) - 1;
/// What is read of something that is no head.
const MOST_BYTES: u64 = 4096;

/// Opens a file for reading, and nothing that would wait for somebody or never end.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let nonblock = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(nonblock).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// What the last entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Length of the ledger in bytes.
    pub bytes: u64,
    /// Number of entries.
    pub count: u64,
    /// `sha256:` and 64 hex digits: the hash that the next entry will hold.
    pub hash: String,
    /// `ledgerSeq` of the last entry.
    pub sequence: u64,
    /// `ledger-head.v0`
    v: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "ledger-head.v0")]
    V0,
}

impl Head {
    /// The head after the entry with this sequence number and hash.
    pub(crate) fn new(sequence: u64, hash: String, bytes: u64) -> Self {
        Self { bytes, count: sequence + 1, hash, sequence, v: Version::V0 }
    }

    /// Where the head of a ledger is.
    #[must_use]
    pub fn path(ledger: &Path) -> PathBuf {
        let mut name = ledger.as_os_str().to_owned();
        name.push(".head");
        PathBuf::from(name)
    }

    /// The ledger itself when `path` is a link to it: its head lies beside it, and there is one.
    #[must_use]
    pub fn followed(path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    }

    /// The head of a ledger; `None` when it has none.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE`; `LEDGER_MISMATCH` when there is something else in its file.
    pub fn read(ledger: &Path) -> Result<Option<Self>, LedgerError> {
        let path = Self::path(&Self::followed(ledger));
        let mut text = Vec::with_capacity(2 * HEAD_BYTES);
        match open_regular(&path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => _ = read.map_err(LedgerError::unreadable(&path))?,
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let bad = |what: String| LedgerError::Mismatch { line: 1, what: format!("the head file: {what}") };
        Tape::new()
            .parse(&text, &contract_json::Limits::default())
            .map_err(|error| bad(error.to_string()))?;
        let head: Self = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if head.sequence >= MOST_ENTRIES || head.sequence + 1 != head.count {
            return Err(bad("`count` is not one more than `sequence`".to_owned()));
        }
        Ok(Some(head))
    }

    /// Writes it in place.
    pub(crate) fn write(&self, file: &File) -> io::Result<()> {
        let mut block = serde_json::to_vec(self).map_err(io::Error::other)?;
        block.resize(HEAD_BYTES - 1, b' ');
        block.push(b'\n');
        file.write_all_at(&block, 0)
    }
}
