//! Input of the office commands, and commands that read the data of applications directly.

use contract_shell::{Command, Part, Role, Text, Word};

use super::governed::{Given, Governed, Item};
use super::{Steps, rules, shown};
use crate::node::Node;
use crate::places::{application_data, as_programs_read, certain_application_data, private_input};

/// Options of the office commands that name a file to be read.
const INPUTS: &[&str] = &["--file", "--from", "--in", "--input", "--path", "--source", "--template"];

/// Programs that read, copy or pack files.
const READERS: &[&str] = &[
    "base64",
    "cat",
    "cp",
    "curl",
    "dd",
    "ditto",
    "gzip",
    "head",
    "install",
    "less",
    "ln",
    "more",
    "mv",
    "openssl",
    "plutil",
    "rsync",
    "scp",
    "sqlite-utils",
    "sqlite3",
    "strings",
    "tail",
    "tar",
    "tee",
    "xxd",
    "zip",
];

/// Ends of names of documents; nothing else is called so.
const DOCUMENTS: &[&str] = &[
    ".csv", ".doc", ".docx", ".html", ".json", ".key", ".md", ".numbers", ".odp", ".ods", ".odt", ".pages",
    ".pdf", ".ppt", ".pptx", ".rtf", ".tex", ".tsv", ".txt", ".xls", ".xlsx",
];

/// Checks what an office command reads.
pub(super) fn check(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, run: Node<'_>) {
    for item in governed.items() {
        match item {
            Item::Flag(flag) if INPUTS.contains(&flag.name) => {
                if let Given::Value(text) | Given::Any(text) = flag.given() {
                    input(steps, governed, &text, true, run);
                }
            }
            Item::Flag(_) => {}
            Item::Anything(why) => {
                let message = format!("{why} may be any input: {}", shown(governed.command));
                steps.add(&rules::OFFICE_INPUT_UNRESOLVED, run, message);
            }
            Item::Operand(word, may_be_value) => input(steps, governed, word.text(), !may_be_value, run),
        }
    }
}

fn input(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, text: &Text, certainly: bool, run: Node<'_>) {
    let command = shown(governed.command);
    let path = as_programs_read(text);
    for place in governed.command.places(&path) {
        let data = match certainly || text.to_string().contains('/') {
            true => application_data(&place),
            false => certain_application_data(&place),
        };
        if let Some(what) = data.or_else(|| private_input(&place, steps.home())) {
            let message = format!("`{text}` leads to {what}: {command}");
            return steps.add(&rules::OFFICE_INPUT_APP_DATA, run, message);
        }
    }
    if certainly
        && !is_document(text)
        && let Some(why) = text.why_unknown()
    {
        let message = format!("`{text}` depends on {why}: {command}");
        steps.add(&rules::OFFICE_INPUT_UNRESOLVED, run, message);
    }
}

/// Whether the end of the name shows a document.
fn is_document(text: &Text) -> bool {
    match text.parts().last() {
        Some(Part::Text(end)) => {
            let end = end.to_ascii_lowercase();
            DOCUMENTS.iter().any(|document| end.ends_with(document))
        }
        _ => false,
    }
}

/// Checks a program that reads files by itself.
pub(super) fn check_readers(steps: &mut Steps<'_, '_>, command: &Command, run: Node<'_>) {
    if command.role == Role::Starts || command.name().is_none_or(|name| READERS.binary_search(&name).is_err())
    {
        return;
    }
    for word in &command.words[1..] {
        if let Some(what) = data_in(command, word) {
            let message = format!("`{word}` is {what}: {}", shown(command));
            steps.add(&rules::APP_DATA_READ, run, message);
        }
    }
}

fn data_in(command: &Command, word: &Word) -> Option<&'static str> {
    if word.text().known_start().starts_with('-') {
        return None;
    }
    // `if=path` of dd, `file:path` of sqlite3.
    let value = word.text().split_equals().map(|(_, value)| value);
    let path = as_programs_read(value.as_ref().unwrap_or(word.text()));
    command.places(&path).iter().find_map(certain_application_data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(READERS.is_sorted());
    }
}
