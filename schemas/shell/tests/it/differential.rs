//! Real shells as the judge: what `bash` and `dash` really run must be among the commands that the analysis gives.
//!
//! `tool` is a program that writes down its words and its folder. A word that the analysis does not know matches anything.

mod generate;
mod scripts;

use contract_shell::{Command, Part, Place, Root, Shell, Start, Text, Word};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A folder with a home, a place to start in, and the program that is watched.
struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "home/dev/x", "start/sub"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let tool = folder.path().join("bin/tool");
        // One record: the folder, then each word, then `=end=`.
        let record = "#!/bin/sh\nprintf '%s\\0' \"$(pwd -P)\" \"$@\" =end= >> \"$TOOL_LOG\"\n";
        fs::write(&tool, record).unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Runs the script and gives folder and words of every call of `tool`; `None` when there is no such shell.
    fn run(&self, shell: &str, script: &str) -> Option<Vec<Vec<String>>> {
        let log = self.path("log");
        let start = self.path("start");
        let _ = fs::remove_file(&log);
        fs::remove_dir_all(&start).unwrap();
        fs::create_dir_all(start.join("sub")).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a real shell is the judge")]
        let output = std::process::Command::new(shell)
            .args(["-c", script])
            .current_dir(&start)
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .env("TOOL_LOG", &log)
            .stdin(std::process::Stdio::null())
            .output();
        output.ok()?;
        let text = fs::read_to_string(&log).unwrap_or_default();
        let records = text.split_terminator("=end=\0");
        Some(records.map(|record| record.split_terminator('\0').map(str::to_owned).collect()).collect())
    }

    /// Whether `command` is a call of `tool` with these words in this folder, as far as it says.
    fn agrees(&self, command: &Command, real: &[String]) -> bool {
        command.name() == Some("tool")
            && self.agrees_place(&command.cwd, &real[0])
            && self.agrees_words(&command.words[1..], &real[1..])
    }

    fn agrees_place(&self, place: &Place, real: &str) -> bool {
        let root = match place.root {
            Root::Home => self.path("home"),
            Root::Start => self.path("start"),
            Root::FileSystem => PathBuf::from("/"),
            Root::HomeOf(_) | Root::Unknown(_) => return true,
        };
        let Some(names) = place.known_names() else { return true };
        let mut path = root;
        for _ in 0..place.above {
            path.pop();
        }
        path.extend(names);
        // The analysis keeps links in a folder's name, as the shell does.
        path.canonicalize().unwrap_or(path) == Path::new(real)
    }

    fn agrees_words(&self, words: &[Word], real: &[String]) -> bool {
        let Some((word, rest)) = words.split_first() else { return real.is_empty() };
        if word.splits() {
            return (0..=real.len()).any(|count| self.agrees_words(rest, &real[count..]));
        }
        match real.split_first() {
            Some((first, others)) => self.agrees_word(word.text(), first) && self.agrees_words(rest, others),
            None => false,
        }
    }

    fn agrees_word(&self, text: &Text, real: &str) -> bool {
        // `${HOME%/*}` is the folder above the home.
        if let [Part::Home, Part::Text(rest)] = text.parts()
            && rest.starts_with("/..")
        {
            return self.agrees_place(&Place::of(Root::Home).join(text), real);
        }
        self.agrees_text(text.parts(), real)
    }

    fn agrees_text(&self, parts: &[Part], real: &str) -> bool {
        let Some((part, rest)) = parts.split_first() else { return real.is_empty() };
        let literal = match part {
            Part::Text(text) => text.clone(),
            Part::Home => self.path("home").display().to_string(),
            Part::HomeOf(user) => format!("~{user}"),
            Part::Unknown(_) | Part::Glob(_) => {
                return (0..=real.len())
                    .filter(|&at| real.is_char_boundary(at))
                    .any(|at| self.agrees_text(rest, &real[at..]));
            }
        };
        real.strip_prefix(&literal).is_some_and(|real| self.agrees_text(rest, real))
    }

    /// What is wrong with the analysis of the script, if anything.
    fn difference(&self, shell: &str, script: &str) -> Option<String> {
        let real = self.run(shell, script)?;
        let analysis = Shell::new(Start { cwd: None, watched: &["tool"] }).run(script);
        let mut faults = String::new();
        if analysis.unread.is_some() {
            faults += &format!("unread: {:?}\n", analysis.unread);
        }
        for call in &real {
            if !analysis.commands.iter().any(|command| self.agrees(command, call)) {
                faults += &format!("not foreseen: {call:?}\n");
            }
        }
        if faults.is_empty() {
            return None;
        }
        let foreseen: Vec<String> = analysis
            .commands
            .iter()
            .filter(|command| command.name() == Some("tool"))
            .map(|command| format!("{command} in {}", command.cwd))
            .collect();
        Some(format!("{shell}:\n{script}\n{faults}foreseen: {foreseen:#?}\n"))
    }
}

