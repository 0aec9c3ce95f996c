//! Simple commands: assignments, aliases, and the choice of what a name stands for.

use super::{MAX_DEPTH, Machine};
use crate::command::{Role, Word};
use crate::read::Reader;
use crate::state::{State, Variable};
use crate::syntax::{
    Action, Assigned, Assignment, List, Operand, Piece, Redirect, RedirectKind, Simple, Word as Written,
};
use crate::tables;
use crate::text::{Part, Text};

/// Stands for the words after an alias while its text is read.
const REST: &str = "\u{1}";

/// Builtins that keep the variables which are assigned before them, in POSIX shells or when the builtin names them.
const KEEPS: &[&str] = &[
    ".", ":", "break", "continue", "declare", "eval", "exec", "exit", "export", "local", "readonly",
    "return", "set", "shift", "source", "times", "trap", "typeset", "unset",
];

/// What a name may stand for: `command` skips functions, `sudo` and `env` start programs only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    Everything,
    NoFunctions,
    Programs,
}

impl Machine<'_> {
    pub(super) fn simple(&mut self, simple: &Simple, state: &mut State) {
        self.assumed = false;
        if simple.words.is_empty() {
            for assignment in &simple.assignments {
                self.assign(assignment, state);
            }
            let certain = |assignment: &Assignment| match &assignment.value {
                Assigned::Scalar(word) => !may_fail(word) && !assignment.append && assignment.index.is_none(),
                Assigned::Array(_) => false,
            };
            let certain = |assignment| certain(assignment) && !state.is_readonly(&assignment.name);
            let certain = simple.assignments.iter().all(certain);
            state.status = certain.then_some(true);
            return;
        }
        if state.cwd.len() > 1 {
            return self.in_each_folder(simple, state);
        }
        if !state.aliases.is_empty() && self.alias(simple, state) {
            return;
        }
        let mut words = Vec::with_capacity(simple.words.len());
        let mut operands = Vec::new();
        for operand in &simple.words {
            match operand {
                Operand::Word(word) => words.push(word),
                Operand::Assignment(assignment) => operands.push(assignment),
            }
        }
        let mut ways = self.fields(&words, state);
        if let [words] = ways.as_mut_slice() {
            let words = std::mem::take(words);
            self.with_assignments(&simple.assignments, words, &operands, state);
            return;
        }
        let mut ends: Option<State> = None;
        for words in ways {
            self.spend(state.weight());
            let mut path = state.clone();
            self.with_assignments(&simple.assignments, words, &operands, &mut path);
            ends = super::either(ends, Some(path));
        }
        if let Some(ends) = ends {
            *state = ends;
        }
    }

    /// Runs a command in each of several folders by itself, so that `$PWD` and `.` mean the same one.
    fn in_each_folder(&mut self, simple: &Simple, state: &mut State) {
        let mut ends: Option<State> = None;
        for cwd in state.cwd.clone() {
            self.spend(state.weight());
            let mut path = state.clone();
            path.cwd = vec![cwd];
            self.simple(simple, &mut path);
            ends = super::either(ends, Some(path));
        }
        if let Some(ends) = ends {
            *state = ends;
        }
    }

    fn chosen(&mut self, words: Vec<Word>, operands: &[&Assignment], state: &mut State) {
        match words.first().and_then(Word::known) {
            Some(name) if !operands.is_empty() => {
                let name = name.to_owned();
                self.declare(&name, &words, operands, state);
            }
            // The words may all have vanished.
            _ if words.is_empty() => state.status = None,
            _ => self.call(words, Lookup::Everything, state),
        }
    }

    /// Runs with variables that only this command sees.
    fn with_assignments(
        &mut self,
        assignments: &[Assignment],
        words: Vec<Word>,
        operands: &[&Assignment],
        state: &mut State,
    ) {
        if assignments.is_empty() {
            return self.chosen(words, operands, state);
        }
        // Before some builtins, some shells keep what is assigned.
        let kept = words.first().is_some_and(|name| name.known().is_none_or(|name| KEEPS.contains(&name)));
        let mut before: Vec<(&str, Option<Variable>)> = Vec::new();
        for assignment in assignments {
            if !before.iter().any(|(name, _)| *name == assignment.name) {
                before.push((&assignment.name, state.variables.get(&assignment.name).cloned()));
            }
            self.assign(assignment, state);
            state.export(&assignment.name, true);
        }
        self.chosen(words, operands, state);
        for (name, variable) in before {
            let assigned = if kept { state.values(name) } else { Vec::new() };
            let variables = std::rc::Rc::make_mut(&mut state.variables);
            match variable {
                Some(variable) => variables.insert(name.to_owned(), variable),
                None => variables.remove(name),
            };
            if kept {
                let mut values = state.values(name);
                crate::state::join(&mut values, assigned);
                state.assign(name, values);
            }
        }
        state.own_separators &= state.variables.contains_key("IFS");
    }

    /// Runs the command as it stands and with its alias expanded: which of them happens depends on the shell.
    fn alias(&mut self, simple: &Simple, state: &mut State) -> bool {
        let Some(Operand::Word(first)) = simple.words.first() else { return false };
        let [Piece::Text(name)] = first.pieces.as_slice() else { return false };
        let Some(texts) = state.aliases.get(name).cloned() else { return false };
        if self.expanding.contains(name) || self.expanding.len() > 8 {
            return false;
        }
        self.expanding.push(name.clone());
        let mut plain = state.clone();
        self.simple(simple, &mut plain);
        let mut ends = Some(plain);
        for text in texts {
            let mut path = state.clone();
            if let Some(list) = with_rest(&text, simple) {
                self.list(&list, &mut path);
            }
            ends = super::either(ends, Some(path));
        }
        self.expanding.pop();
        if let Some(ends) = ends {
            *state = ends;
        }
        true
    }

    /// Runs a command by its words, which may be those of another command: `sudo nice tool`.
    pub(super) fn call(&mut self, words: Vec<Word>, lookup: Lookup, state: &mut State) {
        if self.depth >= MAX_DEPTH {
            self.give_up("nested too deep");
            return;
        }
        self.depth += 1;
        self.call_one(words, lookup, state);
        self.depth -= 1;
    }

    fn call_one(&mut self, words: Vec<Word>, lookup: Lookup, state: &mut State) {
        let Some(first) = words.first() else { return };
        let Some(name) = first.known() else {
            self.unknown_name |= first.text.is_wholly_unknown();
            self.program(words, state);
            return;
        };
        self.run_in_names(&words, state);
        if lookup == Lookup::Everything
            && let Some(functions) = state.functions.get(name)
        {
            let functions = functions.clone();
            self.call_functions(name, &functions, &words, state);
            return;
        }
        if lookup != Lookup::Programs && self.builtin(&words, state) {
            Self::forget_written(&words, state);
            return;
        }
        self.program(words, state);
    }

    /// Runs a program: one that starts others, one whose output is known, a script that a step wrote, or any other.
    fn program(&mut self, words: Vec<Word>, state: &mut State) {
        state.status = None;
        let name = words[0].base_name();
        let role = if name.is_some_and(tables::looks) { Role::Looks } else { Role::Runs };
        if let Some(name) = name {
            if self.starts(name, &words, state) {
                self.note(words, state, Role::Starts);
                return;
            }
            if self.prints(name, &words, state) {
                // Nobody may be there to read it, and a disk may be full.
                state.status = None;
                Self::forget_written(&words, state);
                self.note(words, state, role);
                return;
            }
        }
        if self.written_script(&words, state) {
            self.note(words, state, Role::Starts);
            return;
        }
        if role == Role::Runs {
            self.started_in_words(&words, state);
        }
        if state.printed.is_some() {
            state.print(&Text::from(Part::Unknown(crate::Why::Output(words[0].to_string()))));
        }
        self.note(words, state, role);
    }

    /// A watched program, or a shell with a script, among the words of a command that may start it.
    fn started_in_words(&mut self, words: &[Word], state: &State) {
        if words[0].base_name().is_some_and(|name| self.watched.contains(&name)) {
            return;
        }
        let found = (1..words.len()).find(|&at| {
            let Some(name) = words[at].base_name() else { return false };
            let script = || {
                let option = words.get(at + 1).and_then(Word::known);
                option.is_some_and(|option| option.starts_with('-') && option.contains('c'))
            };
            self.watched.contains(&name) || tables::SHELLS.contains(&name) && script()
        });
        if let Some(at) = found {
            let inner = words[at..].to_vec();
            self.in_child(state, |machine, state| machine.call(inner, Lookup::Programs, state));
        }
    }

    /// Runs something in a shell or program that is started, and keeps nothing of its state.
    pub(super) fn in_child(&mut self, state: &State, run: impl FnOnce(&mut Self, &mut State)) -> State {
        let child = state.child();
        let outer = std::mem::replace(&mut self.outer_frames, self.frames.len());
        let after = self.in_subshell(&child, run);
        self.outer_frames = outer;
        after
    }
}

