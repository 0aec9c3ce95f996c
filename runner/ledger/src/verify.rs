//! Verification of the whole chain, from the file alone.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use crate::entry::Judge;
use crate::error::LedgerError;
use crate::head::Head;

/// What was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last entry.
    pub head: Head,
    /// Whether its hash is the one that the user gave.
    pub expected: bool,
}

/// Checks every entry, the chain, and the head; `expected` is the hash of the last entry, from elsewhere.
///
/// # Errors
/// `CONTRACT_INPUT_UNREADABLE`; `LEDGER_MISMATCH` and `LEDGER_TORN` with the first line that does not fit; `LEDGER_NO_HEAD` when
/// there is neither a head file nor an expected hash.
pub fn verify(path: &Path, expected: Option<&str>) -> Result<Verified, LedgerError> {
    let head = Head::read(path)?;
    let last = verify_lines(path)?;
    let count = last.as_ref().map_or(0, |last| last.count);
    let mismatch = |what: String| LedgerError::Mismatch { line: count.max(1), what };
    if let Some(head) = &head
        && Some(head) != last.as_ref()
    {
        if head.count < count {
            let what = format!("the head knows {} entries, the ledger has {count}", head.count);
            return Err(LedgerError::Torn { line: head.count + 1, what });
        }
        let what = if head.count > count {
            format!("the head knows {} entries, the ledger has {count}: the tail was cut off", head.count)
        } else {
            "it is not the entry that the head names".to_owned()
        };
        return Err(mismatch(what));
    }
    let Some(last) = last else {
        return Err(LedgerError::NoHead { path: path.to_owned(), count });
    };
    match expected {
        Some(hash) if hash != last.hash => {
            Err(mismatch(format!("its hash is {}, not the expected one", last.hash)))
        }
        Some(_) => Ok(Verified { head: last, expected: true }),
        None if head.is_some() => Ok(Verified { head: last, expected: false }),
        None => Err(LedgerError::NoHead { path: path.to_owned(), count }),
    }
}

fn verify_lines(path: &Path) -> Result<Option<Head>, LedgerError> {
    let mut reader =
        BufReader::with_capacity(256 * 1024, File::open(path).map_err(LedgerError::unreadable(path))?);
    let mut judge = Judge::new();
    let mut line = Vec::new();
    let mut last: Option<Head> = None;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(LedgerError::unreadable(path))? == 0 {
            return Ok(last);
        }
        let (number, start) = last.as_ref().map_or((1, 0), |last| (last.count + 1, last.bytes));
        let Some(text) = line.strip_suffix(b"\n") else {
            let what = format!("{} bytes without a line feed", line.len());
            return Err(LedgerError::Torn { line: number, what });
        };
        let mismatch = |what: String| LedgerError::Mismatch { line: number, what };
        let link = judge.line(text).map_err(mismatch)?;
        if link.sequence != number - 1 {
            return Err(mismatch(format!("`ledgerSeq` is {}, not {}", link.sequence, number - 1)));
        }
        if link.previous.as_deref() != last.as_ref().map(|last| last.hash.as_str()) {
            return Err(mismatch("`ledgerPrevHash` is not the hash of the entry before".to_owned()));
        }
        last = Some(Head::new(link.sequence, link.hash, start + line.len() as u64));
    }
}
