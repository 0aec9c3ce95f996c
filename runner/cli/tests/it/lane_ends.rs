//! A step that hangs, floods, forks or dies is stopped and told apart, and the next lane does not notice.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::command::{done, processes_naming};
use crate::lane::LaneBench;

/// Runs a lane of one step, and another lane after it in the same place.
#[track_caller]
fn ends(script: &str, flags: &str, status: i32, step: &str, words: &str) {
    let lane = LaneBench::steps(&[("step", script), ("never", "true")]);
    lane.run(flags).expect(status).says(words);
    assert_eq!(lane.statuses(), [step, "skipped"]);
    lane.verify(0);
    assert_eq!(processes_naming(&lane.bench.path("out")), Vec::<String>::new());
    lane.bench.write("contract.json", &crate::lane::contract(&[("good", "echo fine")], &[]).to_string());
    lane.run("").expect(0);
    assert_eq!(lane.bench.text("out/logs/01-good.log"), "fine\n");
}

#[test]
fn one_that_hangs_is_timed_out() {
    ends("echo begun; sleep 1000", "--limit total=500ms", 5, "timed-out", "IPC_TIMEOUT");
}

#[test]
fn one_that_ignores_the_end_is_killed() {
    ends("trap '' TERM INT; while :; do sleep 1; done", "--limit total=500ms", 5, "timed-out", "IPC_TIMEOUT");
}

#[test]
fn one_that_floods_is_ended() {
    ends("yes", "", 4, "failed", "PROCESS_OUTPUT_TOO_LARGE");
}

#[test]
fn one_that_forks_without_end_is_held() {
    // 64 processes may have 32 threads each, and are counted by them.
    let script = "i=0; while [ $i -lt 2100 ]; do sleep 1000 & i=$((i+1)); done; wait";
    ends(script, "", 1, "violated", "exit status 2");
}

#[test]
fn one_that_dies_says_by_what() {
    ends("kill -SEGV $$", "", 1, "violated", "SIGSEGV");
}

#[test]
fn what_it_leaves_running_is_ended() {
    ends("sleep 1000 & setsid sleep 1000 & echo started; exit 1", "", 1, "violated", "exit status 1");
}

#[test]
fn an_interrupt_ends_every_process_and_leaves_all_receipts() {
    let lane = LaneBench::steps(&[
        ("first", "true"),
        ("second", "echo begun; sleep 1000 & sleep 1000"),
        ("third", "true"),
    ]);
    let words = ["lane", "run", "contract.json", "--backend", "sandbox", "--out", "out", "--events", "-"];
    let mut child = lane
        .prefix
        .command(&lane.bench, words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("begun") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it ended before it had begun");
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    done(&child.wait_with_output().unwrap()).expect(130).says("CONTRACT_INTERRUPTED");
    assert_eq!(lane.statuses(), ["satisfied", "cancelled", "skipped"]);
    let receipt = lane.receipt();
    assert_eq!(
        (&receipt["status"], &receipt["error"]["code"]),
        (&json!("cancelled"), &json!("CONTRACT_INTERRUPTED"))
    );
    assert_eq!(lane.bench.receipt("out/runs/02-second")["status"], "cancelled");
    lane.verify(0);
    assert_eq!(processes_naming(&lane.bench.path("out")), Vec::<String>::new());
}
