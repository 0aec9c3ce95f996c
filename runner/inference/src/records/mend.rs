//! What interrupted writers left. Every writer of the folder holds its lock, so none is at work when this is looked at.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use contract_engine::Failure;
use contract_json::from_slice;
use contract_ledger::{Head, Ledger, LedgerError, Tail};
use serde::Deserialize;

use super::pair::{Pairs, Receipt, check_texts};
use super::{
    EVIDENCE, RECEIPTS, STORED, UNFINISHED, mismatch, of_writer, open_private, unwritable, write_synced,
};
use crate::sha256::Sha256;

/// More than interrupted writers leave behind the head: it is on the disk half a minute after it was written.
const MOST_BYTES: u64 = 4 << 20;
/// Evidence is at most so many times as long as its receipt, and a little more.
const EVIDENCE_BYTES: (u64, u64) = (16, 64 << 10);

/// Places that are counted in a line of evidence or of stored texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    ledger_seq: u64,
}

/// Opens the ledger. Receipts behind its head that have their evidence are taken in, and what was not written to its end is cut off;
/// the ledger keeps a record of either.
pub(super) fn open_ledger(folder: &Path, evidence: &File, receipts: &File) -> Result<Ledger, Failure> {
    let failed = |error: io::Error| unwritable(folder, &error);
    let path = folder.join(RECEIPTS);
    let opened = match Ledger::open(&path, true) {
        Err(error @ (LedgerError::Torn { .. } | LedgerError::NoHead { .. })) => {
            match Left::read(&path, evidence, receipts).map_err(failed)? {
                Some(Left { count, last }) => {
                    // Nothing is changed in a folder that does not fit together otherwise.
                    Surplus::of(folder, evidence, EVIDENCE, count)?;
                    if let Some(stored) = stored(folder)? {
                        Surplus::of(folder, &stored, STORED, count)?;
                    }
                    let ts = contract_engine::now().to_string();
                    let last = last.as_ref().map(Sha256::as_str);
                    Ledger::repair(&path, true, last, &ts).map(|(ledger, _)| ledger)
                }
                None => Err(error),
            }
        }
        opened => opened,
    };
    opened.map_err(|error| of_writer(folder, &error))
}

/// What interrupted writers can have left behind the head.
struct Left {
    /// Receipts that there are with those that have their evidence.
    count: u64,
    /// The hash of the last of them, where one is behind the head.
    last: Option<Sha256>,
}

impl Left {
    /// `None` when it is something else: that is for a person to look at.
    fn read(path: &Path, evidence: &File, receipts: &File) -> io::Result<Option<Self>> {
        let Ok(head) = Head::read(path) else { return Ok(None) };
        let (count, known) = head.as_ref().map_or((0, 0), |head| (head.count, head.bytes));
        let length = receipts.metadata()?.len();
        if length + 1 == known {
            // Perhaps the line feed alone; the repair looks at the hash.
            return Ok(Some(Self { count, last: None }));
        }
        let Some(more) = length.checked_sub(known).filter(|more| (1..=MOST_BYTES).contains(more)) else {
            return Ok(None);
        };
        let bytes = read_from(receipts, known, more)?;
        let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
        // What follows the last line feed: nothing, or a line that was not written to its end.
        lines.pop();
        // A chain without its head may have been longer. Only a first receipt is believed.
        if head.is_none() && lines.len() > 1 {
            return Ok(None);
        }
        let (times, and) = EVIDENCE_BYTES;
        let length = evidence.metadata()?.len();
        let tail = (more * times + and).min(length);
        let bytes = read_from(evidence, length - tail, tail)?;
        let by_place: BTreeMap<u64, &[u8]> =
            bytes.split(|&byte| byte == b'\n').filter_map(|line| Some((judged_place(line)?, line))).collect();
        let mut pairs = Pairs::new();
        let mut place = count;
        for line in &lines {
            let found = from_slice::<Receipt>(line).ok().zip(by_place.get(&place));
            if found.is_none_or(|(receipt, evidence)| pairs.check(place, &receipt, evidence).is_err()) {
                return Ok(None);
            }
            place += 1;
        }
        Ok(Some(Self { count: place, last: lines.last().map(Sha256::of) }))
    }
}

fn read_from(file: &File, start: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(count).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, start)?;
    Ok(bytes)
}

/// The file of kept texts, when there is one.
pub(super) fn stored(folder: &Path) -> Result<Option<File>, Failure> {
    let path = folder.join(STORED);
    let file = path.exists().then(|| open_private(&path)).transpose();
    file.map_err(|error| unwritable(folder, &error))
}

