//! Programs that only look at their words, until one of these says to run something.

use super::{Machine, options};
use crate::command::Word;
use crate::state::State;
use crate::text::{Part, Text, Why};

/// Settings of `git` whose value is a command, by the end of their name.
const SETTINGS: &[&str] = &[
    ".askpass",
    ".clean",
    ".cmd",
    ".command",
    ".driver",
    ".editor",
    ".external",
    ".fsmonitor",
    ".helper",
    ".pager",
    ".process",
    ".program",
    ".smudge",
    ".sshcommand",
    ".textconv",
];

const GIT_VALUED: &[&str] = &["-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env"];

impl Machine<'_> {
    /// `git` with an alias that is a command, `bisect run`, `submodule foreach`.
    pub(super) fn git(&mut self, words: &[Word], state: &mut State) -> bool {
        let (given, at) = options::read(words, GIT_VALUED);
        let rest = words.get(at + 1..).unwrap_or_default();
        let mut runs = false;
        for option in given.iter().filter(|option| option.name == "-c") {
            if let Some((key, value)) = option.value.as_ref().and_then(Text::split_equals) {
                runs |= self.git_setting(key, &value, state);
            }
        }
        let Some(command) = words.get(at).and_then(Word::known) else { return runs };
        match command {
            "bisect" if rest.first().and_then(Word::known) == Some("run") => {
                self.start(rest[1..].to_vec(), state);
                return true;
            }
            "config" => {
                let plain: Vec<&Word> =
                    rest.iter().filter(|word| !word.text.known_start().starts_with('-')).collect();
                for pair in plain.windows(2) {
                    if let Some(key) = pair[0].known().filter(|key| key.contains('.')) {
                        runs |= self.git_setting(key, &pair[1].text, state);
                    }
                }
            }
            "submodule" => {
                let each = rest.iter().position(|word| word.known() == Some("foreach"));
                if let Some(each) = each {
                    let from = options::after(&rest[each..], &[]) + each;
                    let script = super::builtin::joined(rest.get(from..).unwrap_or_default());
                    self.run_elsewhere(&script, state);
                    return true;
                }
            }
            _ => {}
        }
        if let Some(mut script) = self.git_aliases.get(command).cloned() {
            script.push_str(" ");
            script.append(&super::builtin::joined(rest));
            self.run_elsewhere(&script, state);
            runs = true;
        }
        runs
    }

    fn git_setting(&mut self, key: &str, value: &Text, state: &mut State) -> bool {
        let key = key.to_ascii_lowercase();
        let command = match value.known_start().strip_prefix('!') {
            Some(_) => options::without_start(value, 1),
            None => value.clone(),
        };
        if let Some(name) = key.strip_prefix("alias.") {
            let script = if command == *value {
                let mut script = Text::from("git ");
                script.append(value);
                script
            } else {
                command
            };
            self.git_aliases.insert(name.to_owned(), script.clone());
            self.run_elsewhere(&script, state);
            return true;
        }
        if command != *value
            || SETTINGS.iter().any(|setting| key.ends_with(setting))
            || key.starts_with("pager.")
        {
            self.run_elsewhere(&command, state);
            return true;
        }
        false
    }

    /// Runs a script that starts in another folder.
    fn run_elsewhere(&mut self, script: &Text, state: &mut State) {
        let cwd = std::mem::replace(&mut state.cwd, super::directory::unknown());
        self.run_scripts(std::slice::from_ref(script), &[], state);
        state.cwd = cwd;
    }

    /// `sed` runs what stands behind its command `e`, and with the flag `e` what it puts in.
    pub(super) fn sed(&mut self, words: &[Word], state: &mut State) -> bool {
        let mut scripts = options::scripts(words, &["-e", "--expression", "-f", "--file"]);
        let files: Vec<Text> =
            scripts.iter().filter_map(|file| self.file_texts(file, state)).flatten().collect();
        scripts.extend(files);
        let operand = |word: &&Word| !word.text.known_start().starts_with('-');
        scripts.extend(words[1..].iter().find(operand).map(|word| word.text.clone()));
        let mut runs = false;
        for script in &scripts {
            for command in run_by_sed(script) {
                self.run_scripts(&[command], &[], state);
                runs = true;
            }
        }
        runs
    }
}

/// The commands that a script of `sed` runs.
fn run_by_sed(script: &Text) -> Vec<Text> {
    let mut found = Vec::new();
    // An unknown is one character here.
    let characters: Vec<Result<char, &Part>> = script
        .parts()
        .iter()
        .flat_map(|part| match part {
            Part::Text(text) => text.chars().map(Ok).collect(),
            part => vec![Err(part)],
        })
        .collect();
    let is = |at: usize, wanted: &str| matches!(characters.get(at), Some(Ok(c)) if wanted.contains(*c));
    let text = |range: std::ops::Range<usize>| {
        let mut text = Text::default();
        for character in characters.get(range).unwrap_or_default() {
            match character {
                Ok(character) => text.push_str(character.encode_utf8(&mut [0; 4])),
                Err(part) => text.push((*part).clone()),
            }
        }
        text
    };
    // Up to the next character that is not escaped.
    let until = |from: usize, wanted: &str| {
        let mut at = from;
        while at < characters.len() && !is(at, wanted) {
            at += if is(at, "\\") { 2 } else { 1 };
        }
        at.min(characters.len())
    };
    let mut at = 0;
    while at < characters.len() {
        if is(at, "/") {
            at = until(at + 1, "/") + 1;
        } else if is(at, "\\") {
            let Some(Ok(delimiter)) = characters.get(at + 1) else { break };
            at = until(at + 2, &delimiter.to_string()) + 1;
        } else if is(at, "sy") {
            let substitutes = is(at, "s");
            let Some(Ok(delimiter)) = characters.get(at + 1) else { break };
            let delimiter = delimiter.to_string();
            let middle = until(at + 2, &delimiter);
            let end = until(middle + 1, &delimiter);
            at = end + 1;
            let flags = at;
            while at < characters.len() && !is(at, ";\n}#") {
                at += 1;
            }
            if substitutes && (flags..at).any(|flag| is(flag, "e")) {
                found.push(text(middle + 1..end));
                found.push(Text::unknown(Why::Input));
            }
        } else if is(at, "e") {
            let end = until(at, "\n");
            found.push(text(at + 1..end));
            at = end + 1;
        } else if is(at, "aicrRwW:btTq#") {
            // Text or a name up to the end of the line.
            at = until(at, if is(at, "btTq") { "\n;}" } else { "\n" }) + 1;
        } else {
            at += 1;
        }
    }
    found
}
