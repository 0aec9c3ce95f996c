//! Appending: O(1), locked, durable.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::entry::{Judge, Link};
use crate::error::LedgerError;
use crate::head::Head;
use crate::repair::Repair;
use crate::tail::Tail;

/// A ledger that is open for appending. Several writers, also in several processes, may have one open.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    head_file: File,
    head: Option<Head>,
    judge: Judge,
    line: Vec<u8>,
    durable: bool,
    given: u64,
}

impl Ledger {
    /// Opens a ledger; makes an empty one when there is none. With `durable`, an entry is on the disk before
    /// [`append`](Self::append) returns.
    ///
    /// # Errors
    /// `LEDGER_UNWRITABLE`; `LEDGER_TORN` and `LEDGER_MISMATCH` when its end is not as a writer leaves it.
    pub fn open(path: &Path, durable: bool) -> Result<Self, LedgerError> {
        let mut ledger = Self::open_unchecked(path, durable)?;
        ledger.locked(|ledger| {
            ledger.head = ledger.read_end()?;
            Ok(())
        })?;
        Ok(ledger)
    }

    /// As [`open`](Self::open); what an interrupted writer left is mended first, and a record of it kept beside the ledger.
    /// `ts` is the time for the record.
    ///
    /// # Errors
    /// `LEDGER_UNWRITABLE`; `LEDGER_MISMATCH` when its end is not what an interrupted writer leaves.
    pub fn repair(path: &Path, durable: bool, ts: &str) -> Result<(Self, Option<Repair>), LedgerError> {
        let mut ledger = Self::open_unchecked(path, durable)?;
        let repair = ledger.locked(|ledger| {
            let repair = match ledger.read_end() {
                Err(LedgerError::Torn { .. }) => Some(ledger.mend(ts)?),
                end => end.map(|_| None)?,
            };
            ledger.head = ledger.read_end()?;
            Ok(repair)
        })?;
        Ok((ledger, repair))
    }

