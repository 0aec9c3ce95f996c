//! `export`, `local`, `declare`, `readonly` and `typeset`.

use super::Machine;
use crate::command::{Role, Word};
use crate::state::{State, Value};
use crate::syntax::Assignment;
use std::rc::Rc;

impl Machine<'_> {
    /// `words` are the command and its plain words, `operands` its assignments.
    pub(super) fn declare(
        &mut self,
        name: &str,
        words: &[Word],
        operands: &[&Assignment],
        state: &mut State,
    ) {
        if !operands.is_empty() {
            self.note(words.to_vec(), state, Role::Looks);
        }
        let flag = |flag: char| {
            words[1..].iter().filter_map(Word::known).any(|word| word.starts_with('-') && word.contains(flag))
        };
        let exports = name == "export" || flag('x');
        let unexports = name == "export" && flag('n');
        let local = name == "local" || matches!(name, "declare" | "typeset") && !flag('g');
        if flag('f') {
            for name in words[1..].iter().filter_map(Word::known) {
                if let Some(functions) = Rc::make_mut(&mut state.functions).get_mut(name) {
                    functions.iter_mut().for_each(|function| function.exported |= exports);
                }
            }
            return;
        }
        for word in &words[1..] {
            let assigned = word.text.split_equals().map(|(name, text)| (name.to_owned(), Some(text)));
            let plain = || word.known().map(|name| (name.to_owned(), None));
            let Some((name, text)) = assigned.or_else(plain) else { continue };
            if !crate::read::is_name(&name) {
                continue;
            }
            if local {
                state.make_local(&name);
            }
            match text {
                Some(text) => state.assign_text(&name, text),
                None if local && !state.locals.is_empty() => state.assign(&name, vec![Value::Unset]),
                None => {}
            }
            if exports {
                state.export(&name, !unexports);
            }
            // A reference may name any variable.
            if flag('n') && !exports {
                state.forget(&name);
            }
        }
        for assignment in operands {
            if local {
                state.make_local(&assignment.name);
            }
            self.assign(assignment, state);
            if exports {
                state.export(&assignment.name, true);
            }
            if flag('n') && !exports {
                state.forget(&assignment.name);
            }
        }
        state.status = Some(true);
    }
}
