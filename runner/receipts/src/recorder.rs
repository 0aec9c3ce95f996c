//! The evidence of one run, while it runs.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use contract_ipc::{MessageType, Session};
use contract_json::{Tape, Value};

use crate::block_file::BlockFile;
use crate::folder::{Folder, FolderLock};
use crate::marks::{Mark, Marks, OpIndex};
use crate::names::{RECEIPT_TEMP, TRANSCRIPT_TEMP, WIRE_TEMP};
use crate::normalise::Normaliser;
use crate::order::{Order, Slot};
use crate::publish::{Evidence, EvidenceError};
use crate::receipt::Receipt;
use crate::redact::Redactor;
use crate::shape::RECEIPT_LIMITS_OWN;
use crate::transcript::Transcript;

use crate::wire::{Direction, Other, Wire, WireLine};

/// The open files of a run.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) receipt: File,
    pub(crate) transcript: File,
    pub(crate) wire: Option<File>,
    /// Shares the lock of the folder, so that it is held as long as anything is written.
    pub(crate) lock: Arc<FolderLock>,
    pub(crate) folder: Folder,
}

/// Writes transcript and wire while a run goes on, and the receipt at its end.
#[derive(Debug)]
pub struct Recorder {
    start: Instant,
    order: Order,
    wire: Wire,
    redactor: Redactor,
    marks: Marks,
    wide_integers: bool,
    tape: Tape,
    receipt: File,
    temps: Temps,
    failure: Option<io::Error>,
    /// Something could not be written: nothing more is recorded.
    failed: Option<KeptError>,
    _lock: Arc<FolderLock>,
}

/// Temporary files, removed unless they were renamed.
#[derive(Debug)]
pub(crate) struct Temps(pub(crate) Folder);

impl Drop for Temps {
    fn drop(&mut self) {
        for name in [RECEIPT_TEMP, TRANSCRIPT_TEMP, WIRE_TEMP] {
            // What stays is removed by the next run.
            let _ = self.0.remove(name);
        }
    }
}

/// Enough of an error to report it twice.
#[derive(Debug, Clone)]
struct KeptError {
    code: Option<i32>,
    kind: io::ErrorKind,
    text: String,
}

impl KeptError {
    fn of(error: &io::Error) -> Self {
        Self { code: error.raw_os_error(), kind: error.kind(), text: error.to_string() }
    }

    fn again(&self) -> io::Error {
        self.code.map_or_else(|| io::Error::new(self.kind, self.text.clone()), io::Error::from_raw_os_error)
    }
}

impl Recorder {
    pub(crate) fn new(files: Files, session: &Session, redactor: Redactor, marks: Marks) -> Self {
        let transcript = Transcript::new(files.transcript, session);
        Self {
            start: Instant::now(),
            order: Order::new(transcript, files.folder.clone()),
            wire: Wire::new(files.wire),
            redactor,
            marks,
            wide_integers: false,
            tape: Tape::new(),
            receipt: files.receipt,
            temps: Temps(files.folder),
            failure: None,
            failed: None,
            _lock: files.lock,
        }
    }

    /// The number of an operation, for [`Slot::Invoke`].
    #[must_use]
    pub fn operation(&self, name: &str) -> OpIndex {
        self.marks.operation(name)
    }

