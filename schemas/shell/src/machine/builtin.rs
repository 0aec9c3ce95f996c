//! Commands of the shell itself that change what it knows.

use super::simple::Lookup;
use super::{Frame, Machine};
use crate::command::{Role, Word};
use crate::state::{Arguments, State, Value};
use crate::text::{Part, Text, Why};
use std::rc::Rc;

impl Machine<'_> {
    /// Runs a builtin; false when the name is none, or one whose effect is that of the program of its name.
    pub(super) fn builtin(&mut self, words: &[Word], state: &mut State) -> bool {
        let Some(name) = words[0].known() else { return false };
        let mut role = Role::Looks;
        state.status = None;
        match name {
            ":" | "true" => state.status = Some(true),
            "false" => state.status = Some(false),
            "cd" | "chdir" | "pushd" | "popd" => self.change_folder(name, words, state),
            "export" | "readonly" | "declare" | "typeset" | "local" => self.declare(name, words, &[], state),
            "unset" => unset(words, state),
            "set" => self.set(words, state),
            "shift" => shift(words, state),
            "read" => read(words, state),
            "mapfile" | "readarray" => {
                map_file(words, state);
                self.map_callback(words, state);
            }
            "getopts" => {
                for name in [words.get(2).and_then(Word::known), Some("OPTARG"), Some("OPTIND")] {
                    state.forget(name.unwrap_or("OPTARG"));
                }
                state.status = None;
            }
            "let" => {
                let texts: Vec<Text> = words[1..].iter().map(|word| word.text.clone()).collect();
                self.forget_assigned(&texts, state);
                state.status = None;
            }
            "alias" => alias(words, state),
            "unalias" => unalias(words, state),
            "break" | "continue" | "return" | "exit" | "logout" => {
                let stays = self.may_stay(name, words).then(|| state.clone());
                self.leave_by(name, words, state);
                if let Some(stays) = stays {
                    state.merge_in(stays);
                    state.status = None;
                }
            }
            "trap" => self.trap(words, state),
            "eval" => {
                role = Role::Starts;
                let text = joined(&words[1..]);
                state.status = None;
                self.run_text(&text, state);
            }
            "." | "source" => {
                role = Role::Starts;
                self.source(words, state);
                // The file may be missing, and dash has no `source`.
                state.status = None;
            }
            "exec" => {
                role = Role::Starts;
                self.exec(words, state);
            }
            "command" | "builtin" => {
                role = self.command(words, state);
            }
            "compgen" | "complete" => self.completes(words, state),
            "dirs" => {
                if words.iter().any(|word| word.known() == Some("-c")) {
                    state.stack.clear();
                }
            }
            "hash" => self.hash(words, state),
            "shopt" => self.shopt(words, state),
            "[" | "test" => state.status = super::test::holds(words),
            "bind" | "bg" | "caller" | "compopt" | "disown" | "enable" | "fc" | "fg" | "help" | "history"
            | "jobs" | "kill" | "suspend" | "times" | "type" | "ulimit" | "umask" | "wait" => {}
            _ => return false,
        }
        if matches!(name, "compgen" | "complete" | "dirs" | "hash" | "shopt") {
            state.status = None;
        }
        self.note(words.to_vec(), state, role);
        true
    }

    fn shopt(&mut self, words: &[Word], state: &mut State) {
        // What is not known may be any option.
        let sets = |option| words[1..].iter().any(|word| word.known().is_none_or(|word| word == option));
        self.names_are_folders |= sets("cdable_vars");
        state.any_case |= sets("nocasematch");
        state.last_here |= sets("lastpipe");
    }

    /// Whether it may be refused, so that what stands after it runs.
    fn may_stay(&self, name: &str, words: &[Word]) -> bool {
        let number = |word: &Word| {
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            word.text.parts().iter().all(|part| match part {
                Part::Text(text) => digits(text),
                part => *part == Part::Unknown(Why::Arithmetic),
            })
        };
        let plain = match &words[1..] {
            [] => true,
            [word] => number(word) && (!name.ends_with(['k', 'e']) || word.known().is_some_and(|n| n != "0")),
            _ => false,
        };
        let own = self.frames.get(self.outer_frames..).unwrap_or_default();
        let refused = match name {
            "logout" => true,
            "return" => !own.iter().any(|frame| matches!(frame, Frame::Call { .. })),
            _ => false,
        };
        refused || !plain
    }

    pub(super) fn set(&mut self, words: &[Word], state: &mut State) {
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let Some(option) = word.known() else { break };
            at += 1;
            match option {
                "--" | "-" => {
                    state.arguments = super::call::arguments(&words[at..]);
                    return;
                }
                "-o" | "+o" => {
                    let long = words.get(at).and_then(Word::known);
                    match long {
                        Some("noglob") => state.no_globs = option == "-o",
                        Some("errexit") => state.errors_go_on = option == "+o",
                        Some("physical") => self.physical |= option == "-o",
                        Some("allexport") => state.export_all = option == "-o",
                        _ => {}
                    }
                    at += 1;
                }
                _ if option.starts_with(['-', '+']) && option.len() > 1 => {
                    let on = option.starts_with('-');
                    if option.contains('f') {
                        state.no_globs = on;
                    }
                    if option.contains('e') {
                        state.errors_go_on = !on;
                    }
                    self.physical |= on && option.contains('P');
                    if option.contains('a') {
                        state.export_all = on;
                    }
                    if option.ends_with('o') {
                        at += 1;
                    }
                }
                _ => {
                    at -= 1;
                    break;
                }
            }
        }
        if at < words.len() {
            state.arguments = super::call::arguments(&words[at..]);
        }
    }

    fn exec(&mut self, words: &[Word], state: &mut State) {
        let mut at = 1;
        while let Some(option) = words.get(at).and_then(Word::known).filter(|word| word.starts_with('-')) {
            at += if option == "-a" { 2 } else { 1 };
        }
        let Some(inner) = words.get(at..).filter(|inner| !inner.is_empty()) else {
            self.keeps_redirects = true;
            return;
        };
        self.start(inner.to_vec(), state);
        self.leave_by("exit", &[], state);
    }

    fn command(&mut self, words: &[Word], state: &mut State) -> Role {
        let mut at = 1;
        while let Some(option) = words.get(at).and_then(Word::known).filter(|word| word.starts_with('-')) {
            if option.contains(['v', 'V']) {
                // A path that ends in the name; the name is what matters.
                if let Some(word) = words.get(at + 1) {
                    state.print(&word.text);
                    state.print(&Text::from("\n"));
                }
                state.status = None;
                return Role::Looks;
            }
            at += 1;
        }
        if let Some(inner) = words.get(at..).filter(|inner| !inner.is_empty()) {
            self.call(inner.to_vec(), Lookup::NoFunctions, state);
        }
        Role::Starts
    }
}

