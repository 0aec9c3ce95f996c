//! The canonical order: the handshake, then invoke after invoke in the order in which they were sent.

use std::collections::VecDeque;
use std::io;

use contract_ipc::MessageType;

use crate::folder::Folder;
use crate::held::{push_record, records};
use crate::marks::OpIndex;
use crate::spill::{Chain, SlotReader, Spill};
use crate::transcript::Transcript;

/// How much is held in memory; the rest goes to disk.
pub(crate) const HELD_MEMORY_BYTES: usize = 1024 * 1024;

/// Where a message belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// To the session: the handshake, and an `error` that names no invoke.
    Session,
    /// To an invoke: the number of `contract_ipc::Invocation`, and its operation.
    Invoke(u64, OpIndex),
}

/// An invoke whose lines are not all written yet.
#[derive(Debug)]
struct Group {
    number: u64,
    /// Its place among all invokes, from 0.
    ordinal: u64,
    held: Vec<u8>,
    chain: Option<Chain>,
    ended: bool,
}

const GROUP_BYTES: usize = std::mem::size_of::<Group>();

/// Messages in as they come, lines out in canonical order.
///
/// The invoke at the head is open, and its lines are written as they come. Those of later ones are held. Finished ones
/// that were spilled are known by their slot in the index alone.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) transcript: Transcript,
    /// By ordinal. The first is the head, when there is one.
    groups: VecDeque<Group>,
    /// Ordinal of the invoke at the head, and the number of its line.
    head: u64,
    head_line: u64,
    /// Ordinal of the next invoke.
    next: u64,
    /// Held messages and finished invokes in memory: what a spill can free. Open invokes are few (R25).
    held_bytes: usize,
    peak_held_bytes: usize,
    held_limit_bytes: usize,
    spill: Option<Spill>,
    folder: Folder,
    /// An `error` without `replyTo`: the last line.
    closing: Option<Vec<u8>>,
}

impl Order {
    pub(crate) fn new(transcript: Transcript, folder: Folder) -> Self {
        Self {
            transcript,
            groups: VecDeque::new(),
            head: 0,
            head_line: 0,
            next: 0,
            held_bytes: 0,
            peak_held_bytes: 0,
            held_limit_bytes: HELD_MEMORY_BYTES,
            spill: None,
            folder,
            closing: None,
        }
    }

    /// The most bytes that were held in memory at a time.
    pub(crate) fn peak_held_bytes(&self) -> usize {
        self.peak_held_bytes
    }

    /// Takes one message; `write` appends its canonical payload.
    pub(crate) fn place(
        &mut self,
        kind: MessageType,
        slot: Slot,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let Slot::Invoke(number, _) = slot else {
            if kind == MessageType::Error {
                write(self.closing.insert(Vec::new()));
                return Ok(());
            }
            return self.transcript.line(kind, None, write).map(|_| ());
        };
        if kind == MessageType::Invoke {
            self.open(number)?;
        }
        let at = self.groups.binary_search_by_key(&number, |group| group.number).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("invoke {number} is not open in the transcript"),
            )
        })?;
        let is_end = matches!(kind, MessageType::Result | MessageType::Error);
        if at > 0 {
            return self.hold(at, kind, is_end, write);
        }
        let invoke = (kind != MessageType::Invoke).then_some(self.head_line);
        let line = self.transcript.line(kind, invoke, write)?;
        if kind == MessageType::Invoke {
            self.head_line = line;
        }
        if is_end {
            self.pop_head();
            self.advance()?;
        }
        Ok(())
    }

    fn open(&mut self, number: u64) -> io::Result<()> {
        if self.groups.back().is_some_and(|last| last.number >= number) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the numbers of invokes rise"));
        }
        self.groups.push_back(Group {
            number,
            ordinal: self.next,
            held: Vec::new(),
            chain: None,
            ended: false,
        });
        self.next += 1;
        Ok(())
    }

    fn hold(
        &mut self,
        at: usize,
        kind: MessageType,
        is_end: bool,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let group = &mut self.groups[at];
        self.held_bytes += push_record(&mut group.held, kind, write);
        if is_end {
            group.ended = true;
            self.held_bytes += GROUP_BYTES;
        }
        self.peak_held_bytes = self.peak_held_bytes.max(self.held_bytes);
        if self.held_bytes > self.held_limit_bytes { self.spill() } else { Ok(()) }
    }

    fn pop_head(&mut self) {
        self.groups.pop_front();
        self.head += 1;
    }

    /// Everything that is held goes to disk, and finished invokes leave the memory.
    fn spill(&mut self) -> io::Result<()> {
        let mut spill = match self.spill.take() {
            Some(spill) => spill,
            None => Spill::new(&self.folder)?,
        };
        let mut finished = Vec::new();
        for group in self.groups.iter_mut().skip(1) {
            if !group.held.is_empty() {
                let held = std::mem::take(&mut group.held);
                self.held_bytes -= held.len();
                group.chain = Some(spill.push(group.chain, &held)?);
            }
            if let (true, Some(chain)) = (group.ended, group.chain) {
                finished.push((group.ordinal, chain.first));
            }
        }
        spill.flush()?;
        spill.remember(&finished)?;
        self.groups.retain(|group| !group.ended);
        self.held_bytes -= finished.len() * GROUP_BYTES;
        self.spill = Some(spill);
        Ok(())
    }

    /// Writes what can be written, up to an invoke that is still open.
    fn advance(&mut self) -> io::Result<()> {
        let mut slots = SlotReader::default();
        while self.head != self.next {
            let Self { transcript, head_line, groups, spill, .. } = self;
            let mut emit = |bytes: &[u8]| emit(transcript, head_line, bytes);
            match (groups.front_mut().filter(|group| group.ordinal == self.head), &spill) {
                (Some(group), spill) => {
                    if let (Some(chain), Some(spill)) = (group.chain.take(), spill) {
                        spill.read(chain.first, &mut emit)?;
                    }
                    let held = std::mem::take(&mut group.held);
                    emit(&held)?;
                    let ended = group.ended;
                    self.held_bytes -= held.len();
                    if !ended {
                        return Ok(());
                    }
                    self.held_bytes -= GROUP_BYTES;
                    self.pop_head();
                }
                (None, Some(spill)) => {
                    spill.read(slots.first_chunk(spill, self.head)?, &mut emit)?;
                    self.head += 1;
                }
                (None, None) => unreachable!("only a spilled invoke leaves the memory before its turn"),
            }
        }
        self.spill.as_mut().map_or(Ok(()), Spill::reset)
    }

    /// No more messages: what is held is written, ended or not, and the session's error last.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        while self.head != self.next {
            self.pop_head();
            self.advance()?;
        }
        if let Some(payload) = self.closing.take() {
            self.transcript.line(MessageType::Error, None, |out| out.extend_from_slice(&payload))?;
        }
        self.transcript.file.flush()
    }
}

fn emit(transcript: &mut Transcript, head_line: &mut u64, bytes: &[u8]) -> io::Result<()> {
    for (kind, payload) in records(bytes) {
        let invoke = (kind != MessageType::Invoke).then_some(*head_line);
        let line = transcript.line(kind, invoke, |out| out.extend_from_slice(payload))?;
        if kind == MessageType::Invoke {
            *head_line = line;
        }
    }
    Ok(())
}