    /// Does something while no other writer does. Waits for them.
    fn locked<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let cannot = |error: rustix::io::Errno| LedgerError::Unwritable {
            path: self.path.clone(),
            error: error.into(),
        };
        flock(&self.file, FlockOperation::LockExclusive).map_err(cannot)?;
        let done = work(self);
        // Closing the file gives the lock back, too.
        let _ = flock(&self.file, FlockOperation::Unlock);
        done
    }

    fn open_unchecked(path: &Path, durable: bool) -> Result<Self, LedgerError> {
        let open = |path: &Path| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(LedgerError::unwritable(path))
        };
        Ok(Self {
            path: path.to_owned(),
            file: open(path)?,
            head_file: open(&Head::path(path))?,
            head: None,
            judge: Judge::new(),
            line: Vec::new(),
            durable,
            given: 0,
        })
    }

    /// Appends a receipt: `ledgerSeq` and `ledgerPrevHash` are set here.
    ///
    /// # Errors
    /// `LEDGER_ENTRY_INVALID` with every violation, and nothing is written; `LEDGER_UNWRITABLE`; those of [`open`](Self::open)
    /// when another writer was interrupted meanwhile.
    pub fn append(&mut self, receipt: &[u8]) -> Result<&Head, LedgerError> {
        self.given += 1;
        self.locked(|ledger| ledger.append_locked(receipt))?;
        Ok(self.head.as_ref().expect("an entry was appended"))
    }

    fn append_locked(&mut self, receipt: &[u8]) -> Result<(), LedgerError> {
        let length = self.file.metadata().map_err(LedgerError::unreadable(&self.path))?.len();
        if length != self.head.as_ref().map_or(0, |head| head.bytes) {
            self.head = self.read_end()?;
        }
        let (sequence, start) = self.head.as_ref().map_or((0, 0), |head| (head.sequence + 1, head.bytes));
        let previous = self.head.as_ref().map(|head| head.hash.as_str());
        let (bytes, hash) = self
            .judge
            .chained(receipt, sequence, previous)
            .map_err(|what| LedgerError::Invalid { number: self.given, what })?;
        self.line.clear();
        self.line.extend_from_slice(bytes);
        self.line.push(b'\n');
        let head = Head::new(sequence, hash, start + self.line.len() as u64);
        self.write(start).map_err(LedgerError::unwritable(&self.path))?;
        // Not synced: a head that is older than the ledger is seen, and mended by a repair.
        head.write(&self.head_file).map_err(LedgerError::unwritable(&self.path))?;
        self.head = Some(head);
        Ok(())
    }

    /// Writes the line; what could not be written whole is taken back.
    fn write(&self, start: u64) -> std::io::Result<()> {
        self.file.write_all_at(&self.line, start).inspect_err(|_| {
            // When this fails too, the torn line is seen by the next who opens the ledger.
            let _ = self.file.set_len(start);
        })?;
        if self.durable { self.file.sync_data() } else { Ok(()) }
    }

    /// The head, when it fits the end of the file.
    fn read_end(&mut self) -> Result<Option<Head>, LedgerError> {
        let head = Head::read(&self.path)?;
        let tail = Tail::read(&self.file).map_err(LedgerError::unreadable(&self.path))?;
        let count = head.as_ref().map_or(0, |head| head.count);
        if !tail.torn.is_empty() {
            let what = format!("{} bytes without a line feed", tail.torn.len());
            return Err(LedgerError::Torn { line: count + 1, what });
        }
        match (&head, &tail.line) {
            (None, None) => Ok(None),
            (Some(head), Some(line)) if head.bytes == tail.whole_bytes => {
                let link = self.link(line, count)?;
                if (link.sequence, &link.hash) == (head.sequence, &head.hash) {
                    return Ok(Some(head.clone()));
                }
                Err(LedgerError::Mismatch {
                    line: count,
                    what: "it is not the entry that the head names".to_owned(),
                })
            }
            (head, Some(_)) if head.as_ref().map_or(0, |head| head.bytes) < tail.whole_bytes => {
                let what = format!("the head knows {count} entries, and more follow");
                Err(LedgerError::Torn { line: count + 1, what })
            }
            _ => {
                let what = "the ledger is shorter than its head says".to_owned();
                Err(LedgerError::Mismatch { line: count.max(1), what })
            }
        }
    }

    fn link(&mut self, line: &[u8], number: u64) -> Result<Link, LedgerError> {
        self.judge.line(line).map_err(|what| LedgerError::Mismatch { line: number, what })
    }

    /// Cuts off a torn line, and takes entries that the head does not know into the head when they continue its chain.
    fn mend(&mut self, ts: &str) -> Result<Repair, LedgerError> {
        let unreadable = |error| LedgerError::Unreadable { path: self.path.clone(), error };
        let tail = Tail::read(&self.file).map_err(unreadable)?;
        let mut head = Head::read(&self.path)?;
        let known = head.as_ref().map_or(0, |head| head.bytes);
        let mut more = vec![0; usize::try_from(tail.whole_bytes.saturating_sub(known)).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut more, known).map_err(unreadable)?;
        let mut after = 0;
        for line in more.split_inclusive(|&byte| byte == b'\n') {
            let number = head.as_ref().map_or(0, |head| head.count) + 1;
            let link = self.link(&line[..line.len() - 1], number)?;
            if link.previous.as_deref() != head.as_ref().map(|head| head.hash.as_str())
                || link.sequence + 1 != number
            {
                let what = "it does not continue the chain of the head".to_owned();
                return Err(LedgerError::Mismatch { line: number, what });
            }
            let bytes = head.as_ref().map_or(0, |head| head.bytes) + line.len() as u64;
            head = Some(Head::new(link.sequence, link.hash, bytes));
            after += 1;
        }
        let repair = Repair::new(ts, tail.whole_bytes, after, &tail.torn);
        repair.record(&self.path).map_err(LedgerError::unwritable(&self.path))?;
        self.file.set_len(tail.whole_bytes).map_err(LedgerError::unwritable(&self.path))?;
        if let Some(head) = head {
            head.write(&self.head_file).map_err(LedgerError::unwritable(&self.path))?;
        }
        self.file.sync_data().map_err(LedgerError::unwritable(&self.path))?;
        Ok(repair)
    }
}
