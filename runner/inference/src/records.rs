//! The folder of inference records: the chain of receipts, the evidence beside it, and texts only where the user wants them kept.

mod mend;
mod pair;
mod verify;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use contract_engine::Failure;
use contract_ipc::{Code, Timestamp};
use contract_ledger::{Head, Ledger, LedgerError};
use rustix::event::{Timespec, poll};
use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::completion::{Completion, RunPlace};
use crate::evidence::Evidence;
use crate::judged;
use crate::receipt::receipt;
use crate::sha256::Sha256;
use mend::{Surplus, check_end, open_ledger};
use pair::Pairs;

pub use verify::{VerifiedRecords, verify};

/// Where records are kept when nobody says otherwise, below the working folder.
pub const DEFAULT_FOLDER: &str = ".workstation/inference";
/// The chain of receipts; its head lies beside it.
pub const RECEIPTS: &str = "receipts.ndjson";
/// One `inference-evidence.v0` for each receipt, in the same order. Its lock is that of the folder.
pub const EVIDENCE: &str = "evidence.ndjson";
/// Prompts and outputs that the user wants kept.
pub const STORED: &str = "stored.ndjson";
/// Evidence whose receipt an interrupted writer did not write.
const UNFINISHED: &str = "unfinished.ndjson";

/// More than the records of one completion take in each file.
const RESERVED_BYTES: u64 = 64 << 10;
/// Between two looks at a lock that another writer has.
const LOCK_PAUSE: Duration = Duration::from_millis(2);
/// What is reserved on the file system at a time: to reserve takes longer than to look.
const AHEAD_BYTES: u64 = 256 << 10;

/// A folder that is open for appending. Several processes may have one open; a completion needs its place only at its end.
#[derive(Debug)]
pub struct Records {
    folder: PathBuf,
    evidence: File,
    receipts: File,
    ledger: Ledger,
    /// How the files were left that fit together; none when somebody has to look.
    known: Option<Lengths>,
    /// Up to where space is reserved for the evidence and the receipts.
    reserved: [u64; 2],
    pairs: Pairs,
}

/// Lengths of files that fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lengths {
    evidence: u64,
    stored: u64,
    /// Receipts.
    count: u64,
}

/// What was written of one completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// Place in the chain, from 0.
    pub sequence: u64,
    /// `urn:srcos:inference-receipt:TASK-SEQUENCE`
    pub receipt_id: String,
    /// Hash of the ledger's last line: the receipt with its place. Kept elsewhere, it vouches for all before it.
    pub head: String,
    /// Digest of the evidence.
    pub evidence_hash: Sha256,
    /// The receipt, without `ledgerPrevHash`.
    pub receipt: Value,
    /// The evidence.
    pub evidence: Evidence,
}

/// A line of `stored.ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredTexts {
    ledger_seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    receipt_id: String,
}

