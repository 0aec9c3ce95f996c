//! The last bytes of a stream.

use serde::Serialize;

/// Keeps the last bytes of what is pushed, and counts all.
#[derive(Debug)]
pub(crate) struct Tail {
    most: usize,
    bytes: u64,
    kept: Vec<u8>,
}

/// A stream in the result.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Output {
    /// How many bytes it had.
    pub(crate) bytes: u64,
    /// The last of them as text.
    pub(crate) tail: String,
    /// Whether some before them were left out.
    pub(crate) truncated: bool,
}

impl Tail {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, bytes: 0, kept: Vec::new() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.kept.extend_from_slice(bytes);
        // Cut only now and then: moving the rest to the front for each small read would cost more than the reads.
        if self.kept.len() > 2 * self.most + bytes.len() {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let over = self.kept.len().saturating_sub(self.most);
        self.kept.drain(..over);
    }

    pub(crate) fn output(mut self) -> Output {
        self.cut();
        let truncated = self.bytes > self.kept.len() as u64;
        let split = self.kept.iter().take(3).take_while(|byte| matches!(byte, 0x80..=0xbf)).count();
        // The cut may have left the end of a character; a continuation byte at the very start of a stream is noise and shown.
        let start = if truncated { split } else { 0 };
        let tail = String::from_utf8_lossy(&self.kept[start..]).into_owned();
        Output { bytes: self.bytes, tail, truncated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(most: usize, pieces: &[&[u8]]) -> (u64, String, bool) {
        let mut tail = Tail::new(most);
        pieces.iter().for_each(|piece| tail.push(piece));
        let Output { bytes, tail, truncated } = tail.output();
        (bytes, tail, truncated)
    }

    #[test]
    fn the_last_bytes_are_kept() {
        assert_eq!(tail(4, &[b"abcd"]), (4, "abcd".into(), false));
        assert_eq!(tail(4, &[b"abcde"]), (5, "bcde".into(), true));
        assert_eq!(tail(0, &[b"a"]), (1, String::new(), true));
        assert_eq!(tail(0, &[]), (0, String::new(), false));
        let all: Vec<u8> = (0..100).map(|n| b'a' + n % 26).collect();
        for size in 1..20 {
            let pieces: Vec<_> = all.chunks(size).collect();
            let expected = String::from_utf8(all[93..].to_vec()).expect("letters");
            assert_eq!(tail(7, &pieces), (100, expected, true));
        }
    }

    #[test]
    fn the_tail_begins_with_a_whole_character() {
        assert_eq!(tail(4, &["a🦀b".as_bytes()]), (6, "b".into(), true));
        assert_eq!(tail(3, &[b"\x80ab"]), (3, "\u{fffd}ab".into(), false));
    }
}
