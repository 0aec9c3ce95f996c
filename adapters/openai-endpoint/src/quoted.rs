//! Words of a server in an error: short, on one line, and without what it was sent or has made.
//!
//! Servers quote requests in their errors. Prompts, answers and keys must stand in no error, because errors are recorded.

use std::collections::HashMap;

use crate::bounds::WORDS_BYTES;

/// So many bytes in common are a quotation. Shorter texts count as a whole, from `LEAST` on.
const WINDOW: usize = 12;
const LEAST: usize = 4;
/// So much of the words is looked at.
const LOOKED_AT: usize = 4096;
const HIDDEN: &str = "[...]";

/// What `words` say, without any piece of `private`.
pub(crate) fn without<'a>(words: &str, private: impl IntoIterator<Item = &'a str>) -> String {
    let all = words.trim();
    let words = cut(all, LOOKED_AT);
    let mut hidden = vec![false; words.len()];
    for text in private {
        hide(words.as_bytes(), text.as_bytes(), &mut hidden);
    }
    if words.len() < all.len() {
        // A quotation that begins here cannot be seen to be one.
        hidden[words.len() - WINDOW..].fill(true);
    }
    let mut shown = String::new();
    let mut in_quotation = false;
    for (at, character) in words.char_indices() {
        let is_hidden = hidden[at..at + character.len_utf8()].contains(&true);
        if is_hidden && !in_quotation {
            shown.push_str(HIDDEN);
        } else if !is_hidden {
            shown.push(if character.is_control() { ' ' } else { character });
        }
        in_quotation = is_hidden;
    }
    shown.truncate(cut(&shown, WORDS_BYTES).len());
    shown
}

fn cut(words: &str, most: usize) -> &str {
    let mut end = words.len().min(most);
    while !words.is_char_boundary(end) {
        end -= 1;
    }
    &words[..end]
}

fn hide(words: &[u8], text: &[u8], hidden: &mut [bool]) {
    let window = WINDOW.min(text.len());
    if window < LEAST {
        return;
    }
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, piece) in words.windows(window).enumerate() {
        places.entry(piece).or_default().push(at);
    }
    for piece in text.windows(window) {
        for at in places.remove(piece).into_iter().flatten() {
            hidden[at..at + window].fill(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn quotations_of_the_request_are_left_out() {
        let prompt = "The patient is called M\u{fc}ller and lives in Bern.";
        let words = format!("bad value at prompt: '{prompt}' is too long\nuse less");
        assert_eq!(without(&words, [prompt]), "bad value at prompt: '[...]' is too long use less");
        let part = "input_value='...called M\u{fc}ller and...'";
        assert_eq!(without(part, [prompt]), "input_value='...[...]...'");
        assert_eq!(without("Invalid key: s3cr.", ["s3cr"]), "Invalid key: [...].");
        assert_eq!(without("no model a", ["a", ""]), "no model a");
        let quoted = format!("wrong: {}", &prompt.repeat(100));
        assert_eq!(without(&quoted, [prompt]), "wrong: [...]");
    }

    #[test]
    fn words_are_short_and_on_one_line() {
        assert_eq!(without(" a\u{1b}[31m\r\nb ", []), "a [31m  b");
        assert_eq!(without(&"\u{fc}".repeat(1000), []).len(), 300);
        assert_eq!(without(&format!("{}\u{fc}", "a".repeat(299)), []).len(), 299);
    }
}
