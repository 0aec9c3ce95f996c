//! Words as written become the words that a command gets: every combination of the values they may have.

use super::Machine;
use super::parameter::Expanded;
use crate::command::Word;
use crate::pattern;
use crate::state::{State, Value, join, limit};
use crate::syntax::{List, Piece, Word as Written};
use crate::text::{Part, Text, Why};
use crate::{Place, Root};

/// Most ways to read the words of one command; beyond, the words that differ are unknown.
const MAX_WAYS: usize = 64;

/// Most bytes of a pattern.
const MAX_PATTERN: usize = 64 * 1024;

/// Most words of one command, in all the ways to read it.
const MAX_WORDS: usize = 8192;

/// Words of a command in the making.
#[derive(Debug, Clone, Default)]
struct Fields {
    done: Vec<Word>,
    /// The word that is not finished; `None` when nothing, not even a pair of quotes, has begun one.
    text: Option<Text>,
    splits: bool,
}

/// What one piece adds, in one of the ways to read it.
#[derive(Debug, Clone)]
enum Chunk {
    /// Quoted, or otherwise out of reach of splitting and patterns.
    Fixed(Text),
    /// Written without quotes: patterns mean something.
    Literal(Text),
    /// Expanded without quotes: cut at the separators.
    Loose(Text),
    /// `"$@"`: one word for each.
    Many(Vec<Word>, bool),
}

impl Fields {
    fn end_word(&mut self) {
        if let Some(text) = self.text.take() {
            self.done.push(Word { text, splits: std::mem::take(&mut self.splits) });
        }
    }

    fn word(&mut self) -> &mut Text {
        self.text.get_or_insert_default()
    }

    fn add(&mut self, chunk: &Chunk, state: &State) {
        match chunk {
            Chunk::Fixed(text) => self.word().append(text),
            Chunk::Literal(text) => self.with_patterns(text, state),
            Chunk::Loose(text) => self.split(text, state),
            Chunk::Many(words, quoted) => {
                for (index, word) in words.iter().enumerate() {
                    if index > 0 {
                        self.end_word();
                    }
                    match quoted {
                        true => self.word().append(&word.text),
                        false => self.split(&word.text, state),
                    }
                    self.splits |= word.splits;
                }
            }
        }
    }

    fn split(&mut self, text: &Text, state: &State) {
        let separators = match state.own_separators {
            false => Some(" \t\n".to_owned()),
            true => match state.values("IFS").as_slice() {
                [Value::Scalar(separators)] => separators.known().map(str::to_owned),
                [Value::Unset] => Some(" \t\n".to_owned()),
                _ => None,
            },
        };
        for part in text.parts() {
            match (part, &separators) {
                (Part::Text(text), Some(separators)) => {
                    for (index, piece) in text.split(|c| separators.contains(c)).enumerate() {
                        if index > 0 {
                            self.end_word();
                        }
                        if !piece.is_empty() {
                            self.with_patterns(&Text::from(piece), state);
                        }
                    }
                }
                (Part::Text(_), None) => {
                    self.word().push(Part::Unknown(Why::Variable("IFS".to_owned())));
                    self.splits = true;
                }
                (Part::Unknown(why), _) => {
                    self.splits |= *why != Why::StartFolder;
                    self.word().push(part.clone());
                }
                _ => self.word().push(part.clone()),
            }
        }
    }

    /// Adds characters of which some may be a pattern that matches names.
    fn with_patterns(&mut self, text: &Text, state: &State) {
        for part in text.parts() {
            match part {
                Part::Text(text) if !state.no_globs && text.contains(['*', '?', '[']) => {
                    globs(text, self.word());
                }
                part => self.word().push(part.clone()),
            }
        }
    }

    fn finish(mut self) -> Vec<Word> {
        self.end_word();
        self.done
    }
}

/// The only way to read a word without expansions, and with the home as the only one.
fn plain(word: &Written, state: &State) -> Option<Word> {
    let mut text = Text::default();
    for piece in &word.pieces {
        match piece {
            Piece::Text(part) if !state.no_globs && part.contains(['*', '?', '[']) => globs(part, &mut text),
            Piece::Text(part) | Piece::Quoted(part) => text.push_str(part),
            Piece::Tilde(user) if user.is_empty() && !state.variables.contains_key("HOME") => {
                text.push(Part::Home)
            }
            _ => return None,
        }
    }
    Some(Word::of(text))
}

