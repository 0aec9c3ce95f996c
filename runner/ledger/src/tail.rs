//! The last line of a ledger, without reading the rest.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// What is read at first.
const BLOCK: u64 = 64 << 10;
/// A line that is longer is no receipt.
const MOST_BYTES: u64 = 64 << 20;

/// The end of a ledger.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The last whole line, without its line feed; none when there is none.
    pub(crate) line: Option<Vec<u8>>,
    /// Bytes up to and with the last line feed.
    pub(crate) whole_bytes: u64,
    /// What follows it: a line that was not written to its end.
    pub(crate) torn: Vec<u8>,
}

impl Tail {
    /// Reads backwards from the end.
    pub(crate) fn read(file: &File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut wanted = BLOCK;
        let mut bytes;
        loop {
            let from = length.saturating_sub(wanted);
            bytes = vec![0; usize::try_from(length - from).map_err(io::Error::other)?];
            file.read_exact_at(&mut bytes, from)?;
            let ends = bytes.iter().rev().filter(|&&byte| byte == b'\n').take(2).count();
            if from == 0 || ends == 2 {
                break;
            }
            if wanted >= MOST_BYTES {
                return Err(io::Error::other("its last line is longer than 64 MiB"));
            }
            // Twice as much each time, so that a long line is read twice and not many times.
            wanted *= 2;
        }
        let Some(end) = bytes.iter().rposition(|&byte| byte == b'\n') else {
            return Ok(Self { line: None, whole_bytes: 0, torn: bytes });
        };
        let begin = bytes[..end].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let torn = bytes.split_off(end + 1);
        Ok(Self { line: Some(bytes[begin..end].to_vec()), whole_bytes: length - torn.len() as u64, torn })
    }
}
