//! Arrays: their elements, and which of them an index means.

use super::Machine;
use crate::command::Word;
use crate::state::{MAX_ELEMENTS, State, Value, join};
use crate::syntax::{Assigned, Assignment, Word as Written};
use crate::text::Text;

impl Machine<'_> {
    /// Gives a variable, an element or an array its value.
    pub(super) fn assign(&mut self, assignment: &Assignment, state: &mut State) {
        let name = assignment.name.as_str();
        let values = match &assignment.value {
            Assigned::Array(elements) => {
                let before = if assignment.append { held(name, state) } else { vec![Value::Unset] };
                let mut values = Vec::new();
                for before in &before {
                    join(&mut values, vec![self.array(name, elements, before, state)]);
                }
                values
            }
            Assigned::Scalar(word) => {
                let texts = self.texts(word, state);
                match &assignment.index {
                    Some(key) => self.with_element(assignment, key, &texts, state),
                    None if assignment.append => appended(&state.values(name), &texts),
                    None => texts.into_iter().map(Value::Scalar).collect(),
                }
            }
        };
        state.assign(name, values);
        self.assigned_name(name, state);
    }

    fn array(
        &mut self,
        name: &str,
        elements: &[(Option<Written>, Written)],
        before: &Value,
        state: &mut State,
    ) -> Value {
        let keyed = state.is_keyed(name);
        let mut array = self.started(before);
        let mut known = true;
        let index = |array: &[(String, Word)]| array.last().and_then(|(key, _)| key.parse::<usize>().ok());
        let mut next = index(&array).map_or(0, |last| last.saturating_add(1));
        for (key, word) in elements {
            if let Some(key) = key {
                let text = one_of(self.texts(word, state));
                match self.key(key, keyed, &array, state) {
                    Some(key) => {
                        next = key.parse::<usize>().map_or(next, |key| key.saturating_add(1));
                        put(&mut array, key, Word::of(text));
                    }
                    None => known = false,
                }
                continue;
            }
            let ways = self.fields(&[word], state);
            let words = match <[Vec<Word>; 1]>::try_from(ways) {
                Ok([words]) => words,
                Err(_) => vec![Word { text: Text::unknown(crate::Why::TooMany), splits: true }],
            };
            for word in words {
                // Without a key, the elements of `declare -A` are keys and values in turn.
                known &= !keyed;
                put(&mut array, next.to_string(), word);
                next = next.saturating_add(1);
                if array.len() > MAX_ELEMENTS {
                    return Value::unknown(crate::Why::TooMany);
                }
            }
            self.spend(array.len() / 16);
        }
        if !known {
            return Value::unknown(crate::Why::Expansion("an array".to_owned()));
        }
        Value::Array(in_order(array, keyed))
    }

    /// The elements that are there already.
    fn started(&mut self, before: &Value) -> Vec<(String, Word)> {
        match before {
            Value::Array(elements) => {
                self.spend(elements.len() / 16);
                elements.clone()
            }
            Value::Scalar(text) => {
                let splits = text.why_unknown().is_some();
                vec![("0".to_owned(), Word { text: text.clone(), splits })]
            }
            Value::Unset => Vec::new(),
        }
    }

    /// The element that an index means; an index is calculated, but for arrays of `declare -A`.
    fn key(
        &mut self,
        key: &Written,
        keyed: bool,
        array: &[(String, Word)],
        state: &mut State,
    ) -> Option<String> {
        let texts = self.texts(key, state);
        if !keyed {
            self.run_subscripts(&texts, state);
        }
        match texts.as_slice() {
            [text] => self.index(text, keyed, array, state),
            _ => None,
        }
    }

    pub(super) fn index(
        &mut self,
        key: &Text,
        keyed: bool,
        array: &[(String, Word)],
        state: &State,
    ) -> Option<String> {
        let key = key.known()?;
        if keyed {
            // Quotes are still there.
            let bare = match (key.strip_prefix(['"', '\'']), key.strip_suffix(['"', '\''])) {
                (Some(_), Some(_)) if key.len() > 1 => &key[1..key.len() - 1],
                _ => key,
            };
            return (!bare.contains(['"', '\'', '\\'])).then(|| bare.to_owned());
        }
        let loose = array.iter().any(|(_, word)| word.splits);
        match self.number(key, state)? {
            number if number >= 0 => Some(number.to_string()),
            _ if loose => None,
            number => {
                let greatest = array.iter().filter_map(|(key, _)| key.parse::<i64>().ok()).max()?;
                let index = greatest.checked_add(1)?.checked_add(number)?;
                (index >= 0).then(|| index.to_string())
            }
        }
    }

    fn with_element(
        &mut self,
        assignment: &Assignment,
        key: &Written,
        texts: &[Text],
        state: &mut State,
    ) -> Vec<Value> {
        let keyed = state.is_keyed(&assignment.name);
        let before = held(&assignment.name, state);
        let mut values = Vec::new();
        for value in &before {
            let array = self.started(value);
            let loose = array.iter().any(|(_, word)| word.splits);
            let Some(key) = self.key(key, keyed, &array, state).filter(|_| !loose) else {
                join(&mut values, vec![Value::unknown(crate::Why::Expansion("an array".to_owned()))]);
                continue;
            };
            for text in texts {
                let mut array = array.clone();
                let mut text = text.clone();
                if assignment.append {
                    let old = array.iter().find(|(k, _)| *k == key).map(|(_, word)| word.text.clone());
                    let mut joined = old.unwrap_or_default();
                    joined.append(&text);
                    text = joined;
                }
                put(&mut array, key.clone(), Word::of(text));
                join(&mut values, vec![Value::Array(in_order(array, keyed))]);
            }
        }
        values
    }
}

/// What the variable holds; no array comes from the environment.
fn held(name: &str, state: &State) -> Vec<Value> {
    if state.variables.contains_key(name) { state.values(name) } else { vec![Value::Unset] }
}

/// By index; the order of keys is that of the machine, and is kept as written.
fn in_order(mut array: Vec<(String, Word)>, keyed: bool) -> Vec<(String, Word)> {
    if !keyed {
        array.sort_by_key(|(key, _)| key.parse::<u64>().unwrap_or(u64::MAX));
    }
    array
}

/// The value when there is only one.
fn one_of(texts: Vec<Text>) -> Text {
    match <[Text; 1]>::try_from(texts) {
        Ok([text]) => text,
        Err(_) => Text::unknown(crate::Why::TooMany),
    }
}

fn put(array: &mut Vec<(String, Word)>, key: String, word: Word) {
    match array.iter_mut().find(|(k, _)| *k == key) {
        Some((_, old)) => *old = word,
        None => array.push((key, word)),
    }
}

fn appended(before: &[Value], texts: &[Text]) -> Vec<Value> {
    let mut values = Vec::new();
    for value in before {
        for text in texts {
            let value = match value {
                Value::Array(elements) => {
                    let mut elements = elements.clone();
                    put(&mut elements, "0".to_owned(), Word::of(text.clone()));
                    Value::Array(elements)
                }
                value => {
                    let mut joined = value.scalar().unwrap_or_default();
                    joined.append(text);
                    Value::Scalar(joined)
                }
            };
            join(&mut values, vec![value]);
        }
    }
    values
}
