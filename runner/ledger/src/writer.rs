//! Appending: O(1), locked, durable.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock};
use rustix::io::Errno;

use crate::entry::Judge;
use crate::error::LedgerError;
use crate::head::{HEAD_BYTES, Head};
use crate::repair::{NOT_THE_HEAD, Repair, mend, too_short};
use crate::tail::Tail;

/// A ledger that is open for appending. Several writers, also in several processes, may have one open.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    /// None until the first entry: a receipt that is refused leaves no empty file.
    files: Option<Files>,
    head: Option<Head>,
    judge: Judge,
    line: Vec<u8>,
    durable: bool,
    given: u64,
}

/// The files of a ledger, open for writing.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) ledger: File,
    pub(crate) head: File,
}

impl Files {
    fn open(path: &Path) -> Result<Self, LedgerError> {
        let open = |path: &Path, mode: u32| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(mode)
                .open(path)
                .map_err(LedgerError::unwritable(path))
        };
        // A device has no length, and no head beside it.
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(LedgerError::unwritable(path)(io::Error::other("not a regular file")));
        }
        let ledger = open(path, 0o666)?;
        // Who may not read the ledger has no use for its head.
        let mode = ledger.metadata().map_err(LedgerError::unwritable(path))?.mode() & 0o666;
        // Only now a link that led nowhere leads to the ledger.
        Ok(Self { ledger, head: open(&Head::path(&Head::followed(path)), mode)? })
    }

    /// Does something while no other writer does. Waits for them.
    fn locked<T>(
        &self,
        path: &Path,
        work: impl FnOnce(&Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        flock(&self.ledger, FlockOperation::LockExclusive)
            .map_err(|error| LedgerError::unwritable(path)(error.into()))?;
        let done = work(self);
        // Closing the file gives the lock back, too.
        let _ = flock(&self.ledger, FlockOperation::Unlock);
        done
    }
}

impl Ledger {
    /// Opens a ledger; one that does not exist is made by the first entry. With `durable`, an entry is on the disk before
    /// [`append`](Self::append) returns.
    ///
    /// # Errors
    /// `LEDGER_UNWRITABLE`; `LEDGER_TORN` and `LEDGER_MISMATCH` when its end is not as a writer leaves it.
    pub fn open(path: &Path, durable: bool) -> Result<Self, LedgerError> {
        let mut ledger = Self::closed(path, durable);
        if ledger.path.exists() {
            let files = ledger.files.insert(Files::open(&ledger.path)?);
            ledger.head =
                files.locked(&ledger.path, |files| read_end(&ledger.path, files, &mut ledger.judge))?;
        } else if let Some(head) = Head::read(&ledger.path)? {
            let what = format!("the ledger is gone; its head knows {} entries", head.count);
            return Err(LedgerError::Mismatch { line: 1, what });
        }
        Ok(ledger)
    }

    /// As [`open`](Self::open); what an interrupted writer left is mended first, and a record of it kept beside the ledger.
    /// `expected` is the hash of the last entry, from elsewhere; a ledger without a head is mended with it alone. `ts` is the
    /// time for the record.
    ///
    /// # Errors
    /// `LEDGER_UNWRITABLE`; `LEDGER_MISMATCH` when its end is not what an interrupted writer leaves, or not the expected one;
    /// `LEDGER_NO_HEAD`. Nothing is changed then.
    pub fn repair(
        path: &Path,
        durable: bool,
        expected: Option<&str>,
        ts: &str,
    ) -> Result<(Self, Option<Repair>), LedgerError> {
        let mut ledger = Self::closed(path, durable);
        if !ledger.path.exists() {
            return Ok((Self::open(path, durable)?, None));
        }
        let files = ledger.files.insert(Files::open(&ledger.path)?);
        let (path, judge) = (&ledger.path, &mut ledger.judge);
        let (head, repair) = files.locked(path, |files| {
            let repair = match read_end(path, files, judge) {
                Err(LedgerError::Torn { .. } | LedgerError::NoHead { .. }) => {
                    Some(mend(path, files, judge, expected, ts)?)
                }
                end => {
                    let hash = end?.map(|head| head.hash);
                    if expected.is_some() && hash.as_deref() != expected {
                        let what = "the last entry has not the expected hash".to_owned();
                        return Err(LedgerError::Mismatch { line: 1, what });
                    }
                    None
                }
            };
            Ok((read_end(path, files, judge)?, repair))
        })?;
        ledger.head = head;
        Ok((ledger, repair))
    }

    fn closed(path: &Path, durable: bool) -> Self {
        let path = Head::followed(path);
        Self { path, files: None, head: None, judge: Judge::new(), line: Vec::new(), durable, given: 0 }
    }