/// Words with a blank between them.
pub(super) fn joined(words: &[Word]) -> Text {
    let mut text = Text::default();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            text.push_str(" ");
        }
        text.append(&word.text);
    }
    text
}

/// `mapfile`: an element for each line.
fn map_file(words: &[Word], state: &mut State) {
    let name = words[1..].iter().rev().find_map(Word::known).filter(|name| crate::read::is_name(name));
    // `-s`, `-n` and the like choose lines.
    let option = |word: &Word| word.known().is_none_or(|word| word.starts_with('-') && word != "-t");
    let value = match state.input.as_deref_mut() {
        Some([text]) if text.known().is_some() && !words[1..].iter().any(option) => {
            let text = std::mem::take(text);
            let lines = text.known().unwrap_or_default().lines().enumerate();
            Value::Array(lines.map(|(index, line)| (index.to_string(), Word::from(line))).collect())
        }
        _ => Value::unknown(Why::Input),
    };
    state.assign(name.unwrap_or("MAPFILE"), vec![value]);
    state.status = None;
}

fn unset(words: &[Word], state: &mut State) {
    let functions = words.iter().any(|word| word.known() == Some("-f"));
    for name in words[1..].iter().filter_map(Word::known) {
        if functions {
            Rc::make_mut(&mut state.functions).remove(name);
        } else if crate::read::is_name(name) {
            state.unset(name);
        }
    }
    if words.iter().any(|word| word.known() == Some("IFS")) {
        state.own_separators = false;
    }
}

