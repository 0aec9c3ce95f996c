//! What contract-check promises.

#![expect(clippy::print_stderr, reason = "tests say when they are skipped")]

mod commands;
mod commands_equivalents;
mod corpus;
mod examples;
mod mutation;
mod positions;
mod schemas;
mod shared;
mod shared_schemas;

use std::path::{Path, PathBuf};

use contract_check::{Checked, Checker, Exchange, Options, Violation};
use contract_json::Tape;

/// The folder with good and bad documents.
fn conformance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance")
}

/// Documents of others, which are not part of this repository.
fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/upstream");
    folder.is_dir().then_some(folder).or_else(|| {
        eprintln!("skipped: ../shared/upstream is not here");
        None
    })
}

fn checker() -> Checker {
    Checker::new(Options::default())
}

fn check(checker: &Checker, text: &[u8]) -> Checked {
    checker.check(&mut Tape::new(), text, None).expect("the document is JSON")
}

/// All that is wrong with the lines of one file.
fn check_lines(checker: &Checker, lines: &[Vec<u8>]) -> Vec<Violation> {
    let (mut tape, mut exchange) = (Tape::new(), Exchange::default());
    let check = |line: &Vec<u8>| {
        checker.check_line(&mut tape, line, None, &mut exchange).expect("the line is JSON").violations
    };
    lines.iter().flat_map(check).collect()
}

/// Ids of the rules that are broken, sorted, each once.
fn broken(violations: &[Violation]) -> Vec<&'static str> {
    let mut ids: Vec<_> = violations.iter().map(|violation| violation.rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn told(violations: &[Violation]) -> String {
    let lines = violations
        .iter()
        .map(|violation| format!("  {} {}: {}", violation.rule.id, violation.pointer, violation.message));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every file below a folder, in the order of names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The documents of a file: one, or one a line.
fn documents(path: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read(path).expect("the file can be read");
    if path.extension().is_some_and(|name| name == "ndjson") {
        let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        return lines
            .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
            .map(<[u8]>::to_vec)
            .collect();
    }
    vec![text]
}
