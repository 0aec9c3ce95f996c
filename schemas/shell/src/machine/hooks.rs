//! What runs without standing in the line: handlers of signals and errors, callbacks, commands in variables.

use super::simple::Lookup;
use super::{Machine, options};
use crate::command::{Role, Word};
use crate::place::{Links, Place};
use crate::state::{Arguments, Function, State, Value, Variable, join};
use crate::text::{Text, Why};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// Variables whose value some program runs.
const COMMANDS: &[&str] = &[
    "BROWSER",
    "EDITOR",
    "GIT_ASKPASS",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "LESSCLOSE",
    "LESSOPEN",
    "MANPAGER",
    "PAGER",
    "PROMPT_COMMAND",
    "RSYNC_RSH",
    "VISUAL",
];

/// Text that runs on a signal, an error, each step or at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trap {
    text: Text,
    /// Only at the end: what it changes, nobody sees.
    is_last: bool,
}

/// What a handler may see. It runs again when that has changed.
#[derive(Debug)]
pub(super) struct Seen {
    variables: Rc<BTreeMap<String, Variable>>,
    functions: Rc<BTreeMap<String, Vec<Function>>>,
    arguments: Arguments,
    cwd: Vec<Place>,
    links: Arc<Links>,
    writes: usize,
    traps: usize,
}

