//! Checking a folder of records: the chain, the evidence of each receipt, and that texts are kept only where the evidence says so.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use contract_engine::Failure;
use contract_ipc::Code;
use contract_json::from_slice;
use contract_ledger::Head;
use rustix::fs::{FlockOperation, flock};

use super::mend::judged_place;
use super::pair::{Pairs, Receipt, check_texts};
use super::{EVIDENCE, RECEIPTS, STORED, UNFINISHED, mismatch, of_ledger};

/// The longest line.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// A folder in which everything fits together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRecords {
    /// Receipts.
    pub count: u64,
    /// Hash of the last entry.
    pub head: String,
    /// Whether it is the hash that was expected.
    pub expected: bool,
    /// Whether an interrupted writer left evidence without a receipt; the next writer sets it aside.
    pub unfinished: bool,
    /// Receipts with texts that the user wanted kept.
    pub stored: u64,
    /// Lines that interrupted writers left, which were set aside into `unfinished.ndjson`. No receipt names them.
    pub set_aside: u64,
}

/// Checks a folder. `expected` is the hash of the last entry, from elsewhere.
///
/// # Errors
/// Those of the ledger; `INFERENCE_RECORDS_MISMATCH` names the first receipt that does not fit; `CONTRACT_UNVERIFIABLE` when a file
/// is not there or cannot be read.
pub fn verify(folder: &Path, expected: Option<&str>) -> Result<VerifiedRecords, Failure> {
    let path = folder.join(RECEIPTS);
    let snapshot = Snapshot::take(folder)?;
    if snapshot.count.is_none() && length_of(folder, RECEIPTS)? == 0 {
        let what = format!("{}: there is no receipt yet", folder.display());
        return Err(Failure::new(Code::ContractUnverifiable, what));
    }
    let verified = contract_ledger::verify(&path, expected).map_err(|error| of_ledger(folder, &error))?;
    // Receipts that came since are judged by the chain alone: their evidence is not in the snapshot.
    let count = snapshot.count.unwrap_or(verified.head.count);
    let opened = |name: &str| open(folder, name).map(|(file, _)| file);
    let mut receipts = Lines::new(opened(RECEIPTS)?, u64::MAX);
    let mut evidence = Lines::new(opened(EVIDENCE)?, snapshot.evidence);
    let mut judge = Judge::new(match snapshot.stored {
        0 => None,
        bytes => Some(Lines::new(opened(STORED)?, bytes)),
    });
    let failed = |error: io::Error| unreadable(folder, &error);
    for sequence in 0..count {
        let at = |what: String| mismatch(folder, format!("receipt {sequence}: {what}"));
        let line = receipts.next().map_err(failed)?.ok_or_else(|| at("it is gone".to_owned()))?;
        let receipt: Receipt = from_slice(line)
            .map_err(|error| at(format!("not an InferenceReceipt of this folder: {error}")))?;
        let line =
            evidence.next().map_err(failed)?.ok_or_else(|| at("its evidence is missing".to_owned()))?;
        judge.pair(sequence, &receipt, line).map_err(at)?;
    }
    let unfinished = match evidence.next().map_err(failed)?.map(judged_place) {
        None => evidence.torn,
        Some(place) if place == Some(count) && evidence.next().map_err(failed)?.is_none() => true,
        Some(_) => return Err(mismatch(folder, format!("{EVIDENCE} has more lines than receipts"))),
    };
    let unfinished_texts = judge.end(count).map_err(|what| mismatch(folder, what))?;
    Ok(VerifiedRecords {
        count: verified.head.count,
        head: verified.head.hash,
        expected: verified.expected,
        unfinished: unfinished || unfinished_texts,
        stored: judge.stored,
        set_aside: set_aside(folder)?,
    })
}

fn unreadable(folder: &Path, error: &io::Error) -> Failure {
    Failure::new(Code::ContractUnverifiable, format!("{}: {error}", folder.display()))
}

/// Lengths that belong together: no writer was between them.
struct Snapshot {
    count: Option<u64>,
    evidence: u64,
    stored: u64,
}

