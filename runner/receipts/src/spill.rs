//! Held messages beyond the memory bound: a log of chunks, chained per invoke, and an index of finished invokes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::folder::Folder;
use crate::names::{INDEX_TEMP, SPILL_TEMP};

/// A chunk's head: place of the next chunk of the same invoke (0: none), and its length.
const HEAD_BYTES: u64 = 16;
const SLOT_BYTES: u64 = 8;
/// Chunks are gathered to writes of this size.
const WRITE_BYTES: usize = 64 * 1024;
/// Slots of the index that are read at a time.
const SLOTS_READ: usize = 512;

/// The chunks of one invoke: places of the first and of the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain {
    pub(crate) first: u64,
    last: u64,
}

/// Two files without names in the run's folder.
#[derive(Debug)]
pub(crate) struct Spill {
    log: File,
    index: File,
    /// Place of the next chunk; never 0, which stands for none.
    end: u64,
    pending: Vec<u8>,
}

impl Spill {
    pub(crate) fn new(folder: &Folder) -> io::Result<Self> {
        let log = folder.create_anonymous(SPILL_TEMP)?;
        let index = folder.create_anonymous(INDEX_TEMP)?;
        Ok(Self { log, index, end: 1, pending: Vec::new() })
    }

    /// Appends a chunk to a chain. Call [`flush`](Self::flush) before anything is read.
    pub(crate) fn push(&mut self, chain: Option<Chain>, bytes: &[u8]) -> io::Result<Chain> {
        let at = self.end + self.pending.len() as u64;
        self.pending.extend_from_slice(&0_u64.to_le_bytes());
        self.pending.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= WRITE_BYTES {
            self.flush()?;
        }
        let Some(Chain { first, last }) = chain else { return Ok(Chain { first: at, last: at }) };
        if last >= self.end {
            self.flush()?;
        }
        self.log.write_all_at(&at.to_le_bytes(), last)?;
        Ok(Chain { first, last: at })
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.log.write_all_at(&self.pending, self.end)?;
        self.end += self.pending.len() as u64;
        self.pending.clear();
        self.pending.shrink_to(2 * WRITE_BYTES);
        Ok(())
    }

    /// Remembers where the chains of finished invokes begin: (ordinal, first chunk), ordinals ascending.
    pub(crate) fn remember(&mut self, finished: &[(u64, u64)]) -> io::Result<()> {
        for run in finished.chunk_by(|a, b| a.0 + 1 == b.0) {
            let slots: Vec<u8> = run.iter().flat_map(|(_, first)| first.to_le_bytes()).collect();
            self.index.write_all_at(&slots, run[0].0 * SLOT_BYTES)?;
        }
        Ok(())
    }

    /// Reads a chain: chunk after chunk to `take`.
    pub(crate) fn read(&self, first: u64, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let (mut at, mut chunk) = (first, Vec::new());
        while at != 0 {
            let mut head = [0; HEAD_BYTES as usize];
            self.log.read_exact_at(&mut head, at)?;
            let (next, length) = head.split_at(8);
            let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
            chunk.resize(usize::try_from(number(length)).map_err(io::Error::other)?, 0);
            self.log.read_exact_at(&mut chunk, at + HEAD_BYTES)?;
            take(&chunk)?;
            at = number(next);
        }
        Ok(())
    }

    /// Forgets everything; the disk gets its room back.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        self.log.set_len(0)?;
        self.index.set_len(0)?;
        self.end = 1;
        Ok(())
    }
}

/// Slots of the index, read some hundred at a time; valid as long as nothing is spilled.
#[derive(Debug, Default)]
pub(crate) struct SlotReader {
    start: u64,
    slots: Vec<u8>,
}

impl SlotReader {
    /// Place of the first chunk of the finished invoke with this ordinal.
    pub(crate) fn first_chunk(&mut self, spill: &Spill, ordinal: u64) -> io::Result<u64> {
        let at = ordinal.checked_sub(self.start).and_then(|slot| usize::try_from(slot * SLOT_BYTES).ok());
        let slot = match at.and_then(|at| self.slots.get(at..at + SLOT_BYTES as usize)) {
            Some(slot) => slot,
            None => {
                self.start = ordinal;
                self.slots.resize(SLOTS_READ * SLOT_BYTES as usize, 0);
                let count = spill.index.read_at(&mut self.slots, ordinal * SLOT_BYTES)?;
                self.slots.truncate(count);
                self.slots.get(..SLOT_BYTES as usize).ok_or(io::ErrorKind::UnexpectedEof)?
            }
        };
        Ok(u64::from_le_bytes(slot.try_into().expect("eight bytes")))
    }
}