/// The last receipt, its evidence and its texts belong together, and what is before them is of other receipts. More than that
/// `verify` looks at. Of each file its first bytes count.
pub(super) fn check_end(
    folder: &Path,
    pairs: &mut Pairs,
    receipts: (&File, u64),
    evidence: (&File, u64),
    stored: Option<(&File, u64)>,
    count: u64,
) -> Result<(), Failure> {
    let Some(place) = count.checked_sub(1) else { return Ok(()) };
    let failed = |error: io::Error| unwritable(folder, &error);
    let wrong = |what: String| mismatch(folder, format!("receipt {place}: {what}"));
    // The last line, and the place of the one before it.
    let last = |(file, length): (&File, u64)| {
        let Tail { line, start, .. } = Tail::before(file, length).map_err(failed)?;
        let before = Tail::before(file, start).map_err(failed)?.line;
        Ok::<_, Failure>((line.unwrap_or_default(), before.map(|line| judged_place(&line))))
    };
    let receipt: Receipt = from_slice(&last(receipts)?.0).map_err(|error| wrong(error.to_string()))?;
    let (line, before) = last(evidence)?;
    let found = pairs.check(place, &receipt, &line).map_err(wrong)?;
    if before != place.checked_sub(1).map(Some) {
        return Err(wrong(format!("the line before its own in {EVIDENCE} is of another place")));
    }
    if !found.keeps_texts() {
        return Ok(());
    }
    let (line, before) = match stored {
        Some(stored) => last(stored)?,
        None => return Err(wrong(format!("its texts are not in {STORED}"))),
    };
    check_texts(&receipt, &found, &line).map_err(wrong)?;
    match before {
        Some(before) if before.is_none_or(|before| before >= place) => {
            Err(wrong(format!("the line before its own in {STORED} is of another place")))
        }
        _ => Ok(()),
    }
}

/// What stands in a file after the line of the last receipt.
pub(super) struct Surplus {
    /// The whole line of the next place, and what has no line feed.
    removed: Vec<u8>,
    /// The length without it.
    pub(super) keep: u64,
}

impl Surplus {
    /// A line that is not whole, or the whole line of the place `count`. More or less than that is a mismatch.
    pub(super) fn of(folder: &Path, file: &File, name: &str, count: u64) -> Result<Self, Failure> {
        let Tail { line, start, whole_bytes: end, torn } =
            Tail::read(file).map_err(|error| unwritable(folder, &error))?;
        let place = match &line {
            None => None,
            Some(text) => Some(
                judged_place(text)
                    .ok_or_else(|| mismatch(folder, format!("the last line of {name} has no `ledgerSeq`")))?,
            ),
        };
        let is_next = match place {
            Some(place) if place > count => {
                return Err(mismatch(
                    folder,
                    format!("{name} knows receipt {place}, the ledger has {count}"),
                ));
            }
            // Not every receipt has kept texts.
            Some(place) if place + 1 < count && name == EVIDENCE => {
                let what = format!("the ledger has {count} receipts, {name} ends with {place}");
                return Err(mismatch(folder, what));
            }
            None if count > 0 && name == EVIDENCE => {
                return Err(mismatch(folder, format!("the ledger has {count} receipts, {name} is empty")));
            }
            place => place == Some(count),
        };
        let mut removed = if is_next { line.unwrap_or_default() } else { Vec::new() };
        if !torn.is_empty() {
            removed.push(b'\n');
            removed.extend_from_slice(&torn);
        }
        Ok(Self { removed, keep: if is_next { start } else { end } })
    }

    /// Cuts it off. Evidence goes to a file of its own; a kept text without a receipt is not kept. Gives the length that is left.
    pub(super) fn cut(self, folder: &Path, file: &File, name: &str) -> Result<u64, Failure> {
        let failed = |error: io::Error| unwritable(folder, &error);
        if self.removed.is_empty() {
            return Ok(self.keep);
        }
        if name == EVIDENCE {
            let aside = open_private(&folder.join(UNFINISHED)).map_err(failed)?;
            let Tail { whole_bytes, torn, .. } = Tail::read(&aside).map_err(failed)?;
            let mut lines = self.removed;
            if !torn.is_empty() {
                lines.insert(0, b'\n');
            }
            lines.push(b'\n');
            write_synced(&aside, whole_bytes + torn.len() as u64, &lines).map_err(failed)?;
        }
        file.set_len(self.keep).and_then(|()| file.sync_data()).map_err(failed)?;
        Ok(self.keep)
    }
}

pub(super) fn judged_place(line: &[u8]) -> Option<u64> {
    from_slice::<Counted>(line).ok().map(|counted| counted.ledger_seq)
}
