//! Functions and scripts.

use super::simple::Lookup;
use super::{Frame, MAX_CALLS, Machine, Way};
use crate::command::{Role, Word};
use crate::state::{Arguments, Function, State};
use crate::text::{Text, Why};

/// Functions inside each other after which what changes in a recursion is taken to be unknown.
const MAX_ROUNDS: usize = 16;

impl Machine<'_> {
    pub(super) fn call_functions(
        &mut self,
        name: &str,
        functions: &[Function],
        words: &[Word],
        state: &mut State,
    ) {
        self.note(words.to_vec(), state, Role::Starts);
        self.called.insert(name.to_owned());
        let arguments = arguments(&words[1..]);
        let mut ends: Option<State> = None;
        for function in functions {
            let mut path = state.clone();
            self.call_function(function, arguments.clone(), &mut path);
            ends = super::either(ends, Some(path));
        }
        if let Some(ends) = ends {
            *state = ends;
        }
    }

    fn call_function(&mut self, function: &Function, arguments: Arguments, state: &mut State) {
        if self.calls >= MAX_CALLS {
            self.give_up("more functions inside each other than are followed");
            return;
        }
        if !self.spend(2 * state.weight()) {
            return;
        }
        let outer = std::mem::replace(&mut state.arguments, arguments);
        if self.goes_round(function, state) {
            state.arguments = outer;
            state.status = None;
            return;
        }
        self.calls += 1;
        self.active.push((function.clone(), state.clone()));
        std::rc::Rc::make_mut(&mut state.locals).push(std::collections::BTreeMap::new());
        self.frames.push(Frame::Call { returned: None });
        self.stage(&function.body, state);
        if let Some(Frame::Call { returned: Some(returned) }) = self.frames.pop() {
            let ended = state.clone();
            *state = ended.merge(returned);
        }
        state.drop_locals();
        state.arguments = outer;
        self.active.pop();
        self.calls -= 1;
    }

    /// Whether a recursion does here what it has done before. Far down, what differs from round to round is unknown.
    fn goes_round(&self, function: &Function, state: &mut State) -> bool {
        let Some((_, before)) = self.active.iter().rfind(|(active, _)| active == function) else {
            return false;
        };
        if self.active.len() < MAX_ROUNDS {
            return false;
        }
        state.widen(before);
        state.variables == before.variables
            && state.functions == before.functions
            && state.arguments == before.arguments
            && state.cwd == before.cwd
    }

    /// `[[` and `((` are no words of dash: what stands there may be the name of a function.
    pub(super) fn may_call(&mut self, name: &str, state: &mut State) {
        for function in state.functions.get(name).cloned().unwrap_or_default() {
            let mut path = state.clone();
            self.call_function(&function, Arguments::Unknown, &mut path);
            state.merge_in(path);
        }
    }

    /// Every function that was never called, for a command of unknown name may have called it.
    pub(super) fn call_all_functions(&mut self, state: &State) {
        for (name, functions) in state.functions.iter() {
            if self.called.contains(name) {
                continue;
            }
            for function in functions {
                let mut path = state.clone();
                self.call_function(function, Arguments::Unknown, &mut path);
            }
        }
    }

    /// `eval`, and what traps run: text, in this shell.
    pub(super) fn run_text(&mut self, text: &Text, state: &mut State) {
        if self.calls >= MAX_CALLS || self.exhausted() {
            self.give_up("more scripts inside each other than are followed");
            return;
        }
        self.spend(1 + text.known_start().len() / 64);
        let list = match crate::again::read(text) {
            Ok(list) => list,
            Err(fault) => {
                self.give_up(fault.what);
                return;
            }
        };
        self.calls += 1;
        let inside_word = std::mem::replace(&mut self.inside_word, true);
        self.list(&list, state);
        self.inside_word = inside_word;
        self.calls -= 1;
    }

    /// `. file` and `source file`.
    pub(super) fn source(&mut self, words: &[Word], state: &mut State) {
        let Some(file) = words.get(1) else { return };
        let texts = self.scripts_in(&file.text, state);
        let outer = state.arguments.clone();
        if words.len() > 2 {
            state.arguments = arguments(&words[2..]);
        }
        state.status = None;
        let mut ends: Option<State> = None;
        for text in texts.iter().flatten() {
            let mut path = state.clone();
            self.frames.push(Frame::Call { returned: None });
            self.run_text(text, &mut path);
            if let Some(Frame::Call { returned: Some(returned) }) = self.frames.pop() {
                path = path.merge(returned);
            }
            ends = super::either(ends, Some(path));
        }
        if let Some(ends) = ends {
            *state = ends;
        }
        state.arguments = outer;
    }

    /// A path that names a script which a step wrote.
    pub(super) fn written_script(&mut self, words: &[Word], state: &mut State) -> bool {
        let path = &words[0].text;
        let is_path = path.parts().iter().any(|part| match part {
            crate::Part::Text(text) => text.contains('/'),
            // What the environment holds is no script of this lane.
            crate::Part::Unknown(why) => !matches!(why, Why::Variable(_) | Why::Template(_)),
            part => matches!(part, crate::Part::Home | crate::Part::HomeOf(_)),
        });
        if !is_path || self.files.is_empty() {
            return false;
        }
        let Some(texts) = self.scripts_in(path, state) else { return false };
        self.run_scripts(&texts, &words[1..], state);
        true
    }

    /// Scripts in a shell of their own.
    pub(super) fn run_scripts(&mut self, texts: &[Text], words: &[Word], state: &mut State) {
        let mut printed = None;
        for text in texts {
            let after = self.in_child(state, |machine, state| {
                state.arguments = arguments(words);
                machine.run_text(text, state);
            });
            printed = merged(printed, after.printed);
        }
        if let (Some(_), Some(printed)) = (&state.printed, printed) {
            state.printed = Some(printed);
        }
        state.status = None;
    }

    /// A program that is started by another, with what it prints.
    pub(super) fn start(&mut self, words: Vec<Word>, state: &mut State) {
        if words.is_empty() {
            return;
        }
        let after = self.in_child(state, |machine, state| machine.call(words, Lookup::Programs, state));
        state.printed = after.printed;
        state.status = None;
    }

    /// `exit`, `return`, `break`, `continue`.
    pub(super) fn leave_by(&mut self, name: &str, words: &[Word], state: &mut State) {
        let levels = words.get(1).and_then(Word::known).and_then(|levels| levels.parse().ok()).unwrap_or(1);
        let way = match name {
            "break" => Way::Break(levels),
            "continue" => Way::Continue(levels),
            "return" => Way::Return,
            _ => Way::Exit,
        };
        state.status = match words.get(1).and_then(Word::known) {
            Some("0") => Some(true),
            Some(number) if number.parse::<u64>().is_ok_and(|number| number % 256 != 0) => Some(false),
            _ => None,
        };
        self.leave(state, way);
    }
}

/// Words as arguments; one that may be several makes all unknown.
pub(super) fn arguments(words: &[Word]) -> Arguments {
    if words.iter().any(Word::splits) {
        return Arguments::Unknown;
    }
    Arguments::Known(words.iter().map(|word| word.text.clone()).collect())
}

fn merged(one: Option<Vec<Text>>, other: Option<Vec<Text>>) -> Option<Vec<Text>> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            crate::state::join(&mut one, other);
            crate::state::limit(&mut one, || Text::unknown(crate::Why::TooMany));
            Some(one)
        }
        (one, other) => one.or(other),
    }
}
