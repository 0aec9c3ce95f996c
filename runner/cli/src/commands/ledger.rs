//! `ledger verify`, `ledger append`, `ledger head`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use contract_engine::{Failure, now};
use contract_ipc::{Code, Exit};
use contract_json::{Limits, Tape};
use contract_ledger::{Head, Ledger, LedgerError, verify};
use serde_json::json;

use super::{counted, note, print_json, print_line};
use crate::args::{Format, LedgerCommand, Output};

/// The longest receipt.
const MAX_RECEIPT_BYTES: u64 = 16 << 20;
const BUFFER_BYTES: usize = 256 << 10;

pub(crate) fn ledger(command: &LedgerCommand, output: Output) -> Result<Exit, Failure> {
    match command {
        LedgerCommand::Verify { ledger, expect_head } => {
            verify_ledger(ledger, expect_head.as_deref(), output)?
        }
        LedgerCommand::Append { ledger, receipts, repair, expect_head, no_sync } => {
            let mut receipts = Receipts::open(receipts)?;
            let mut open = if *repair {
                mend(ledger, expect_head.as_deref(), !no_sync, output)?
            } else {
                Ledger::open(ledger, !no_sync).map_err(failure(ledger))?
            };
            append(ledger, &mut open, &mut receipts, output)?;
        }
        LedgerCommand::Head { ledger } => head(ledger, output)?,
    }
    Ok(Exit::Satisfied)
}

fn failure(ledger: &Path) -> impl Fn(LedgerError) -> Failure + '_ {
    |error| match error {
        LedgerError::Mismatch { .. } | LedgerError::Torn { .. } => {
            Failure::new(error.code(), format!("{}: {error}", ledger.display()))
        }
        LedgerError::Grown { .. } => Failure::new(error.code(), format!("{}: {error}", ledger.display()))
            .hint("Up to that line it is the ledger that you know. Give the newest hash that you have kept."),
        _ => Failure::new(error.code(), error.to_string()),
    }
}

fn verify_ledger(ledger: &Path, expected: Option<&str>, output: Output) -> Result<(), Failure> {
    let verified = verify(ledger, expected).map_err(failure(ledger))?;
    let answer = if verified.expected { "verified" } else { "consistent (unsigned)" };
    if output.format == Format::Json {
        print_json(&json!({"v": "ledger-verify.v0", "answer": answer, "head": verified.head}))?;
    } else {
        let count = counted(verified.head.count, "entry", "entries");
        print_line(&format!("{answer}: {count}, head {}", verified.head.hash))?;
    }
    Ok(())
}

fn head(ledger: &Path, output: Output) -> Result<(), Failure> {
    let head = Head::read(ledger).map_err(failure(ledger))?.ok_or_else(|| {
        let what = format!("{} does not exist, or is empty", Head::path(ledger).display());
        Failure::new(Code::LedgerNoHead, what)
            .hint("Name the ledger, not its head; the first append makes both.")
    })?;
    if output.format == Format::Json {
        print_json(&json!(head))?;
    } else {
        print_line(&format!("{} {} {}", head.sequence, head.hash, head.count))?;
    }
    Ok(())
}

fn mend(ledger: &Path, expected: Option<&str>, sync: bool, output: Output) -> Result<Ledger, Failure> {
    let (open, repaired) =
        Ledger::repair(ledger, sync, expected, &now().to_string()).map_err(failure(ledger))?;
    let Some(repair) = repaired else {
        note(output, "nothing to repair");
        return Ok(open);
    };
    let end = if repair.line_feed_restored {
        "the last line feed was put back".to_owned()
    } else {
        format!("{} cut off", counted(repair.removed_bytes, "byte", "bytes"))
    };
    let more = counted(repair.entries_after_head, "entry", "entries");
    let record = contract_ledger::Repair::path(&Head::followed(ledger));
    note(output, &format!("repaired: {end}, {more} taken into the head; see {}", record.display()));
    Ok(open)
}

fn append(ledger: &Path, open: &mut Ledger, receipts: &mut Receipts, output: Output) -> Result<(), Failure> {
    let mut last = None;
    let mut count = 0_u64;
    while let Some(receipt) = receipts.next()? {
        let head = open.append(receipt).map_err(|error| {
            let mut failure = failure(ledger)(error);
            if count > 0 {
                let before = counted(count, "receipt", "receipts");
                failure.message = format!("{}; {before} before it stand in the ledger", failure.message);
            }
            failure
        })?;
        last = Some(head.clone());
        count += 1;
    }
    if output.format == Format::Json {
        print_json(&json!({"v": "ledger-append.v0", "appended": count, "head": last}))
    } else {
        let head = last.map(|head| format!(", head {}", head.hash)).unwrap_or_default();
        print_line(&format!("{count} appended{head}"))
    }
}

/// Receipts to append: one document a line when the first line is a document; otherwise the whole is one.
struct Receipts {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    text: Vec<u8>,
    lines: bool,
}

impl Receipts {
    fn open(path: &Path) -> Result<Self, Failure> {
        let reader: Box<dyn BufRead> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, File::open(path).map_err(unreadable(path))?))
        };
        Ok(Self { path: path.to_owned(), reader, text: Vec::new(), lines: false })
    }

    fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        self.text.clear();
        loop {
            // After the first line, which is no document, all the rest belongs to it.
            let whole = !self.lines && !self.text.is_empty();
            let mut part = self.reader.by_ref().take(MAX_RECEIPT_BYTES + 1 - self.text.len() as u64);
            let read =
                if whole { part.read_to_end(&mut self.text) } else { part.read_until(b'\n', &mut self.text) };
            let read = read.map_err(unreadable(&self.path))?;
            if self.text.len() as u64 > MAX_RECEIPT_BYTES {
                return Err(unreadable(&self.path)(io::Error::other("more than 16 MiB in one receipt")));
            }
            let receipt = self.text.trim_ascii();
            if receipt.is_empty() {
                if read == 0 {
                    return Ok(None);
                }
                self.text.clear();
            } else if self.lines || read == 0 || Tape::new().parse(receipt, &Limits::default()).is_ok() {
                self.lines = true;
                return Ok(Some(self.text.trim_ascii()));
            }
        }
    }
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> Failure + '_ {
    |error| Failure::new(Code::ContractInputUnreadable, format!("{}: {error}", path.display()))
}
