//! What an interrupted writer left. Every writer of the folder holds its lock, so none is at work when this is looked at.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use contract_engine::Failure;
use contract_ledger::{Head, Ledger, LedgerError};
use serde::Deserialize;

use super::lines::LastLine;
use super::{EVIDENCE, RECEIPTS, UNFINISHED, mismatch, of_writer, open_private, unwritable, write_synced};
use crate::sha256::Sha256;

/// More than an interrupted writer leaves behind the head.
const MOST_BYTES: u64 = 1 << 20;

/// Places that are counted in a line of evidence or of stored texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    ledger_seq: u64,
}

/// What a receipt says of its evidence.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vouching {
    ledger_seq: u64,
    evidence_hash: Option<Sha256>,
}

/// Opens the ledger. A receipt behind its head that has its evidence is taken in, one that was not written to its end is cut off; the
/// ledger keeps a record of either.
pub(super) fn open_ledger(folder: &Path, evidence: &File, receipts: &File) -> Result<Ledger, Failure> {
    let path = folder.join(RECEIPTS);
    let opened = match Ledger::open(&path, true) {
        Err(error @ (LedgerError::Torn { .. } | LedgerError::NoHead { .. })) => {
            let left = Left::read(&path, evidence, receipts).map_err(|error| unwritable(folder, &error))?;
            match left {
                Some(left) => {
                    let expected = left.last.as_ref().map(Sha256::as_str);
                    let ts = contract_engine::now().to_string();
                    Ledger::repair(&path, true, expected, &ts).map(|(ledger, _)| ledger)
                }
                None => Err(error),
            }
        }
        opened => opened,
    };
    opened.map_err(|error| of_writer(folder, &error))
}

/// What one writer, interrupted once, can have left behind the head.
struct Left {
    /// The hash of the last entry, where that is known without the head.
    last: Option<Sha256>,
}

impl Left {
    /// `None` when it is something else: that is for a person to look at.
    fn read(path: &Path, evidence: &File, receipts: &File) -> io::Result<Option<Self>> {
        let Ok(head) = Head::read(path) else { return Ok(None) };
        let (count, known) = head.map_or((0, 0), |head| (head.count, head.bytes));
        let Some(more) = receipts.metadata()?.len().checked_sub(known).filter(|&more| more <= MOST_BYTES)
        else {
            return Ok(None);
        };
        let mut bytes = vec![0; usize::try_from(more).map_err(io::Error::other)?];
        receipts.read_exact_at(&mut bytes, known)?;
        let mut parts = bytes.split(|&byte| byte == b'\n');
        Ok(match (parts.next(), parts.next(), parts.next()) {
            // A line that was not written to its end.
            (Some(_), None, _) => Some(Self { last: None }),
            (Some(line), Some(b""), None) if is_vouched_for(line, count, evidence)? => {
                Some(Self { last: Some(Sha256::of(line)) })
            }
            _ => None,
        })
    }
}

/// Whether the last line of evidence is what this receipt names.
fn is_vouched_for(receipt: &[u8], place: u64, evidence: &File) -> io::Result<bool> {
    let Ok(receipt) = contract_json::from_slice::<Vouching>(receipt) else { return Ok(false) };
    let found = LastLine::read(evidence)?.line;
    Ok(found.is_some_and(|line| {
        receipt.ledger_seq == place
            && judged_place(&line) == Some(place)
            && receipt.evidence_hash == Some(Sha256::of(&line))
    }))
}

/// Cuts off what an interrupted writer left after the line of the last receipt: a line that is not whole, or the whole line of
/// the place `count`. Evidence goes to a file of its own; a kept text without a receipt is not kept. Gives the length that is left.
pub(super) fn set_aside(folder: &Path, file: &File, name: &str, count: u64) -> Result<u64, Failure> {
    let failed = |error: io::Error| unwritable(folder, &error);
    let LastLine { line, start, end, torn } = LastLine::read(file).map_err(failed)?;
    let place = match &line {
        None => None,
        Some(text) => Some(
            judged_place(text)
                .ok_or_else(|| mismatch(folder, format!("the last line of {name} has no `ledgerSeq`")))?,
        ),
    };
    let keep = match place {
        Some(place) if place == count => start,
        Some(place) if place > count => {
            return Err(mismatch(folder, format!("{name} knows receipt {place}, the ledger has {count}")));
        }
        // Not every receipt has kept texts.
        Some(place) if place + 1 < count && name == EVIDENCE => {
            let what = format!("the ledger has {count} receipts, {name} ends with {place}");
            return Err(mismatch(folder, what));
        }
        None if count > 0 && name == EVIDENCE => {
            return Err(mismatch(folder, format!("the ledger has {count} receipts, {name} is empty")));
        }
        _ => end,
    };
    if keep == end && torn.is_empty() {
        return Ok(end);
    }
    if name == EVIDENCE {
        let mut removed = if keep == start { line.unwrap_or_default() } else { Vec::new() };
        if !torn.is_empty() {
            removed.push(b'\n');
            removed.extend_from_slice(&torn);
        }
        removed.push(b'\n');
        let aside = open_private(&folder.join(UNFINISHED)).map_err(failed)?;
        let length = aside.metadata().map_err(failed)?.len();
        write_synced(&aside, length, &removed).map_err(failed)?;
    }
    file.set_len(keep).and_then(|()| file.sync_data()).map_err(failed)?;
    Ok(keep)
}

pub(super) fn judged_place(line: &[u8]) -> Option<u64> {
    contract_json::from_slice::<Counted>(line).ok().map(|counted| counted.ledger_seq)
}
