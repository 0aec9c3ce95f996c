//! Walks a script as a shell would, on values that are partly unknown, and notes the commands it meets.

mod array;
mod builtin;
mod calculate;
mod call;
mod compound;
mod declare;
mod directory;
mod each;
mod expand;
mod hooks;
mod links;
mod lists;
mod looks;
mod options;
mod parameter;
mod print;
mod redirect;
mod simple;
mod test;
mod wrapper;

use crate::command::{Command, Role, Word};
use crate::place::{Links, Place};
use crate::read::Fault;
use crate::state::{Function, State};
use crate::syntax::{Action, List, Piece, Redirect, RedirectKind, Stage, Word as Written};
use crate::text::Text;
use crate::{Files, MAX_STEPS, Shell};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most commands inside each other: functions, substitutions, `sh -c`.
const MAX_DEPTH: usize = 150;

/// Most functions and scripts inside each other.
const MAX_CALLS: usize = 40;

/// Most commands that one run string may give.
const MAX_COMMANDS: usize = 4096;

/// Where `break`, `return` and `exit` lead: the states that left early.
#[derive(Debug)]
enum Frame {
    Loop { broken: Option<State>, continued: Option<State> },
    Call { returned: Option<State> },
    Shell { exited: Option<State> },
}

pub(crate) struct Machine<'s> {
    links: &'s mut Arc<Links>,
    files: &'s mut Files,
    watched: &'static [&'static str],
    start: Place,
    commands: Vec<Command>,
    frames: Vec<Frame>,
    steps: usize,
    depth: usize,
    calls: usize,
    /// The line of the run string that runs.
    line: usize,
    /// Text is run that stands in a word of that line, so its own lines do not count.
    inside_word: bool,
    unread: Option<Fault>,
    /// Aliases that are being expanded.
    expanding: Vec<String>,
    /// Functions that were called.
    called: BTreeSet<String>,
    /// The functions that run, each with the state at its start.
    active: Vec<(Function, State)>,
    /// A command whose name is unknown may have called any function.
    unknown_name: bool,
    /// Texts that run on a signal or at the end.
    traps: Vec<hooks::Trap>,
    /// What they have seen last.
    seen: Option<hooks::Seen>,
    in_trap: bool,
    /// `command_not_found_handle` runs.
    in_handler: bool,
    /// Commands in variables that were run.
    ran: Vec<Text>,
    /// Aliases of `git`, as scripts.
    git_aliases: std::collections::BTreeMap<String, Text>,
    /// How often a file was written.
    writes: usize,
    /// The last command was one that is taken to succeed, unless the script says what happens otherwise: `cd`, `mkdir`.
    assumed: bool,
    /// How many frames belong to shells outside of this one.
    outer_frames: usize,
    /// Folders that the last command made, and those that the one before it made.
    made: Vec<Place>,
    made_before: Vec<Place>,
    /// The last command was `cd` or one like it, into a folder that may be missing.
    entered: bool,
    /// Where a failure does not end the script: in conditions, before `&&` and `||`, after `!` and `set +e`.
    lenient: usize,
    /// The last command was `exec` without a command: its redirections stay.
    keeps_redirects: bool,
    /// The next item is all of a command substitution: when it fails, so does what it is for.
    is_whole: bool,
    /// Names that a link, a copy or `hash` gave to another program.
    renamed: BTreeSet<String>,
    /// `set -P` may hold.
    physical: bool,
    /// `shopt -s cdable_vars` may hold.
    names_are_folders: bool,
    /// The next descriptor of a process substitution.
    next_descriptor: usize,
}

