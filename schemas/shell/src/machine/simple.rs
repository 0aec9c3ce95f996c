//! Simple commands: assignments, aliases, and the choice of what a name stands for.

use super::{MAX_DEPTH, Machine};
use crate::again;
use crate::command::{Role, Word};
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
/// Most ways to expand one alias.
const MAX_ALIASES: usize = 16;

/// What a name may stand for: `command` skips functions, `sudo` and `env` start programs only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    Everything,
    NoFunctions,
    Programs,
}

impl Machine<'_> {
    pub(super) fn simple(&mut self, simple: &Simple, state: &mut State) {
        (self.assumed, self.entered) = (false, false);
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
        let made = std::mem::take(&mut self.made);
        let mut ways = self.fields(&words, state);
        self.made_before = made;
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
        let made = std::mem::take(&mut self.made);
        let (mut made_here, mut entered) = (Vec::new(), false);
        for cwd in state.cwd.clone() {
            self.spend(state.weight());
            let mut path = state.clone();
            path.cwd = vec![cwd];
            self.made.clone_from(&made);
            self.simple(simple, &mut path);
            crate::state::join(&mut made_here, std::mem::take(&mut self.made));
            entered |= self.entered;
            ends = super::either(ends, Some(path));
        }
        (self.made, self.entered) = (made_here, entered);
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
        let Some(name) = alias_name(simple.words.first()) else { return false };
        let Some(texts) = state.aliases.get(name).cloned() else { return false };
        if self.expanding.contains(name) || self.expanding.len() > 8 {
            return false;
        }
        self.expanding.push(name.clone());
        let mut plain = state.clone();
        self.simple(simple, &mut plain);
        let mut ends = Some(plain);
        for (text, simple) in with_next(texts, simple, state) {
            let mut path = state.clone();
            match with_rest(&text, &simple) {
                Some(list) => self.list(&list, &mut path),
                None => self.give_up("an alias that cannot be followed"),
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
            if !first.text.is_wholly_unknown() && lookup == Lookup::Everything {
                self.functions_like(&words, state);
            }
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
        let name = words[0].base_name().map(tables::without_version);
        let role = if name.is_some_and(tables::looks) { Role::Looks } else { Role::Runs };
        if let Some(name) = name {
            self.stands_for_another(name, &words, state);
            self.not_found(&words, state);
            self.run_variables(state);
            if self.starts(name, &words, state) {
                if role == Role::Looks {
                    state.print(&Text::from(Part::Unknown(crate::Why::Output(name.to_owned()))));
                }
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
    pub(super) fn started_in_words(&mut self, words: &[Word], state: &State) {
        if words[0].base_name().is_some_and(|name| self.watched.contains(&name)) {
            return;
        }
        let is = |word: &Word, names: &[&str]| {
            word.base_name().is_some_and(|name| names.contains(&tables::without_version(name)))
        };
        let option = |word: &Word| word.text.known_start().starts_with('-');
        let script = |word: &Word| {
            let letters = word.known().and_then(|word| word.strip_prefix('-'));
            letters.is_some_and(|letters| !letters.starts_with('-') && letters.contains('c'))
        };
        let mut starts = Vec::new();
        if let Some(at) = (1..words.len()).find(|&at| is(&words[at], self.watched)) {
            starts.push((at, words[at..].to_vec()));
        }
        let last_shell = (1..words.len())
            .rfind(|&at| is(&words[at], tables::SHELLS) && words[at + 1..].iter().any(script));
        if let Some(at) = last_shell {
            // `--entrypoint sh image -c …`: the words up to the options are not those of the shell.
            let options = words[at + 1..].iter().skip_while(|word| !option(word));
            starts.push((at, words[at..=at].iter().chain(options).cloned().collect()));
        }
        let name = words[0].base_name().unwrap_or_default();
        for (at, inner) in starts {
            let folder = self.folder_in_words(name, &words[1..at], state);
            self.in_child(state, |machine, state| {
                state.cwd = folder;
                machine.call(inner, Lookup::Programs, state);
            });
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

/// The characters of a word that an alias may stand for.
fn alias_name(operand: Option<&Operand>) -> Option<&String> {
    match operand? {
        Operand::Word(word) => match word.pieces.as_slice() {
            [Piece::Text(name)] => Some(name),
            _ => None,
        },
        Operand::Assignment(_) => None,
    }
}

/// After an alias that ends with a blank, the next word is expanded, too.
fn with_next(texts: Vec<Text>, simple: &Simple, state: &State) -> Vec<(Text, Simple)> {
    let mut ways: Vec<(Text, Simple)> = texts.into_iter().map(|text| (text, simple.clone())).collect();
    let mut at = 0;
    while at < ways.len() && ways.len() < MAX_ALIASES {
        let (text, simple) = ways[at].clone();
        at += 1;
        let blank = matches!(text.parts().last(), Some(Part::Text(last)) if last.ends_with([' ', '\t']));
        let Some(next) = alias_name(simple.words.get(1)).filter(|_| blank) else { continue };
        for more in state.aliases.get(next).into_iter().flatten() {
            let (mut text, mut simple) = (text.clone(), simple.clone());
            text.append(more);
            simple.words.remove(1);
            ways.push((text, simple));
        }
    }
    ways
}

/// The text of an alias with the words after its name.
fn with_rest(alias: &Text, simple: &Simple) -> Option<List> {
    if simple.words.len() == 1 && simple.assignments.is_empty() {
        return again::read(alias).ok();
    }
    let mut script = alias.clone();
    script.push_str(" ");
    script.push_str(REST);
    let mut list = again::read(&script).ok()?;
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
