//! What the words of a text look like when no shell reads it: another language, a broken script.
//!
//! Quotes are taken off and every line is cut at operators. Nothing is certain here; it serves to say whether a text names a
//! command at all, and with which words.

use crate::command::{Command, Role, Word};
use crate::place::{Links, Place};
use crate::tables;
use crate::text::{Part, Text, Why};
use std::sync::Arc;

/// Commands that print their words, in other languages.
const PRINTS: &[&str] =
    &["Write-Host", "Write-Output", "console.log", "print", "printf", "puts", "rem", "REM"];

/// Most words of one command.
const MAX_WORDS: usize = 256;

/// The commands that the lines of `text` look like.
pub(crate) fn commands(text: &str, cwd: &Place, links: &Arc<Links>) -> Vec<Command> {
    let mut found = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut line_number = 1;
    let mut end = |words: &mut Vec<Word>, line: usize| {
        let words = std::mem::take(words);
        let silent = words
            .first()
            .and_then(Word::base_name)
            .is_none_or(|name| !tables::looks(name) && !PRINTS.contains(&name));
        if !words.is_empty() && silent {
            let cwd = cwd.clone();
            found.push(Command { words, cwd, line, role: Role::Runs, links: Arc::clone(links) });
        }
    };
    for (index, line) in text.split('\n').enumerate() {
        let line = line.trim_end_matches('\r');
        let comment = line.trim_start().starts_with(['#']) || line.trim_start().starts_with("//");
        // PowerShell and cmd continue a line with a backquote or a caret.
        let continued = line.ends_with(['\\', '`', '^']);
        if words.is_empty() {
            line_number = index + 1;
        }
        if !comment {
            cut(line.trim_end_matches(['\\', '`', '^']), &mut words, |words| end(words, line_number));
        }
        if !continued {
            end(&mut words, line_number);
        }
    }
    end(&mut words, line_number);
    found
}

fn cut(line: &str, words: &mut Vec<Word>, mut end: impl FnMut(&mut Vec<Word>)) {
    let operator = |c: char| ";|&()<>{}".contains(c);
    let blank = |c: char| c.is_whitespace() || ",[]'\"`".contains(c);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if operator(first) && !(rest.starts_with("{{") && is_template(rest, "}}")) {
            // `print("…")`: what is printed belongs to it.
            let prints = |word: &Word| word.known().is_some_and(|word| PRINTS.contains(&word));
            if !(first == '(' && matches!(words.as_slice(), [only] if prints(only))) {
                end(words);
            }
            rest = &rest[1..];
            continue;
        }
        if blank(first) {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let length = word_length(rest, |c| operator(c) || blank(c));
        if words.len() < MAX_WORDS {
            words.push(word(&rest[..length]));
        }
        rest = &rest[length..];
    }
}

/// Up to the next operator or blank; `${…}` and `{{…}}` belong to the word.
fn word_length(text: &str, ends: impl Fn(char) -> bool) -> usize {
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let braces = [("${{", "}}"), ("{{", "}}"), ("${", "}")];
        let inside = braces.iter().find(|(open, close)| {
            text[at..].starts_with(open) && (*open != "{{" || is_template(&text[at..], close))
        });
        if let Some((_, close)) = inside {
            at += text[at..].find(close).map_or(text.len() - at, |length| length + close.len());
        } else if ends(character) {
            return at;
        } else {
            at += character.len_utf8();
        }
    }
    at
}

/// Whether no shell would find a command between the braces.
fn is_template(text: &str, close: &str) -> bool {
    !text[..text.find(close).unwrap_or(text.len())].contains([';', '&', '|'])
}

/// Ways to write the home folder, here and in other shells.
const HOMES: &[&str] =
    &["${HOME}", "$HOME", "$env:HOME", "$env:USERPROFILE", "%USERPROFILE%", "%HOMEPATH%", "~"];

fn word(text: &str) -> Word {
    let mut result = Text::default();
    // An option may carry its value.
    let (before, value) = match text.split_once('=') {
        Some((option, _)) if option.starts_with('-') => text.split_at(option.len() + 1),
        _ => ("", text),
    };
    result.push_str(before);
    let home = HOMES
        .iter()
        .find_map(|home| value.strip_prefix(home))
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let rest = match home {
        Some(rest) => {
            result.push(Part::Home);
            rest
        }
        None => value,
    };
    let unknown = rest.find(['$', '%']).or_else(|| rest.find("{{")).or_else(|| rest.find('*'));
    match unknown {
        Some(at) => {
            result.push_str(&rest[..at]);
            result.push(Part::Unknown(Why::Template(rest[at..].to_owned())));
            Word { text: result, splits: at == 0 && before.is_empty() && home.is_none() }
        }
        None => {
            result.push_str(rest);
            Word::of(result)
        }
    }
}
