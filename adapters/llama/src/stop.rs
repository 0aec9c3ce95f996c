//! From the bytes of tokens to text that may go out: whole characters only, and nothing that could be the beginning of a
//! stop string.

/// Collects the output of one generation.
#[derive(Debug, Default)]
pub(crate) struct Output {
    stops: Vec<String>,
    /// Bytes of a character that is not complete yet.
    partial: Vec<u8>,
    /// Text that may turn out to be the beginning of a stop string.
    held: String,
    /// All that went out.
    text: String,
}

/// What new bytes led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// What may go out now; often empty.
    pub(crate) text: String,
    /// A stop string is complete: this was the end.
    pub(crate) stopped: bool,
}

impl Output {
    pub(crate) fn new(stops: Vec<String>) -> Self {
        Self { stops, ..Self::default() }
    }

    /// Takes in the bytes of one token.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Piece {
        self.partial.extend_from_slice(bytes);
        self.take_whole_characters();
        self.release(false)
    }

    /// The end: what was held back goes out. A character that was cut becomes U+FFFD.
    pub(crate) fn finish(&mut self) -> Piece {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.held.push(char::REPLACEMENT_CHARACTER);
        }
        self.release(true)
    }

    /// All that went out.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    fn take_whole_characters(&mut self) {
        let mut rest = self.partial.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.held.push_str(text);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.held.push_str(std::str::from_utf8(good).expect("it is valid up to there"));
                    let Some(length) = error.error_len() else {
                        // A character that the next tokens may complete.
                        rest = bad;
                        break;
                    };
                    self.held.push(char::REPLACEMENT_CHARACTER);
                    rest = &bad[length..];
                }
            }
        }
        self.partial = rest.to_vec();
    }

    fn release(&mut self, all: bool) -> Piece {
        let found = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min();
        let end = match found {
            Some(at) => at,
            None if all => self.held.len(),
            None => self.held.len() - self.longest_beginning(),
        };
        let text: String = self.held.drain(..end).collect();
        if found.is_some() {
            self.held.clear();
            self.partial.clear();
        }
        self.text.push_str(&text);
        Piece { text, stopped: found.is_some() }
    }

    /// Bytes at the end of what is held that begin a stop string.
    fn longest_beginning(&self) -> usize {
        let beginnings = self.stops.iter().flat_map(|stop| {
            stop.char_indices().map(|(at, _)| &stop[..at]).filter(|part| self.held.ends_with(part))
        });
        beginnings.map(str::len).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stops: &[&str], tokens: &[&[u8]]) -> (Vec<String>, bool) {
        let mut output = Output::new(stops.iter().map(|&stop| stop.to_owned()).collect());
        let mut pieces = Vec::new();
        let mut stopped = false;
        for token in tokens {
            let piece = output.push(token);
            pieces.push(piece.text);
            if piece.stopped {
                stopped = true;
                break;
            }
        }
        if !stopped {
            pieces.push(output.finish().text);
        }
        assert_eq!(pieces.concat(), output.into_text());
        (pieces, stopped)
    }

    #[test]
    fn a_character_goes_out_when_it_is_whole() {
        assert_eq!(run(&[], &[b"a\xE2", b"\x82", b"\xACb"]).0, ["a", "", "\u{20ac}b", ""]);
        assert_eq!(run(&[], &[b"\xF0\x9F", b"\x98"]).0, ["", "", "\u{fffd}"]);
        assert_eq!(run(&[], &[b"\xFFa", b"\xC3(", b"\x80"]).0, ["\u{fffd}a", "\u{fffd}(", "\u{fffd}", ""]);
    }

    #[test]
    fn a_stop_string_across_tokens_never_goes_out() {
        let (pieces, stopped) = run(&["END"], &[b"one E", b"N", b"D two"]);
        assert_eq!((pieces.concat().as_str(), stopped), ("one ", true));
        assert_eq!(pieces[0], "one ");
    }

    #[test]
    fn what_only_looked_like_a_stop_string_goes_out() {
        assert_eq!(run(&["END"], &[b"E", b"N", b"E", b"N"]).0, ["", "", "EN", "", "EN"]);
        assert_eq!(run(&["END"], &[b"EN"]).0, ["", "EN"]);
    }

    #[test]
    fn the_first_of_several_stop_strings_counts() {
        let (pieces, stopped) = run(&["xyz", "b"], &[b"axy", b"zb"]);
        assert_eq!((pieces.concat().as_str(), stopped), ("a", true));
        let (pieces, _) = run(&["\u{20ac}"], &[b"a\xE2\x82", b"\xAC", b"b"]);
        assert_eq!(pieces.concat(), "a");
    }

    #[test]
    fn a_stop_string_that_begins_within_itself_is_found() {
        let (pieces, stopped) = run(&["aab"], &[b"a", b"a", b"a", b"b", b"c"]);
        assert_eq!((pieces.concat().as_str(), stopped), ("a", true));
    }
}
