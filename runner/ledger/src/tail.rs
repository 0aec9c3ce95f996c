//! The last line of a ledger, without reading the rest.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

const BLOCK: u64 = 64 * 1024;

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
        let mut bytes = Vec::new();
        let mut start = length;
        loop {
            let ends = bytes.iter().rev().filter(|&&byte| byte == b'\n').take(2).count();
            if start == 0 || ends == 2 {
                break;
            }
            let from = start.saturating_sub(BLOCK);
            let mut block = vec![0; usize::try_from(start - from).expect("a block fits in memory")];
            file.read_exact_at(&mut block, from)?;
            block.append(&mut bytes);
            (bytes, start) = (block, from);
        }
        let Some(end) = bytes.iter().rposition(|&byte| byte == b'\n') else {
            return Ok(Self { line: None, whole_bytes: 0, torn: bytes });
        };
        let begin = bytes[..end].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let torn = bytes.split_off(end + 1);
        Ok(Self { line: Some(bytes[begin..end].to_vec()), whole_bytes: length - torn.len() as u64, torn })
    }
}
