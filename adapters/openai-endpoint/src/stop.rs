//! Stop strings: text before one goes on, nothing of one ever does, though it may come in pieces.

/// Holds back what may be the beginning of a stop string.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    strings: Vec<String>,
    held: String,
}

/// What may go on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// This much of the text.
    Text(String),
    /// This much, and then came a stop string.
    Stopped(String),
}

impl Stop {
    pub(crate) fn new(strings: Vec<String>) -> Self {
        Self {
            strings: strings.into_iter().filter(|string| !string.is_empty()).collect(),
            held: String::new(),
        }
    }

    /// Takes the next piece.
    pub(crate) fn pass(&mut self, piece: &str) -> Passed {
        self.held.push_str(piece);
        if let Some(at) = self.strings.iter().filter_map(|string| self.held.find(string)).min() {
            self.held.truncate(at);
            return Passed::Stopped(std::mem::take(&mut self.held));
        }
        let keep = self.strings.iter().map(|string| beginning(&self.held, string)).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        Passed::Text(std::mem::replace(&mut self.held, rest))
    }

    /// What was held back, when the text has ended.
    pub(crate) fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// How much of the end of `text` is the beginning of `string`.
fn beginning(text: &str, string: &str) -> usize {
    string
        .char_indices()
        .map(|(at, _)| at)
        .rev()
        .find(|&length| text.as_bytes().ends_with(&string.as_bytes()[..length]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that goes on, and whether it was stopped.
    fn run(strings: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut stop = Stop::new(strings.iter().map(|&string| string.to_owned()).collect());
        let mut text = String::new();
        for piece in pieces {
            match stop.pass(piece) {
                Passed::Text(more) => text += &more,
                Passed::Stopped(more) => return (text + &more, true),
            }
        }
        (text + &stop.rest(), false)
    }

    #[test]
    fn a_stop_string_in_pieces_is_never_seen() {
        for pieces in
            [&["one\n\ntwo"][..], &["one", "\n", "\n", "two"], &["one\n", "\ntwo"], &["o", "ne\n\n"]]
        {
            assert_eq!(run(&["\n\n"], pieces), ("one".to_owned(), true), "{pieces:?}");
        }
        let mut stop = Stop::new(vec!["STOP".to_owned()]);
        assert_eq!(stop.pass("a ST"), Passed::Text("a ".to_owned()));
        assert_eq!(stop.pass("O"), Passed::Text(String::new()));
        assert_eq!(stop.pass("X"), Passed::Text("STOX".to_owned()));
    }

    #[test]
    fn what_only_began_like_one_goes_on() {
        assert_eq!(run(&["</s>"], &["a <", "/", "b> </s"]), ("a </b> </s".to_owned(), false));
        assert_eq!(run(&["aab"], &["a", "a", "a", "b"]), ("a".to_owned(), true));
        assert_eq!(run(&[], &["a", "b"]), ("ab".to_owned(), false));
        assert_eq!(run(&[""], &["a"]), ("a".to_owned(), false));
    }

    #[test]
    fn the_first_of_several_stops_and_characters_stay_whole() {
        assert_eq!(run(&["yz", "x"], &["axyz"]), ("a".to_owned(), true));
        assert_eq!(run(&["\u{fc}\u{e9}"], &["a\u{fc}", "\u{fc}\u{e9}"]), ("a\u{fc}".to_owned(), true));
        assert_eq!(run(&["\u{fc}x"], &["\u{f6}", "\u{fc}"]), ("\u{f6}\u{fc}".to_owned(), false));
    }
}
