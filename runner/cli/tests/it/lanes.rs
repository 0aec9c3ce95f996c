//! `lane plan` and `lane run`: steps in order, each in its own sandbox, and what they leave.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::command::{Bench, done, repository, skipped};
use crate::lane::{LaneBench, contract};
use crate::prefix::Prefix;

#[test]
fn the_office_lane_runs_from_end_to_end() {
    let (bench, prefix) = (Bench::new(), Prefix::new());
    let good = repository().join("conformance/good/workstation");
    let path = good.join("workstation-contract.v0.1.agent-machine-office-dry-run.json");
    let path = path.to_str().unwrap();
    prefix.run(&bench, ["lane", "plan", path, "--backend", "sandbox"]).expect(0);
    let done = prefix.run(&bench, ["lane", "run", path, "--backend", "sandbox", "--out", "out"]);
    done.expect(0).says("5 steps satisfied").says("12 documents of evidence");
    prefix.run(&bench, ["verify", "out"]).expect(0);
    bench.run(["validate", "out/lane-receipt.json", "out/evidence"]).expect(0);
    assert!(!bench.path("home").join("dev").exists(), "a plan made something");
}

#[test]
fn the_office_lane_of_others_runs_too() {
    let path = repository()
        .join("../shared/upstream/workstation-contracts/conformance/good/agent-machine-office-dry-run.json");
    if !path.exists() {
        return skipped("the shared contracts are not here");
    }
    let (bench, prefix) = (Bench::new(), Prefix::new());
    let path = path.to_str().unwrap();
    prefix.run(&bench, ["lane", "run", path, "--backend", "sandbox", "--out", "out"]).expect(0);
    prefix.run(&bench, ["verify", "out"]).expect(0);
}

#[test]
fn a_contract_that_breaks_a_rule_starts_nothing() {
    for (file, rule) in [
        ("mount-root-whole-home", "MOUNT_ROOT_WHOLE_HOME"),
        ("mount-root-whole-downloads", "MOUNT_ROOT_WHOLE_DOWNLOADS"),
        ("office-input-app-data", "OFFICE_INPUT_APP_DATA"),
    ] {
        let (bench, prefix) = (Bench::new(), Prefix::new());
        let path = repository().join("conformance/bad/workstation").join(format!("{file}.json"));
        for command in ["plan", "run"] {
            let done = prefix.run(&bench, ["lane", command, path.to_str().unwrap(), "--backend", "sandbox"]);
            done.expect(1).says("nothing was started");
            assert!(done.stdout.contains(rule), "{rule} is not in {}", done.stdout);
        }
        assert!(!bench.path(".workstation").exists());
    }
}

#[test]
fn only_the_sandbox_can_be_had_and_only_when_it_is_asked_for() {
    let lane = LaneBench::steps(&[("a", "true")]);
    for flags in [&["lane", "run", "contract.json"][..], &["lane", "plan", "contract.json"]] {
        lane.prefix
            .run(&lane.bench, flags)
            .expect(3)
            .says("LANE_BACKEND_UNAVAILABLE")
            .says("pixi")
            .says("--backend sandbox");
    }
    lane.prefix
        .run(&lane.bench, ["lane", "run", "contract.json", "--backend", "container"])
        .expect(3)
        .says("the only back end here is sandbox");
    lane.run("").expect(0);
    let backend = lane.receipt()["backend"].clone();
    assert_eq!((&backend["asked"], &backend["used"]), (&json!("pixi"), &json!("sandbox")));
    assert!(backend["substitution"].as_str().unwrap().contains("was not started"));
}

#[test]
fn a_step_is_a_program_or_a_script_and_its_log_has_what_it_said() {
    let lane = LaneBench::steps(&[
        ("program", "printf '%s\\n' 'a b' '$HOME'"),
        ("script", "cd /; for word in one two; do echo \"$word $(pwd)\"; done | tr a-z A-Z"),
        ("list", "echo first\necho second >&2"),
    ]);
    lane.run("").expect(0).says("3 steps satisfied");
    assert_eq!(lane.bench.text("out/logs/01-program.log"), "a b\n$HOME\n");
    assert_eq!(lane.bench.text("out/logs/02-script.log"), "ONE /\nTWO /\n");
    let mut lines: Vec<_> = lane.bench.text("out/logs/03-list.log").lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["first", "second"]);
    lane.verify(0);
}

#[test]
fn the_first_failure_ends_a_lane_unless_told_otherwise() {
    let lane = LaneBench::steps(&[("a", "true"), ("b", "echo why; exit 3"), ("c", "true")]);
    lane.run("").expect(1).says("LANE_STEP_FAILED").says("step `b`: exit status 3").says("why");
    assert_eq!(lane.statuses(), ["satisfied", "violated", "skipped"]);
    assert_eq!(lane.receipt()["status"], "violated");
    lane.verify(0);
    lane.run("--keep-going").expect(1).says("2 steps satisfied, 1 not");
    assert_eq!(lane.statuses(), ["satisfied", "violated", "satisfied"]);
    lane.verify(0);
    // A command of a script that fails ends the script.
    let lane = LaneBench::steps(&[("a", "false\necho unseen")]);
    lane.run("").expect(1);
    assert_eq!(lane.bench.text("out/logs/01-a.log"), "");
}

