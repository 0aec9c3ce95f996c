//! `$((…))` and its like, and the commands that a shell runs while it calculates: `a[$(…)]` in the value of a variable.

use super::Machine;
use crate::arithmetic;
use crate::command::Word;
use crate::state::{State, Value};
use crate::syntax::Word as Written;
use crate::text::{Part, Text, Why};

/// Builtins that take names of variables, of which a subscript is evaluated.
const TAKES_NAMES: &[&str] = &[
    "[",
    "declare",
    "export",
    "getopts",
    "let",
    "local",
    "mapfile",
    "printf",
    "read",
    "readarray",
    "readonly",
    "test",
    "typeset",
    "unset",
    "wait",
];

/// Most texts that are looked at for one calculation.
const MAX_TEXTS: usize = 64;

impl Machine<'_> {
    /// A number, from an expression.
    pub(super) fn evaluated(&mut self, expression: &Written, state: &mut State) -> Option<i64> {
        let texts = self.texts(expression, state);
        self.run_subscripts(&texts, state);
        match texts.as_slice() {
            [text] => self.number(text.known()?, state),
            _ => None,
        }
    }

    pub(super) fn number(&mut self, text: &str, state: &State) -> Option<i64> {
        arithmetic::value(text, &mut |name| match state.values(name).as_slice() {
            [Value::Scalar(value)] => value.known()?.trim().parse().ok(),
            _ => None,
        })
    }

    /// `$((…))`.
    pub(super) fn arithmetic(&mut self, expression: &Written, state: &mut State) -> Text {
        let texts = self.texts(expression, state);
        self.run_subscripts(&texts, state);
        self.forget_assigned(&texts, state);
        match texts.as_slice() {
            [text] => {
                let number = text.known().and_then(|text| self.number(text, state));
                number.map_or_else(
                    || Text::unknown(Why::Arithmetic),
                    |number| Text::from(number.to_string().as_str()),
                )
            }
            _ => Text::unknown(Why::Arithmetic),
        }
    }

    /// What `((…))`, `let` and `for ((…))` do.
    pub(super) fn arithmetic_effects(&mut self, expression: &Written, state: &mut State) {
        let texts = self.texts(expression, state);
        self.run_subscripts(&texts, state);
        self.forget_assigned(&texts, state);
    }

    pub(super) fn forget_assigned(&mut self, texts: &[Text], state: &mut State) {
        for text in texts {
            for part in text.parts() {
                if let Part::Text(text) = part {
                    for name in arithmetic::assigned(text) {
                        state.assign(name, vec![Value::unknown(Why::Arithmetic)]);
                    }
                }
            }
        }
    }

    /// Commands in subscripts: in these texts and in the values of variables that they name.
    pub(super) fn run_subscripts(&mut self, texts: &[Text], state: &State) {
        let mut seen: Vec<Text> = Vec::new();
        let mut waiting = texts.to_vec();
        while let Some(text) = waiting.pop() {
            if seen.contains(&text) {
                continue;
            }
            if seen.len() >= MAX_TEXTS {
                return self.give_up("more values in a calculation than are followed");
            }
            self.run_subscript(&text, state);
            for name in text.parts().iter().flat_map(names) {
                let values = state.variables.get(name).into_iter().flat_map(|variable| &variable.values);
                for value in values {
                    let named = value.elements().into_iter().map(|word| word.text);
                    waiting.extend(
                        named.filter(|text| text.parts().iter().any(|part| names(part).next().is_some())),
                    );
                }
            }
            seen.push(text);
        }
    }

    /// `name[$(…)]` where a name is taken.
    fn run_subscript(&mut self, text: &Text, state: &State) {
        let starts = |part: &Part| matches!(part, Part::Text(text) if text.contains('['));
        if text.parts().iter().any(starts) {
            self.run_substitutions(text, state);
        }
    }

    /// Commands in a text that is expanded once more.
    pub(super) fn run_substitutions(&mut self, text: &Text, state: &State) {
        let runs =
            |part: &Part| matches!(part, Part::Text(text) if text.contains("$(") || text.contains('`'));
        if !text.parts().iter().any(runs) {
            return;
        }
        let mut script = Text::from(": ");
        script.append(text);
        let _ = self.in_subshell(state, |machine, state| machine.run_text(&script, state));
    }

    /// After a builtin that writes to variables: elements and names that it is not followed for are forgotten.
    pub(super) fn forget_written(words: &[Word], state: &mut State) {
        let operands = match words[0].known() {
            Some("read" | "mapfile" | "readarray" | "unset" | "getopts" | "wait") => &words[1..],
            Some("printf") => match words.get(1).and_then(Word::known) {
                Some("-v") => words.get(2..3).unwrap_or_default(),
                Some(option) if option.starts_with("-v") => return state.forget(&option[2..]),
                _ => return,
            },
            _ => return,
        };
        for word in operands {
            let start = word.text.known_start();
            match start.split_once('[') {
                Some((name, _)) if crate::read::is_name(name) => state.forget(name),
                None if word.known().is_none() && start.is_empty() => state.forget_all(),
                _ => {}
            }
        }
    }

    /// Commands in the names that a builtin takes.
    pub(super) fn run_in_names(&mut self, words: &[Word], state: &State) {
        if !words[0].known().is_some_and(|name| TAKES_NAMES.contains(&name)) {
            return;
        }
        for word in &words[1..] {
            let start = word.text.known_start();
            if start.split_once('[').is_some_and(|(name, _)| crate::read::is_name(name)) {
                self.run_subscript(&word.text, state);
            }
        }
    }
}

/// What looks like the name of a variable.
fn names(part: &Part) -> impl Iterator<Item = &str> {
    let text = match part {
        Part::Text(text) => text.as_str(),
        _ => "",
    };
    text.split(|character: char| character != '_' && !character.is_ascii_alphanumeric())
        .filter(|name| crate::read::is_name(name))
}