    /// We sent a message: the whole line with its LF, and its payload in canonical form.
    pub fn sent(&mut self, kind: MessageType, slot: Slot, line: &[u8], payload: &[u8]) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if self.redactor.is_empty() && !may_have_wide_integer(payload) && !self.is_marked(slot) {
            self.wire(Direction::Out, line, None);
            if self.failed.is_none() {
                let recorded = self.order.place(kind, slot, |out| out.extend_from_slice(payload));
                self.keep(recorded);
            }
            return;
        }
        let mut tape = std::mem::take(&mut self.tape);
        match tape.parse(payload, &RECEIPT_LIMITS_OWN) {
            Err(error) => self.keep(Err(io::Error::new(io::ErrorKind::InvalidData, error))),
            Ok(payload) => self.record(Direction::Out, kind, slot, line, payload),
        }
        self.tape = tape;
    }

    /// A valid message came that belongs in the transcript.
    pub fn received(&mut self, kind: MessageType, slot: Slot, line: &[u8], payload: Value<'_>) {
        self.record(Direction::In, kind, slot, line, payload);
    }

    fn is_marked(&self, slot: Slot) -> bool {
        matches!(slot, Slot::Invoke(_, operation) if operation != OpIndex::PLAIN)
    }

    fn record(
        &mut self,
        direction: Direction,
        kind: MessageType,
        slot: Slot,
        line: &[u8],
        payload: Value<'_>,
    ) {
        let marked = match slot {
            Slot::Invoke(_, operation) => self.marks.spans(operation, kind, payload),
            Slot::Session => Vec::new(),
        };
        if marked.iter().any(|(_, mark)| *mark == Mark::Private) {
            self.private_wire(direction, line.len(), payload, &marked);
        } else {
            self.wire(direction, line, None);
        }
        if self.failed.is_some() {
            return;
        }
        let Self { order, redactor, wide_integers, .. } = self;
        let recorded = order.place(kind, slot, |out| {
            *wide_integers |= Normaliser { redactor, marked }.write(payload, out);
        });
        self.keep(recorded);
    }

    /// In the wire layer the payload alone stands for a line with private values, as the transcript has it.
    fn private_wire(
        &mut self,
        direction: Direction,
        bytes: usize,
        payload: Value<'_>,
        marked: &[(Range<usize>, Mark)],
    ) {
        let mut text = Vec::new();
        Normaliser { redactor: &self.redactor, marked: marked.to_vec() }.write(payload, &mut text);
        self.push_wire(WireLine {
            at_us: self.at_us(),
            direction,
            bytes,
            text: &text,
            note: Some(Other::Private),
        });
    }

    /// A line came that belongs in the wire layer alone. Where operations have private values nothing is kept of its text: who
    /// knows what it is.
    pub fn received_other(&mut self, line: &[u8], why: Other) {
        let text: &[u8] = if self.marks.has_private() { b"" } else { line };
        let at_us = self.at_us();
        self.push_wire(WireLine {
            at_us,
            direction: Direction::In,
            bytes: line.len(),
            text,
            note: Some(why),
        });
    }

    /// The first write error, once. Nothing is recorded after it, and `finish` will fail.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// The most bytes of messages that were held in memory because their turn had not come.
    #[must_use]
    pub fn peak_held_bytes(&self) -> usize {
        self.order.peak_held_bytes()
    }

    fn at_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn wire(&mut self, direction: Direction, text: &[u8], note: Option<Other>) {
        self.push_wire(WireLine { at_us: self.at_us(), direction, bytes: text.len(), text, note });
    }

    fn push_wire(&mut self, line: WireLine<'_>) {
        if self.failed.is_some() {
            return;
        }
        let pushed = self.wire.push(line, &self.redactor);
        self.keep(pushed);
    }

    fn keep(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failed.get_or_insert(KeptError::of(&error));
            self.failure.get_or_insert(error);
        }
    }

    /// The run is over: completes the transcript, the wire layer (when it is kept, or the run `failed`) and the receipt, and
    /// makes them last. `receipt` needs no digests, counts and `wideIntegers`; where the transcript has `capabilities`, an
    /// invoke or a last result, these are taken from there. The rest is redacted.
    ///
    /// # Errors
    /// [`EvidenceError`] has the receipt's bytes; no receipt lies in the folder then.
    pub fn finish(mut self, receipt: Receipt, failed: bool) -> Result<Receipt, EvidenceError> {
        let closed = match &self.failed {
            Some(kept) => Err(kept.again()),
            None => self.close(failed),
        };
        let Self { order, redactor, wide_integers, receipt: receipt_file, temps, .. } = self;
        let (wire, closed) = match closed {
            Ok(wire) => (wire, Ok(())),
            Err(error) => (None, Err(error)),
        };
        let evidence =
            Evidence { transcript: order.transcript, wire, receipt_file, temps, redactor, wide_integers };
        evidence.publish(receipt, closed)
    }

    fn close(&mut self, failed: bool) -> io::Result<Option<BlockFile>> {
        self.order.close()?;
        let mut file = match std::mem::replace(&mut self.wire, Wire::new(None)) {
            Wire::Whole(file) => *file,
            Wire::Tail(_) if !failed => return Ok(None),
            Wire::Tail(tail) => {
                let mut file = BlockFile::new(self.temps.0.create(WIRE_TEMP)?);
                tail.write(&mut file, &self.redactor)?;
                file
            }
        };
        file.flush()?;
        Ok(Some(file))
    }
}

/// A cheap first look: a wide integer has 16 digits, which 64-digit texts and the like may have, too. Among any 16 bytes
/// in a row one stands at a place that is looked at first.
fn may_have_wide_integer(payload: &[u8]) -> bool {
    if !payload.iter().skip(15).step_by(16).any(u8::is_ascii_digit) {
        return false;
    }
    let mut run = 0;
    payload.iter().any(|byte| {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        run >= 16
    })
}

#[cfg(test)]
mod tests {
    use super::may_have_wide_integer;

    #[test]
    fn sixteen_digits_in_a_row_are_seen_wherever_they_stand() {
        for before in 0..40 {
            let text = format!("{}{}{}", "x".repeat(before), "9".repeat(16), "y".repeat(40 - before));
            assert!(may_have_wide_integer(text.as_bytes()), "{text}");
            assert!(!may_have_wide_integer(text.replacen('9', "z", 1).as_bytes()), "{text}");
        }
    }
}
