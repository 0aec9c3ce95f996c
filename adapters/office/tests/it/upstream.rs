//! Commands of a public fixture, as arguments. The fixture lies beside the repository, or the test is skipped.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::bench::{Bench, NOWHERE};

const FIXTURE: &str =
    "../../../shared/upstream/workstation-contracts/conformance/good/agent-machine-office-dry-run.json";

/// Words of a command: blanks separate, single quotes hold together.
fn words(run: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in run.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            character => words.last_mut().unwrap().push(character),
        }
    }
    words
}

/// Arguments as a runner makes them of flags: `--artifact-type VALUE`, and `--dry-run` alone.
fn arguments(words: &[String]) -> Value {
    let mut args = Map::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--") else {
            args.insert("positional".to_owned(), json!(word));
            continue;
        };
        let mut name = String::new();
        for (index, part) in flag.split('-').enumerate() {
            let (first, rest) = part.split_at(usize::from(index > 0));
            name.push_str(&first.to_uppercase());
            name.push_str(rest);
        }
        let value = if flag == "dry-run" { json!(true) } else { json!(words.next().unwrap()) };
        args.insert(name, value);
    }
    args.insert("searchPath".to_owned(), json!(NOWHERE));
    args.insert("searchPathOnly".to_owned(), json!(true));
    Value::Object(args)
}

#[test]
fn the_commands_of_the_public_fixture_give_plans() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FIXTURE);
    let Ok(text) = std::fs::read(&path) else {
        let _ = writeln!(std::io::stderr(), "skipped: no upstream fixture beside the repository");
        return;
    };
    let fixture: Value = contract_json::from_slice(&text).unwrap();
    let mut bench = Bench::new();
    let mut documents = Vec::new();
    for step in fixture["spec"]["lanes"][0]["steps"].as_array().unwrap() {
        let words = words(step["run"].as_str().unwrap());
        let names: Vec<&str> = words.iter().map(String::as_str).collect();
        let (op, rest, positional) = match names[..] {
            ["sourceosctl", "office", "doctor", ..] => ("office.doctor", 3, ""),
            ["sourceosctl", "office", "generate", ..] => ("office.generate", 3, ""),
            ["sourceosctl", "office", "convert", ..] => ("office.convert", 3, "file"),
            ["agent-term", "office", "create-deck", ..] => ("agentterm.office.event", 3, "room"),
            _ => continue,
        };
        let mut args = arguments(&words[rest..]);
        if let Some(value) = args.as_object_mut().unwrap().remove("positional") {
            args[positional] = value;
        }
        let data = bench.data(op, args);
        documents.extend(data["documents"].as_object().unwrap().keys().cloned());
    }
    documents.sort();
    documents.dedup();
    let wanted =
        ["agentterm.office.event", "office.artifact.evidence", "office.artifact.plan", "office.doctor"];
    assert_eq!(documents, wanted);
}
