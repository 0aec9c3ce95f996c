//! Splitting a stream into lines (R1 to R3).

use std::ops::Range;

/// How much is read at a time.
const READ_BYTES: usize = 64 * 1024;

/// A line over the limit (R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {max_line_bytes} bytes")]
pub struct LineTooLong {
    /// The limit.
    pub max_line_bytes: usize,
}

/// One line, its end taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// What stands before the LF, or before CR and LF.
    pub text: &'a [u8],
    /// A CR stood before the LF.
    pub had_cr: bool,
}

/// Bytes in, lines out. The caller reads into [`space`](Self::space), says how much came, and takes the lines.
#[derive(Debug)]
pub struct LineReader {
    buffer: Vec<u8>,
    /// Read but not yet given out.
    pending: Range<usize>,
    /// Up to here `pending` has no LF.
    searched: usize,
    max_line_bytes: usize,
}

impl LineReader {
    /// A reader that refuses lines of more than `max_line_bytes`, LF and CR not counted.
    #[must_use]
    pub fn new(max_line_bytes: usize) -> Self {
        Self { buffer: vec![0; READ_BYTES], pending: 0..0, searched: 0, max_line_bytes }
    }

    /// Room for the next read, never empty.
    pub fn space(&mut self) -> &mut [u8] {
        if self.pending.is_empty() {
            self.pending = 0..0;
            self.searched = 0;
        }
        if self.buffer.len() - self.pending.end < READ_BYTES / 2 {
            self.buffer.copy_within(self.pending.clone(), 0);
            self.searched -= self.pending.start;
            self.pending = 0..self.pending.len();
            let wanted =
                (self.pending.end * 2).clamp(READ_BYTES, self.max_line_bytes.saturating_add(READ_BYTES));
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
        }
        &mut self.buffer[self.pending.end..]
    }

    /// `count` bytes were read into [`space`](Self::space).
    pub fn filled(&mut self, count: usize) {
        self.pending.end += count;
        debug_assert!(self.pending.end <= self.buffer.len());
    }

    /// The next whole line, when there is one.
    ///
    /// # Errors
    /// [`LineTooLong`] as soon as more than the limit has come without an LF.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, LineTooLong> {
        let too_long = LineTooLong { max_line_bytes: self.max_line_bytes };
        let Some(found) = memchr::memchr(b'\n', &self.buffer[self.searched..self.pending.end]) else {
            self.searched = self.pending.end;
            // A CR at the end may be half of the line's end.
            let pending = &self.buffer[self.pending.clone()];
            let length = pending.strip_suffix(b"\r").unwrap_or(pending).len();
            return if length > self.max_line_bytes { Err(too_long) } else { Ok(None) };
        };
        let end = self.searched + found;
        let text = self.pending.start..end;
        self.pending.start = end + 1;
        self.searched = end + 1;
        let text = &self.buffer[text];
        let (text, had_cr) = text.strip_suffix(b"\r").map_or((text, false), |text| (text, true));
        if text.len() > self.max_line_bytes { Err(too_long) } else { Ok(Some(Line { text, had_cr })) }
    }

    /// What stands at end of file without an LF (R2).
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.pending.clone()]
    }
}