/// Whether expanding the word runs a command that may fail.
fn may_fail(word: &Written) -> bool {
    word.pieces.iter().any(|piece| match piece {
        Piece::Substitution(_) => true,
        Piece::Double(inner) => inner.iter().any(|piece| matches!(piece, Piece::Substitution(_))),
        _ => false,
    })
}

/// The text of an alias with the words after its name.
fn with_rest(alias: &Text, simple: &Simple) -> Option<List> {
    if simple.words.len() == 1 && simple.assignments.is_empty() {
        return Reader::new(alias.known()?, &[]).script().ok();
    }
    let script = format!("{} {REST}", alias.known()?);
    let mut list = Reader::new(&script, &[]).script().ok()?;
    let rest = simple.words[1..].to_vec();
    let last = list.items.last_mut()?;
    let pipeline = last.rest.last_mut().map_or(&mut last.first, |(_, pipeline)| pipeline);
    let Action::Simple(command) = &mut pipeline.stages.last_mut()?.action else { return None };
    match command.words.last() {
        Some(Operand::Word(word)) if word.literal().as_deref() == Some(REST) => {}
        _ => return None,
    }
    command.words.pop();
    command.words.extend(rest);
    command.assignments.splice(0..0, simple.assignments.iter().cloned());
    if command.words.is_empty() && command.assignments.is_empty() {
        return None;
    }
    Some(list)
}

/// Whether one of the redirections reads a file: `$(< file)` prints it.
pub(super) fn reads_file(redirects: &[Redirect]) -> bool {
    redirects.iter().any(|redirect| matches!(redirect.kind, RedirectKind::Read(_)))
}
