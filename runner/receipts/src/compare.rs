//! Two runs beside each other.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use contract_json::{Tape, Value};

use crate::difference::{Difference, cut, differences};
use crate::folder::Folder;
use crate::names::{RECEIPT, TRANSCRIPT};
use crate::receipt::Receipt;
use crate::shape::{MAX_RECEIPT_BYTES, RECEIPT_LIMITS};

/// Differences beyond this number are not listed.
const MOST_DIFFERENCES: usize = 1000;

/// How two runs differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Same plan, same answers: the subject digests are equal.
    pub same_subject: bool,
    /// In all members but `digests` and `observed`.
    pub differences: Vec<Difference>,
    /// In `digests`.
    pub digests: Vec<Difference>,
    /// In `observed`, which may differ.
    pub observed: Vec<Difference>,
    /// The first line of the transcripts that differs.
    pub transcript: Option<LineDifference>,
}

/// The first difference of two transcripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDifference {
    /// The line, from 1.
    pub line: u64,
    /// Where in it, and what.
    pub difference: Difference,
}

/// A folder that cannot be compared.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct CompareError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub what: String,
}

/// The longest line of a transcript that is compared.
const MAX_LINE_BYTES: u64 = 256 << 20;

/// Compares the evidence in two folders, as it stands: whether it is sound is the question of [`crate::verify`].
///
/// # Errors
/// A receipt or a transcript that cannot be read.
pub fn compare(a: &Path, b: &Path) -> Result<Comparison, CompareError> {
    let (folder_a, bytes_a, receipt_a) = read_receipt(a)?;
    let (folder_b, bytes_b, receipt_b) = read_receipt(b)?;
    let (mut tape_a, mut tape_b) = (Tape::new(), Tape::new());
    let unreadable = |path: &Path, what: String| CompareError { path: path.join(RECEIPT), what };
    let value_a =
        tape_a.parse(&bytes_a, &RECEIPT_LIMITS).map_err(|error| unreadable(a, error.to_string()))?;
    let value_b =
        tape_b.parse(&bytes_b, &RECEIPT_LIMITS).map_err(|error| unreadable(b, error.to_string()))?;
    let (mut digests, mut observed, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for difference in differences(value_a, value_b, MOST_DIFFERENCES) {
        let list = match difference.pointer.split('/').nth(1) {
            Some("digests") => &mut digests,
            Some("observed") => &mut observed,
            _ => &mut rest,
        };
        list.push(difference);
    }
    let transcript = if receipt_a.digests.transcript == receipt_b.digests.transcript {
        None
    } else {
        let open = |path: &Path, folder: &Folder, receipt: &Receipt| {
            receipt.transcript.as_ref().map(|_| open_transcript(path, folder)).transpose()
        };
        let (file_a, file_b) = (open(a, &folder_a, &receipt_a)?, open(b, &folder_b, &receipt_b)?);
        first_line(file_a, file_b)
            .map_err(|error| CompareError { path: a.join(TRANSCRIPT), what: error.to_string() })?
    };
    Ok(Comparison {
        same_subject: receipt_a.digests.subject == receipt_b.digests.subject,
        differences: rest,
        digests,
        observed,
        transcript,
    })
}

fn read_receipt(dir: &Path) -> Result<(Folder, Vec<u8>, Receipt), CompareError> {
    let error = |what: String| CompareError { path: dir.join(RECEIPT), what };
    let folder = Folder::open(dir)
        .map_err(|source| CompareError { path: dir.to_owned(), what: source.to_string() })?;
    let mut bytes = Vec::new();
    folder
        .open_regular(RECEIPT)
        .and_then(|file| file.take(MAX_RECEIPT_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|source| error(source.to_string()))?;
    if bytes.len() as u64 > MAX_RECEIPT_BYTES {
        return Err(error(format!("more than {MAX_RECEIPT_BYTES} bytes")));
    }
    let receipt = Receipt::from_bytes(&bytes).map_err(|shape| error(shape.to_string()))?;
    Ok((folder, bytes, receipt))
}

fn open_transcript(dir: &Path, folder: &Folder) -> Result<BufReader<File>, CompareError> {
    let file = folder
        .open_regular(TRANSCRIPT)
        .map_err(|source| CompareError { path: dir.join(TRANSCRIPT), what: source.to_string() })?;
    Ok(BufReader::with_capacity(64 * 1024, file))
}

fn first_line(
    mut a: Option<BufReader<File>>,
    mut b: Option<BufReader<File>>,
) -> io::Result<Option<LineDifference>> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for line in 1.. {
        left.clear();
        right.clear();
        for (file, text) in [(&mut a, &mut left), (&mut b, &mut right)] {
            let Some(file) = file else { continue };
            // A line has at most what a message may have; a file of zeros has none.
            file.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', text)?;
            if text.len() as u64 == MAX_LINE_BYTES {
                return Err(io::Error::other(format!("line {line} has {MAX_LINE_BYTES} bytes or more")));
            }
        }
        if left.is_empty() && right.is_empty() {
            return Ok(None);
        }
        if left != right {
            return Ok(Some(LineDifference { line, difference: difference_in(&left, &right) }));
        }
    }
    Ok(None)
}

/// The first place where two lines differ: a pointer when both are JSON, else the lines as they are.
fn difference_in(left: &[u8], right: &[u8]) -> Difference {
    let (mut tape_a, mut tape_b) = (Tape::new(), Tape::new());
    let values: Option<(Value<'_>, Value<'_>)> =
        tape_a.parse(left, &RECEIPT_LIMITS).ok().zip(tape_b.parse(right, &RECEIPT_LIMITS).ok());
    values.and_then(|(a, b)| differences(a, b, 1).pop()).unwrap_or_else(|| {
        let shown = |line: &[u8]| match line {
            b"" => "(no line)".to_owned(),
            line => cut(String::from_utf8_lossy(line).trim_end_matches('\n')),
        };
        Difference { pointer: String::new(), a: shown(left), b: shown(right) }
    })
}