impl<'s> Machine<'s> {
    pub(crate) fn new(shell: &'s mut Shell) -> Self {
        Self {
            start: shell.cwd.clone(),
            links: &mut shell.links,
            files: &mut shell.files,
            watched: shell.watched,
            commands: Vec::new(),
            frames: Vec::new(),
            steps: 0,
            depth: 0,
            calls: 0,
            line: 1,
            inside_word: false,
            unread: None,
            expanding: Vec::new(),
            called: BTreeSet::new(),
            active: Vec::new(),
            unknown_name: false,
            traps: Vec::new(),
            seen: None,
            in_trap: false,
            in_handler: false,
            ran: Vec::new(),
            git_aliases: std::collections::BTreeMap::new(),
            writes: 0,
            assumed: false,
            outer_frames: 0,
            made: Vec::new(),
            made_before: Vec::new(),
            entered: false,
            lenient: 0,
            is_whole: false,
            renamed: BTreeSet::new(),
            keeps_redirects: false,
            physical: false,
            names_are_folders: false,
            next_descriptor: 63,
        }
    }

    /// Runs a whole script, then what may run at its end.
    pub(crate) fn run(&mut self, list: &List) {
        let mut state = State::new(self.start.clone());
        self.frames.push(Frame::Shell { exited: None });
        self.list(list, &mut state);
        state = self.end_shell(state);
        self.run_traps_at_end(&state);
        if self.unknown_name {
            self.call_all_functions(&state);
        }
    }

    pub(crate) fn finish(self) -> (Vec<Command>, Option<Fault>) {
        (self.commands, self.unread)
    }

    /// Counts work; false when there was too much of it.
    fn spend(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS || self.commands.len() > MAX_COMMANDS {
            self.give_up("more commands than are followed");
            return false;
        }
        true
    }

    fn give_up(&mut self, what: &'static str) {
        let line = self.line;
        self.unread.get_or_insert(Fault { line, what });
    }

    /// Ends the walk.
    fn exhaust(&mut self) {
        self.spend(MAX_STEPS + 1);
    }

    fn exhausted(&self) -> bool {
        self.steps > MAX_STEPS || self.commands.len() > MAX_COMMANDS
    }

    /// Notes a command, for each folder that it may run in.
    fn note(&mut self, words: Vec<Word>, state: &State, role: Role) {
        let Some((last, others)) = state.cwd.split_last() else { return };
        for cwd in others {
            self.note_in(words.clone(), cwd.clone(), role);
        }
        self.note_in(words, last.clone(), role);
    }

    fn note_in(&mut self, words: Vec<Word>, cwd: Place, role: Role) {
        let command = Command { words, cwd, line: self.line, role, links: Arc::clone(self.links) };
        // A loop or a second call gives the same again.
        if !self.commands.iter().rev().take(32).any(|earlier| *earlier == command) {
            self.commands.push(command);
        }
    }

    fn stage(&mut self, stage: &Stage, state: &mut State) {
        if self.depth >= MAX_DEPTH {
            self.give_up("nested too deep");
            return;
        }
        if !self.spend(1) {
            return;
        }
        self.depth += 1;
        let line = self.line;
        if !self.inside_word {
            self.line = stage.line;
        }
        let before = stage.redirects.iter().any(may_fail).then(|| state.clone());
        let is_simple = matches!(stage.action, Action::Simple(_));
        self.redirected(&stage.redirects, is_simple, state, |machine, state| {
            machine.print_input(&stage.action, &stage.redirects, state);
            machine.action(&stage.action, state);
        });
        if let Some(before) = before {
            // dash reads `a &> b` as `a & > b`; and an `exit` whose redirection fails does not leave.
            if state.dead || stage.redirects.iter().any(|redirect| redirect.background) {
                state.merge_in(before);
            }
            state.status = None;
        }
        self.run_traps(state);
        self.line = line;
        self.depth -= 1;
    }

