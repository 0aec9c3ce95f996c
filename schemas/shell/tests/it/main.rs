//! What contract-shell promises.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]
#![expect(clippy::print_stderr, reason = "tests say when they are skipped")]

mod certain;
mod differential;
mod files;
mod flow;
mod folders;
mod hidden;
mod limits;
mod places;
mod starts;
mod unread;
mod words;

use contract_shell::{Analysis, Command, Shell, Start};

/// A lane that watches for `tool`.
fn lane() -> Shell {
    Shell::new(Start { cwd: None, watched: &["tool"] })
}

fn analysis(script: &str) -> Analysis {
    lane().run(script)
}

fn is_tool(command: &&Command) -> bool {
    command.name() == Some("tool")
}

/// Every call of `tool` as text, its words between bars; a word that may split ends with three dots.
fn calls_of(analysis: &Analysis) -> Vec<String> {
    assert!(analysis.unread.is_none(), "{:?}", analysis.unread);
    let words = |command: &Command| {
        let words = command.words[1..].iter();
        words
            .map(|word| format!("{word}{}", if word.splits() { "…" } else { "" }))
            .collect::<Vec<_>>()
            .join("|")
    };
    analysis.commands.iter().filter(is_tool).map(words).collect()
}

fn calls(script: &str) -> Vec<String> {
    calls_of(&analysis(script))
}

/// The words of the only call of `tool`.
fn call(script: &str) -> String {
    let mut calls = calls(script);
    assert_eq!(calls.len(), 1, "{script}: {calls:?}");
    calls.remove(0)
}

/// The folder of the only call of `tool`.
fn folder(script: &str) -> String {
    let analysis = analysis(script);
    let mut folders: Vec<String> =
        analysis.commands.iter().filter(is_tool).map(|command| command.cwd.to_string()).collect();
    assert_eq!(folders.len(), 1, "{script}: {folders:?}");
    folders.remove(0)
}
