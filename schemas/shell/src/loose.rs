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
const PRINTS: &[&str] = &[
    "Write-Error",
    "Write-Host",
    "Write-Output",
    "Write-Verbose",
    "Write-Warning",
    "console.debug",
    "console.error",
    "console.info",
    "console.log",
    "console.warn",
    "log.error",
    "log.info",
    "log.warning",
    "logger.debug",
    "logger.error",
    "logger.info",
    "logger.warning",
    "logging.critical",
    "logging.debug",
    "logging.error",
    "logging.exception",
    "logging.info",
    "logging.warning",
    "print",
    "printf",
    "process.stderr.write",
    "process.stdout.write",
    "puts",
    "rem",
    "REM",
    "say",
    "sys.stderr.write",
    "sys.stdout.write",
];

/// Most words of one command.
const MAX_WORDS: usize = 256;

/// The commands that the lines of `text` look like. One of the `watched` programs counts wherever a starter stands before it.
pub(crate) fn commands(text: &str, cwd: &Place, links: &Arc<Links>, watched: &[&str]) -> Vec<Command> {
    let mut found = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut line_number = 1;
    let mut end = |words: &mut Vec<Word>, line: usize, end: End| {
        let mut words = std::mem::take(words);
        let prints = |name: &str| tables::looks(name) || PRINTS.contains(&name);
        if words.first().and_then(Word::base_name).is_some_and(prints) {
            match end {
                // What is printed may be read by a shell.
                End::Piped => _ = words.remove(0),
                End::Plain => return,
            }
        }
        // `execlp("tool", "tool", …)`
        if let [first, second, ..] = words.as_slice()
            && first == second
        {
            words.remove(0);
        }
        if words.is_empty() {
            return;
        }
        let mut note = |words| {
            let cwd = cwd.clone();
            found.push(Command { words, cwd, line, role: Role::Runs, links: Arc::clone(links) });
        };
        if let Some(inner) = started(&words, watched) {
            note(inner);
        }
        note(words);
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
            cut(line.trim_end_matches(['\\', '`', '^']), &mut words, |words, how| {
                end(words, line_number, how)
            });
        }
        if !continued {
            end(&mut words, line_number, End::Plain);
        }
    }
    end(&mut words, line_number, End::Plain);
    found
}

/// What comes behind a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Plain,
    /// Another command, or a file, that gets what it prints.
    Piped,
}

/// The watched program and its words, when all that stands before it is there to start it: `sudo`, `-u`, `os.P_WAIT`.
fn started(words: &[Word], watched: &[&str]) -> Option<Vec<Word>> {
    let mut option = false;
    for (at, word) in words.iter().enumerate() {
        let name = word.base_name().unwrap_or_default();
        if watched.contains(&name) {
            return (at > 0).then(|| match &words[at..] {
                [first, second, ..] if first == second => words[at + 1..].to_vec(),
                inner => inner.to_vec(),
            });
        }
        let starts = tables::starter_named(name).is_some()
            || tables::SHELLS.contains(&name)
            || name.contains("P_")
            || name.contains('=')
            || name.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if !starts && !option {
            return None;
        }
        option = name.starts_with('-');
    }
    None
}

fn cut(line: &str, words: &mut Vec<Word>, mut end: impl FnMut(&mut Vec<Word>, End)) {
    let operator = |c: char| ";|&()<>{}".contains(c);
    let blank = |c: char| c.is_whitespace() || ",[]'\"`".contains(c);
    let mut rest = line;
    let mut quotes = 0;
    while let Some(first) = rest.chars().next() {
        let prints = words.first().and_then(Word::base_name).is_some_and(|word| PRINTS.contains(&word));
        let looks = words.first().and_then(Word::base_name).is_some_and(tables::looks);
        if operator(first) && !(rest.starts_with("{{") && is_template(rest, "}}")) {
            // `print("…")`: what is printed belongs to it.
            if !(first == '(' && words.len() == 1 && prints) {
                let how = if gets_output(rest) { End::Piped } else { End::Plain };
                end(words, how);
            }
            rest = &rest[1..];
            continue;
        }
        if blank(first) {
            quotes += usize::from(first == '"');
            // Perl and shells run what stands between backquotes; in a quote, only shells do.
            if first == '`' && (looks || prints && quotes % 2 == 0 && !is_method(words)) {
                end(words, End::Plain);
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let length = word_length(rest, |c| operator(c) || blank(c));
        // `puts %x(tool)`, `print qx/tool/`
        let runs = ["qx", "%x"].into_iter().find_map(|run| rest[..length].strip_prefix(run));
        let delimited = |run: &&str| !run.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if let Some(run) = runs.filter(delimited)
            && prints
        {
            end(words, End::Plain);
            let mut inner = run.chars();
            inner.next();
            if !inner.as_str().is_empty() {
                words.push(word(inner.as_str()));
            }
        } else if words.len() < MAX_WORDS {
            words.push(word(&rest[..length]));
        }
        rest = &rest[length..];
    }
}

/// Whether the operator gives what is printed to a program or a file.
fn gets_output(rest: &str) -> bool {
    let behind = rest[1..].trim_start_matches(['>', ' ', '|', '"', '\'']);
    match rest.as_bytes() {
        [b'|', b'|', ..] => false,
        [b'|', ..] => true,
        [b'>', ..] => !behind.starts_with('&') && !behind.starts_with("/dev/"),
        _ => false,
    }
}

/// `console.log`: a language in which backquotes are quotes.
fn is_method(words: &[Word]) -> bool {
    words.first().and_then(Word::base_name).is_some_and(|name| name.contains('.'))
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
