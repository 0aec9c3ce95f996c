//! `$name`, `${name…}` and `$((…))`.

use super::Machine;
use crate::command::Word;
use crate::pattern;
use crate::state::{Arguments, State, Value, join};
use crate::syntax::{Name, Operation, Parameter, Replaced, Word as Written};
use crate::text::{Part, Text, Why};

/// One way to read an expansion.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expanded {
    One(Text),
    /// A word for each, as `$@` gives.
    Many(Vec<Word>),
    /// As many words as it likes, quoted or not.
    Any(Text),
}

/// `$@` when nothing is known of it.
pub(super) fn unknown_arguments() -> crate::Word {
    crate::Word { text: Text::unknown(Why::Variable("@".to_owned())), splits: true }
}

/// The parts of `${name:-word}` that decide.
struct Tested<'w> {
    operator: char,
    colon: bool,
    word: &'w Written,
}

impl Machine<'_> {
    pub(super) fn parameter(
        &mut self,
        parameter: &Parameter,
        quoted: bool,
        state: &mut State,
    ) -> Vec<Expanded> {
        if parameter.indirect && !matches!(parameter.operation, Operation::Keys) {
            return self.indirect(parameter, quoted, state);
        }
        let (name, operation) = (&parameter.name, &parameter.operation);
        match operation {
            Operation::Keys => self.keys(name, state),
            Operation::Elements(all, operation) => self.elements(name, *all, operation, quoted, state),
            Operation::Element(key, operation) => {
                let values = self.element(name, key, state);
                self.operate(name, values, operation, state)
            }
            operation => match name {
                Name::All(all) => {
                    let values = match &state.arguments {
                        Arguments::Known(arguments) => {
                            vec![Some(arguments.iter().cloned().map(Word::of).collect())]
                        }
                        Arguments::Unknown => vec![None],
                    };
                    self.all(values, "@", *all, operation, quoted, state)
                }
                name => {
                    let values = self.scalars(name, state);
                    self.operate(name, values, operation, state)
                }
            },
        }
    }

    /// What `$name` may be; `None` where it is not set.
    fn scalars(&mut self, name: &Name, state: &State) -> Vec<Option<Text>> {
        let unknown = |name: String| vec![Some(Text::unknown(Why::Variable(name)))];
        match name {
            Name::Variable(name) => state.values(name).iter().map(Value::scalar).collect(),
            Name::Positional(number) => match &state.arguments {
                Arguments::Known(arguments) => vec![arguments.get(number - 1).cloned()],
                Arguments::Unknown => unknown(number.to_string()),
            },
            Name::Special('#') => match &state.arguments {
                Arguments::Known(arguments) => vec![Some(Text::from(arguments.len().to_string().as_str()))],
                Arguments::Unknown => vec![Some(Text::unknown(Why::Arithmetic))],
            },
            Name::Special('?' | '$' | '!') => vec![Some(Text::unknown(Why::Arithmetic))],
            Name::Special(name) | Name::All(name) => unknown(name.to_string()),
        }
    }

    fn values(&self, name: &Name, state: &State) -> Vec<Value> {
        match name {
            Name::Variable(name) => state.values(name),
            _ => vec![Value::unknown(Why::Expansion("an array".to_owned()))],
        }
    }

    fn element(&mut self, name: &Name, key: &Written, state: &mut State) -> Vec<Option<Text>> {
        let keyed = matches!(name, Name::Variable(name) if state.is_keyed(name));
        let keys = self.texts(key, state);
        if !keyed {
            self.run_subscripts(&keys, state);
        }
        let mut found = Vec::new();
        for value in self.values(name, state) {
            for key in &keys {
                let key = match &value {
                    Value::Array(elements) => self.index(key, keyed, elements, state),
                    _ => self.index(key, keyed, &[], state),
                };
                let one = match (&value, key) {
                    (value, _) if value.is_loose() => {
                        vec![Some(Text::unknown(Why::Expansion("an element of an array".to_owned())))]
                    }
                    (Value::Unset, _) => vec![None],
                    (Value::Scalar(text), _) if text.known().is_none() => vec![Some(text.clone())],
                    (Value::Scalar(text), Some(key)) if key == "0" => vec![Some(text.clone())],
                    (Value::Scalar(text), None) => vec![Some(text.clone()), None],
                    (Value::Scalar(_), _) => vec![None],
                    (Value::Array(elements), Some(key)) => {
                        vec![elements.iter().find(|(k, _)| *k == key).map(|(_, word)| word.text.clone())]
                    }
                    (Value::Array(elements), None) => {
                        elements.iter().map(|(_, word)| Some(word.text.clone())).chain([None]).collect()
                    }
                };
                join(&mut found, one);
            }
        }
        found
    }

    fn keys(&mut self, name: &Name, state: &State) -> Vec<Expanded> {
        let keys = |value: &Value| match value {
            Value::Unset => Expanded::Many(Vec::new()),
            Value::Scalar(text) if text.known().is_some() => Expanded::Many(vec![Word::from("0")]),
            Value::Scalar(_) => {
                Expanded::One(Text::unknown(Why::Expansion("the keys of an array".to_owned())))
            }
            Value::Array(elements) => {
                Expanded::Many(elements.iter().map(|(key, _)| Word::from(key.as_str())).collect())
            }
        };
        self.values(name, state).iter().map(keys).collect()
    }

    fn elements(
        &mut self,
        name: &Name,
        all: char,
        operation: &Operation,
        quoted: bool,
        state: &mut State,
    ) -> Vec<Expanded> {
        let named = match name {
            Name::Variable(name) => name.clone(),
            _ => "@".to_owned(),
        };
        let values = self.values(name, state);
        let lists = values
            .iter()
            .map(|value| match value {
                Value::Scalar(text) if text.is_wholly_unknown() => None,
                value => Some(value.elements()),
            })
            .collect();
        self.all(lists, &named, all, operation, quoted, state)
    }

    /// `$@` and arrays as a whole; `None` where nothing is known.
    fn all(
        &mut self,
        lists: Vec<Option<Vec<Word>>>,
        name: &str,
        all: char,
        operation: &Operation,
        quoted: bool,
        state: &mut State,
    ) -> Vec<Expanded> {
        let mut ways = Vec::new();
        for list in lists {
            if list.as_ref().is_none_or(Vec::is_empty) && !matches!(operation, Operation::Test { .. }) {
                // What stands in it is expanded all the same.
                self.changed("", &Text::default(), operation, state);
            }
            let Some(words) = list else {
                if let Operation::Test { word, .. } = operation {
                    self.texts(word, state);
                }
                let unknown = Text::unknown(Why::Variable(name.to_owned()));
                join(
                    &mut ways,
                    vec![if all == '@' { Expanded::Any(unknown) } else { Expanded::One(unknown) }],
                );
                continue;
            };
            let words = match operation {
                Operation::None => words,
                Operation::Length => {
                    let length = match words.iter().any(Word::splits) {
                        false => Text::from(words.len().to_string().as_str()),
                        true => Text::unknown(Why::Arithmetic),
                    };
                    join(&mut ways, vec![Expanded::One(length)]);
                    continue;
                }
                Operation::Slice { offset, length } => {
                    // `${@:1}` begins with `$1`, `${a[@]:1}` with the second element.
                    let first = usize::from(name == "@");
                    let sliced = self.slice_list(&words, first, offset, length.as_ref(), state);
                    sliced.unwrap_or_else(|| vec![unknown_arguments()])
                }
                Operation::Test { operator, colon, word } => {
                    let set = if words.is_empty() { None } else { Some(Text::from(" ")) };
                    let tested = Tested { operator: *operator, colon: *colon, word };
                    match self.test(&Name::All(all), set, &tested, state).as_slice() {
                        [only] if only.known() == Some(" ") => words,
                        other => {
                            join(&mut ways, other.iter().cloned().map(Expanded::One).collect());
                            continue;
                        }
                    }
                }
                operation => words.iter().map(|word| self.changed_word(word, operation, state)).collect(),
            };
            join(&mut ways, vec![together(words, all, quoted, state)]);
        }
        ways
    }

    fn changed_word(&mut self, word: &Word, operation: &Operation, state: &mut State) -> Word {
        // `${a[@]@A}` tells of the whole array.
        let text = match operation {
            Operation::Transform('A' | 'K' | 'k') => Text::unknown(Why::Expansion("of an array".to_owned())),
            operation => self.changed("", &word.text, operation, state),
        };
        Word { text, splits: word.splits }
    }

    fn slice_list(
        &mut self,
        words: &[Word],
        first: usize,
        offset: &Written,
        length: Option<&Written>,
        state: &mut State,
    ) -> Option<Vec<Word>> {
        let offset = self.evaluated(offset, state);
        let length = length.map(|length| self.evaluated(length, state));
        if words.iter().any(Word::splits) {
            return None;
        }
        let offset = usize::try_from(offset?).ok()?;
        let length = match length {
            Some(length) => usize::try_from(length?).ok()?,
            None => usize::MAX,
        };
        Some(words.iter().skip(offset.saturating_sub(first)).take(length).cloned().collect())
    }

    fn indirect(&mut self, parameter: &Parameter, quoted: bool, state: &mut State) -> Vec<Expanded> {
        let mut ways = Vec::new();
        for target in self.scalars(&parameter.name, state) {
            match target.as_ref().and_then(Text::known) {
                Some(target) if crate::read::is_name(target) => {
                    let parameter = Parameter {
                        name: Name::Variable(target.to_owned()),
                        indirect: false,
                        operation: parameter.operation.clone(),
                    };
                    join(&mut ways, self.parameter(&parameter, quoted, state));
                }
                _ => {
                    if let Some(target) = &target {
                        self.run_subscripts(std::slice::from_ref(target), state);
                    }
                    let why = Why::Expansion("${!…}".to_owned());
                    join(&mut ways, vec![Expanded::One(Text::unknown(why))]);
                }
            }
        }
        ways
    }

    fn operate(
        &mut self,
        name: &Name,
        values: Vec<Option<Text>>,
        operation: &Operation,
        state: &mut State,
    ) -> Vec<Expanded> {
        let mut ways = Vec::new();
        for value in values {
            let texts = match operation {
                Operation::Test { operator, colon, word } => {
                    let tested = Tested { operator: *operator, colon: *colon, word };
                    self.test(name, value, &tested, state)
                }
                operation => {
                    let named = match name {
                        Name::Variable(name) => name,
                        _ => "",
                    };
                    vec![self.changed(named, &value.unwrap_or_default(), operation, state)]
                }
            };
            join(&mut ways, texts.into_iter().map(Expanded::One).collect());
        }
        ways
    }

    /// `${name:-word}` and its like.
    fn test(
        &mut self,
        name: &Name,
        value: Option<Text>,
        tested: &Tested<'_>,
        state: &mut State,
    ) -> Vec<Text> {
        // Whether the value counts as set; a value from the environment may be missing.
        let set = match &value {
            None => Some(false),
            Some(text) if text.is_wholly_unknown() => None,
            Some(text) => Some(!(tested.colon && text.is_empty())),
        };
        let other = |machine: &mut Self, state: &mut State| machine.texts(tested.word, state);
        let value = value.unwrap_or_default();
        match (tested.operator, set) {
            ('+', Some(true)) => other(self, state),
            ('+', Some(false)) => vec![Text::default()],
            ('+', None) => {
                let mut texts = other(self, state);
                texts.push(Text::default());
                texts
            }
            (_, Some(true)) => vec![value],
            ('?', _) => {
                other(self, state);
                vec![value]
            }
            (operator, set) => {
                let mut texts = other(self, state);
                if set.is_none() {
                    texts.insert(0, value);
                }
                if let ('=', Name::Variable(name)) = (operator, name) {
                    state.assign(name, texts.iter().cloned().map(Value::Scalar).collect());
                }
                texts
            }
        }
    }

    fn changed(&mut self, name: &str, value: &Text, operation: &Operation, state: &mut State) -> Text {
        let result = match operation {
            Operation::None => return value.clone(),
            Operation::Other(word) => {
                self.texts(word, state);
                None
            }
            Operation::Transform('P') => {
                self.run_substitutions(value, state);
                None
            }
            // What `eval` takes again.
            Operation::Transform(letter @ ('A' | 'Q')) => {
                let quote = |part: &Part| matches!(part, Part::Text(text) if text.contains('\''));
                (!value.parts().iter().any(quote)).then(|| {
                    let before = if *letter == 'A' { format!("{name}='") } else { "'".to_owned() };
                    let mut text = Text::from(before.as_str());
                    text.append(value);
                    text.push_str("'");
                    text
                })
            }
            Operation::Length => {
                value.known().map(|text| Text::from(text.chars().count().to_string().as_str()))
            }
            Operation::Remove { end, longest, pattern } => match self.patterns(pattern, state).as_slice() {
                [Some(pattern)] => self.removed(value, pattern, *end, *longest),
                _ => None,
            },
            Operation::Replace { which, pattern, with } => self.replaced(value, *which, pattern, with, state),
            Operation::Slice { offset, length } => self.slice(value, offset, length.as_ref(), state),
            Operation::Case { upper, all } => value.known().map(|text| {
                let cut = if *all { text.len() } else { text.chars().next().map_or(0, char::len_utf8) };
                let (head, tail) = text.split_at(cut);
                let head = if *upper { head.to_uppercase() } else { head.to_lowercase() };
                Text::from((head + tail).as_str())
            }),
            _ => None,
        };
        result.unwrap_or_else(|| {
            let why = value.why_unknown().cloned().unwrap_or_else(|| Why::Expansion(format!("of {value}")));
            Text::unknown(why)
        })
    }

    fn replaced(
        &mut self,
        value: &Text,
        which: Replaced,
        pattern: &Written,
        with: &Written,
        state: &mut State,
    ) -> Option<Text> {
        let patterns = self.patterns(pattern, state);
        let with = self.texts(with, state);
        let ([Some(pattern)], [with]) = (patterns.as_slice(), with.as_slice()) else { return None };
        let (text, with) = (value.known()?, with.known()?);
        // With `nocasematch` more matches, and newer shells put the match where `&` stands.
        if state.any_case || with.contains('&') {
            return None;
        }
        self.spend(text.len().min(256).pow(2) / 1024);
        let replaced = match which {
            Replaced::First => pattern::replace(text, pattern, with, false)?,
            Replaced::All => pattern::replace(text, pattern, with, true)?,
            Replaced::Prefix | Replaced::Suffix => {
                let end = which == Replaced::Suffix;
                let kept = pattern::remove(text, pattern, end, true)?;
                match (kept.len() == text.len(), end) {
                    (true, _) => kept,
                    (false, true) => kept + with,
                    (false, false) => with.to_owned() + &kept,
                }
            }
        };
        Some(Text::from(replaced.as_str()))
    }

    fn slice(
        &mut self,
        value: &Text,
        offset: &Written,
        length: Option<&Written>,
        state: &mut State,
    ) -> Option<Text> {
        let offset = self.evaluated(offset, state);
        let length = length.map(|length| self.evaluated(length, state));
        let characters: Vec<char> = value.known()?.chars().collect();
        let count = i64::try_from(characters.len()).ok()?;
        let from_end =
            |number: i64| if number < 0 { count.saturating_add(number) } else { number.min(count) };
        let start = from_end(offset?);
        let end = match length {
            None => count,
            Some(length) => match length? {
                length if length < 0 => count.saturating_add(length),
                length => start.saturating_add(length).min(count),
            },
        };
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        let text: String = characters.get(start..end.max(start))?.iter().collect();
        Some(Text::from(text.as_str()))
    }
}

/// `$*` in quotes is one word; everything else is a word for each.
fn together(words: Vec<Word>, all: char, quoted: bool, state: &State) -> Expanded {
    if all == '@' || !quoted {
        return Expanded::Many(words);
    }
    let separator = match (state.own_separators, state.values("IFS").as_slice()) {
        (false, _) => Some(" ".to_owned()),
        (true, [Value::Scalar(separators)]) => {
            separators.known().map(|known| known.chars().take(1).collect())
        }
        _ => None,
    };
    let mut joined = Text::default();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            match &separator {
                Some(separator) => joined.push_str(separator),
                None => joined.push(Part::Unknown(Why::Variable("IFS".to_owned()))),
            }
        }
        joined.append(&word.text);
    }
    Expanded::One(joined)
}
