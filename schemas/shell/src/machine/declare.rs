//! `export`, `local`, `declare`, `readonly` and `typeset`.

use super::Machine;
use crate::command::{Role, Word};
use crate::read;
use crate::state::{Reference, State, Value, join};
use crate::syntax::{Assigned, Assignment};
use crate::text::Text;
use std::rc::Rc;

/// What the options of such a command ask for.
struct Wanted {
    exports: bool,
    unexports: bool,
    local: bool,
    global: bool,
    readonly: bool,
    reference: bool,
    /// `-A`: keys are texts.
    keyed: bool,
    /// `-i`, `-l`, `-u` and the like change what is assigned, now and later.
    changes: bool,
}

impl Machine<'_> {
    /// `words` are the command and its plain words, `operands` its assignments.
    pub(super) fn declare(
        &mut self,
        name: &str,
        words: &[Word],
        operands: &[&Assignment],
        state: &mut State,
    ) {
        // A name may be wrong or read-only; that is not what such a line is about, unless it says what happens then.
        self.assumed = true;
        state.status = None;
        if !operands.is_empty() {
            self.note(words.to_vec(), state, Role::Looks);
        }
        let flag = |flag: char| {
            words[1..].iter().filter_map(Word::known).any(|word| word.starts_with('-') && word.contains(flag))
        };
        let exports = name == "export" || flag('x');
        if flag('f') {
            for name in words[1..].iter().filter_map(Word::known) {
                if let Some(functions) = Rc::make_mut(&mut state.functions).get_mut(name) {
                    functions.iter_mut().for_each(|function| function.exported |= exports);
                }
            }
            return;
        }
        let wanted = Wanted {
            exports,
            unexports: name == "export" && flag('n'),
            local: name == "local" || matches!(name, "declare" | "typeset") && !flag('g'),
            global: flag('g') && !state.locals.is_empty(),
            readonly: name == "readonly" || flag('r'),
            keyed: flag('A'),
            reference: flag('n') && name != "export",
            changes: ['i', 'l', 'u', 'c'].into_iter().any(flag) && !matches!(name, "export" | "readonly"),
        };
        for word in &words[1..] {
            let assigned = word.text.split_equals().map(|(name, text)| (name.to_owned(), Some(text)));
            let plain = || word.known().map(|name| (name.to_owned(), None));
            let Some((name, text)) = assigned.or_else(plain) else { continue };
            let (name, append) = match name.strip_suffix('+') {
                Some(name) => (name.to_owned(), true),
                None => (name, false),
            };
            // `declare 'a[1]=x'`
            let element = name.split_once('[').map(|(array, _)| array.to_owned());
            if element.is_some() || append {
                let name = element.unwrap_or(name);
                if read::is_name(&name) {
                    state.forget(&name);
                }
                continue;
            }
            if !read::is_name(&name) {
                continue;
            }
            let before = state.values(&name);
            if wanted.local {
                state.make_local(&name);
            }
            key(&name, &wanted, state);
            let target = text.clone();
            match text {
                Some(text) => state.assign_text(&name, text),
                None if wanted.local && !state.locals.is_empty() => state.assign(&name, vec![Value::Unset]),
                None => {}
            }
            self.declared(&name, before, target, &wanted, state);
        }
        for assignment in operands {
            let before = state.values(&assignment.name);
            if wanted.local {
                state.make_local(&assignment.name);
            }
            let target = match &assignment.value {
                Assigned::Scalar(word) if wanted.reference => self.texts(word, state).pop(),
                _ => None,
            };
            key(&assignment.name, &wanted, state);
            self.assign(assignment, state);
            self.split_operand(assignment, state);
            self.declared(&assignment.name, before, target, &wanted, state);
        }
    }

    /// What the options do to a variable that was `before`.
    fn declared(
        &mut self,
        name: &str,
        before: Vec<Value>,
        target: Option<Text>,
        wanted: &Wanted,
        state: &mut State,
    ) {
        if wanted.exports {
            state.export(name, !wanted.unexports);
        }
        // `declare -g` skips what functions made their own, so either may have got the value.
        if wanted.global && state.locals.iter().any(|locals| locals.contains_key(name)) {
            let mut values = state.values(name);
            join(&mut values, before);
            state.assign(name, values);
            state.forget_locals(name);
        }
        if wanted.changes {
            state.forget(name);
            state.mark(name, |variable| variable.changes = true);
        }
        if wanted.reference {
            // What is assigned to it later arrives in a variable that may not be known.
            let target = target.as_ref().and_then(Text::known).filter(|target| read::is_name(target));
            let reference = target.map_or(Reference::Any, |target| Reference::To(target.to_owned()));
            state.forget(name);
            state.mark(name, |variable| variable.reference = reference);
        }
        if wanted.readonly {
            state.mark(name, |variable| variable.readonly = true);
        }
    }

    /// Where `export` is an ordinary command, as in older versions of dash, a value without quotes is split, and its other words are
    /// operands, too.
    fn split_operand(&mut self, assignment: &Assignment, state: &mut State) {
        let Assigned::Scalar(word) = &assignment.value else { return };
        if word.literal().is_some() {
            return;
        }
        for words in self.fields(&[word], state) {
            for word in words.iter().skip(1) {
                if let Some((name, text)) = word.text.split_equals().filter(|(name, _)| read::is_name(name)) {
                    let mut values = state.values(name);
                    join(&mut values, vec![Value::Scalar(text)]);
                    state.assign(name, values);
                }
            }
        }
    }
}

/// `-A`, before anything is assigned.
fn key(name: &str, wanted: &Wanted, state: &mut State) {
    if wanted.keyed {
        if !state.variables.contains_key(name) {
            state.assign(name, vec![Value::Unset]);
        }
        state.mark(name, |variable| variable.keyed = true);
    }
}
