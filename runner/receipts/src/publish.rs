//! The end of a run: the receipt is completed, and all files get their names.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use contract_json::{Limits, Tape};
use rustix::fs::{fdatasync, ftruncate};
use serde_json::Value;

use crate::block_file::{BlockFile, start_write_back};
use crate::names::{RECEIPT, RECEIPT_TEMP, TRANSCRIPT, TRANSCRIPT_TEMP, WIRE, WIRE_TEMP};
use crate::receipt::{Invoked, Receipt};
use crate::recorder::Temps;
use crate::redact::Redactor;
use crate::transcript::{Place, Transcript};

/// The evidence could not be written (`CONTRACT_EVIDENCE_FAILED`).
#[derive(Debug, thiserror::Error)]
#[error("the evidence could not be written: {source}")]
pub struct EvidenceError {
    /// The receipt as it would have been, redacted, to be shown instead.
    pub receipt_json: Vec<u8>,
    /// Why.
    pub source: io::Error,
}

/// Everything but the receipt, complete and flushed.
pub(crate) struct Evidence {
    pub(crate) transcript: Transcript,
    pub(crate) wire: Option<BlockFile>,
    pub(crate) receipt_file: File,
    pub(crate) temps: Temps,
    pub(crate) redactor: Redactor,
    pub(crate) wide_integers: bool,
}

impl Evidence {
    /// Completes the receipt and publishes it, unless something failed before.
    pub(crate) fn publish(self, receipt: Receipt, closed: io::Result<()>) -> Result<Receipt, EvidenceError> {
        let mut receipt = self.redactor.receipt(receipt);
        let completed = closed.and_then(|()| self.take_from_transcript(&mut receipt));
        receipt.wide_integers = self.wide_integers;
        receipt.counts = self.transcript.counts;
        receipt.transcript = Some(TRANSCRIPT.to_owned());
        receipt.authority.audit.transcript = Some(TRANSCRIPT.to_owned());
        receipt.digests.transcript = Some(self.transcript.file.digest());
        receipt.digests.wire = self.wire.as_ref().map(BlockFile::digest);
        let receipt = receipt.sealed();
        let bytes = receipt.to_bytes();
        match completed.and_then(|()| self.write(&bytes)) {
            Ok(()) => Ok(receipt),
            Err(source) => Err(EvidenceError { receipt_json: bytes, source }),
        }
    }

    /// What the transcript has, the receipt repeats.
    fn take_from_transcript(&self, receipt: &mut Receipt) -> io::Result<()> {
        let read = |place: Place| -> io::Result<Value> {
            Ok(serde_json::from_slice(&self.transcript.payload(place)?)?)
        };
        receipt.capabilities = self.transcript.capabilities.map(read).transpose()?;
        receipt.result = self.transcript.last_result.map(read).transpose()?;
        if let Some(place) = self.transcript.first_invoke {
            let mut invoke = read(place)?;
            receipt.invocation = Invoked {
                op: invoke["op"].as_str().unwrap_or_default().to_owned(),
                args: invoke["args"].take(),
            };
        }
        Ok(())
    }

    /// Contents first, then names, the receipt's last: a receipt with a name is whole, and so is what it names.
    fn write(&self, receipt: &[u8]) -> io::Result<()> {
        let folder = &self.temps.0;
        let written = self.write_contents(receipt).and_then(|()| {
            folder.rename(TRANSCRIPT_TEMP, TRANSCRIPT)?;
            if self.wire.is_some() {
                folder.rename(WIRE_TEMP, WIRE)?;
            }
            folder.rename(RECEIPT_TEMP, RECEIPT)?;
            folder.sync()
        });
        if written.is_err() {
            // A run that reports failed evidence leaves no receipt. The first error is the one to report.
            let _ = folder.remove(RECEIPT);
        }
        written
    }

    fn write_contents(&self, receipt: &[u8]) -> io::Result<()> {
        for file in [Some(&self.transcript.file), self.wire.as_ref()].into_iter().flatten() {
            file.start_write_back();
        }
        self.receipt_file.write_all_at(receipt, 0)?;
        ftruncate(&self.receipt_file, receipt.len() as u64)?;
        start_write_back(&self.receipt_file);
        for file in [Some(&self.transcript.file), self.wire.as_ref()].into_iter().flatten() {
            file.sync()?;
        }
        Ok(fdatasync(&self.receipt_file)?)
    }
}

impl Redactor {
    /// `receipt` with every secret replaced in what comes from the adapter, the plan or the host. Members with a fixed
    /// form (times, digests, status, counts, session) stay as they are.
    #[must_use]
    pub fn receipt(&self, mut receipt: Receipt) -> Receipt {
        if self.is_empty() {
            return receipt;
        }
        let values = [
            receipt.capabilities.as_mut(),
            receipt.result.as_mut(),
            Some(&mut receipt.invocation.args),
            Some(&mut receipt.sandbox.profile),
            Some(&mut receipt.observed),
        ];
        values.into_iter().flatten().for_each(|value| self.redact_value(value));
        receipt.sandbox.enforced.iter_mut().for_each(|value| self.redact_value(value));
        let mut texts: Vec<&mut String> = vec![&mut receipt.invocation.op];
        texts.extend(&mut receipt.adapter);
        texts.extend(&mut receipt.authority.scope);
        texts.extend(&mut receipt.sandbox.requested);
        for gap in &mut receipt.sandbox.not_covered {
            texts.extend([&mut gap.what, &mut gap.why]);
        }
        if let Some(error) = &mut receipt.error {
            if let Some(details) = &mut error.details {
                self.redact_value(details);
            }
            texts.extend([&mut error.code, &mut error.message]);
            texts.extend([&mut error.cause, &mut error.hint, &mut error.last_frame].into_iter().flatten());
        }
        for text in texts {
            *text = self.text(text).into_owned();
        }
        receipt
    }

    /// `value` with every secret replaced, in names and numbers, too.
    fn redact_value(&self, value: &mut Value) {
        let text = contract_json::to_canonical_vec(value);
        let mut tape = Tape::new();
        let limits = Limits { max_depth: 512, ..Limits::evidence() };
        let strict = tape.parse(&text, &limits).expect("canonical text is strict JSON");
        let mut out = Vec::with_capacity(text.len());
        crate::normalise::Normaliser { redactor: self, marked: Vec::new() }.write(strict, &mut out);
        if out != text {
            *value =
                serde_json::from_slice(&out).expect("the normaliser writes JSON, no deeper than it read");
        }
    }
}
