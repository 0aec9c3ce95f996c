//! `xargs`, `find -exec` and `parallel`: a command for each of many words.

use super::builtin::joined;
use super::options::Given;
use super::{Machine, options};
use crate::command::Word;
use crate::state::State;
use crate::tables;
use crate::text::{Part, Text, Why};

/// Most words that are put into commands one by one.
const MAX_WORDS: usize = 64;

impl Machine<'_> {
    pub(super) fn xargs(&mut self, words: &[Word], state: &mut State) -> bool {
        let (given, at) = options::read(words, tables::XARGS_VALUED);
        let inner = words.get(at..).unwrap_or_default();
        if inner.is_empty() {
            return false;
        }
        let replaced = replaced_text(&given);
        let few = ["-n", "--max-args", "-L", "--max-lines", "-l", "-s", "--max-chars"];
        let one_by_one = replaced.is_some() || options::has(&given, &few);
        let input = match options::value(&given, &["-a", "--arg-file"]) {
            Some(file) => self.file_texts(file, state),
            None => state.input.take(),
        };
        let cut = ["-0", "--null", "-d", "--delimiter", "-E", "-e", "--eof"];
        for words in given_words(input.as_ref(), replaced.is_some(), options::has(&given, &cut)) {
            if !one_by_one {
                self.start([inner, words.as_slice()].concat(), state);
                continue;
            }
            for word in self.at_most(words) {
                let command = match &replaced {
                    Some(mark) => inner.iter().map(|part| with(part, mark, &word)).collect(),
                    None => [inner, &[word]].concat(),
                };
                self.start(command, state);
            }
        }
        true
    }

    /// So many words as are followed one by one.
    fn at_most(&mut self, mut words: Vec<Word>) -> Vec<Word> {
        if words.len() > MAX_WORDS {
            self.give_up("more words for one command than are followed");
            words.truncate(MAX_WORDS);
        }
        words
    }

    pub(super) fn find(&mut self, words: &[Word], state: &mut State) -> bool {
        let mut found = false;
        let mut at = 1;
        while at < words.len() {
            at += 1;
            let Some(action @ ("-exec" | "-execdir" | "-ok" | "-okdir")) = words[at - 1].known() else {
                continue;
            };
            let length = words[at..].iter().position(|word| matches!(word.known(), Some(";" | "+")));
            let length = length.unwrap_or(words.len() - at);
            let name = Word::of(Text::unknown(Why::Found));
            let command: Vec<Word> =
                words[at..at + length].iter().map(|part| with(part, "{}", &name)).collect();
            let cwd = state.cwd.clone();
            if action.ends_with("dir") {
                state.cwd = super::directory::unknown();
            }
            self.start(command, state);
            state.cwd = cwd;
            found = true;
            at += length;
        }
        found
    }

    pub(super) fn parallel(&mut self, words: &[Word], state: &mut State) -> bool {
        let (given, at) = options::read(words, tables::PARALLEL_VALUED);
        let rest = words.get(at..).unwrap_or_default();
        let is_source = |word: &Word| word.known().is_some_and(|word| word.starts_with(":::"));
        let end = rest.iter().position(is_source).unwrap_or(rest.len());
        let (inner, sources) = rest.split_at(end);
        let words: Vec<Word> = match sources {
            [] => vec![Word::of(Text::unknown(Why::Input))],
            sources => sources.iter().filter(|word| !is_source(word)).cloned().collect(),
        };
        let words = self.at_most(words);
        let cwd = state.cwd.clone();
        if options::has(&given, &["--wd", "--workdir", "-S", "--sshlogin"]) {
            state.cwd = super::directory::unknown();
        }
        for word in &words {
            // The words become a line that a shell reads.
            let marked = inner.iter().any(|part| part.text.to_string().contains("{}"));
            let mut line: Vec<Word> = inner.iter().map(|part| with(part, "{}", word)).collect();
            if !marked {
                line.push(word.clone());
            }
            self.run_scripts(&[joined(&line)], &[], state);
        }
        state.cwd = cwd;
        !words.is_empty()
    }
}

/// The words that come from standard input, in each way it may read.
fn given_words(input: Option<&Vec<Text>>, lines: bool, zero: bool) -> Vec<Vec<Word>> {
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
fn replaced_text(given: &[Given]) -> Option<String> {
    let option =
        given.iter().rev().find(|option| matches!(option.name.as_str(), "-I" | "-J" | "-i" | "--replace"))?;
    match &option.value {
        Some(mark) => mark.known().map(str::to_owned),
        None => Some("{}".to_owned()),
    }
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