fn shift(words: &[Word], state: &mut State) {
    let count = match words.get(1) {
        None => Some(1),
        Some(word) => word.known().and_then(|count| count.parse::<usize>().ok()),
    };
    let left = match (&state.arguments, count) {
        (Arguments::Known(arguments), Some(count)) if count <= arguments.len() => {
            Some(arguments[count..].to_vec())
        }
        (Arguments::Known(arguments), Some(_)) => Some(arguments.clone()),
        _ => None,
    };
    state.status = match &state.arguments {
        Arguments::Known(arguments) if count.is_some_and(|count| count <= arguments.len()) => Some(true),
        Arguments::Known(_) if count.is_some() => Some(false),
        _ => None,
    };
    state.arguments = left.map_or(Arguments::Unknown, Arguments::Known);
}

fn alias(words: &[Word], state: &mut State) {
    for word in &words[1..] {
        if let Some((name, text)) = word.text.split_equals() {
            let (name, text) = (name.to_owned(), text);
            Rc::make_mut(&mut state.aliases).insert(name, vec![text]);
        }
    }
    state.status = None;
}

fn unalias(words: &[Word], state: &mut State) {
    let aliases = Rc::make_mut(&mut state.aliases);
    match words.get(1).and_then(Word::known) {
        Some("-a") => aliases.clear(),
        Some(name) => _ = aliases.remove(name),
        None => {}
    }
}

/// `read`: the next line of what is known to come in.
fn read(words: &[Word], state: &mut State) {
    let (mut names, mut at, mut array, mut delimited, mut raw) = (Vec::new(), 1, false, false, false);
    while let Some(word) = words.get(at) {
        at += 1;
        match word.known() {
            Some(option) if option.starts_with('-') && names.is_empty() => {
                array |= option.contains('a');
                raw |= option.contains('r');
                delimited |= option.contains(['d', 'n', 'N', 'u', 't']);
                if option.ends_with(['d', 'i', 'n', 'N', 'p', 't', 'u']) {
                    at += 1;
                }
            }
            Some(name) => names.push(name.to_owned()),
            None => {}
        }
    }
    let line = match state.input.as_deref_mut() {
        Some([text]) if !delimited => {
            if text.is_empty() {
                state.status = Some(false);
            } else {
                // A line of unknown length may be several lines.
                state.status = text.known().is_some().then_some(true);
            }
            let (line, rest) = text.split_line();
            *text = rest.unwrap_or_default();
            // An unknown may hold line feeds, and blanks at its ends.
            // Without `-r`, a backslash protects a character, and joins lines.
            let escapes = |part: &Part| !raw && matches!(part, Part::Text(text) if text.contains('\\'));
            if line.parts().iter().any(|part| matches!(part, Part::Unknown(_)) || escapes(part)) {
                state.input = None;
                state.status = None;
                Text::unknown(Why::Input)
            } else {
                line
            }
        }
        _ => {
            state.status = None;
            Text::unknown(Why::Input)
        }
    };
    if names.is_empty() {
        names.push("REPLY".to_owned());
    }
    give(&names, &line, array, state);
}

fn give(names: &[String], line: &Text, array: bool, state: &mut State) {
    if state.own_separators {
        names.iter().for_each(|name| state.assign(name, vec![Value::unknown(Why::Input)]));
        return;
    }
    if array {
        let elements = line.split_blank().into_iter().enumerate();
        let elements = elements.map(|(index, text)| (index.to_string(), Word::of(text))).collect();
        state.assign(&names[0], vec![Value::Array(elements)]);
        return;
    }
    if let [name] = names {
        state.assign_text(name, trimmed(line));
        return;
    }
    let certain = line.why_unknown().is_none();
    let fields = line.split_blank();
    for (index, name) in names.iter().enumerate() {
        let value = match (certain, index + 1 == names.len()) {
            (false, _) => Text::unknown(Why::Input),
            (true, false) => fields.get(index).cloned().unwrap_or_default(),
            (true, true) => {
                let rest: Vec<Word> = fields.iter().skip(index).cloned().map(Word::of).collect();
                joined(&rest)
            }
        };
        state.assign_text(name, value);
    }
}

fn trimmed(line: &Text) -> Text {
    match line.known() {
        Some(text) => Text::from(text.trim_matches([' ', '\t'])),
        None => line.clone(),
    }
}
