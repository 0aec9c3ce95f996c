//! The options of a program, as `getopt` reads them.

use crate::command::Word;
use crate::text::{Part, Text};

/// An option with its value: `-u x`, `-ux`, `-nu x`, `--user x`, `--user=x`.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) value: Option<Text>,
}

/// The options before the first operand, and where that stands. `valued` take the next word when nothing is joined to them.
pub(super) fn read(words: &[Word], valued: &[&str]) -> (Vec<Given>, usize) {
    let (mut found, mut at) = (Vec::new(), 1);
    while let Some(word) = words.get(at) {
        // An unknown word before the command is taken for options.
        if word.may_be_any() && at + 1 < words.len() {
            at += 1;
            continue;
        }
        let start = word.text.known_start();
        if word.known() == Some("--") {
            return (found, at + 1);
        }
        if !start.starts_with('-') || word.known() == Some("-") {
            break;
        }
        at += 1;
        let takes_next = if start.starts_with("--") {
            long(word, valued, &mut found)
        } else {
            short(word, valued, &mut found)
        };
        if takes_next {
            if let Some(last) = found.last_mut() {
                last.value = words.get(at).map(|word| word.text.clone());
            }
            at += 1;
        }
    }
    (found, at)
}

fn long(word: &Word, valued: &[&str], found: &mut Vec<Given>) -> bool {
    let (name, value) = match word.text.split_equals() {
        Some((name, value)) => (name, Some(value)),
        None => (word.text.known_start(), None),
    };
    // The start of a long option stands for it.
    let short_for = || valued.iter().find(|option| name.len() > 3 && option.starts_with(name));
    let full = valued.iter().find(|option| **option == name).or_else(short_for);
    let takes_next = full.is_some() && value.is_none();
    found.push(Given { name: full.map_or(name, |full| full).to_owned(), value });
    takes_next
}

/// Letters behind one `-`; the first that takes a value takes what follows it.
fn short(word: &Word, valued: &[&str], found: &mut Vec<Given>) -> bool {
    let letters = word.text.known_start();
    for (index, letter) in letters.char_indices().skip(1) {
        let name = format!("-{letter}");
        // `-i?`: a value may only be joined to it.
        if valued.contains(&format!("{name}?").as_str()) {
            let joined = without_start(&word.text, index + letter.len_utf8());
            found.push(Given { name, value: (!joined.is_empty()).then_some(joined) });
            return false;
        }
        if !valued.contains(&name.as_str()) {
            found.push(Given { name, value: None });
            continue;
        }
        let joined = without_start(&word.text, index + letter.len_utf8());
        let takes_next = joined.is_empty();
        found.push(Given { name, value: Some(joined) });
        return takes_next;
    }
    false
}

/// The text without so many bytes of its known start.
pub(super) fn without_start(text: &Text, bytes: usize) -> Text {
    let start = text.known_start();
    let mut rest = Text::from(start.get(bytes..).unwrap_or_default());
    let others = if start.is_empty() { text.parts() } else { &text.parts()[1..] };
    others.iter().cloned().for_each(|part: Part| rest.push(part));
    rest
}

/// The index of the first word after the options of the program.
pub(super) fn after(words: &[Word], valued: &[&str]) -> usize {
    read(words, valued).1
}

/// The value of the last of these options.
pub(super) fn value<'g>(given: &'g [Given], names: &[&str]) -> Option<&'g Text> {
    given.iter().rev().find(|option| names.contains(&option.name.as_str()))?.value.as_ref()
}

/// Whether one of these options is given.
pub(super) fn has(given: &[Given], names: &[&str]) -> bool {
    given.iter().any(|option| names.contains(&option.name.as_str()))
}

/// The scripts that stand behind one of these options, wherever in the line: in the next word, after `=`, or right behind
/// a letter that may follow others.
pub(super) fn scripts(words: &[Word], options: &[&str]) -> Vec<Text> {
    let mut scripts = Vec::new();
    for (index, word) in words.iter().enumerate().skip(1) {
        let next = || words.get(index + 1).map(|word| word.text.clone());
        if word.known().is_some_and(|word| options.contains(&word)) {
            scripts.extend(next());
            continue;
        }
        if let Some((name, text)) = word.text.split_equals()
            && name.starts_with('-')
            && options.contains(&name)
        {
            scripts.push(text);
            continue;
        }
        let start = word.text.known_start();
        if !start.starts_with('-') || start.starts_with("--") {
            continue;
        }
        let is_one =
            |letter: char| options.iter().any(|option| option.len() == 2 && option.ends_with(letter));
        let Some((at, letter)) = start.char_indices().skip(1).find(|(_, letter)| is_one(*letter)) else {
            continue;
        };
        let joined = without_start(&word.text, at + letter.len_utf8());
        if !joined.is_empty() {
            scripts.push(joined);
        }
        scripts.extend(next());
    }
    scripts
}