impl Machine<'_> {
    pub(super) fn trap(&mut self, words: &[Word], state: &State) {
        let mut operands = words[1..].iter().skip_while(|word| word.known() == Some("--"));
        let Some(text) = operands.next() else { return };
        let signals: Vec<&Word> = operands.collect();
        if signals.is_empty() || text.text.is_empty() || text.text.known_start().starts_with('-') {
            return;
        }
        let is_last = signals.iter().all(|signal| matches!(signal.known(), Some("EXIT" | "exit" | "0")));
        let mut copy = state.clone();
        copy.printed = None;
        let _ = self.in_subshell(&copy, |machine, state| machine.run_text(&text.text, state));
        let trap = Trap { text: text.text.clone(), is_last };
        if !self.traps.contains(&trap) {
            self.traps.push(trap);
        }
    }

    /// Runs the handlers in the state after a command: any of them may run there.
    pub(super) fn run_traps(&mut self, state: &mut State) {
        let traced = state.variables.get("PS4").map(|variable| variable.values.clone());
        if self.in_trap || state.dead || self.traps.is_empty() && traced.is_none() || !self.sees_change(state)
        {
            return;
        }
        self.in_trap = true;
        let flags = (self.assumed, self.entered);
        for text in traced.iter().flatten().filter_map(Value::scalar).filter(substitutes) {
            let _ = self.in_subshell(state, |machine, state| machine.run_text(&quoted(&text), state));
        }
        for trap in self.traps.clone() {
            let mut copy = state.clone();
            copy.printed = None;
            self.spend(state.weight());
            if trap.is_last {
                let _ = self.in_subshell(&copy, |machine, state| machine.run_text(&trap.text, state));
                continue;
            }
            self.run_text(&trap.text, &mut copy);
            copy.printed.clone_from(&state.printed);
            copy.input.clone_from(&state.input);
            copy.status = state.status;
            state.merge_in(copy);
        }
        (self.assumed, self.entered) = flags;
        self.in_trap = false;
    }

    fn sees_change(&mut self, state: &State) -> bool {
        let same = self.seen.as_ref().is_some_and(|seen| {
            Rc::ptr_eq(&seen.variables, &state.variables)
                && Rc::ptr_eq(&seen.functions, &state.functions)
                && Arc::ptr_eq(&seen.links, self.links)
                && seen.arguments == state.arguments
                && seen.cwd == state.cwd
                && seen.writes == self.writes
                && seen.traps == self.traps.len()
        });
        if !same {
            self.seen = Some(Seen {
                variables: Rc::clone(&state.variables),
                functions: Rc::clone(&state.functions),
                arguments: state.arguments.clone(),
                cwd: state.cwd.clone(),
                links: Arc::clone(self.links),
                writes: self.writes,
                traps: self.traps.len(),
            });
        }
        !same
    }

    /// Runs what the handlers do at the end.
    pub(super) fn run_traps_at_end(&mut self, state: &State) {
        self.in_trap = true;
        for trap in std::mem::take(&mut self.traps) {
            let mut at_end = state.clone();
            self.run_text(&trap.text, &mut at_end);
        }
    }

    /// Commands in variables that a program may run, such as its editor.
    pub(super) fn run_variables(&mut self, state: &State) {
        let mut scripts: Vec<Text> = Vec::new();
        for name in COMMANDS {
            if let Some(variable) = state.variables.get(*name) {
                let texts = variable.values.iter().flat_map(Value::elements).map(|word| word.text);
                scripts.extend(texts.filter(|text| text.known_start().contains(' ')));
            }
        }
        let prompts =
            ["PS4", "PS0", "PS1", "BASH_ENV"].into_iter().filter_map(|name| state.variables.get(name));
        for text in
            prompts.flat_map(|variable| &variable.values).filter_map(Value::scalar).filter(substitutes)
        {
            scripts.push(quoted(&text));
        }
        for script in scripts {
            if !self.ran.contains(&script) {
                self.ran.push(script.clone());
                let _ = self.in_child(state, |machine, state| machine.run_text(&script, state));
            }
        }
    }

    /// `command_not_found_handle`: any program may be missing.
    pub(super) fn not_found(&mut self, words: &[Word], state: &State) {
        for handler in ["command_not_found_handle", "command_not_found_handler"] {
            if !self.in_handler && state.functions.contains_key(handler) {
                self.in_handler = true;
                let call = [&[Word::from(handler)], words].concat();
                let _ =
                    self.in_subshell(state, |machine, state| machine.call(call, Lookup::Everything, state));
                self.in_handler = false;
            }
        }
    }

    /// Functions that a name may call of which a part is not known: `cmd_$action`.
    pub(super) fn functions_like(&mut self, words: &[Word], state: &mut State) {
        let name = &words[0].text;
        let may_be = |function: &&String| {
            let place =
                |name: &Text| Place { names: vec![name.clone()], ..Place::of(crate::Root::FileSystem) };
            place(name).may_be(&place(&Text::from(function.as_str())))
        };
        let names: Vec<String> = state.functions.keys().filter(may_be).cloned().collect();
        let mut ends = None;
        for name in names {
            let functions = state.functions.get(&name).cloned().unwrap_or_default();
            let mut path = state.clone();
            let call = [&[Word::from(name.as_str())], &words[1..]].concat();
            self.call_functions(&name, &functions, &call, &mut path);
            ends = super::either(ends, Some(path));
        }
        if let Some(ends) = ends {
            state.merge_in(ends);
        }
    }

    /// `mapfile -C command`: it gets the number and the text of a line.
    pub(super) fn map_callback(&mut self, words: &[Word], state: &mut State) {
        let (given, _) = options::read(words, &["-C", "-c", "-d", "-n", "-O", "-s", "-u"]);
        if let Some(callback) = options::value(&given, &["-C"]) {
            let mut text = callback.clone();
            text.push_str(" \"");
            text.append(&Text::unknown(Why::Arithmetic));
            text.push_str("\" \"");
            text.append(&Text::unknown(Why::Input));
            text.push_str("\"");
            self.run_text(&text, state);
        }
    }

    /// `compgen` and `complete` with a command, a function, or words that are expanded.
    pub(super) fn completes(&mut self, words: &[Word], state: &State) {
        let valued = ["-A", "-C", "-F", "-G", "-P", "-S", "-V", "-W", "-X", "-o"];
        let (given, _) = options::read(words, &valued);
        for option in &given {
            let Some(value) = &option.value else { continue };
            let script = match option.name.as_str() {
                "-C" | "-F" => value.clone(),
                "-W" if substitutes(value) => quoted(value),
                _ => continue,
            };
            let _ = self.in_subshell(state, |machine, state| machine.run_text(&script, state));
        }
    }

    /// `hash -p path name`: the name stands for that path.
    pub(super) fn hash(&mut self, words: &[Word], state: &mut State) {
        let (given, at) = options::read(words, &["-p"]);
        let Some(path) = options::value(&given, &["-p"]).cloned() else { return };
        for name in words.get(at..).unwrap_or_default().iter().filter_map(Word::known) {
            self.stands_for(name, path.clone(), state);
        }
    }

    fn stands_for(&mut self, name: &str, path: Text, state: &mut State) {
        self.renamed.insert(name.to_owned());
        join(Rc::make_mut(&mut state.aliases).entry(name.to_owned()).or_default(), vec![path]);
    }

    /// `BASH_ALIASES[name]=…` is an alias, `BASH_CMDS[name]=…` what `hash -p` does.
    pub(super) fn assigned_name(&mut self, variable: &str, state: &mut State) {
        if !matches!(variable, "BASH_ALIASES" | "BASH_CMDS") {
            return;
        }
        for value in state.values(variable) {
            let Value::Array(elements) = value else { continue };
            for (name, word) in elements {
                if variable == "BASH_CMDS" {
                    self.stands_for(&name, word.text, state);
                } else {
                    join(Rc::make_mut(&mut state.aliases).entry(name).or_default(), vec![word.text]);
                }
            }
        }
    }

    /// A name that may stand for something else than the program of that name: a script that a step wrote into a folder of
    /// `PATH`, or a link.
    pub(super) fn stands_for_another(&mut self, name: &str, words: &[Word], state: &mut State) {
        if self.renamed.contains(name) {
            self.note(words.to_vec(), state, Role::Runs);
        }
        if !self.files.is_empty() && words[0].known() == Some(name) {
            let texts = self.scripts_named(name);
            self.run_scripts(&texts, &words[1..], state);
        }
    }
}

/// Whether expanding the text runs a command.
fn substitutes(text: &Text) -> bool {
    let part = |part: &crate::Part| matches!(part, crate::Part::Text(text) if text.contains("$(") || text.contains('`'));
    text.parts().iter().any(part)
}

/// A command that does nothing but expand the text.
fn quoted(text: &Text) -> Text {
    let mut script = Text::from(": \"");
    script.append(text);
    script.push_str("\"");
    script
}
