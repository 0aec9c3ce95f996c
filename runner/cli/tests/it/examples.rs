//! Every file in examples/: workflow files are YAML, and what they have the runner do is done.

use std::collections::BTreeSet;

use yaml_rust2::{Yaml, YamlLoader};

use crate::command::{Bench, done, repository};
use crate::pages_tools::copy_folders;
use crate::prefix::Prefix;

/// What the commands of the workflow files name.
const FOLDERS: [&str; 2] = ["docs", "examples"];
const WORKFLOWS: [&str; 2] = ["examples/ci/github.yml", "examples/ci/gitlab.yml"];

fn read(workflow: &str) -> Yaml {
    let text = std::fs::read_to_string(repository().join(workflow)).unwrap();
    let mut documents =
        YamlLoader::load_from_str(&text).unwrap_or_else(|error| panic!("{workflow}: {error}"));
    assert_eq!(documents.len(), 1, "{workflow}");
    documents.remove(0)
}

/// The lines of all scripts, in their order.
fn scripts(yaml: &Yaml, inside: bool, lines: &mut Vec<String>) {
    match yaml {
        Yaml::Hash(members) => {
            for (name, value) in members {
                let is_script = matches!(name.as_str(), Some("run" | "script" | "before_script"));
                scripts(value, inside || is_script, lines);
            }
        }
        Yaml::Array(items) => items.iter().for_each(|item| scripts(item, inside, lines)),
        Yaml::String(text) if inside => lines.extend(text.lines().map(str::to_owned)),
        _ => {}
    }
}

/// The command of the runner in a line, as a shell would read it: also behind `su lane -c`.
fn ours(line: &str) -> Option<&str> {
    let (before, _) = line.split_once("contract-runner ")?;
    let command = &line[before.len()..];
    match before {
        "" => Some(command),
        r#"su lane -c ""# => Some(&command[..command.rfind('"')?]),
        before if before.ends_with("; then ") => command.split(';').next(),
        _ => None,
    }
}

fn commands(workflow: &str) -> Vec<String> {
    let mut lines = Vec::new();
    scripts(&read(workflow), false, &mut lines);
    lines.iter().filter_map(|line| ours(line)).map(str::to_owned).collect()
}

#[test]
fn the_workflow_files_run_their_lane_and_verify_it() {
    let prefix = Prefix::new();
    for workflow in WORKFLOWS {
        let bench = Bench::new();
        copy_folders(&bench, &FOLDERS);
        std::fs::create_dir(bench.path("reports")).unwrap();
        let commands = commands(workflow);
        assert_eq!(commands.len(), 4, "{commands:?}");
        for command in commands {
            let run =
                prefix.shell(&bench, &command).env("GITHUB_STEP_SUMMARY", "reports/summary.md").output();
            let run = done(&run.unwrap());
            assert_eq!(run.status, 0, "{workflow}: {command}\n{}{}", run.stdout, run.stderr);
        }
        for (report, text) in [
            ("junit.xml", r#"<testsuite name="documents" tests="3""#),
            ("summary.md", "### Lane documents: satisfied"),
            ("events.ndjson", r#""event":"lane-ended""#),
            ("lane/lane-receipt.json", r#""lane":"documents""#),
        ] {
            let written = bench.text(&format!("reports/{report}"));
            assert!(written.contains(text), "{workflow}: {report}: {written}");
        }
    }
}

#[test]
fn the_lane_of_the_example_finds_what_it_looks_for() {
    let prefix = Prefix::new();
    for (path, text, step) in
        [("docs/empty.md", "", "no empty files"), ("docs/torn.md", "<<<<<<< ours\n", "no conflict markers")]
    {
        let bench = Bench::new();
        copy_folders(&bench, &FOLDERS);
        bench.write(path, text);
        let words = "lane run examples/lanes/checks.json --backend sandbox --allow read=docs --allow read=examples --out out";
        prefix.run(&bench, words.split(' ')).expect(1).says(&format!("step `{step}`")).says(path);
    }
}

#[test]
fn no_example_is_left_out() {
    let mut tried: BTreeSet<String> = WORKFLOWS.iter().map(|&name| name.to_owned()).collect();
    for command in WORKFLOWS.iter().flat_map(|workflow| commands(workflow)) {
        tried.extend(command.split(' ').filter(|word| word.starts_with("examples/")).map(str::to_owned));
    }
    for entry in walkdir::WalkDir::new(repository().join("examples")) {
        let entry = entry.unwrap();
        let name = entry.path().strip_prefix(repository()).unwrap().to_str().unwrap();
        // infer.rs copies that folder, uses the model, and validates its papers.
        let is_model = name.starts_with("examples/models/");
        assert!(entry.file_type().is_dir() || is_model || tried.contains(name), "{name} is in no test");
    }
}