fn globs(text: &str, into: &mut Text) {
    let mut rest = text;
    while let Some(at) = rest.find(['*', '?', '[']) {
        into.push_str(&rest[..at]);
        let set = rest[at..].starts_with('[');
        let length = match set {
            false => Some(1),
            true => rest[at..].find(']').filter(|end| !rest[at..at + end].contains('/')).map(|end| end + 1),
        };
        match length {
            Some(length) => into.push(Part::Glob(rest[at..at + length].to_owned())),
            None => into.push_str("["),
        }
        rest = &rest[at + length.unwrap_or(1)..];
    }
    into.push_str(rest);
}

impl Machine<'_> {
    /// Every way to read the words of a command.
    pub(super) fn fields(&mut self, words: &[&Written], state: &mut State) -> Vec<Vec<Word>> {
        let mut ways: Vec<Vec<Word>> = vec![Vec::with_capacity(words.len())];
        let mut count = 0;
        for word in words {
            if let ([way], Some(word)) = (ways.as_mut_slice(), plain(word, state)) {
                way.push(word);
                continue;
            }
            let mut next = self.expand(word, state);
            if ways.len() * next.len() > MAX_WAYS {
                next = too_many();
            }
            count += next.iter().map(Vec::len).sum::<usize>();
            if count > MAX_WORDS {
                self.exhaust();
                return too_many();
            }
            if let [only] = next.as_mut_slice()
                && let [way] = ways.as_mut_slice()
            {
                way.append(only);
                continue;
            }
            let cost = |ways: &[Vec<Word>]| ways.iter().flatten().map(word_cost).sum::<usize>();
            if !self.spend((ways.len() * cost(&next) + next.len() * cost(&ways)) / 16) {
                return too_many();
            }
            ways =
                ways.iter().flat_map(|way| next.iter().map(|more| [way.as_slice(), more].concat())).collect();
        }
        ways
    }

    fn expand(&mut self, word: &Written, state: &mut State) -> Vec<Vec<Word>> {
        let mut ways = vec![Fields::default()];
        for piece in &word.pieces {
            match piece {
                Piece::Double(inner) => {
                    let list = inner.iter().any(is_list);
                    for piece in inner {
                        let chunks = self.chunks(piece, true, state);
                        ways = self.combine(ways, &chunks, state);
                    }
                    if !list {
                        ways.iter_mut().for_each(|fields| _ = fields.word());
                    }
                }
                piece => {
                    let chunks = self.chunks(piece, false, state);
                    ways = self.combine(ways, &chunks, state);
                }
            }
        }
        ways.into_iter().map(Fields::finish).collect()
    }

    /// Every way with every chunk; what is copied is counted, so that doubling ends.
    fn combine(&mut self, mut ways: Vec<Fields>, chunks: &[Chunk], state: &State) -> Vec<Fields> {
        let unknown = [Chunk::Loose(Text::unknown(Why::TooMany))];
        let chunks = if ways.len() * chunks.len() > MAX_WAYS { &unknown[..] } else { chunks };
        let chunk_cost = |chunk: &Chunk| match chunk {
            Chunk::Fixed(text) | Chunk::Literal(text) | Chunk::Loose(text) => text.len() / 16,
            Chunk::Many(words, _) => words.iter().map(word_cost).sum(),
        };
        let mut cost = ways.len() * chunks.iter().map(chunk_cost).sum::<usize>();
        if chunks.len() > 1 {
            cost += chunks.len() * ways.iter().flat_map(|way| &way.done).map(word_cost).sum::<usize>();
        }
        if !self.spend(cost / 16) || ways.iter().map(|way| way.done.len()).sum::<usize>() > MAX_WORDS {
            self.exhaust();
            return vec![Fields { done: too_many().concat(), ..Fields::default() }];
        }
        if let [only] = chunks {
            ways.iter_mut().for_each(|fields| fields.add(only, state));
            return ways;
        }
        let with = |fields: &Fields, chunk: &Chunk| {
            let mut fields = fields.clone();
            fields.add(chunk, state);
            fields
        };
        ways.iter().flat_map(|fields| chunks.iter().map(move |chunk| with(fields, chunk))).collect()
    }

    /// The ways to read one piece.
    fn chunks(&mut self, piece: &Piece, quoted: bool, state: &mut State) -> Vec<Chunk> {
        let expanded = match piece {
            Piece::Text(text) => return vec![Chunk::Literal(Text::from(text.as_str()))],
            Piece::Quoted(text) => return vec![Chunk::Fixed(Text::from(text.as_str()))],
            Piece::Tilde(user) => {
                return self.tilde(user, state).into_iter().map(Chunk::Fixed).collect();
            }
            Piece::Double(inner) => {
                let inner = Written { pieces: vec![Piece::Double(inner.clone())] };
                return self.texts(&inner, state).into_iter().map(Chunk::Fixed).collect();
            }
            Piece::Process(list, reads) => {
                return vec![Chunk::Fixed(self.process(list, *reads, state))];
            }
            Piece::Symbol(part) => vec![Expanded::One(Text::from(part.clone()))],
            Piece::Substitution(list) => self.capture(list, state).into_iter().map(Expanded::One).collect(),
            Piece::Arithmetic(expression) => vec![Expanded::One(self.arithmetic(expression, state))],
            Piece::Parameter(parameter) => self.parameter(parameter, quoted, state),
        };
        let chunk = |expanded| match expanded {
            Expanded::One(text) if quoted => Chunk::Fixed(text),
            Expanded::One(text) => Chunk::Loose(text),
            Expanded::Many(texts) => Chunk::Many(texts, quoted),
            Expanded::Any(text) => Chunk::Loose(text),
        };
        expanded.into_iter().map(chunk).collect()
    }

    /// Every text that a word may be where it is not split: after `=`, in a here-document, as a file.
    pub(super) fn texts(&mut self, word: &Written, state: &mut State) -> Vec<Text> {
        let mut texts = vec![Text::default()];
        self.add_texts(&word.pieces, false, state, &mut texts);
        texts
    }

    fn add_texts(&mut self, pieces: &[Piece], quoted: bool, state: &mut State, texts: &mut Vec<Text>) {
        for piece in pieces {
            if let Piece::Double(inner) = piece {
                self.add_texts(inner, true, state, texts);
                continue;
            }
            let mut more: Vec<Text> = self.chunks(piece, quoted, state).into_iter().map(as_text).collect();
            more.dedup();
            if !self.spend(texts.len() * more.iter().map(Text::len).sum::<usize>() / 256) {
                *texts = vec![Text::unknown(Why::TooMany)];
                return;
            }
            limit(&mut more, || Text::unknown(Why::TooMany));
            if let [only] = more.as_slice() {
                texts.iter_mut().for_each(|text| text.append(only));
                continue;
            }
            let join = |text: &Text, more: &Text| {
                let mut joined = text.clone();
                joined.append(more);
                joined
            };
            *texts = texts.iter().flat_map(|text| more.iter().map(move |more| join(text, more))).collect();
            limit(texts, || Text::unknown(Why::TooMany));
        }
    }

    /// The patterns that a word may be, with quoted characters escaped; `None` for one that is not known.
    pub(super) fn patterns(&mut self, word: &Written, state: &mut State) -> Vec<Option<String>> {
        let mut patterns = vec![Some(String::new())];
        for piece in &word.pieces {
            let (literal, pieces) = match piece {
                Piece::Text(text) => {
                    patterns.iter_mut().flatten().for_each(|pattern| pattern.push_str(text));
                    continue;
                }
                Piece::Quoted(_) | Piece::Double(_) => (true, std::slice::from_ref(piece)),
                _ => (false, std::slice::from_ref(piece)),
            };
            let texts = self.texts(&Written { pieces: pieces.to_vec() }, state);
            let add = |pattern: &Option<String>, text: &Text| {
                let (pattern, text) = (pattern.as_ref()?, text.known()?);
                let mut joined = pattern.clone();
                let in_set = joined.contains('[');
                for character in text.chars() {
                    let means_more = matches!(character, '*' | '?' | '[' | '\\' | '(')
                        || in_set && matches!(character, ']' | '-' | '!' | '^' | ':' | '.' | '=');
                    if literal && means_more {
                        joined.push('\\');
                    }
                    joined.push(character);
                }
                (joined.len() <= MAX_PATTERN).then_some(joined)
            };
            patterns = patterns.iter().flat_map(|p| texts.iter().map(move |text| add(p, text))).collect();
            limit(&mut patterns, || None);
        }
        patterns
    }

    pub(super) fn tilde(&mut self, user: &str, state: &State) -> Vec<Text> {
        let scalars = |name: &str| -> Vec<Text> {
            let unknown = || Text::unknown(Why::Variable(name.to_owned()));
            state.values(name).iter().map(|value| value.scalar().unwrap_or_else(unknown)).collect()
        };
        match user {
            "" => scalars("HOME"),
            "+" => scalars("PWD"),
            "-" => scalars("OLDPWD"),
            _ if user.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit()) => {
                vec![Text::unknown(Why::Folder)]
            }
            _ => vec![Text::from(Part::HomeOf(user.to_owned()))],
        }
    }

    /// What a command prints, for `$(…)`.
    pub(super) fn capture(&mut self, list: &List, state: &State) -> Vec<Text> {
        let mut copy = state.clone();
        copy.capture();
        self.is_whole = list.items.len() == 1;
        let after = self.in_subshell(&copy, |machine, state| machine.list(list, state));
        let printed = after.printed.unwrap_or_default();
        let mut texts: Vec<Text> = Vec::new();
        join(&mut texts, printed.into_iter().map(Text::without_final_newlines).collect());
        texts
    }

    /// `<(…)`: a file whose text is what the commands print. What goes into `>(…)` is taken to be what comes in here, as with `tee`.
    fn process(&mut self, list: &List, reads: bool, state: &State) -> Text {
        let path = format!("/dev/fd/{}", self.next_descriptor);
        self.next_descriptor = self.next_descriptor.saturating_sub(1).max(10);
        let mut copy = state.clone();
        copy.capture();
        if reads {
            copy.input = None;
        }
        let after = self.in_subshell(&copy, |machine, state| machine.list(list, state));
        if reads {
            let place = Place::of(Root::FileSystem).join(&Text::from(path.as_str()));
            self.files.insert(place, after.printed.unwrap_or_default());
        }
        Text::from(path.as_str())
    }

    /// The value without the start or the end that matches.
    pub(super) fn removed(&mut self, value: &Text, pattern: &str, end: bool, longest: bool) -> Option<Text> {
        self.spend(value.known().map_or(0, str::len).min(256).pow(2) / 4096);
        if let Some(known) = value.known() {
            return pattern::remove(known, pattern, end, longest).map(|text| Text::from(text.as_str()));
        }
        removed_from_symbols(value, pattern, end, longest)
    }
}

