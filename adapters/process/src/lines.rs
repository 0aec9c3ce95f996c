//! A stream of bytes, cut into messages of whole lines.

/// Most bytes of the stream in one message.
pub(crate) const MESSAGE_BYTES: usize = 8 * 1024;

/// What has come and was not sent.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next message: as many whole lines as fit, or a piece of one that is too long.
    pub(crate) fn next_message(&mut self) -> Option<String> {
        let full = self.pending.len() >= MESSAGE_BYTES;
        let window = &self.pending[..self.pending.len().min(MESSAGE_BYTES)];
        let end = match window.iter().rposition(|&byte| byte == b'\n') {
            Some(at) => at + 1,
            None if full => whole_characters(window),
            None => return None,
        };
        Some(self.take(end))
    }

    /// The line that the end of the stream left without LF.
    pub(crate) fn rest(&mut self) -> Option<String> {
        (!self.pending.is_empty()).then(|| self.take(self.pending.len()))
    }

    fn take(&mut self, end: usize) -> String {
        let text = String::from_utf8_lossy(&self.pending[..end]).into_owned();
        self.pending.drain(..end);
        text
    }
}

/// How many bytes of a text there are without a character of UTF-8 that its end cuts off.
fn whole_characters(text: &[u8]) -> usize {
    for back in 1..=text.len().min(3) {
        let width = match text[text.len() - back] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if width > back { text.len() - back } else { text.len() };
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut messages = Vec::new();
        for piece in pieces {
            lines.push(piece);
            messages.extend(std::iter::from_fn(|| lines.next_message()));
        }
        messages.extend(lines.rest());
        messages
    }

    #[test]
    fn a_line_waits_for_its_end() {
        assert_eq!(messages(&[b"on", b"e\ntw", b"o\nthree"]), ["one\n", "two\n", "three"]);
        assert_eq!(messages(&[b"a\nb\nc\n"]), ["a\nb\nc\n"], "what came together stays together");
        assert_eq!(messages(&[b"\n", b"", b"\n\n"]), ["\n", "\n\n"]);
        assert!(messages(&[b""]).is_empty());
    }

    #[test]
    fn a_message_has_no_more_than_8_kib_of_whole_lines() {
        let line = [&[b'a'; 3000][..], b"\n"].concat();
        let sizes: Vec<_> = messages(&[&line.repeat(5)]).iter().map(String::len).collect();
        assert_eq!(sizes, [6002, 6002, 3001]);
        for (size, expected) in
            [(8190, vec![8191]), (8191, vec![8192]), (8192, vec![8192, 1]), (20_000, vec![8192, 8192, 3617])]
        {
            let line = [vec![b'a'; size], b"\n".to_vec()].concat();
            let sizes: Vec<_> = messages(&[&line]).iter().map(String::len).collect();
            assert_eq!(sizes, expected, "a line of {size}");
        }
    }

    #[test]
    fn a_character_is_never_split() {
        for character in ["é", "€", "🦀"] {
            for before in 8185..8195 {
                let text = "a".repeat(before) + &character.repeat(5) + "\n";
                for at in 0..=text.len() - before {
                    let (one, two) = text.as_bytes().split_at(before + at);
                    let got = messages(&[one, two]);
                    assert_eq!(got.concat(), text, "{before} bytes before {character}, cut after {at}");
                    assert!(got.iter().all(|message| message.len() <= MESSAGE_BYTES));
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_replacement_characters() {
        assert_eq!(messages(&[b"a\xff\xc3\n"]), ["a\u{fffd}\u{fffd}\n"]);
        let noise = [0x80; MESSAGE_BYTES + 1];
        let got = messages(&[&noise]);
        assert_eq!(got.iter().map(|message| message.chars().count()).collect::<Vec<_>>(), [MESSAGE_BYTES, 1]);
    }
}
