//! The end of a file of lines, without reading all of it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// What is read at first; more when the last line is longer.
const FIRST_BYTES: u64 = 64 << 10;
/// A line that is longer is none of ours.
const MOST_BYTES: u64 = 64 << 20;

/// The last whole line of a file, and what comes after it.
#[derive(Debug)]
pub(super) struct LastLine {
    /// Without its line feed; none when there is no whole line.
    pub(super) line: Option<Vec<u8>>,
    /// Where it begins.
    pub(super) start: u64,
    /// Where the whole lines end.
    pub(super) end: u64,
    /// What has no line feed.
    pub(super) torn: Vec<u8>,
}

impl LastLine {
    pub(super) fn read(file: &File) -> io::Result<Self> {
        Self::before(file, file.metadata()?.len())
    }

    /// The same of the first `length` bytes.
    pub(super) fn before(file: &File, length: u64) -> io::Result<Self> {
        let mut wanted = FIRST_BYTES;
        loop {
            let from = length.saturating_sub(wanted);
            let mut bytes = vec![0; usize::try_from(length - from).map_err(io::Error::other)?];
            file.read_exact_at(&mut bytes, from)?;
            if let Some(found) = Self::in_tail(bytes, from) {
                return Ok(found);
            }
            if wanted >= MOST_BYTES {
                return Err(io::Error::other("its last line is longer than 64 MiB"));
            }
            wanted *= 2;
        }
    }

    /// The same in the last bytes of a file; none when they do not hold the whole line.
    fn in_tail(mut bytes: Vec<u8>, from: u64) -> Option<Self> {
        let whole = bytes.iter().rposition(|&byte| byte == b'\n');
        let Some(feed) = whole else {
            return (from == 0).then_some(Self { line: None, start: 0, end: 0, torn: bytes });
        };
        let torn = bytes.split_off(feed + 1);
        bytes.truncate(feed);
        let begin = match bytes.iter().rposition(|&byte| byte == b'\n') {
            Some(before) => before + 1,
            None if from == 0 => 0,
            None => return None,
        };
        let line = bytes.split_off(begin);
        Some(Self { line: Some(line), start: from + begin as u64, end: from + feed as u64 + 1, torn })
    }
}