#[test]
fn some_steps_can_be_asked_for() {
    let lane = LaneBench::steps(&[("a", "true"), ("b", "true"), ("c", "true")]);
    lane.run("--step b").expect(0);
    assert_eq!(lane.statuses(), ["skipped", "satisfied", "skipped"]);
    assert_eq!(lane.receipt()["partial"], true);
    lane.verify(0);
    lane.run("--from b").expect(0);
    assert_eq!(lane.statuses(), ["skipped", "satisfied", "satisfied"]);
    lane.run("--step d").expect(2).says("there is no such step").says("a, b, c");
}

#[test]
fn one_of_several_lanes_is_named() {
    let mut two = contract(&[("a", "true")], &[]);
    let mut other = two["spec"]["lanes"][0].clone();
    other["name"] = json!("other");
    two["spec"]["lanes"].as_array_mut().unwrap().push(other);
    let lane = LaneBench::new(&two);
    lane.run("").expect(2).says("lane, other").says("--lane");
    lane.run("--lane other").expect(0).says("lane other");
    lane.run("--lane third").expect(2).says("there is no lane `third`");
}

#[test]
fn what_nobody_does_is_told_before_anything_starts() {
    for (run, words) in [
        ("sourceosctl office shred x", "`office doctor`"),
        ("cd / && sourceosctl office doctor", "split it"),
        ("if true; then sourceosctl office doctor; fi", "a step of its own"),
        ("T=x; sourceosctl office doctor $T | cat", "a step of its own"),
        ("sourceosctl office doctor --colour", "--colour"),
    ] {
        let steps = [("first", "sourceosctl office doctor"), ("second", run)];
        let lane = LaneBench::new(&contract(&steps, &["office.artifact.evidence"]));
        // A program of that name is not started instead.
        lane.bench.write("bin/sourceosctl", "#!/bin/sh\ntouch started\n");
        std::fs::set_permissions(lane.bench.path("bin/sourceosctl"), std::fs::Permissions::from_mode(0o755))
            .unwrap();
        let line = ["lane", "run", "contract.json", "--backend", "sandbox", "--out", "out"];
        let path = format!("{}:/usr/bin:/bin", lane.bench.path("bin").display());
        let done = done(&lane.prefix.command(&lane.bench, line).env("PATH", path).output().unwrap());
        done.expect(2).says("step `second`").says(words);
        assert!(!lane.bench.path("out").exists());
    }
}

#[test]
fn a_command_that_only_a_shell_may_know_is_looked_for_by_the_shell() {
    let lane = LaneBench::steps(&[("a", "no-such-program-anywhere --x")]);
    lane.run("").expect(1).says("no-such-program-anywhere").says("exit status 127");
}

#[test]
fn the_folder_of_a_lane_is_used_again_and_no_other_is() {
    let lane = LaneBench::steps(&[("a", "echo one")]);
    lane.run("").expect(0);
    let first = lane.receipt()["digests"]["subject"].clone();
    lane.run("").expect(0);
    assert_eq!(lane.receipt()["digests"]["subject"], first, "the same lane has the same subject");
    lane.bench.write("out/notes.txt", "mine");
    lane.run("").expect(2).says("CONTRACT_OUT_NOT_OURS").says("notes.txt");
    assert_eq!(lane.bench.text("out/notes.txt"), "mine");
    assert!(lane.verify(1).stdout.contains("notes.txt"));
}

#[test]
fn without_out_the_newest_lane_is_latest() {
    let lane = LaneBench::steps(&[("a", "true")]);
    lane.prefix.run(&lane.bench, ["lane", "run", "contract.json", "--backend", "sandbox"]).expect(0);
    lane.bench.run(["verify", ".workstation/lanes/latest"]).expect(0);
}

#[test]
fn a_plan_tells_operations_rights_and_evidence_as_json() {
    let lane = LaneBench::new(&contract(
        &[("doctor", "sourceosctl office doctor"), ("list", "ls /")],
        &["deps.inventory"],
    ));
    let plan: Value =
        serde_json::from_str(&lane.plan("--format json --allow read=/etc").expect(0).stdout).unwrap();
    let run = |step: usize| plan["steps"][step]["runs"][0].clone();
    assert_eq!((&run(0)["adapter"], &run(0)["operation"]), (&json!("office"), &json!("office.doctor")));
    assert_eq!(run(0)["rights"], json!([]), "an operation gets no more than it asks for");
    let rights = run(1)["rights"].to_string();
    assert!(rights.contains("read=/etc") && rights.contains("/ls"), "{rights}");
    assert_eq!(plan["evidence"], json!([{"key": "deps.inventory", "from": ["contract-runner"]}]));
}
