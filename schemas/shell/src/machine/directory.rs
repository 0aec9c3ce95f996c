//! `cd`, `pushd` and `popd`.

use super::options::Given;
use super::{Machine, options};
use crate::command::Word;
use crate::place::{Place, Root};
use crate::state::{State, Value, join, limit};
use crate::tables;
use crate::text::{Part, Text, Why};

impl Machine<'_> {
    pub(super) fn change_folder(&mut self, name: &str, words: &[Word], state: &mut State) {
        // The folder may be missing.
        state.status = None;
        self.assumed = true;
        self.entered = true;
        let (mut operands, mut physical, mut stays) = (Vec::new(), None, false);
        let mut ended = false;
        for word in &words[1..] {
            let letters = word.known().and_then(|word| word.strip_prefix('-')).filter(|letters| {
                let one = |c| "LPe@n".contains(c);
                !ended && operands.is_empty() && !letters.is_empty() && letters.chars().all(one)
            });
            match letters {
                Some(letters) => {
                    physical =
                        letters.chars().rev().find(|c| "LP".contains(*c)).map(|c| c == 'P').or(physical);
                    stays |= letters.contains('n') && name != "cd";
                }
                None if word.known() == Some("--") && !ended => ended = true,
                None => operands.push(word),
            }
        }
        // `pushd +1` turns the whole stack.
        let turns = |word: &&Word| {
            let count = word.known().and_then(|word| word.strip_prefix(['+', '-']));
            count.is_some_and(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
        };
        match (name, operands.first().copied()) {
            ("pushd" | "popd", Some(word))
                if turns(&word) && word.known() != Some("-") || name == "popd" && operands.len() > 1 =>
            {
                state.stack.clear();
                if !stays {
                    go(unknown(), state);
                }
            }
            ("popd", _) if stays => _ = state.stack.pop(),
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
            ("pushd", Some(word)) if stays => {
                // It is entered later, from wherever that is.
                let whole = word.text.known_start().starts_with('/')
                    || word.text.parts().first() == Some(&Part::Home);
                let there = if whole { self.entered(word, physical, state) } else { unknown() };
                state.stack.push(there);
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
            ("cd" | "chdir", Some(word)) if word.known() == Some("-") => {
                let there = self.last_folder(physical, state);
                go(there, state);
            }
            (_, Some(word)) => {
                if name == "pushd" {
                    state.stack.push(state.cwd.clone());
                }
                let there = self.entered(word, physical, state);
                self.entered = !self.was_made(&there);
                go(there, state);
            }
        }
    }

    /// `mkdir x && cd x` finds the folder.
    fn was_made(&self, there: &[Place]) -> bool {
        let made = |place: &Place| self.made_before.iter().any(|made| made.moved(place, place).is_some());
        there.iter().all(made)
    }

    /// Where `cd -` leads.
    fn last_folder(&self, physical: Option<bool>, state: &State) -> Vec<Place> {
        let Some(variable) = state.variables.get("OLDPWD") else {
            return if state.previous.is_empty() { unknown() } else { state.previous.clone() };
        };
        let mut there = Vec::new();
        for value in &variable.values {
            match value.scalar() {
                Some(text) => join(&mut there, self.entered(&Word::of(text), physical, state)),
                None => join(&mut there, unknown()),
            }
        }
        there
    }

    fn entered(&self, word: &Word, physical: Option<bool>, state: &State) -> Vec<Place> {
        if word.splits() || searched_elsewhere(word, state) {
            return unknown();
        }
        let mut there = Vec::new();
        for place in &state.cwd {
            // `set -P` may or may not hold here.
            if physical == Some(true) || physical.is_none() && self.physical {
                join(&mut there, place.resolve(&word.text, self.links));
            }
            if physical != Some(true) {
                join(&mut there, vec![place.join(&word.text)]);
            }
        }
        // `shopt -s cdable_vars`: the name may be that of a variable.
        if self.names_are_folders {
            match word.known() {
                Some(name) => {
                    let values = state.variables.get(name).map(|variable| variable.values.clone());
                    let texts: Vec<Text> = values.iter().flatten().filter_map(Value::scalar).collect();
                    for text in texts {
                        state.cwd.iter().for_each(|place| join(&mut there, vec![place.join(&text)]));
                    }
                }
                None => return unknown(),
            }
        }
        limit(&mut there, || Place::of(Root::Unknown(Why::Folder)));
        there
    }

    /// The folder in which a program starts what stands behind these of its words.
    pub(super) fn folder_in_words(&self, name: &str, words: &[Word], state: &State) -> Vec<Place> {
        let mut there = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let start = word.text.known_start();
            let value = match word.text.split_equals() {
                Some((option, value)) if tables::FOLDER_OPTIONS.contains(&option) => Some(value),
                _ if tables::FOLDER_OPTIONS.contains(&start) && word.known().is_some()
                    || name == "tmux" && start == "-c" =>
                {
                    words.get(index + 1).map(|word| word.text.clone())
                }
                _ if start.len() > 2 && start.starts_with(['-']) && ["-C", "-w"].contains(&&start[..2]) => {
                    Some(options::without_start(&word.text, 2))
                }
                _ => None,
            };
            if let Some(value) = value {
                state.cwd.iter().for_each(|cwd| join(&mut there, vec![cwd.join(&value)]));
            }
        }
        if tables::ELSEWHERE.contains(&name) {
            // In a container, only a whole path says where that is.
            there.retain(|place| place.root == Root::FileSystem);
            return if there.is_empty() { unknown() } else { there };
        }
        // The option may mean something else.
        if !there.is_empty() || words.is_empty() {
            join(&mut there, state.cwd.clone());
            limit(&mut there, || Place::of(Root::Unknown(Why::Folder)));
            return there;
        }
        state.cwd.clone()
    }
}

/// The folder in which `sudo`, `env` and the like start a command, when it is another.
pub(super) fn of_starter(name: &str, given: &[Given], state: &State) -> Option<Vec<Place>> {
    let (named, elsewhere) = tables::folders_of(name)?;
    if elsewhere.contains(&"*") || options::has(given, elsewhere) {
        return Some(unknown());
    }
    let option = given.iter().rev().find(|option| named.contains(&option.name.as_str()))?;
    let Some(value) = &option.value else { return Some(unknown()) };
    let mut there = Vec::new();
    state.cwd.iter().for_each(|cwd| join(&mut there, vec![cwd.join(value)]));
    Some(there)
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

pub(super) fn unknown() -> Vec<Place> {
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
