//! `cd`, `pushd` and `popd`.

use super::Machine;
use crate::command::Word;
use crate::place::{Place, Root};
use crate::state::{State, Value, join, limit};
use crate::text::{Text, Why};

impl Machine<'_> {
    pub(super) fn change_folder(&mut self, name: &str, words: &[Word], state: &mut State) {
        // The folder may be missing.
        state.status = None;
        self.assumed = true;
        let mut operands = Vec::new();
        let mut physical = false;
        for word in &words[1..] {
            match word.known() {
                Some("--" | "-L" | "-e" | "-@" | "-n") if operands.is_empty() => {}
                Some("-P") if operands.is_empty() => physical = true,
                _ => operands.push(word),
            }
        }
        match (name, operands.first()) {
            ("popd", None) => {
                let there = state.stack.pop().unwrap_or_else(unknown);
                go(there, state);
            }
            ("popd", Some(_)) => {
                state.stack.clear();
                go(unknown(), state);
            }
            ("pushd", None) => {
                let there = state.stack.pop().unwrap_or_else(unknown);
                state.stack.push(state.cwd.clone());
                go(there, state);
            }
            ("pushd", Some(word)) => {
                state.stack.push(state.cwd.clone());
                let there = self.entered(word, physical, state);
                go(there, state);
            }
            (_, None) => {
                let home = Word::of(Text::default());
                let mut there = Vec::new();
                for text in self.tilde("", state) {
                    let home = Word { text, ..home.clone() };
                    join(&mut there, self.entered(&home, physical, state));
                }
                go(there, state);
            }
            (_, Some(word)) if word.known() == Some("-") => {
                let there = if state.previous.is_empty() { unknown() } else { state.previous.clone() };
                go(there, state);
            }
            (_, Some(word)) => {
                let there = self.entered(word, physical, state);
                go(there, state);
            }
        }
    }

    fn entered(&self, word: &Word, physical: bool, state: &State) -> Vec<Place> {
        if word.splits() || searched_elsewhere(word, state) {
            return unknown();
        }
        let mut there = Vec::new();
        for place in &state.cwd {
            if physical {
                join(&mut there, place.resolve(&word.text, self.links));
            } else {
                join(&mut there, vec![place.join(&word.text)]);
            }
        }
        limit(&mut there, || Place::of(Root::Unknown(Why::Folder)));
        there
    }
}

/// Whether `CDPATH` decides where a name is searched.
fn searched_elsewhere(word: &Word, state: &State) -> bool {
    let name = word.text.known_start();
    let relative = !name.is_empty() && !name.starts_with(['/', '.']);
    relative
        && state.variables.get("CDPATH").is_some_and(|variable| {
            let empty =
                |value: &Value| value.scalar().is_none_or(|text| matches!(text.known(), Some("" | ".")));
            !variable.values.iter().all(empty)
        })
}

fn unknown() -> Vec<Place> {
    vec![Place::of(Root::Unknown(Why::Folder))]
}

fn go(there: Vec<Place>, state: &mut State) {
    state.previous = std::mem::replace(&mut state.cwd, there);
    if state.variables.contains_key("PWD") || state.variables.contains_key("OLDPWD") {
        let variables = std::rc::Rc::make_mut(&mut state.variables);
        variables.remove("PWD");
        variables.remove("OLDPWD");
    }
}
