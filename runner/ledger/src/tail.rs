//! The last line of a file of lines, without reading the rest.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// What is read at first.
const BLOCK: u64 = 64 << 10;
/// A line that is longer is none of ours.
const MOST_BYTES: u64 = 64 << 20;

/// The end of a file of lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The last whole line, without its line feed; none when there is none.
    pub line: Option<Vec<u8>>,
    /// Where that line begins.
    pub start: u64,
    /// Bytes up to and with the last line feed.
    pub whole_bytes: u64,
    /// What follows it: a line that was not written to its end.
    pub torn: Vec<u8>,
}

impl Tail {
    /// The end of a file.
    ///
    /// # Errors
    /// It cannot be read, or its last line is longer than 64 MiB.
    pub fn read(file: &File) -> io::Result<Self> {
        Self::before(file, file.metadata()?.len())
    }

    /// The same of its first `length` bytes.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn before(file: &File, length: u64) -> io::Result<Self> {
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
            return Ok(Self { torn: bytes, ..Self::default() });
        };
        let torn = bytes.split_off(end + 1);
        bytes.pop();
        let begin = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let line = bytes.split_off(begin);
        let whole_bytes = length - torn.len() as u64;
        let start = whole_bytes - line.len() as u64 - 1;
        Ok(Self { line: Some(line), start, whole_bytes, torn })
    }
}
