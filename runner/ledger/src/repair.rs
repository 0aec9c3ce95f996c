//! Repairs of what an interrupted writer left, and their record: a line in a file beside the ledger.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use contract_json::{sha256_text, to_canonical_vec};
use serde::Serialize;

use crate::entry::Judge;
use crate::error::LedgerError;
use crate::head::Head;
use crate::tail::Tail;
use crate::writer::Files;

/// The record of one repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Length of the ledger after the repair.
    pub bytes: u64,
    /// Entries that the head did not know of.
    #[serde(rename = "entriesAfterHead")]
    pub entries_after_head: u64,
    /// Hash that the head had before; none when there was no head.
    #[serde(rename = "headBefore")]
    pub head_before: Option<String>,
    /// Whether the last entry was whole but for its line feed, and has got it back.
    #[serde(rename = "lineFeedRestored")]
    pub line_feed_restored: bool,
    /// What was cut off, bytes that are no UTF-8 replaced.
    pub removed: String,
    /// Its length.
    #[serde(rename = "removedBytes")]
    pub removed_bytes: u64,
    /// Hash of what was cut off, as it was.
    #[serde(rename = "removedSha256")]
    pub removed_sha256: String,
    /// When, RFC 3339.
    pub ts: String,
    /// `ledger-repair.v0`
    v: &'static str,
}

impl Repair {
    /// A record of a ledger that has `bytes` bytes afterwards.
    pub(crate) fn new(ts: &str, bytes: u64, head_before: Option<&Head>) -> Self {
        Self {
            bytes,
            entries_after_head: 0,
            head_before: head_before.map(|head| head.hash.clone()),
            line_feed_restored: false,
            removed: String::new(),
            removed_bytes: 0,
            removed_sha256: sha256_text(b""),
            ts: ts.to_owned(),
            v: "ledger-repair.v0",
        }
    }

    /// With what was cut off.
    pub(crate) fn removing(self, removed: &[u8]) -> Self {
        Self {
            removed: String::from_utf8_lossy(removed).into_owned(),
            removed_bytes: removed.len() as u64,
            removed_sha256: sha256_text(removed),
            ..self
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
    pub(crate) fn record(&self, path: &Path, ledger: &File) -> io::Result<()> {
        let mut line = to_canonical_vec(self);
        line.push(b'\n');
        // It shows parts of the ledger, to nobody who may not read that.
        let mode = ledger.metadata()?.mode() & 0o666;
        let mut file = OpenOptions::new().create(true).append(true).mode(mode).open(Self::path(path))?;
        file.write_all(&line)?;
        file.sync_data()
    }
}

/// The last entry was changed.
pub(crate) const NOT_THE_HEAD: &str = "it is not the entry that the head names";

/// The head knows of more than there is.
pub(crate) fn too_short(count: u64) -> LedgerError {
    LedgerError::Mismatch { line: count.max(1), what: "the ledger is shorter than its head says".to_owned() }
}

/// Mends what an interrupted writer left: a line without its end is cut off, or gets its line feed when it is the entry that the
/// head names; entries that the head does not know of are taken into it when they continue its chain.
///
/// # Errors
/// `LEDGER_MISMATCH` and `LEDGER_NO_HEAD`, before anything is changed; `LEDGER_UNWRITABLE`.
pub(crate) fn mend(
    path: &Path,
    files: &Files,
    judge: &mut Judge,
    expected: Option<&str>,
    ts: &str,
) -> Result<Repair, LedgerError> {
    let tail = Tail::read(&files.ledger).map_err(LedgerError::unreadable(path))?;
    let before = Head::read(path)?;
    if before.is_none() && tail.line.is_some() && expected.is_none() {
        return Err(LedgerError::NoHead { path: path.to_owned() });
    }
    let known = before.as_ref().map_or(0, |head| head.bytes);
    let mut repair = Repair::new(ts, tail.whole_bytes, before.as_ref());
    let count = before.as_ref().map_or(0, |head| head.count);
    let mut head = before;
    if known > tail.whole_bytes {
        let head = head.as_ref().filter(|head| {
            head.bytes == tail.whole_bytes + tail.torn.len() as u64 + 1
                && head.hash == sha256_text(&tail.torn)
        });
        repair.bytes = head.ok_or_else(|| too_short(count))?.bytes;
        repair.line_feed_restored = true;
    } else {
        repair = repair.removing(&tail.torn);
    }
    let mut more = vec![0; usize::try_from(tail.whole_bytes.saturating_sub(known)).unwrap_or(usize::MAX)];
    files.ledger.read_exact_at(&mut more, known).map_err(LedgerError::unreadable(path))?;
    for line in more.split_inclusive(|&byte| byte == b'\n') {
        let number = head.as_ref().map_or(0, |head| head.count) + 1;
        let link = judge.link(&line[..line.len() - 1], number)?;
        if link.previous.as_deref() != head.as_ref().map(|head| head.hash.as_str())
            || link.sequence + 1 != number
        {
            let what = "it does not continue the chain of the head".to_owned();
            return Err(LedgerError::Mismatch { line: number, what });
        }
        let bytes = head.as_ref().map_or(0, |head| head.bytes) + line.len() as u64;
        head = Some(Head::new(link.sequence, link.hash, bytes));
        repair.entries_after_head += 1;
    }
    // What the head names must be there before anything else is cut off.
    if repair.entries_after_head == 0
        && !repair.line_feed_restored
        && let (Some(head), Some(line)) = (&head, &tail.line)
        && judge.link(line, head.count)?.hash != head.hash
    {
        return Err(LedgerError::Mismatch { line: head.count, what: NOT_THE_HEAD.to_owned() });
    }
    let last = head.as_ref().map(|head| head.hash.as_str());
    if expected.is_some() && last != expected {
        let line = head.as_ref().map_or(1, |head| head.count);
        let what = format!("its hash is {}, not the expected one", last.unwrap_or("none"));
        return Err(LedgerError::Mismatch { line, what });
    }
    let write = || {
        repair.record(path, &files.ledger)?;
        if repair.line_feed_restored {
            files.ledger.write_all_at(b"\n", repair.bytes - 1)?;
        } else {
            files.ledger.set_len(repair.bytes)?;
        }
        if let Some(head) = &head {
            head.write(&files.head)?;
        }
        files.ledger.sync_data()
    };
    write().map_err(LedgerError::unwritable(path))?;
    Ok(repair)
}
