//! The last lines of an adapter's stderr.

use std::collections::VecDeque;

/// How much is shown.
pub(crate) const SHOWN_BYTES: usize = 64 * 1024;

/// The end of a stream, in bounded memory.
#[derive(Debug)]
pub(crate) struct StderrTail {
    kept: VecDeque<u8>,
    keep_bytes: usize,
    total_bytes: u64,
}

impl StderrTail {
    /// Keeps `more_bytes` more than is shown, so that a secret across the cut is still found.
    pub(crate) fn new(more_bytes: usize) -> Self {
        Self { kept: VecDeque::new(), keep_bytes: SHOWN_BYTES + more_bytes, total_bytes: 0 }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.total_bytes += bytes.len() as u64;
        let bytes = &bytes[bytes.len().saturating_sub(self.keep_bytes)..];
        let over = (self.kept.len() + bytes.len()).saturating_sub(self.keep_bytes);
        self.kept.drain(..over);
        self.kept.extend(bytes);
    }

    pub(crate) fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.kept.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end_and_counts_all() {
        let mut tail = StderrTail::new(7);
        for index in 0..100_000_u32 {
            tail.push(format!("{index}\n").as_bytes());
        }
        let kept = tail.bytes();
        assert_eq!((kept.len(), tail.total_bytes()), (SHOWN_BYTES + 7, 588_890));
        assert!(kept.ends_with(b"\n99999\n"));
        tail.push(&vec![b'x'; 3 * SHOWN_BYTES]);
        assert_eq!(tail.bytes(), vec![b'x'; SHOWN_BYTES + 7]);
    }
}