impl Records {
    /// Opens a folder, makes it when it is not there, mends what an interrupted writer left, and reserves space. Before anything
    /// is run: a model whose receipt cannot be written does not run.
    ///
    /// # Errors
    /// `INFERENCE_RECORDS_UNWRITABLE`; `INFERENCE_RECORDS_MISMATCH` when evidence and receipts do not belong together; those of the
    /// ledger: `LEDGER_MISMATCH`, and `LEDGER_TORN` when something stands behind its head that has no evidence.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let unwritable = |error: io::Error| unwritable(folder, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritable)?;
        let evidence = open_private(&folder.join(EVIDENCE)).map_err(unwritable)?;
        let receipts = open_private(&folder.join(RECEIPTS)).map_err(unwritable)?;
        flock(&evidence, FlockOperation::LockExclusive).map_err(|error| unwritable(error.into()))?;
        let opened = open_ledger(folder, &evidence, &receipts);
        let unlocked = flock(&evidence, FlockOperation::Unlock);
        let ledger = opened?;
        unlocked.map_err(|error| unwritable(error.into()))?;
        let mut records = Self {
            folder: folder.to_owned(),
            evidence,
            receipts,
            ledger,
            known: None,
            reserved: [0; 2],
            pairs: Pairs::new(),
        };
        records.reserve()?;
        Ok(records)
    }

    /// Looks whether one more completion can be put on record, so that a torn chain or a full disk is met before the model runs
    /// and not after. With several completions at a time, and other writers, it makes the failure less likely and not impossible.
    ///
    /// # Errors
    /// `INFERENCE_RECORDS_UNWRITABLE`, `INFERENCE_RECORDS_MISMATCH`, those of the ledger.
    pub fn reserve(&mut self) -> Result<(), Failure> {
        self.reserve_until(None)
    }

    /// The same, and it waits for other writers until then at most.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve).
    pub fn reserve_until(&mut self, until: Option<Instant>) -> Result<(), Failure> {
        self.locked(until, |records| {
            records.place()?;
            records.reserve_space()
        })
    }

    fn reserve_space(&mut self) -> Result<(), Failure> {
        self.ledger.reserve_head().map_err(|error| of_writer(&self.folder, &error))?;
        let failed = |error: io::Error| unwritable(&self.folder, &error);
        for (file, reserved) in [&self.evidence, &self.receipts].into_iter().zip(&mut self.reserved) {
            reserve(&self.folder, file, reserved).map_err(failed)?;
        }
        let stored = self.folder.join(STORED);
        if stored.exists() {
            reserve(&self.folder, &open_private(&stored).map_err(failed)?, &mut 0).map_err(failed)?;
        }
        Ok(())
    }

    /// Writes the records of a completion: kept texts, then the evidence, then the receipt that names it, each on the disk before
    /// the next. What could not be written whole is taken back.
    ///
    /// # Errors
    /// `INFERENCE_RECORDS_UNWRITABLE`, `INFERENCE_RECORDS_MISMATCH`, those of the ledger. `CONTRACT_INTERNAL` when the completion
    /// contradicts itself; nothing is written then.
    pub fn append(&mut self, completion: &Completion, now: Timestamp) -> Result<Appended, Failure> {
        self.append_until(completion, now, None)
    }

    /// The same, and it waits for other writers until then at most.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_until(
        &mut self,
        completion: &Completion,
        now: Timestamp,
        until: Option<Instant>,
    ) -> Result<Appended, Failure> {
        self.locked(until, |records| records.append_locked(completion, now))
    }

    fn append_locked(&mut self, completion: &Completion, now: Timestamp) -> Result<Appended, Failure> {
        let (sequence, start) = self.place()?;
        // Until all of it is written.
        let before = self.known.take();
        let evidence = Evidence::new(completion, sequence, now);
        let mut line = evidence.to_bytes();
        fits(completion)
            .and_then(|()| judged::judge(self.pairs.checker(), &line, "inference-evidence.v0"))
            .map_err(|why| {
            Failure::new(Code::ContractInternal, format!("a completion that contradicts itself: {why}"))
        })?;
        let evidence_hash = Sha256::of(&line);
        let receipt = receipt(completion, sequence, &evidence_hash, now);
        let text = serde_json::to_vec(&receipt).expect("a JSON value serialises");
        line.push(b'\n');
        let stored = self.keep(completion, &evidence)?;
        let chained = self.receipts.metadata().map_err(|error| unwritable(&self.folder, &error))?.len();
        let written =
            write_synced(&self.evidence, start, &line).map_err(|error| unwritable(&self.folder, &error));
        let appended = written.and_then(|()| {
            let head = self.ledger.append(&text);
            head.cloned().map_err(|error| of_writer(&self.folder, &error))
        });
        match appended {
            Ok(head) => {
                let evidence_bytes = start + line.len() as u64;
                let stored = stored.map(|(_, _, end)| end).or(before.map(|before| before.stored));
                self.known =
                    stored.map(|stored| Lengths { evidence: evidence_bytes, stored, count: head.count });
                let receipt_id = evidence.receipt_id.clone();
                Ok(Appended { sequence, receipt_id, head: head.hash, evidence_hash, receipt, evidence })
            }
            Err(failure) => {
                // To cut a file gives back what is reserved behind its end.
                self.reserved = [0; 2];
                // A receipt that stands in the ledger keeps its evidence, also when its head could not be written.
                if self.receipts.metadata().is_ok_and(|found| found.len() == chained) {
                    // When this fails too, the next writer sees a line without a receipt and sets it aside.
                    let _ = self.evidence.set_len(start);
                    if let Some((file, start, _)) = stored {
                        let _ = file.set_len(start);
                    }
                }
                Err(failure)
            }
        }
    }

    /// The kept texts of a completion, where they begin and end; nothing without the user's word.
    fn keep(
        &self,
        completion: &Completion,
        evidence: &Evidence,
    ) -> Result<Option<(File, u64, u64)>, Failure> {
        if !evidence.keeps_texts() {
            return Ok(None);
        }
        let texts = StoredTexts {
            ledger_seq: evidence.ledger_seq,
            receipt_id: evidence.receipt_id.clone(),
            prompt: completion.kept.prompt.clone(),
            output: completion.kept.output.clone(),
        };
        let mut line = contract_json::to_canonical_vec(&texts);
        line.push(b'\n');
        let write = || {
            let file = open_private(&self.folder.join(STORED))?;
            let start = file.metadata()?.len();
            write_synced(&file, start, &line)?;
            Ok((file, start, start + line.len() as u64))
        };
        write().map(Some).map_err(|error: io::Error| unwritable(&self.folder, &error))
    }

    /// The next place in the chain, and where its evidence begins. Evidence without a receipt is set aside.
    fn place(&mut self) -> Result<(u64, u64), Failure> {
        let failed = |error: io::Error| unwritable(&self.folder, &error);
        for (file, name) in [(&self.evidence, EVIDENCE), (&self.receipts, RECEIPTS)] {
            let (open, found) = (file.metadata().map_err(failed)?, self.folder.join(name).symlink_metadata());
            if !found.is_ok_and(|found| (found.dev(), found.ino()) == (open.dev(), open.ino())) {
                let what = format!("{name} was removed or replaced while it was open");
                return Err(mismatch(&self.folder, what));
            }
        }
        let length = self.evidence.metadata().map_err(failed)?.len();
        let mut head = self.head()?;
        if self.receipts.metadata().map_err(failed)?.len() != head.1 {
            // What is evidence of which receipt is known only when the chain is whole.
            self.ledger = open_ledger(&self.folder, &self.evidence, &self.receipts)?;
            head = self.head()?;
        }
        let (count, _) = head;
        let stored = self.folder.join(STORED).symlink_metadata().map_or(0, |found| found.len());
        let found = Lengths { evidence: length, stored, count };
        if self.known == Some(found) {
            return Ok((count, length));
        }
        // Somebody else wrote, or cut something off, and with it what was reserved behind it.
        self.reserved = [0; 2];
        let start = self.mend(count)?;
        Ok((count, start))
    }

    /// Sets aside what interrupted writers left, where all else belongs together; gives the place of the next evidence.
    fn mend(&mut self, count: u64) -> Result<u64, Failure> {
        let evidence = Surplus::of(&self.folder, &self.evidence, EVIDENCE, count)?;
        let texts = match mend::stored(&self.folder)? {
            Some(file) => {
                let surplus = Surplus::of(&self.folder, &file, STORED, count)?;
                Some((file, surplus))
            }
            None => None,
        };
        let chained = self.receipts.metadata().map_err(|error| unwritable(&self.folder, &error))?.len();
        check_end(
            &self.folder,
            &mut self.pairs,
            (&self.receipts, chained),
            (&self.evidence, evidence.keep),
            texts.as_ref().map(|(file, surplus)| (file, surplus.keep)),
            count,
        )?;
        let start = evidence.cut(&self.folder, &self.evidence, EVIDENCE)?;
        let stored = match texts {
            Some((file, surplus)) => surplus.cut(&self.folder, &file, STORED)?,
            None => 0,
        };
        self.known = Some(Lengths { evidence: start, stored, count });
        Ok(start)
    }

    /// Receipts in the ledger, and their bytes.
    fn head(&self) -> Result<(u64, u64), Failure> {
        let head = Head::read(&self.folder.join(RECEIPTS));
        let head = head.map_err(|error| of_writer(&self.folder, &error))?;
        Ok(head.map_or((0, 0), |head| (head.count, head.bytes)))
    }

    /// Does something while no other writer does. Waits for them, until then at most.
    fn locked<T>(
        &mut self,
        until: Option<Instant>,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.lock(until).map_err(|error| unwritable(&self.folder, &error))?;
        let done = work(self);
        // Closing the file gives the lock back, too.
        let _ = flock(&self.evidence, FlockOperation::Unlock);
        done
    }

    fn lock(&self, until: Option<Instant>) -> io::Result<()> {
        let Some(until) = until else {
            return Ok(flock(&self.evidence, FlockOperation::LockExclusive)?);
        };
        loop {
            match flock(&self.evidence, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) if Instant::now() < until => {
                    // No descriptor tells when a lock is free. A signal ends the wait early, and it is tried again.
                    let _ = poll(&mut [], Timespec::try_from(LOCK_PAUSE).ok().as_ref());
                }
                Err(Errno::WOULDBLOCK) => {
                    let what = format!("another writer did not give back its lock (on {EVIDENCE})");
                    return Err(io::Error::new(io::ErrorKind::WouldBlock, what));
                }
                locked => return Ok(locked?),
            }
        }
    }
}

