//! `ledger verify`, `ledger append`, `ledger head`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use contract_engine::{Failure, now};
use contract_ipc::{Code, Exit};
use contract_json::{Limits, Tape};
use contract_ledger::{Head, Ledger, LedgerError, verify};
use serde_json::{Value, json};

use super::{note, print_json, print_line, usage};
use crate::args::{Format, LedgerCommand, Output};

/// The longest receipt.
const MAX_RECEIPT_BYTES: u64 = 16 << 20;
const BUFFER_BYTES: usize = 256 << 10;

pub(crate) fn ledger(command: &LedgerCommand, output: Output) -> Result<Exit, Failure> {
    match command {
        LedgerCommand::Verify { ledger, expect_head } => {
            verify_ledger(ledger, expect_head.as_deref(), output)?
        }
        LedgerCommand::Append { ledger, receipts, repair, no_sync } => {
            append(ledger, receipts, *repair, !no_sync, output)?;
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
        _ => Failure::new(error.code(), error.to_string()),
    }
}

fn verify_ledger(ledger: &Path, expected: Option<&str>, output: Output) -> Result<(), Failure> {
    if let Some(hash) = expected {
        let hex = hash.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(usage(format!("--expect-head: `{hash}` is no hash"))
                .hint("Write sha256: and 64 lower-case hex digits."));
        }
    }
    let verified = verify(ledger, expected).map_err(failure(ledger))?;
    let answer = if verified.expected { "verified" } else { "consistent (unsigned)" };
    if output.format == Format::Json {
        print_json(&json!({"v": "ledger-verify.v0", "answer": answer, "head": verified.head}));
    } else {
        print_line(&format!("{answer}: {} entries, head {}", verified.head.count, verified.head.hash));
    }
    Ok(())
}

fn head(ledger: &Path, output: Output) -> Result<(), Failure> {
    let head = Head::read(ledger).map_err(failure(ledger))?.ok_or_else(|| {
        Failure::new(Code::LedgerNoHead, format!("{} does not exist", Head::path(ledger).display()))
    })?;
    if output.format == Format::Json {
        print_json(&json!(head));
    } else {
        print_line(&format!("{} {} {}", head.sequence, head.hash, head.count));
    }
    Ok(())
}

fn append(ledger: &Path, receipts: &Path, repair: bool, sync: bool, output: Output) -> Result<(), Failure> {
    let mut open = if repair {
        let (open, repaired) = Ledger::repair(ledger, sync, &now().to_string()).map_err(failure(ledger))?;
        match repaired {
            Some(repair) => note(
                output,
                &format!(
                    "repaired: {} bytes cut off, {} entries taken into the head; see {}",
                    repair.removed.len(),
                    repair.entries_after_head,
                    contract_ledger::Repair::path(ledger).display()
                ),
            ),
            None => note(output, "nothing to repair"),
        }
        open
    } else {
        Ledger::open(ledger, sync).map_err(failure(ledger))?
    };
    let mut last = None;
    let mut count = 0_u64;
    each_receipt(receipts, &mut |receipt| {
        last = Some(open.append(receipt).map_err(failure(ledger))?.clone());
        count += 1;
        Ok(())
    })?;
    if output.format == Format::Json {
        print_json(&json!({"v": "ledger-append.v0", "appended": count, "head": last}));
    } else {
        let head = last.map_or(Value::Null, |head| json!(head.hash));
        print_line(&format!(
            "{count} appended{}",
            head.as_str().map(|hash| format!(", head {hash}")).unwrap_or_default()
        ));
    }
    Ok(())
}

/// One document a line when the first line is a document; otherwise the whole is one.
fn each_receipt(receipts: &Path, take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
    let unreadable = |error: io::Error| {
        Failure::new(Code::ContractInputUnreadable, format!("{}: {error}", receipts.display()))
    };
    let mut reader: Box<dyn BufRead> = if receipts == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, File::open(receipts).map_err(unreadable)?))
    };
    let mut text = Vec::new();
    let mut lines = false;
    loop {
        // After the first line, which is no document, all the rest belongs to it.
        let mut part = reader.by_ref().take(MAX_RECEIPT_BYTES + 1 - text.len() as u64);
        let read = if lines || text.is_empty() {
            part.read_until(b'\n', &mut text)
        } else {
            part.read_to_end(&mut text)
        };
        let read = read.map_err(unreadable)?;
        if text.len() as u64 > MAX_RECEIPT_BYTES {
            return Err(unreadable(io::Error::other("more than 16 MiB in one receipt")));
        }
        let receipt = text.trim_ascii();
        if receipt.is_empty() {
            text.clear();
        } else if lines || read == 0 || Tape::new().parse(receipt, &Limits::default()).is_ok() {
            lines = true;
            take(receipt)?;
            text.clear();
        }
        if read == 0 {
            return Ok(());
        }
    }
}
