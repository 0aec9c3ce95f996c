//! Verification of the whole chain, from the file alone.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::num::NonZero;
use std::path::Path;
use std::{mem, thread};

use rustix::fs::{FlockOperation, flock};

use crate::entry::{Judge, Link};
use crate::error::LedgerError;
use crate::head::{Head, open_regular};
use crate::repair::NOT_THE_HEAD;

/// Lines that a thread takes at a time, in bytes: so many that its start costs nothing beside them.
const PART_BYTES: u64 = 1 << 20;
/// A line that is longer is none of a ledger.
const MOST_LINE_BYTES: u64 = 64 << 20;
/// More threads than this wait for the file.
const MAX_THREADS: usize = 8;

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
    let path = &Head::followed(path);
    let file = open_regular(path).map_err(LedgerError::unreadable(path))?;
    let (head, bytes) = snapshot(path, &file)?;
    let (last, met) = verify_lines(path, file.take(bytes), expected)?;
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
            NOT_THE_HEAD.to_owned()
        };
        return Err(mismatch(what));
    }
    let Some(last) = last else {
        return Err(LedgerError::NoHead { path: path.to_owned() });
    };
    match expected {
        Some(hash) if hash != last.hash => Err(match met {
            Some(line) => LedgerError::Grown { line, more: last.count - line },
            None => mismatch(format!("its hash is {}, and no entry has the expected one", last.hash)),
        }),
        Some(_) => Ok(Verified { head: last, expected: true }),
        None if head.is_some() => Ok(Verified { head: last, expected: false }),
        None => Err(LedgerError::NoHead { path: path.to_owned() }),
    }
}

/// The head, and the length of the ledger that belongs to it. No writer is between the two; later entries are not looked at.
fn snapshot(path: &Path, file: &File) -> Result<(Option<Head>, u64), LedgerError> {
    // Where locks are not to be had, there are no writers either.
    let locked = flock(file, FlockOperation::LockShared).is_ok();
    let head = Head::read(path);
    let bytes = file.metadata().map_err(LedgerError::unreadable(path));
    if locked {
        let _ = flock(file, FlockOperation::Unlock);
    }
    Ok((head?, bytes?.len()))
}

/// The last entry, and the line whose hash is the expected one.
fn verify_lines(
    path: &Path,
    lines: impl Read,
    expected: Option<&str>,
) -> Result<(Option<Head>, Option<u64>), LedgerError> {
    let mut file = BufReader::new(lines);
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let mut parts: Vec<Part> = (0..threads).map(|_| Part::new()).collect();
    let (mut last, mut met) = (None, None);
    loop {
        let mut filled = 0;
        while filled < threads && parts[filled].read(&mut file).map_err(LedgerError::unreadable(path))? {
            filled += 1;
        }
        let Some((first, others)) = parts[..filled].split_first_mut() else { return Ok((last, met)) };
        thread::scope(|scope| {
            for part in others {
                scope.spawn(|| part.judge());
            }
            first.judge();
        });
        for part in &mut parts[..filled] {
            met = met.or(part.line_of(expected, last.as_ref()));
            last = part.join(last)?;
        }
    }
}

/// Consecutive lines, which one thread judges.
struct Part {
    judge: Judge,
    text: Vec<u8>,
    links: Vec<Link>,
    /// What is wrong with the line after the last of `links`.
    fault: Option<String>,
}

impl Part {
    fn new() -> Self {
        Self { judge: Judge::new(), text: Vec::new(), links: Vec::new(), fault: None }
    }

    /// Takes the next lines; `false` when there are none.
    fn read(&mut self, file: &mut impl BufRead) -> io::Result<bool> {
        self.text.clear();
        file.by_ref().take(PART_BYTES).read_to_end(&mut self.text)?;
        if !self.text.ends_with(b"\n") {
            file.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut self.text)?;
            if self.text.len() as u64 >= MOST_LINE_BYTES && !self.text.ends_with(b"\n") {
                return Err(io::Error::other("a line is longer than 64 MiB"));
            }
        }
        Ok(!self.text.is_empty())
    }

    /// Judges each line by itself, up to the first fault.
    fn judge(&mut self) {
        self.links.clear();
        self.fault = None;
        for line in self.text.split_inclusive(|&byte| byte == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else { return };
            match self.judge.line(text) {
                Ok(link) => self.links.push(link),
                Err(what) => return self.fault = Some(what),
            }
        }
    }

    /// The line with this hash; `last` is the entry before this part.
    fn line_of(&self, hash: Option<&str>, last: Option<&Head>) -> Option<u64> {
        let index = self.links.iter().position(|link| Some(link.hash.as_str()) == hash)?;
        Some(last.map_or(0, |last| last.count) + index as u64 + 1)
    }

    /// Holds the lines against each other and against the one before.
    fn join(&mut self, mut last: Option<Head>) -> Result<Option<Head>, LedgerError> {
        let mut links = mem::take(&mut self.links).into_iter();
        for line in self.text.split_inclusive(|&byte| byte == b'\n') {
            let (number, start) = last.as_ref().map_or((1, 0), |last| (last.count + 1, last.bytes));
            let mismatch = |what: String| LedgerError::Mismatch { line: number, what };
            let Some(link) = links.next() else {
                return Err(match &self.fault {
                    Some(what) => mismatch(what.clone()),
                    None => LedgerError::Torn {
                        line: number,
                        what: format!("{} bytes without a line feed", line.len()),
                    },
                });
            };
            if link.sequence != number - 1 {
                return Err(mismatch(format!("`ledgerSeq` is {}, not {}", link.sequence, number - 1)));
            }
            if link.previous.as_deref() != last.as_ref().map(|last| last.hash.as_str()) {
                return Err(mismatch("`ledgerPrevHash` is not the hash of the entry before".to_owned()));
            }
            last = Some(Head::new(link.sequence, link.hash, start + line.len() as u64));
        }
        Ok(last)
    }
}