    fn action(&mut self, action: &Action, state: &mut State) {
        match action {
            Action::Simple(simple) => self.simple(simple, state),
            Action::Group(list) => self.list(list, state),
            Action::Subshell(list) => {
                let after = self.in_subshell(state, |machine, state| machine.list(list, state));
                (state.printed, state.status) = (after.printed, after.status);
            }
            Action::If { branches, otherwise } => self.if_clause(branches, otherwise.as_ref(), state),
            Action::While { condition, until, body } => self.while_clause(condition, *until, body, state),
            Action::For { name, words, body } => self.for_clause(name, words.as_deref(), body, state),
            Action::Select { name, words, body } => self.select_clause(name, words.as_deref(), body, state),
            Action::ForArithmetic { expressions, body } => {
                self.arithmetic_effects(expressions, state);
                let always = List::default();
                self.while_clause(&always, false, body, state);
            }
            Action::Case { subject, arms } => self.case_clause(subject, arms, state),
            Action::Function { name, body } => self.define(name, body, state),
            Action::Test { words, starts } => {
                for word in words {
                    let texts = self.texts(word, state);
                    self.run_subscripts(&texts, state);
                }
                for name in starts.iter().filter_map(Written::literal) {
                    self.may_call(&name, state);
                }
                state.status = None;
            }
            Action::Arithmetic(expression) => {
                self.arithmetic_effects(expression, state);
                for piece in &expression.pieces {
                    if let Piece::Text(text) = piece {
                        text.split([' ', '(', ')', ';', '&', '|'])
                            .for_each(|name| self.may_call(name, state));
                    }
                }
                state.status = None;
            }
            Action::Coprocess(stage) => {
                let after = self.in_subshell(state, |machine, state| machine.stage(stage, state));
                state.printed = after.printed;
                state.status = Some(true);
            }
        }
    }

    /// Runs something in a copy of the shell, and gives the copy as it is at its end, however that came.
    fn in_subshell(&mut self, state: &State, run: impl FnOnce(&mut Self, &mut State)) -> State {
        self.spend(state.weight());
        let mut copy = state.clone();
        self.frames.push(Frame::Shell { exited: None });
        run(self, &mut copy);
        self.end_shell(copy)
    }

    fn end_shell(&mut self, state: State) -> State {
        let Some(Frame::Shell { exited }) = self.frames.pop() else { return state };
        match exited {
            Some(exited) => state.merge(exited),
            None => state,
        }
    }

    /// Leaves by `exit`, `return`, `break` or `continue`, when something is there to be left.
    fn leave(&mut self, state: &mut State, way: Way) {
        let mut loops = 0;
        for frame in self.frames.iter_mut().rev() {
            let kept = match (frame, way) {
                (Frame::Loop { broken, .. }, Way::Break(levels)) if loops + 1 == levels => broken,
                (Frame::Loop { continued, .. }, Way::Continue(levels)) if loops + 1 == levels => continued,
                (Frame::Loop { .. }, _) => {
                    loops += 1;
                    continue;
                }
                (Frame::Call { returned }, Way::Return) => returned,
                (Frame::Call { .. }, Way::Exit) => continue,
                (Frame::Shell { exited }, Way::Return | Way::Exit) => exited,
                (_, Way::Break(_) | Way::Continue(_)) => return,
            };
            let left = state.clone();
            *kept = Some(match kept.take() {
                Some(earlier) => earlier.merge(left),
                None => left,
            });
            state.dead = true;
            return;
        }
    }
}

/// How a part of a script is left early.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// So many loops.
    Break(usize),
    Continue(usize),
    Return,
    Exit,
}

/// Whether the file may be missing, or not writable.
fn may_fail(redirect: &Redirect) -> bool {
    let safe = |word: &Written, safe: &[&str]| word.literal().is_some_and(|text| safe.contains(&&*text));
    match &redirect.kind {
        RedirectKind::HereString(_) | RedirectKind::HereDocument(_) => false,
        RedirectKind::Duplicate(word) => !safe(word, &["0", "1", "2"]),
        RedirectKind::Read(word) | RedirectKind::Write(word) | RedirectKind::Append(word) => {
            !safe(word, &["/dev/null", "/dev/stdout", "/dev/stderr"])
        }
        RedirectKind::ReadWrite(_) | RedirectKind::Both(_) => true,
    }
}

fn either(one: Option<State>, other: Option<State>) -> Option<State> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.merge(other)),
        (one, other) => one.or(other),
    }
}
