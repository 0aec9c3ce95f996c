//! Words of a server in an error: short, on one line, and without what it was sent or has made.
//!
//! Servers quote requests in their errors. Prompts, answers and keys must stand in no error, because errors are recorded.

use std::collections::HashMap;

use crate::bounds::WORDS_BYTES;

/// So many bytes in common with a text are a quotation. Shorter texts count as a whole, from `LEAST` on.
const WINDOW: usize = 12;
const LEAST: usize = 4;
/// The same for a key: servers that hide it show its last bytes.
const KEY_WINDOW: usize = 4;
/// So much of the words is looked at.
const LOOKED_AT: usize = 4096;
const HIDDEN: &str = "[...]";

/// What stands in a request and must stand in no error.
pub(crate) struct Private {
    pub(crate) texts: Vec<String>,
    pub(crate) key: Option<String>,
}

impl Private {
    /// What `words` say, without any piece of it and of `output`.
    pub(crate) fn without(&self, words: &str, output: &str) -> String {
        without(words, self.texts.iter().map(String::as_str).chain([output]), self.key.as_deref())
    }
}

/// What `words` say, without any piece of the texts and the key.
pub(crate) fn without<'a>(
    words: &str,
    texts: impl IntoIterator<Item = &'a str>,
    key: Option<&str>,
) -> String {
    let all = words.trim();
    let words = cut(all, LOOKED_AT);
    let mut hidden = vec![false; words.len()];
    let texts = texts.into_iter().map(|text| (text, WINDOW)).chain(key.map(|key| (key, KEY_WINDOW)));
    for (text, window) in texts {
        hide(words.as_bytes(), text.as_bytes(), window, &mut hidden);
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

fn hide(words: &[u8], text: &[u8], window: usize, hidden: &mut [bool]) {
    let window = window.min(text.len());
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
        assert_eq!(without(&words, [prompt], None), "bad value at prompt: '[...]' is too long use less");
        let part = "input_value='...called M\u{fc}ller and...'";
        assert_eq!(without(part, [prompt], None), "input_value='...[...]...'");
        assert_eq!(without("Invalid key: s3cr.", ["s3cr"], None), "Invalid key: [...].");
        assert_eq!(without("no model a", ["a", ""], None), "no model a");
        let quoted = format!("wrong: {}", &prompt.repeat(100));
        assert_eq!(without(&quoted, [prompt], None), "wrong: [...]");
    }

    #[test]
    fn a_key_is_left_out_also_where_the_server_hides_most_of_it() {
        let key = Some("sk-proj-0123456789abcdefWXYZ");
        assert_eq!(without("Incorrect key: sk-p****WXYZ.", [], key), "Incorrect key: [...]****[...].");
        assert_eq!(without("no model sky", [], key), "no model sky");
    }

    #[test]
    fn words_are_short_and_on_one_line() {
        assert_eq!(without(" a\u{1b}[31m\r\nb ", [], None), "a [31m  b");
        assert_eq!(without(&"\u{fc}".repeat(1000), [], None).len(), 300);
        assert_eq!(without(&format!("{}\u{fc}", "a".repeat(299)), [], None).len(), 299);
    }
}
