//! A lane of many small steps, beside as many single runs of the same.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Options;
use crate::runs::Run;
use crate::scenarios::{Row, Target};
use crate::times::{less, median};

/// What each step does: a program that does nothing, or an operation.
const STEPS: [(&str, &str, &str); 2] = [
    ("true", "lane of 100 programs that do nothing", "plan of it"),
    (GENERATE, "lane of 100 operations `office generate`", "plan of that"),
];
/// A lane with a command of the office promises its evidence, so it has to be one that gives it.
const GENERATE: &str =
    "sourceosctl office generate --dry-run --artifact-type document --format docx --title t --workroom-id w";

/// The rows of the table; a first look has a tenth of the steps.
pub(crate) fn rows(options: &Options) -> Result<Vec<Row>> {
    let steps = if options.quick { 10 } else { 100 };
    let folder = options.out.join("lanes");
    std::fs::create_dir_all(&folder)?;
    let mut rows = Vec::new();
    for (step, name, plan) in STEPS {
        let contract = folder.join(if step == GENERATE { "office.json" } else { "programs.json" });
        std::fs::write(&contract, document(step, steps).to_string())?;
        let single = single(&contract, options, step)?;
        let start = Run::runner(options, &["--version"]);
        let (mut lanes, mut runs, mut plans) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            lanes.push(lane(options, &contract, "run").time()?);
            let (mut singles, mut starts) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..steps {
                singles += single.time()?;
                starts += start.time()?;
            }
            runs.push(less(singles, starts).context(name)?);
            plans.push(lane(options, &contract, "plan").time()?);
        }
        let ms = |times: &[Duration]| median(times).as_secs_f64() * 1e3;
        rows.push(Row {
            what: name,
            value: ms(&lanes),
            unit: "ms",
            against: Some(("as many single runs, less the starts of the runner", ms(&runs))),
            target: Some(Target::RatioAtMost(1.3)),
        });
        rows.push(Row {
            what: plan,
            value: ms(&plans),
            unit: "ms",
            against: None,
            target: Some(Target::AtMost(20.0)),
        });
    }
    Ok(rows)
}

fn document(step: &str, count: u32) -> Value {
    let steps: Value = (0..count).map(|n| json!({"name": format!("step {n}"), "run": step})).collect();
    let emit = if step == GENERATE { json!(["office.artifact.evidence"]) } else { json!([]) };
    json!({
        "api_version": "workstation-contracts.socios.io/v0.1",
        "kind": "WorkstationContract",
        "metadata": {"id": "bench-lane"},
        "spec": {"lanes": [{"name": "bench", "backend": {"type": "pixi", "pixi": {}}, "steps": steps, "evidence": {"emit": emit}}]},
    })
}

fn lane(options: &Options, contract: &Path, command: &str) -> Run {
    let contract = contract.display().to_string();
    let mut words = vec!["lane", command, &contract, "--backend", "sandbox", "--quiet"];
    let out = options.out.join("lane").display().to_string();
    if command == "run" {
        words.extend(["--out", &out]);
    }
    Run::runner(options, &words)
}

/// A single run of what a step of the lane runs, with the rights that its plan has.
fn single(contract: &Path, options: &Options, step: &str) -> Result<Run> {
    let out = options.out.join("run").display().to_string();
    if step == GENERATE {
        // The verb is what follows the name of the program.
        let words: Vec<&str> = step.split(' ').skip(1).chain(["--quiet", "--out", &out]).collect();
        return Ok(Run::runner(options, &words));
    }
    let planned = Command::new(options.prefix.join("bin/contract-runner"))
        .args(["lane", "plan", "--format", "json", "--backend", "sandbox"])
        .arg(contract)
        .output()?;
    let plan: Value = serde_json::from_slice(&planned.stdout).context("lane plan --format json")?;
    let run = &plan["steps"][0]["runs"][0];
    let args = run["args"].to_string();
    let mut words = vec!["run", "--quiet", "--adapter", "process", "--args", &args, "--out", &out];
    for right in run["rights"].as_array().context("no rights")? {
        words.extend(["--allow", right.as_str().context("a right is a text")?]);
    }
    Ok(Run::runner(options, &words))
}