/// The last known part of `~/a/b` is enough for `%/*`, `%/` and `##*/`.
fn removed_from_symbols(value: &Text, pattern: &str, end: bool, longest: bool) -> Option<Text> {
    let (last, before) = value.parts().split_last()?;
    let mut result = Text::default();
    match (last, end) {
        (Part::Text(text), true) if !longest || !pattern.contains('*') => {
            before.iter().for_each(|part| result.push(part.clone()));
            result.push_str(&pattern::remove(text, pattern, true, false)?);
            Some(result)
        }
        (Part::Text(text), false) if longest && pattern == "*/" && text.contains('/') => {
            text.rsplit_once('/').map(|(_, name)| Text::from(name))
        }
        (Part::Home | Part::HomeOf(_), true) if pattern == "/" => Some(value.clone()),
        (Part::Home | Part::HomeOf(_), true) if pattern == "/*" && !longest => {
            let mut place = Place::of(Root::Start).join(value);
            place.leave();
            Some(place.to_text())
        }
        _ => None,
    }
}

fn as_text(chunk: Chunk) -> Text {
    match chunk {
        Chunk::Fixed(text) | Chunk::Literal(text) | Chunk::Loose(text) => text,
        Chunk::Many(words, _) => super::builtin::joined(&words),
    }
}

/// What a copy of the word costs, in sixteenths of a step.
fn word_cost(word: &Word) -> usize {
    1 + word.text.len() / 16
}

/// The words are not followed.
fn too_many() -> Vec<Vec<Word>> {
    vec![vec![Word { text: Text::unknown(Why::TooMany), splits: true }]]
}

/// Whether the piece may give several words inside double quotes, or none.
fn is_list(piece: &Piece) -> bool {
    use crate::syntax::{Name, Operation};
    match piece {
        Piece::Parameter(parameter) => {
            parameter.name == Name::All('@') || matches!(parameter.operation, Operation::Elements('@', _))
        }
        _ => false,
    }
}
