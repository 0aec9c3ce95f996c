//! Programs that start other programs, and shells.

use super::Machine;
use super::builtin::joined;
use super::simple::Lookup;
use crate::command::Word;
use crate::loose;
use crate::place::{Place, Root};
use crate::state::{State, Value, join};
use crate::tables::{self, Starter};
use crate::text::{Part, Text};
use std::sync::Arc;

impl Machine<'_> {
    /// Runs what the program starts; false when it is no program that starts others.
    pub(super) fn starts(&mut self, name: &str, words: &[Word], state: &mut State) -> bool {
        if tables::SHELLS.contains(&name) {
            self.shell(words, state);
            return true;
        }
        if let Some(options) = tables::options_of(tables::SCRIPT_OPTIONS, name)
            && self.script_options(options, words, state)
        {
            return true;
        }
        if let Some(options) = tables::options_of(tables::LANGUAGES, name) {
            return self.other_language(options, words, state);
        }
        match name {
            "ssh" => self.ssh(words, state),
            "at" | "batch" | "su" => {
                self.run_input(state);
                true
            }
            _ if tables::SCRIPT_WORDS.contains(&name) => {
                // A word with blanks in it is a script; the others are options and names.
                let has_blank = |word: &&Word| word.text.known_start().contains([' ', '\n']);
                let scripts: Vec<Text> =
                    words[1..].iter().filter(has_blank).map(|word| word.text.clone()).collect();
                self.run_scripts(&scripts, &[], state);
                !scripts.is_empty()
            }
            "xargs" => self.xargs(words, state),
            "find" => self.find(words, state),
            "parallel" => self.parallel(words, state),
            "watch" => {
                let at = after_options(words, &["-n", "--interval"]);
                self.run_scripts(&[joined(&words[at..])], &[], state);
                true
            }
            _ => match tables::starter_named(name) {
                Some(starter) => self.starter(starter, words, state),
                None => false,
            },
        }
    }

    /// `sudo`, `env`, `timeout` and the like.
    fn starter(&mut self, starter: &Starter, words: &[Word], state: &mut State) -> bool {
        let mut at = after_options(words, starter.valued) + starter.operands;
        let options = words.get(1..at.min(words.len())).unwrap_or_default();
        let mut assigned = Vec::new();
        while let Some((name, text)) = words.get(at).and_then(|word| word.text.split_equals()) {
            if !starter.assignments || !crate::read::is_name(name) {
                break;
            }
            assigned.push((name.to_owned(), text));
            at += 1;
        }
        let inner = words.get(at..).unwrap_or_default();
        let split = value_of(options, &["-S", "--split-string"]);
        let folder =
            value_of(options, &["-C", "--chdir", "-D", "-w", "--wd"]).filter(|_| starter.name != "nice");
        let cleared = starter.name == "env"
            && options.iter().any(|o| matches!(o.known(), Some("-i" | "-" | "--ignore-environment")));
        if inner.is_empty() && split.is_none() {
            // `sudo -i` and `sudo -s` read a script.
            if starter.name == "sudo" || starter.name == "doas" {
                self.run_input(state);
            }
            return starter.name != "env" && starter.name != "time";
        }
        let after = self.in_child(state, |machine, state| {
            if cleared {
                let variables = std::rc::Rc::make_mut(&mut state.variables);
                variables.values_mut().for_each(|variable| variable.values = vec![Value::Unset]);
            }
            if let Some(folder) = folder {
                let mut there: Vec<Place> = Vec::new();
                for cwd in &state.cwd {
                    join(&mut there, vec![cwd.join(&folder)]);
                }
                state.cwd = there;
            }
            for (name, text) in assigned {
                state.assign_text(&name, text);
                state.export(&name, true);
            }
            if let Some(mut text) = split {
                text.push_str(" ");
                text.append(&joined(inner));
                machine.run_text(&text, state);
            } else {
                machine.call(inner.to_vec(), Lookup::Programs, state);
            }
        });
        state.printed = after.printed;
        true
    }

    /// `bash -c 'text' name args`, `sh file args`, `sh < file`.
    fn shell(&mut self, words: &[Word], state: &mut State) {
        let (mut at, mut script) = (1, false);
        while let Some(word) = words.get(at) {
            let Some(option) = word.known() else {
                if word.may_be_any() && words.len() > at + 1 {
                    at += 1;
                    continue;
                }
                break;
            };
            at += 1;
            match option {
                "--" | "-" => break,
                "--rcfile" | "--init-file" => at += 1,
                _ if option.starts_with("--") => {}
                _ if option.starts_with(['-', '+']) && option.len() > 1 => {
                    script |= option.contains('c') && option.starts_with('-');
                    if option.ends_with(['o', 'O']) {
                        at += 1;
                    }
                }
                _ => {
                    at -= 1;
                    break;
                }
            }
        }
        let rest = words.get(at..).unwrap_or_default();
        match rest.split_first() {
            Some((text, arguments)) if script => {
                let arguments = arguments.get(1..).unwrap_or_default();
                self.run_scripts(std::slice::from_ref(&text.text), arguments, state);
            }
            Some((file, arguments)) if !words[1..at].iter().any(|word| word.known() == Some("-s")) => {
                match self.file_texts(&file.text, state) {
                    Some(texts) => self.run_scripts(&texts, arguments, state),
                    None => state.print(&Text::from(Part::Unknown(crate::Why::Output(file.to_string())))),
                }
            }
            _ => self.run_input_with(rest, state),
        }
        state.status = None;
    }

    fn run_input(&mut self, state: &mut State) {
        self.run_input_with(&[], state);
    }

    /// A shell that reads its script from standard input.
    fn run_input_with(&mut self, arguments: &[Word], state: &mut State) {
        let Some(texts) = state.input.take() else { return };
        self.run_scripts(&texts, arguments, state);
    }

    fn script_options(&mut self, options: &[&str], words: &[Word], state: &mut State) -> bool {
        let mut scripts = Vec::new();
        for (index, word) in words.iter().enumerate().skip(1) {
            if word.known().is_some_and(|word| options.iter().any(|option| ends_with_option(word, option))) {
                scripts.extend(words.get(index + 1).map(|word| word.text.clone()));
            } else if let Some((name, text)) = word.text.split_equals()
                && options.contains(&name)
                && name.starts_with("--")
            {
                scripts.push(text);
            }
        }
        self.run_scripts(&scripts, &[], state);
        !scripts.is_empty()
    }

    /// Text of another language: its words, as they look. It stands in a word, in a file that a step wrote, or comes in.
    fn other_language(&mut self, options: &[&str], words: &[Word], state: &mut State) -> bool {
        let mut codes: Vec<Text> = Vec::new();
        for (index, word) in words.iter().enumerate().skip(1) {
            let code = match options {
                [] => Some(word),
                options if word.known().is_some_and(|word| options.contains(&word)) => words.get(index + 1),
                _ => None,
            };
            codes.extend(code.map(|code| code.text.clone()));
        }
        if codes.is_empty() {
            let file = words[1..].iter().find(|word| !word.text.known_start().starts_with('-'));
            codes = match file {
                Some(file) => self.file_texts(&file.text, state).unwrap_or_default(),
                None => state.input.take().unwrap_or_default(),
            };
        }
        let mut found = false;
        for code in codes.iter().filter_map(Text::known) {
            for cwd in &state.cwd {
                let mut commands = loose::commands(code, cwd, self.links);
                commands.iter_mut().for_each(|command| command.line = self.line);
                found |= !commands.is_empty();
                self.commands.append(&mut commands);
            }
        }
        if found {
            state.print(&Text::from(Part::Unknown(crate::Why::Output(words[0].to_string()))));
        }
        found
    }

    /// A command on another machine: another home, nothing known of its state.
    fn ssh(&mut self, words: &[Word], state: &mut State) -> bool {
        let at = after_options(words, tables::SSH_VALUED) + 1;
        let scripts = match words.get(at..) {
            Some(rest) if !rest.is_empty() => vec![joined(rest)],
            _ => state.input.take().unwrap_or_default(),
        };
        let mut there = State::new(Place::of(Root::Home));
        there.printed.clone_from(&state.printed);
        let links = std::mem::take(self.links);
        let files = std::mem::take(self.files);
        for script in scripts {
            let after = self.in_subshell(&there, |machine, state| machine.run_text(&script, state));
            state.printed = after.printed;
        }
        (*self.links, *self.files) = (Arc::clone(&links), files);
        true
    }
}