impl Snapshot {
    fn take(folder: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| unreadable(folder, &error);
        let (evidence, _) = open(folder, EVIDENCE)?;
        // Where locks are not to be had, there are no writers either.
        let locked = flock(&evidence, FlockOperation::LockShared).is_ok();
        let head = Head::read(&folder.join(RECEIPTS)).map_err(|error| of_ledger(folder, &error));
        let length = evidence.metadata();
        let stored = length_of(folder, STORED);
        if locked {
            let _ = flock(&evidence, FlockOperation::Unlock);
        }
        Ok(Self {
            count: head?.map(|head| head.count),
            evidence: length.map_err(failed)?.len(),
            stored: stored?,
        })
    }
}

/// Opens a file of the folder, and nothing that would wait for somebody.
fn open(folder: &Path, name: &str) -> Result<(File, u64), Failure> {
    contract_engine::open_regular(&folder.join(name)).map_err(|error| {
        Failure::new(Code::ContractUnverifiable, format!("{}: {error}", folder.join(name).display()))
    })
}

/// Length of a file that need not be there.
fn length_of(folder: &Path, name: &str) -> Result<u64, Failure> {
    match folder.join(name).symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        _ => open(folder, name).map(|(_, bytes)| bytes),
    }
}

/// Counts what earlier writers set aside.
fn set_aside(folder: &Path) -> Result<u64, Failure> {
    let failed = |error: io::Error| unreadable(folder, &error);
    if length_of(folder, UNFINISHED)? == 0 {
        return Ok(0);
    }
    let mut lines = Lines::new(open(folder, UNFINISHED)?.0, u64::MAX);
    let mut count = 0;
    while lines.next().map_err(failed)?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Lines of a file, one at a time, up to a length.
struct Lines {
    reader: BufReader<io::Take<File>>,
    line: Vec<u8>,
    /// The last line had no line feed.
    torn: bool,
}

impl Lines {
    fn new(file: File, bytes: u64) -> Self {
        Self { reader: BufReader::new(file.take(bytes)), line: Vec::new(), torn: false }
    }

    /// The next whole line, without its line feed.
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut self.line)?;
        match self.line.split_last() {
            Some((b'\n', line)) => Ok(Some(line)),
            Some(_) if self.line.len() as u64 >= MAX_LINE_BYTES => {
                Err(io::Error::other("a line is longer than 64 MiB"))
            }
            Some(_) => {
                self.torn = true;
                Ok(None)
            }
            None => Ok(None),
        }
    }
}

/// Holds receipts against their evidence, with memory that is used again.
struct Judge {
    pairs: Pairs,
    texts: Option<Lines>,
    stored: u64,
}

impl Judge {
    fn new(texts: Option<Lines>) -> Self {
        Self { pairs: Pairs::new(), texts, stored: 0 }
    }

    fn pair(&mut self, sequence: u64, receipt: &Receipt, line: &[u8]) -> Result<(), String> {
        let evidence = self.pairs.check(sequence, receipt, line)?;
        if evidence.keeps_texts() {
            self.stored += 1;
            let missing = || format!("its texts are not in {STORED}");
            let lines = self.texts.as_mut().ok_or_else(missing)?;
            let line = lines.next().map_err(|error| error.to_string())?.ok_or_else(missing)?;
            check_texts(receipt, &evidence, line)?;
        }
        Ok(())
    }

    /// There are no more texts than the evidence says, but for those of an interrupted writer. Whether there are such.
    fn end(&mut self, count: u64) -> Result<bool, String> {
        let Some(lines) = &mut self.texts else { return Ok(false) };
        let next = lines.next().map_err(|error| error.to_string())?;
        match next.map(judged_place) {
            None => Ok(lines.torn),
            Some(Some(place)) if place == count => match lines.next() {
                Ok(None) => Ok(true),
                _ => Err(format!("{STORED} has texts that no evidence names")),
            },
            Some(_) => Err(format!("{STORED} has texts that no evidence names")),
        }
    }
}
