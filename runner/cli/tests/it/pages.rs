//! The commands of docs/contracts are run, and print what the pages say.

use serde_json::Value;

use crate::command::{Bench, done, repository};

/// Each `$ contract-runner ...` in a console block, and the lines under it.
fn examples(page: &str) -> Vec<(Vec<String>, String)> {
    let mut found: Vec<(Vec<String>, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ contract-runner ").filter(|_| inside) {
            found.push((command.split(' ').map(str::to_owned).collect(), String::new()));
        } else if let Some((_, output)) = found.last_mut().filter(|_| inside) {
            output.push_str(line);
            output.push('\n');
        }
    }
    found
}

#[test]
fn the_examples_of_every_family_run_and_print_what_the_page_says() {
    let bench = Bench::new();
    let mut pages = 0;
    for entry in std::fs::read_dir(repository().join("docs/contracts")).unwrap() {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        let examples = examples(&page);
        assert!(!examples.is_empty(), "{} has no example", path.display());
        for (arguments, output) in examples {
            let run = bench.command(&arguments).current_dir(repository()).output().unwrap();
            let run = done(&run);
            assert_eq!(run.stdout, output, "{}: {arguments:?}\n{}", path.display(), run.stderr);
        }
        pages += 1;
    }
    assert!(pages >= 8, "{pages}");
}

#[test]
fn the_readme_counts_the_kinds_that_there_are() {
    let list = Bench::new().run(["schema", "list", "--format", "json"]).stdout;
    let list: Value = serde_json::from_str(&list).unwrap();
    let words = format!("{} kinds of documents", list["kinds"].as_array().unwrap().len());
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    assert!(readme.contains(&words), "{words}");
}
