//! Programs that start other programs, and shells.

use super::builtin::joined;
use super::simple::Lookup;
use super::{Machine, options};
use crate::command::Word;
use crate::loose;
use crate::place::{Place, Root};
use crate::state::{State, Value};
use crate::tables::{self, Starter};
use crate::text::{Part, Text};
use std::sync::Arc;

impl Machine<'_> {
    /// Runs what the program starts; false when it is no program that starts others.
    pub(super) fn starts(&mut self, name: &str, words: &[Word], state: &mut State) -> bool {
        if tables::SHELLS.contains(&name) {
            self.shell(name, words, state);
            return true;
        }
        match name {
            "git" if self.git(words, state) => return true,
            "sed" | "gsed" if self.sed(words, state) => return true,
            _ => {}
        }
        if let Some(options) = tables::options_of(tables::SCRIPT_OPTIONS, name)
            && self.script_options(name, options, words, state)
        {
            return true;
        }
        if let Some(options) = tables::options_of(tables::LANGUAGES, name) {
            let found = self.other_language(options, words, state);
            if found {
                self.started_in_words(words, state);
            }
            return found;
        }
        match name {
            "ssh" => self.ssh(words, state),
            "at" | "batch" | "su" => {
                let cwd = self.folder_of_scripts(name, words, state);
                let cwd = std::mem::replace(&mut state.cwd, cwd);
                self.run_input(state);
                state.cwd = cwd;
                true
            }
            _ if tables::SCRIPT_WORDS.contains(&name) => {
                // A word with blanks in it is a script; the others are options and names.
                let has_blank = |word: &&Word| word.text.known_start().contains([' ', '\n']);
                let scripts: Vec<Text> =
                    words[1..].iter().filter(has_blank).map(|word| word.text.clone()).collect();
                let cwd = self.folder_of_scripts(name, words, state);
                let cwd = std::mem::replace(&mut state.cwd, cwd);
                self.run_scripts(&scripts, &[], state);
                state.cwd = cwd;
                !scripts.is_empty()
            }
            "xargs" => self.xargs(words, state),
            "find" => self.find(words, state),
            "parallel" => self.parallel(words, state),
            "watch" => {
                let at = options::after(words, &["-n", "--interval"]);
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
        let (given, after) = options::read(words, starter.valued);
        let mut at = after + starter.operands;
        let is_env = starter.name == "env";
        let mut cleared = is_env && options::has(&given, &["-i", "--ignore-environment"]);
        if is_env && words.get(at).and_then(Word::known) == Some("-") {
            (cleared, at) = (true, at + 1);
        }
        let (mut assigned, mut defined) = (Vec::new(), Vec::new());
        while let Some((name, text)) = words.get(at).and_then(|word| word.text.split_equals()) {
            match name.strip_prefix("BASH_FUNC_").and_then(|name| name.strip_suffix("%%")) {
                Some(function) if starter.assignments => defined.push((function.to_owned(), text)),
                _ if starter.assignments && crate::read::is_name(name) => {
                    assigned.push((name.to_owned(), text));
                }
                // Any word with an equals sign is a variable to `env`.
                _ if is_env => {}
                _ => break,
            }
            at += 1;
        }
        let inner = words.get(at..).unwrap_or_default();
        let split = options::value(&given, &["-S", "--split-string"]).filter(|_| is_env).cloned();
        if inner.is_empty() && split.is_none() {
            // `sudo -i` and `sudo -s` read a script.
            if starter.name == "sudo" || starter.name == "doas" {
                let folder = super::directory::of_starter(starter.name, &given, state);
                let cwd = state.cwd.clone();
                state.cwd = folder.unwrap_or_else(|| cwd.clone());
                self.run_input(state);
                state.cwd = cwd;
            }
            return !is_env && starter.name != "time";
        }
        let folder = super::directory::of_starter(starter.name, &given, state);
        let after = self.in_child(state, |machine, state| {
            if cleared {
                let variables = std::rc::Rc::make_mut(&mut state.variables);
                variables.values_mut().for_each(|variable| variable.values = vec![Value::Unset]);
            }
            if let Some(folder) = folder {
                state.cwd = folder;
            }
            for (name, text) in assigned {
                state.assign_text(&name, text);
                state.export(&name, true);
            }
            for (name, body) in defined {
                machine.defined_outside(&name, &body, state);
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

    /// A function that a variable of the environment holds: `BASH_FUNC_name%%=() { …; }`.
    fn defined_outside(&mut self, name: &str, body: &Text, state: &mut State) {
        let mut text = Text::from(format!("{name} ").as_str());
        text.append(body);
        self.run_text(&text, state);
        if let Some(functions) = std::rc::Rc::make_mut(&mut state.functions).get_mut(name) {
            functions.iter_mut().for_each(|function| function.exported = true);
        }
    }

    /// `bash -c 'text' name args`, `sh file args`, `sh < file`.
    fn shell(&mut self, name: &str, words: &[Word], state: &mut State) {
        let (mut at, mut letters, mut starts) = (1, String::new(), Vec::new());
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
                "--" => break,
                "-" => {
                    letters.push('l');
                    break;
                }
                "--login" => letters.push('l'),
                "--interactive" => letters.push('i'),
                "--rcfile" | "--init-file" => {
                    starts.extend(words.get(at).map(|word| word.text.clone()));
                    at += 1;
                }
                _ if option.starts_with("--") => {}
                _ if option.starts_with(['-', '+']) && option.len() > 1 => {
                    let (own, values) = shell_letters(name, &option[1..]);
                    if option.starts_with('-') {
                        letters.push_str(own);
                    }
                    let mut given = words[at..].iter().take(values);
                    self.names_are_folders |= given.any(|word| word.known() == Some("cdable_vars"));
                    at += values;
                }
                _ => {
                    at -= 1;
                    break;
                }
            }
        }
        let before = self.at_start(name, &letters, &starts, state);
        let rest = words.get(at..).unwrap_or_default();
        match rest.split_first() {
            Some((text, arguments)) if letters.contains('c') => {
                let arguments = arguments.get(1..).unwrap_or_default();
                self.run_scripts(&[after_start(&before, &text.text)], arguments, state);
            }
            Some((file, arguments)) if !letters.contains('s') => {
                let texts = self.scripts_in(&file.text, state);
                let scripts: Vec<Text> =
                    texts.iter().flatten().map(|text| after_start(&before, text)).collect();
                if scripts.is_empty() {
                    if !before.is_empty() {
                        self.run_scripts(std::slice::from_ref(&before), arguments, state);
                    }
                    state.print(&Text::from(Part::Unknown(crate::Why::Output(file.to_string()))));
                }
                self.run_scripts(&scripts, arguments, state);
                // `sh "$OPTIONS" 'text'`: the word that is not known may be `-c`.
                if file.known().is_none()
                    && file.text.is_wholly_unknown()
                    && let Some(text) = arguments.first().filter(|text| text.text.known_start().contains(' '))
                {
                    self.run_scripts(std::slice::from_ref(&text.text), &[], state);
                }
            }
            _ => {
                if !before.is_empty() {
                    self.run_scripts(std::slice::from_ref(&before), rest, state);
                }
                self.run_input_with(rest, state);
            }
        }
        state.status = None;
    }

    /// What a shell runs before its script: files that are named for that, and those of the user that a step wrote.
    fn at_start(&self, name: &str, letters: &str, files: &[Text], state: &State) -> Text {
        let mut script = Text::default();
        let mut source = |file: &Text| {
            script.push_str(". \"");
            script.append(file);
            script.push_str("\"\n");
        };
        files.iter().for_each(&mut source);
        let interactive = letters.contains('i');
        let variables = ["BASH_ENV", "ENV"].into_iter().filter(|variable| *variable != "ENV" || interactive);
        for variable in variables.filter_map(|variable| state.variables.get(variable)) {
            variable.values.iter().filter_map(Value::scalar).for_each(|file| source(&file));
        }
        if interactive || letters.contains('l') || name == "zsh" {
            for file in tables::START_FILES {
                let mut path = Text::from(Part::Home);
                path.push_str("/");
                path.push_str(file);
                if self.file_texts(&path, state).is_some() {
                    source(&path);
                }
            }
        }
        if interactive && let Some(commands) = state.variables.get("PROMPT_COMMAND") {
            for text in commands.values.iter().flat_map(Value::elements) {
                script.append(&text.text);
                script.push_str("\n");
            }
        }
        script
    }

    fn run_input(&mut self, state: &mut State) {
        self.run_input_with(&[], state);
    }

    /// A shell that reads its script from standard input.
    fn run_input_with(&mut self, arguments: &[Word], state: &mut State) {
        let Some(texts) = state.input.take() else { return };
        self.run_scripts(&texts, arguments, state);
    }

    fn script_options(&mut self, name: &str, options: &[&str], words: &[Word], state: &mut State) -> bool {
        let mut scripts = options::scripts(words, options);
        for script in &mut scripts {
            // `tar --checkpoint-action=exec=…`
            if script.known_start().starts_with("exec=") {
                *script = options::without_start(script, "exec=".len());
            }
        }
        let cwd = self.folder_of_scripts(name, words, state);
        let cwd = std::mem::replace(&mut state.cwd, cwd);
        self.run_scripts(&scripts, &[], state);
        state.cwd = cwd;
        !scripts.is_empty()
    }

    /// The folder in which a program runs the scripts among its words.
    fn folder_of_scripts(&self, name: &str, words: &[Word], state: &State) -> Vec<Place> {
        let login = |word: &Word| {
            let known = word.known().unwrap_or_default();
            let letters = known.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
            known == "--login" || letters.is_some_and(|letters| letters.is_empty() || letters.contains('l'))
        };
        match name {
            "su" | "runuser" if words[1..].iter().any(login) => super::directory::unknown(),
            _ => self.folder_in_words(name, &words[1..], state),
        }
    }

    /// Text of another language: its words, as they look. It stands in a word, in a file that a step wrote, or comes in.
    fn other_language(&mut self, options: &[&str], words: &[Word], state: &mut State) -> bool {
        let mut codes: Vec<Text> = match options {
            [] => words[1..].iter().map(|word| word.text.clone()).collect(),
            options => options::scripts(words, options),
        };
        let operand = |word: &&Word| !word.text.known_start().starts_with('-') || word.known() == Some("-");
        let mut files = words[1..].iter().filter(operand).peekable();
        if files.peek().is_none() && codes.is_empty() {
            codes = state.input.take().unwrap_or_default();
        }
        for file in files {
            codes.extend(self.file_texts(&file.text, state).unwrap_or_default());
        }
        let mut found = false;
        for code in &codes {
            found |= self.looked_at(&as_written(code), state);
        }
        if found {
            state.print(&Text::from(Part::Unknown(crate::Why::Output(words[0].to_string()))));
        }
        found
    }

    /// Notes what the words of a text that no shell reads look like.
    pub(super) fn looked_at(&mut self, code: &str, state: &State) -> bool {
        let mut found = false;
        let moves = ["chdir", "cwd", "cd ", "Set-Location"].iter().any(|word| code.contains(word));
        let elsewhere = vec![Place::of(Root::Unknown(crate::Why::Folder))];
        for cwd in if moves { &elsewhere } else { &state.cwd } {
            let mut commands = loose::commands(code, cwd, self.links, self.watched);
            commands.iter_mut().for_each(|command| command.line = self.line);
            found |= !commands.is_empty();
            self.commands.append(&mut commands);
        }
        found
    }

    /// A command on another machine: another home, nothing known of its state.
    fn ssh(&mut self, words: &[Word], state: &mut State) -> bool {
        let at = options::after(words, tables::SSH_VALUED) + 1;
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

/// The letters of a group of options of a shell, and how many words they take as values.
fn shell_letters<'l>(name: &str, letters: &'l str) -> (&'l str, usize) {
    match letters.find('o') {
        // In these, the name of the option may be joined to it.
        Some(at) if matches!(name, "ksh" | "mksh" | "zsh") => {
            (&letters[..at], usize::from(at + 1 == letters.len()))
        }
        _ => (letters, letters.matches(['o', 'O']).count()),
    }
}

/// A script with what the shell runs before it.
fn after_start(before: &Text, script: &Text) -> Text {
    let mut text = before.clone();
    text.append(script);
    text
}

/// The text with symbols as one might write them in any language.
pub(super) fn as_written(text: &Text) -> String {
    let mut written = String::new();
    for part in text.parts() {
        match part {
            Part::Text(text) | Part::Glob(text) => written.push_str(text),
            Part::Home => written.push('~'),
            Part::HomeOf(user) => {
                written.push('~');
                written.push_str(user);
            }
            Part::Unknown(_) => written.push_str("${?}"),
        }
    }
    written
}
