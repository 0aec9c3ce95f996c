//! Steps 1 to 3: the receipt itself.

use std::io::Read as _;

use contract_json::{Tape, Value};

use super::expect_digest;
use super::file;
use crate::difference::cut;
use crate::folder::Folder;
use crate::names::{DENIED, RECEIPT};
use crate::receipt::Receipt;
use crate::shape::{self, MAX_RECEIPT_BYTES, RECEIPT_LIMITS};
use crate::subject;
use crate::verdict::{Finding, Stop};

pub(super) fn read(folder: &Folder) -> Result<Vec<u8>, Stop> {
    let (file, size) =
        file::open(folder, RECEIPT, 1).map_err(|stop| match file::open(folder, DENIED, 1) {
            Err(_) => stop,
            Ok(_) => {
                let found = format!("none, but {DENIED}: the run was refused before it started");
                Stop::unverifiable(Finding::new(1, RECEIPT, None, "a readable regular file", found))
            }
        })?;
    let unverifiable = |found: String| {
        let expected = format!("at most {MAX_RECEIPT_BYTES} readable bytes");
        Stop::unverifiable(Finding::new(1, RECEIPT, None, expected, found))
    };
    if size > MAX_RECEIPT_BYTES {
        return Err(unverifiable(format!("{size} bytes")));
    }
    let mut bytes = Vec::new();
    file.take(MAX_RECEIPT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unverifiable(error.to_string()))?;
    if bytes.len() as u64 > MAX_RECEIPT_BYTES {
        return Err(unverifiable("more".to_owned()));
    }
    Ok(bytes)
}

pub(super) fn parse<'a>(tape: &'a mut Tape, bytes: &'a [u8]) -> Result<Value<'a>, Stop> {
    tape.parse(bytes, &RECEIPT_LIMITS).map_err(|error| {
        let found = format!("{}: {error}", error.position(bytes));
        Stop::unverifiable(Finding::new(1, RECEIPT, None, "strict JSON", found))
    })
}

/// The receipt as types, without the contents of its foreign members.
pub(super) fn shape(value: Value<'_>) -> Result<Receipt, Stop> {
    shape::read_hollow(value).map_err(|error| {
        let pointer = (!error.pointer.is_empty()).then_some(error.pointer.as_str());
        Stop::unverifiable(Finding::new(1, RECEIPT, pointer, "a receipt of the schema", error.what))
    })
}

/// Steps 2 and 3.
pub(super) fn check_form(value: Value<'_>, bytes: &[u8], receipt: &Receipt) -> Result<(), Stop> {
    let mut canonical = Vec::with_capacity(bytes.len());
    value.write_canonical(&mut canonical);
    if let Some((at, expected, found)) = first_different_byte(&canonical, bytes) {
        let expected = format!("the canonical form, `{expected}` at byte {at}");
        return Err(Stop::mismatch(Finding::new(2, RECEIPT, None, expected, format!("`{found}`"))));
    }
    expect_digest(3, "/digests/receipt", &receipt.digests.receipt, &subject::receipt_digest(value))
}

/// The first byte where two texts differ, and what stands there in each.
pub(super) fn first_different_byte(expected: &[u8], found: &[u8]) -> Option<(usize, String, String)> {
    if expected == found {
        return None;
    }
    let at = expected
        .iter()
        .zip(found)
        .position(|(a, b)| a != b)
        .unwrap_or_else(|| expected.len().min(found.len()));
    let from = |text: &[u8]| cut(&String::from_utf8_lossy(&text[at..text.len().min(at + 20)]));
    Some((at, from(expected), from(found)))
}