/// The value of one of these options, in the next word, after `=` or right behind a letter.
fn value_of(words: &[Word], names: &[&str]) -> Option<Text> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word.known().is_some_and(|word| names.contains(&word)) {
            return words.next().map(|word| word.text.clone());
        }
        if let Some((name, text)) = word.text.split_equals()
            && names.contains(&name)
        {
            return Some(text);
        }
    }
    None
}

/// The index of the first word after the options of the program.
pub(super) fn after_options(words: &[Word], valued: &[&str]) -> usize {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        // An unknown word before the command is taken for options.
        if word.may_be_any() && at + 1 < words.len() {
            at += 1;
            continue;
        }
        let option = word.text.known_start();
        if option == "--" && word.known().is_some() {
            return at + 1;
        }
        if !option.starts_with('-') || option == "-" {
            break;
        }
        // `-nu user`: the last letter of several takes the value.
        let short = option.len() > 2 && !option.starts_with("--");
        let last = short.then(|| option.chars().last().map(|last| format!("-{last}"))).flatten();
        let first = short.then(|| format!("-{}", option.chars().nth(1).unwrap_or('-')));
        let takes = valued.contains(&option) && word.known().is_some()
            || last.is_some_and(|last| valued.contains(&last.as_str()))
                && !first.is_some_and(|first| valued.contains(&first.as_str()));
        at += if takes { 2 } else { 1 };
    }
    at
}

/// Whether the word is the option, or short options of which it is the last: `-qc`.
fn ends_with_option(word: &str, option: &str) -> bool {
    let is_short = option.len() == 2 && !option.starts_with("--");
    let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    word == option || is_short && letters.is_some_and(|letters| letters.ends_with(&option[1..]))
}
