//! `xargs`, `find -exec` and `parallel`: a command for each of many words.

use super::Machine;
use super::builtin::joined;
use super::wrapper::after_options;
use crate::command::Word;
use crate::state::State;
use crate::tables;
use crate::text::{Part, Text, Why};

/// Most words that are put into commands one by one.
const MAX_WORDS: usize = 64;

impl Machine<'_> {
    pub(super) fn xargs(&mut self, words: &[Word], state: &mut State) -> bool {
        let at = after_options(words, tables::XARGS_VALUED);
        let options = &words[1..at.min(words.len())];
        let inner = words.get(at..).unwrap_or_default();
        if inner.is_empty() {
            return false;
        }
        let replaced = replaced_text(options);
        let one_by_one = replaced.is_some()
            || options
                .iter()
                .any(|word| word.known().is_some_and(|w| w.starts_with("-n") || w.starts_with("-L")));
        let input = match option_value(options, &["-a", "--arg-file"]) {
            Some(file) => self.file_texts(&file, state),
            None => state.input.take(),
        };
        let zero = options.iter().any(|word| matches!(word.known(), Some("-0" | "--null")));
        for words in given(input.as_ref(), replaced.is_some(), zero) {
            if one_by_one {
                for word in words.into_iter().take(MAX_WORDS) {
                    let command = match &replaced {
                        Some(mark) => inner.iter().map(|part| with(part, mark, &word)).collect(),
                        None => [inner, &[word]].concat(),
                    };
                    self.start(command, state);
                }
            } else {
                self.start([inner, words.as_slice()].concat(), state);
            }
        }
        true
    }

    pub(super) fn find(&mut self, words: &[Word], state: &mut State) -> bool {
        let mut found = false;
        let mut at = 1;
        while at < words.len() {
            at += 1;
            if !matches!(words[at - 1].known(), Some("-exec" | "-execdir" | "-ok" | "-okdir")) {
                continue;
            }
            let length = words[at..].iter().position(|word| matches!(word.known(), Some(";" | "+")));
            let length = length.unwrap_or(words.len() - at);
            let name = Word::of(Text::unknown(Why::Found));
            let command: Vec<Word> =
                words[at..at + length].iter().map(|part| with(part, "{}", &name)).collect();
            self.start(command, state);
            found = true;
            at += length;
        }
        found
    }

    pub(super) fn parallel(&mut self, words: &[Word], state: &mut State) -> bool {
        let at = after_options(
            words,
            &["-j", "--jobs", "-a", "--arg-file", "-S", "--delay", "--timeout", "-n", "-N"],
        );
        let rest = words.get(at..).unwrap_or_default();
        let is_source = |word: &Word| word.known().is_some_and(|word| word.starts_with(":::"));
        let end = rest.iter().position(is_source).unwrap_or(rest.len());
        let (inner, sources) = rest.split_at(end);
        let given: Vec<Word> = match sources {
            [] => vec![Word::of(Text::unknown(Why::Input))],
            sources => sources.iter().filter(|word| !is_source(word)).take(MAX_WORDS).cloned().collect(),
        };
        for word in &given {
            // The words become a line that a shell reads.
            let marked = inner.iter().any(|part| part.text.to_string().contains("{}"));
            let mut line: Vec<Word> = inner.iter().map(|part| with(part, "{}", word)).collect();
            if !marked {
                line.push(word.clone());
            }
            self.run_scripts(&[joined(&line)], &[], state);
        }
        !given.is_empty()
    }
}

/// The words that come from standard input, in each way it may read.
fn given(input: Option<&Vec<Text>>, lines: bool, zero: bool) -> Vec<Vec<Word>> {
    let unknown = || vec![Word { text: Text::unknown(Why::Input), splits: true }];
    let Some(texts) = input else { return vec![unknown()] };
    let words = |text: &Text| {
        if zero || text.parts().iter().any(|part| matches!(part, Part::Unknown(_))) {
            return unknown();
        }
        if lines {
            let (mut lines, mut rest) = (Vec::new(), Some(text.clone()));
            while let Some(text) = rest {
                let (line, more) = text.split_line();
                lines.extend((!line.is_empty()).then(|| Word::of(line)));
                rest = more;
            }
            return lines;
        }
        // Quotes in the input group words.
        let quoted = |part: &Part| matches!(part, Part::Text(text) if text.contains(['\'', '"', '\\']));
        if text.parts().iter().any(quoted) {
            return match text.known().and_then(unquoted) {
                Some(words) => words,
                None => unknown(),
            };
        }
        text.split_blank().into_iter().map(Word::of).collect()
    };
    texts.iter().map(words).collect()
}

/// Words cut as `xargs` cuts them.
fn unquoted(text: &str) -> Option<Vec<Word>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().push(characters.next()?),
            (None, ' ' | '\t' | '\n') => words.extend(word.take().map(|word| Word::from(word.as_str()))),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word.map(|word| Word::from(word.as_str())));
    Some(words)
}

/// What `-I` replaces.
fn replaced_text(options: &[Word]) -> Option<String> {
    let mut options = options.iter().filter_map(Word::known);
    while let Some(option) = options.next() {
        match option.strip_prefix("-I") {
            Some("") => return options.next().map(str::to_owned),
            Some(text) => return Some(text.to_owned()),
            None if option == "-i" || option == "--replace" => return Some("{}".to_owned()),
            None => {}
        }
    }
    None
}

fn option_value(options: &[Word], names: &[&str]) -> Option<Text> {
    let at = options.iter().position(|word| word.known().is_some_and(|word| names.contains(&word)))?;
    options.get(at + 1).map(|word| word.text.clone())
}

/// The word with every `mark` in it replaced.
fn with(word: &Word, mark: &str, by: &Word) -> Word {
    let mut text = Text::default();
    let mut splits = word.splits;
    for part in word.text.parts() {
        let Part::Text(known) = part else {
            text.push(part.clone());
            continue;
        };
        for (index, piece) in known.split(mark).enumerate() {
            if index > 0 {
                text.append(&by.text);
                splits |= by.splits;
            }
            text.push_str(piece);
        }
    }
    Word { text, splits }
}