    /// Appends a receipt: `ledgerSeq` and `ledgerPrevHash` are set here.
    ///
    /// # Errors
    /// `LEDGER_ENTRY_INVALID` with every violation, and nothing is written; `LEDGER_UNWRITABLE`; those of [`open`](Self::open)
    /// when another writer was interrupted meanwhile.
    pub fn append(&mut self, receipt: &[u8]) -> Result<&Head, LedgerError> {
        self.given += 1;
        let files = match self.files.take() {
            Some(files) => files,
            None => {
                self.chained(receipt)?;
                Files::open(&self.path)?
            }
        };
        let path = self.path.clone();
        let appended = files.locked(&path, |files| self.append_locked(files, receipt));
        self.files = Some(files);
        appended?;
        Ok(self.head.as_ref().expect("an entry was appended"))
    }

    /// Reserves space for the head of a ledger that is there, so that no entry is written whose head finds none. Where a file system
    /// reserves nothing, nothing is done.
    ///
    /// # Errors
    /// `LEDGER_UNWRITABLE`
    pub fn reserve_head(&self) -> Result<(), LedgerError> {
        let Some(files) = &self.files else { return Ok(()) };
        match fallocate(&files.head, FallocateFlags::KEEP_SIZE, 0, HEAD_BYTES as u64) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(LedgerError::unwritable(&Head::path(&self.path))(error.into())),
        }
    }

    /// Makes the line of a receipt, and gives its hash.
    fn chained(&mut self, receipt: &[u8]) -> Result<String, LedgerError> {
        let sequence = self.head.as_ref().map_or(0, |head| head.sequence + 1);
        let previous = self.head.as_ref().map(|head| head.hash.as_str());
        let (bytes, hash) = self
            .judge
            .chained(receipt, sequence, previous)
            .map_err(|what| LedgerError::Invalid { number: self.given, what })?;
        self.line.clear();
        self.line.extend_from_slice(bytes);
        self.line.push(b'\n');
        Ok(hash)
    }

    fn append_locked(&mut self, files: &Files, receipt: &[u8]) -> Result<(), LedgerError> {
        let length = files.ledger.metadata().map_err(LedgerError::unreadable(&self.path))?.len();
        if length != self.head.as_ref().map_or(0, |head| head.bytes) {
            self.head = read_end(&self.path, files, &mut self.judge)?;
        }
        let hash = self.chained(receipt)?;
        let (sequence, start) = self.head.as_ref().map_or((0, 0), |head| (head.sequence + 1, head.bytes));
        let head = Head::new(sequence, hash, start + self.line.len() as u64);
        self.write(files, start).map_err(LedgerError::unwritable(&self.path))?;
        // Not synced: a head that is older than the ledger is seen, and mended by a repair.
        head.write(&files.head).map_err(LedgerError::unwritable(&self.path))?;
        self.head = Some(head);
        Ok(())
    }

    /// Writes the line; what could not be written whole is taken back.
    fn write(&self, files: &Files, start: u64) -> io::Result<()> {
        files.ledger.write_all_at(&self.line, start).inspect_err(|_| {
            // When this fails too, the torn line is seen by the next who opens the ledger.
            let _ = files.ledger.set_len(start);
        })?;
        if self.durable { files.ledger.sync_data() } else { Ok(()) }
    }
}

/// The head, when it fits the end of the file.
fn read_end(path: &Path, files: &Files, judge: &mut Judge) -> Result<Option<Head>, LedgerError> {
    let head = Head::read(path)?;
    let tail = Tail::read(&files.ledger).map_err(LedgerError::unreadable(path))?;
    let count = head.as_ref().map_or(0, |head| head.count);
    if !tail.torn.is_empty() {
        let what = format!("{} bytes without a line feed", tail.torn.len());
        return Err(LedgerError::Torn { line: count + 1, what });
    }
    match (head, &tail.line) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(LedgerError::NoHead { path: path.to_owned() }),
        (Some(head), Some(line)) if head.bytes == tail.whole_bytes => {
            let link = judge.link(line, count)?;
            if (link.sequence, &link.hash) == (head.sequence, &head.hash) {
                return Ok(Some(head));
            }
            Err(LedgerError::Mismatch { line: count, what: NOT_THE_HEAD.to_owned() })
        }
        (Some(head), Some(_)) if head.bytes < tail.whole_bytes => {
            let what = format!("the head knows {count} entries, and more follow");
            Err(LedgerError::Torn { line: count + 1, what })
        }
        _ => Err(too_short(count)),
    }
}
