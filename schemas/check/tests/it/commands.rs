//! Commands in lanes: the table of `conformance/commands.toml`, run strings as CI files have them, and generated equivalents.

use std::collections::BTreeSet;
use std::path::Path;

use contract_check::{Checked, Checker, Options, judge_root};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::commands_equivalents::{Equivalents, PAIRS, Pair};
use crate::{check, conformance, told};

/// Equivalents of each command.
const EQUIVALENTS: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    home: Option<String>,
    workdir: Option<String>,
    steps: Vec<String>,
    refused: Option<Vec<usize>>,
    rules: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runs {
    runs: Vec<String>,
}

fn read<T: for<'d> Deserialize<'d>>(name: &str) -> T {
    let path = conformance().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const EVIDENCE: &[&str] = &[
    "agent-machine.mount.evidence",
    "agent.execution.evidence",
    "browser.capture.evidence",
    "file.conflict.evidence",
    "office.artifact.evidence",
    "terminal.command.evidence",
];

/// A contract whose only lane has these steps.
fn contract(version: &str, labels: &Value, workdir: Option<&str>, steps: &[String]) -> Vec<u8> {
    let backend = match workdir {
        Some(workdir) => json!({
            "type": "container",
            "container": { "image": format!("registry.example.org/lane@sha256:{}", "0a".repeat(32)), "workdir": workdir }
        }),
        None => json!({ "type": "pixi", "pixi": { "manifest_path": "pixi.toml", "lock_path": "pixi.lock" } }),
    };
    let steps: Vec<Value> = steps
        .iter()
        .enumerate()
        .map(|(index, run)| json!({ "name": format!("step-{index}"), "run": run }))
        .collect();
    let contract = json!({
        "api_version": format!("workstation-contracts.socios.io/{version}"),
        "kind": "WorkstationContract",
        "metadata": { "id": "lane-of-commands", "labels": labels },
        "spec": { "lanes": [{ "name": "lane", "backend": backend, "steps": steps, "evidence": { "emit": EVIDENCE } }] }
    });
    serde_json::to_vec(&contract).expect("it serialises")
}

/// Steps and the rules that their commands break.
fn broken_by_steps(checked: &Checked) -> BTreeSet<(usize, &'static str)> {
    let steps = checked.violations.iter().filter_map(|violation| {
        let rest = violation.pointer.strip_prefix("/spec/lanes/0/steps/")?;
        Some((rest.strip_suffix("/run")?.parse().ok()?, violation.rule.id))
    });
    steps.collect()
}

#[test]
fn every_case_of_the_table_gets_its_verdict() {
    let table: Table = read("commands.toml");
    let labels =
        [json!({}), json!({ "sourceos.workspace_ops": "true" }), json!({ "sourceos.workspace-ops": "true" })];
    let mut faults = Vec::new();
    for case in &table.case {
        let refused = match &case.refused {
            Some(refused) => refused.clone(),
            None if case.rules.is_empty() => Vec::new(),
            None => (0..case.steps.len()).collect(),
        };
        let wanted: BTreeSet<(usize, &str)> =
            refused.iter().flat_map(|step| case.rules.iter().map(|rule| (*step, rule.as_str()))).collect();
        let checker = Checker::new(Options { home: case.home.clone() });
        for version in ["v0.1", "v0.2"] {
            for labels in &labels {
                let text = contract(version, labels, case.workdir.as_deref(), &case.steps);
                let checked = check(&checker, &text);
                let found = broken_by_steps(&checked);
                if found != wanted {
                    faults.push(format!(
                        "{version}: {}\n wanted {wanted:?}\n found {found:?}\n{}",
                        case.about,
                        told(&checked.violations)
                    ));
                    break;
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_root_that_is_written_out_is_judged_without_a_command() {
    let rule = |path, home| judge_root(path, home).map(|fault| fault.rule.id);
    let me = Some("/data/me");
    for (path, home, wanted) in [
        ("/data/me", me, Some("MOUNT_ROOT_WHOLE_HOME")),
        ("~", me, Some("MOUNT_ROOT_WHOLE_HOME")),
        ("/data", me, Some("MOUNT_ROOT_ABOVE_HOME")),
        ("/data/me/Downloads/", me, Some("MOUNT_ROOT_WHOLE_DOWNLOADS")),
        ("/data/me/Documents/SourceOS", me, Some("MOUNT_ROOT_WHOLE_DOCUMENTS")),
        ("/data/me/dev/../.ssh", me, Some("MOUNT_ROOT_PRIVATE")),
        ("/data/me/Documents", None, None),
        ("dev", me, Some("MOUNT_ROOT_UNRESOLVED")),
        ("/srv/tables:/data/me", me, Some("MOUNT_ROOT_WHOLE_HOME")),
        ("/data/me/dev", me, None),
        ("/srv/tables,$x: a", me, None),
        // A home may be named with a blank at its end, and its folder without one is another.
        ("/data/me ", Some("/data/me "), Some("MOUNT_ROOT_WHOLE_HOME")),
    ] {
        assert_eq!(rule(path, home), wanted, "{path:?}");
    }
}

#[test]
fn what_ci_files_run_passes() {
    let Runs { runs } = read("ci-runs.toml");
    assert!(runs.len() >= 200, "{} run strings", runs.len());
    let checker = Checker::new(Options::default());
    let mut faults = Vec::new();
    for run in &runs {
        for version in ["v0.1", "v0.2"] {
            let checked = check(&checker, &contract(version, &json!({}), None, std::slice::from_ref(run)));
            if !broken_by_steps(&checked).is_empty() {
                faults.push(format!("{run}\n{}", told(&checked.violations)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn equivalents_of_a_command_get_its_verdict() {
    let checker = Checker::new(Options::default());
    let mut faults = Vec::new();
    for (number, pair) in PAIRS.iter().enumerate() {
        for forbidden in [true, false] {
            faults.extend(equivalents(&checker, number, pair, forbidden));
        }
    }
    assert!(faults.is_empty(), "{} differ, the first of each:\n{}", faults.len(), faults.join("\n\n"));
}

/// The first equivalent that gets another verdict, if there is one.
fn equivalents(checker: &Checker, number: usize, pair: &Pair, forbidden: bool) -> Option<String> {
    let mut generator = Equivalents::new(number as u64 * 2 + u64::from(forbidden));
    let (mut wrong, mut first) = (0, None);
    for _ in 0..EQUIVALENTS {
        let script = generator.of(if forbidden { &pair.forbidden } else { &pair.allowed });
        let steps: Vec<String> =
            pair.before.iter().map(|&step| step.to_owned()).chain([script.clone()]).collect();
        let checked = check(checker, &contract("v0.1", &json!({}), None, &steps));
        let found: BTreeSet<&str> = broken_by_steps(&checked).into_iter().map(|(_, rule)| rule).collect();
        let right = if forbidden { found.contains(pair.rule) } else { found.is_empty() };
        if !right {
            wrong += 1;
            first.get_or_insert_with(|| format!("{script}\n{}", told(&checked.violations)));
        }
    }
    first.map(|first| {
        let kind = if forbidden { "forbidden" } else { "allowed" };
        format!("{wrong} of {EQUIVALENTS} {kind} for {}:\n{first}", pair.rule)
    })
}

/// What the generator makes is what it says: a real shell runs the command with the words that are meant.
#[test]
fn equivalents_run_what_they_stand_for() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("equivalents");
    let _ = std::fs::remove_dir_all(&folder);
    let mut ran = 0;
    for (number, pair) in PAIRS.iter().enumerate() {
        let mut generator = Equivalents::new(number as u64 * 2 + 1);
        for _ in 0..40 {
            let script = generator.of(&pair.forbidden);
            let Some(calls) = crate::commands_equivalents::calls_in_bash(&folder, &script) else {
                eprintln!("skipped: bash is not here");
                return;
            };
            let wanted = pair.forbidden.words(&folder.join("home"));
            assert!(calls.contains(&wanted), "wanted {wanted:?}\nbash ran {calls:?}\n{script}");
            ran += 1;
        }
    }
    assert_eq!(ran, PAIRS.len() * 40);
}