/// Sees to space behind the end of a file; `reserved` is up to where there is some.
fn reserve(folder: &Path, file: &File, reserved: &mut u64) -> io::Result<()> {
    let length = file.metadata()?.len();
    // Reserving does not change the size, so it does not meet this limit.
    if getrlimit(Resource::Fsize).current.is_some_and(|most| length + RESERVED_BYTES > most) {
        return Err(Errno::FBIG.into());
    }
    if length + RESERVED_BYTES <= *reserved {
        return Ok(());
    }
    let take = |bytes| fallocate(file, FallocateFlags::KEEP_SIZE, length, bytes).map(|()| length + bytes);
    // A disk that is nearly full may have room for this completion still.
    match take(AHEAD_BYTES).or_else(|_| take(RESERVED_BYTES)) {
        Ok(end) => *reserved = end,
        // This file system reserves nothing: it is tried by writing.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_probe(folder)?,
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn write_probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".probe-{}", std::process::id()));
    let bytes = vec![b' '; usize::try_from(RESERVED_BYTES).expect("it is small")];
    let mut probe = open_private(&path)?;
    let written = probe.write_all(&bytes).and_then(|()| probe.sync_data());
    std::fs::remove_file(&path)?;
    written
}

/// What cannot be seen in the evidence alone.
fn fits(completion: &Completion) -> Result<(), String> {
    if let RunPlace::OffDevice(permit) = &completion.place
        && *permit.input_hash() != completion.input_hash
    {
        return Err("its permit is for another input".to_owned());
    }
    let kept = &completion.kept;
    for (text, hash) in [(&kept.prompt, &completion.input_hash), (&kept.output, &completion.output_hash)] {
        if text.as_ref().is_some_and(|text| Sha256::of(text) != *hash) {
            return Err("a kept text is not that of its digest".to_owned());
        }
    }
    Ok(())
}

