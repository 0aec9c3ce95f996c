//! The commands of the pages about tools are run in an installation, and print what the pages say.
//!
//! Each page is one session in one folder, from its first `console` block to its last: a later command sees what an earlier one left.
//! In the output a line `...` stands for any lines, also none, and `<name>` for any text within a line: a digest, a time, a path.

use crate::command::{Bench, done, repository};
use crate::prefix::Prefix;

const PAGES: [&str; 4] = ["docs/probe.md", "docs/mounts.md", "docs/office.md", "docs/lanes.md"];
/// What the commands of the pages name.
const FOLDERS: [&str; 3] = ["docs", "examples", "conformance/good"];

/// A command, where it stands, and the lines under it.
struct Example {
    line: usize,
    command: String,
    output: Vec<String>,
}

fn examples(page: &str) -> Vec<Example> {
    let (mut found, mut inside): (Vec<Example>, bool) = (Vec::new(), false);
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            found.push(Example { line: index + 1, command: command.to_owned(), output: Vec::new() });
        } else if let Some(example) = found.last_mut().filter(|_| inside) {
            example.output.push(line.to_owned());
        }
    }
    found
}

/// Whether `text` is what `shown` stands for.
fn is_line(shown: &str, text: &str) -> bool {
    let Some((before, rest)) = shown.split_once('<') else { return shown == text };
    let Some((name, after)) = rest.split_once('>') else { return shown == text };
    if !name.bytes().all(|b| b.is_ascii_lowercase()) {
        // No placeholder of ours, such as `<COMMAND>`.
        let end = before.len() + 1;
        return text.starts_with(&shown[..end]) && is_line(rest, &text[end..]);
    }
    let Some(text) = text.strip_prefix(before) else { return false };
    text.char_indices().skip(1).any(|(at, _)| is_line(after, &text[at..]))
        || (after.is_empty() && !text.is_empty())
}

fn are_lines(shown: &[String], lines: &[&str]) -> bool {
    match shown {
        [] => lines.is_empty(),
        [first, rest @ ..] if first == "..." => (0..=lines.len()).any(|at| are_lines(rest, &lines[at..])),
        [first, rest @ ..] => {
            lines.first().is_some_and(|line| is_line(first, line)) && are_lines(rest, &lines[1..])
        }
    }
}

/// The same files in `bench`, where commands may leave something beside them.
pub(crate) fn copy_folders(bench: &Bench, folders: &[&str]) {
    for folder in folders {
        for entry in walkdir::WalkDir::new(repository().join(folder)) {
            let entry = entry.unwrap();
            let to = bench.path(entry.path().strip_prefix(repository()).unwrap().to_str().unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(to).unwrap();
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
}

fn session(bench: &Bench, prefix: &Prefix, page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join(page)).unwrap();
    let (examples, mut faults, mut status) = (examples(&text), Vec::new(), 0);
    assert!(!examples.is_empty(), "{page} has no example");
    for Example { line, command, output } in examples {
        // What a terminal would show, in this order; `$?` is that of the command before.
        let script = format!("exec 2>&1\n(exit {status})\n{command}");
        let run = done(&prefix.shell(bench, &script).output().unwrap());
        status = run.status;
        let lines: Vec<&str> = run.stdout.lines().collect();
        if !are_lines(&output, &lines) {
            faults.push(format!(
                "{page}:{line}: $ {command}\n--- the page\n{}\n--- printed\n{}",
                output.join("\n"),
                run.stdout
            ));
        }
    }
    faults
}

#[test]
fn what_the_pages_show_is_what_the_commands_print() {
    let prefix = Prefix::new();
    let mut faults = Vec::new();
    for page in PAGES {
        let bench = Bench::new();
        copy_folders(&bench, &FOLDERS);
        faults.extend(session(&bench, &prefix, page));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn a_placeholder_stands_for_some_text_and_dots_for_any_lines() {
    for (shown, text) in [
        ("in <n> ms", "in 16 ms"),
        ("<digest>", "9d1f"),
        ("<a> and <b>.", "x and y and z."),
        ("takes <COMMAND>", "takes <COMMAND>"),
        ("a < b", "a < b"),
    ] {
        assert!(is_line(shown, text), "{shown}: {text}");
    }
    for (shown, text) in [("in <n> ms", "in  ms"), ("<n> ms", "5 s"), ("<N> ms", "5 ms"), ("a", "ab")] {
        assert!(!is_line(shown, text), "{shown}: {text}");
    }
    let shown = ["a".to_owned(), "...".to_owned(), "d".to_owned()];
    assert!(are_lines(&shown, &["a", "b", "c", "d"]) && are_lines(&shown, &["a", "d"]));
    assert!(!are_lines(&shown, &["a", "b"]) && !are_lines(&shown[..1], &[]));
}