fn has(shell: &str) -> bool {
    let found = Stage::new().run(shell, ":").is_some();
    if !found {
        eprintln!("{shell} is not here, so nothing was compared with it");
    }
    found
}

#[test]
fn what_a_shell_runs_is_foreseen() {
    let stage = Stage::new();
    let mut faults = Vec::new();
    for (shell, bash_too) in [("bash", true), ("dash", false)] {
        if !has(shell) {
            continue;
        }
        for script in scripts::POSIX.iter().chain(if bash_too { scripts::BASH } else { &[] }) {
            let real = stage.run(shell, script).unwrap();
            assert!(!real.is_empty(), "{shell} never called the tool, so this shows nothing:\n{script}");
            faults.extend(stage.difference(shell, script));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Without unknowns, nothing is foreseen that does not happen.
#[test]
fn what_is_certain_is_foreseen_exactly() {
    let stage = Stage::new();
    if !has("bash") {
        return;
    }
    let mut faults = Vec::new();
    for script in scripts::CERTAIN {
        let real = stage.run("bash", script).unwrap();
        let analysis = Shell::new(Start { cwd: None, watched: &["tool"] }).run(script);
        for command in analysis.commands.iter().filter(|command| command.name() == Some("tool")) {
            if !real.iter().any(|call| stage.agrees(command, call)) {
                faults.push(format!(
                    "{script}\nforeseen, but did not happen: {command} in {}\nreal: {real:?}",
                    command.cwd
                ));
            }
        }
        faults.extend(stage.difference("bash", script));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Random scripts for each shell.
const SCRIPTS: usize = 300;

#[test]
fn what_a_shell_runs_of_random_scripts_is_foreseen() {
    let stage = Stage::new();
    let mut faults = Vec::new();
    for shell in ["bash", "dash"] {
        if !has(shell) {
            continue;
        }
        let mut generator = generate::Generator::new(10, shell == "bash");
        let mut calls = 0;
        for _ in 0..SCRIPTS {
            let script = generator.script();
            // A script that is given up is refused by a rule of its own.
            if Shell::new(Start { cwd: None, watched: &["tool"] }).run(&script).unread.is_some() {
                continue;
            }
            calls += stage.run(shell, &script).unwrap().len();
            faults.extend(stage.difference(shell, &script));
        }
        assert!(calls > 200, "the scripts call the tool: {calls}");
    }
    assert!(
        faults.is_empty(),
        "{} differ, the first:\n{}",
        faults.len(),
        faults[..faults.len().min(4)].join("\n")
    );
}

#[test]
fn a_text_agrees_with_what_it_may_stand_for() {
    let stage = Stage::new();
    let home = stage.path("home").display().to_string();
    let analysis = Shell::new(Start::default()).run("tool ~/x \"$A\"b $A");
    let text = |index: usize| -> &Text { analysis.commands[0].words[index].text() };
    assert!(stage.agrees_text(text(1).parts(), &format!("{home}/x")));
    assert!(!stage.agrees_text(text(1).parts(), &format!("{home}/y")));
    assert!(stage.agrees_text(text(2).parts(), "anything b"));
    assert!(!stage.agrees_text(text(2).parts(), "anything"));
    let words = &analysis.commands[0].words[1..];
    for more in [vec![], vec!["1".to_owned()], vec!["1".to_owned(), "2".to_owned()]] {
        let real = [vec![format!("{home}/x"), "b".to_owned()], more].concat();
        assert!(stage.agrees_words(words, &real), "{real:?}");
    }
}