/// Opens a file for reading and writing that only its owner may read; nothing that would wait for somebody.
fn open_private(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// Writes at `start` and waits for the disk; what could not be written whole is taken back.
fn write_synced(file: &File, start: u64, bytes: &[u8]) -> io::Result<()> {
    file.write_all_at(bytes, start).and_then(|()| file.sync_data()).inspect_err(|_| {
        let _ = file.set_len(start);
    })
}

fn unwritable(folder: &Path, error: &io::Error) -> Failure {
    Failure::new(Code::InferenceRecordsUnwritable, format!("{}: {error}", folder.display()))
}

fn mismatch(folder: &Path, what: String) -> Failure {
    Failure::new(Code::InferenceRecordsMismatch, format!("{}: {what}", folder.display()))
}

fn of_ledger(folder: &Path, error: &LedgerError) -> Failure {
    let path = folder.join(RECEIPTS);
    let told = error.to_string();
    let named = told.contains(&path.display().to_string());
    Failure::new(error.code(), if named { told } else { format!("{}: {told}", path.display()) })
}

/// The same for a writer: what it cannot read it cannot go on with, and no input of the user's is to blame.
fn of_writer(folder: &Path, error: &LedgerError) -> Failure {
    match error {
        LedgerError::Unreadable { error, .. } => unwritable(folder, error),
        _ => of_ledger(folder, error),
    }
}
