//! The table of commands of the conformance kit: a root that is refused in a contract is refused here by the same rule.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use crate::machine::{Machine, call, rules};

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    about: String,
    home: Option<String>,
    steps: Vec<String>,
    refused: Option<Vec<usize>>,
    rules: Vec<String>,
}

const ROOTS: [(&str, &str); 3] =
    [("--dev-root", "devRoot"), ("--docs-root", "docsRoot"), ("--downloads-root", "downloadsRoot")];

/// The roots of a step that is one plain command: words without quotes, and no variable but the home.
fn literal_roots(step: &str) -> Option<Vec<(&'static str, String)>> {
    let start = "sourceosctl agent-machine mounts plan ";
    let words: Vec<&str> = step.strip_prefix(start)?.split(' ').collect();
    let mut roots = Vec::new();
    for pair in words.chunks(2) {
        let [option, value] = pair else { return None };
        let (_, argument) = ROOTS.iter().find(|(known, _)| known == option)?;
        let rest = ["$HOME", "~"].iter().find_map(|home| value.strip_prefix(home));
        let plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-_ ".contains(&byte));
        match rest {
            Some(rest) if plain(rest) && (rest.is_empty() || rest.starts_with('/')) => {
                roots.push((*argument, format!("~{rest}")));
            }
            None if plain(value) && value.starts_with('/') => roots.push((*argument, (*value).to_owned())),
            _ => return None,
        }
    }
    Some(roots)
}

/// The folder in which a home lies.
fn above(home: &str) -> &str {
    home.strip_suffix("/me").unwrap()
}

#[test]
fn every_root_of_the_table_that_is_written_out_gets_its_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/commands.toml");
    let table: Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let machine = Machine::new();
    let (mut refused, mut allowed) = (0, 0);
    for case in &table.case {
        // Where only some steps are refused, earlier ones have prepared it.
        let stands_alone = case.refused.is_none();
        if !stands_alone || !case.rules.iter().all(|rule| rule.starts_with("MOUNT_ROOT_")) {
            continue;
        }
        for step in &case.steps {
            let Some(roots) = literal_roots(step) else { continue };
            let is_refused = !case.rules.is_empty();
            // Which folders are homes beside one's own can only be told where homes usually are.
            let usual = ["", "home", "of-the-table"].join("/");
            let home = if is_refused && case.home.is_none() { usual } else { machine.home() };
            // What the shell does to a word before a program gets it. The home of a case stands for one that is there.
            let args = roots.into_iter().map(|(name, path)| {
                let path = match (path.strip_prefix('~'), &case.home) {
                    (Some(rest), _) => format!("{home}{rest}"),
                    (None, Some(fixed)) => path.replacen(above(fixed), above(&home), 1),
                    (None, None) => path,
                };
                (name.to_owned(), json!(path))
            });
            let mut args: serde_json::Map<_, _> = args.collect();
            args.insert("home".to_owned(), json!(home));
            let broken = rules(&call(args.into()));
            if is_refused {
                refused += 1;
                let told = case.rules.iter().all(|rule| broken.contains(rule));
                assert!(told, "{}: {step}: wanted {:?}, found {broken:?}", case.about, case.rules);
            } else {
                allowed += 1;
                assert!(broken.is_empty(), "{}: {step}: {broken:?}", case.about);
            }
        }
    }
    // A table that nobody can read any more would pass without a word.
    assert!(refused >= 20 && allowed >= 3, "{refused} refused, {allowed} allowed");
}
