//! Blocks in, lines out; only a line that crosses a block is copied.

use crate::names::TRANSCRIPT;
use crate::verdict::{Finding, Stop};

/// Longer lines are not judged.
const MAX_LINE_BYTES: usize = 1 << 30;

/// The part of a line that has come so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Gives every line that ends in `block` to `take`, without its LF.
    pub(super) fn feed(
        &mut self,
        block: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut rest = block;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            if self.begun.is_empty() {
                take(&rest[..end])?;
            } else {
                self.begun.extend_from_slice(&rest[..end]);
                take(&self.begun)?;
                self.begun.clear();
            }
            rest = &rest[end + 1..];
        }
        if self.begun.len() + rest.len() > MAX_LINE_BYTES {
            let expected = format!("lines of at most {MAX_LINE_BYTES} bytes");
            return Err(Stop::unverifiable(Finding::new(5, TRANSCRIPT, None, expected, "a longer one")));
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }

    /// No more blocks: what has no LF is no line, but its own faults are told first.
    pub(super) fn end(self, mut take: impl FnMut(&[u8]) -> Result<(), Stop>) -> Result<(), Stop> {
        if self.begun.is_empty() {
            return Ok(());
        }
        take(&self.begun)?;
        let expected = "an LF at the end of the last line";
        Err(Stop::mismatch(Finding::new(5, TRANSCRIPT, None, expected, "none")))
    }
}
