use adapter_process::ProcessAdapter;
use contract_adapter::{Called, Harness};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

use crate::program::{call, done, is_gone, pids, runs, script, script_with, told};

fn cancelled_after(args: Value, progress: usize) -> Called {
    Harness::new(ProcessAdapter).call_and_cancel("process.run", args, progress)
}

#[test]
fn the_exit_status_is_the_answer() {
    for status in [0, 1, 2, 126, 127, 128, 143, 255] {
        let (ok, data) = done(script(&format!("exit {status}")));
        assert_eq!(ok, status == 0);
        assert_eq!((&data["exitStatus"], &data["signal"]), (&json!(status), &Value::Null));
        assert!(data["summary"].as_str().unwrap().starts_with(&format!("exit status {status}\n")));
    }
}

#[test]
fn a_signal_that_ended_it_is_named() {
    for signal in ["SEGV", "KILL", "TERM", "HUP", "USR1"] {
        let (ok, data) = done(script(&format!("ulimit -c 0; kill -{signal} $$")));
        let name = format!("SIG{signal}");
        assert!(!ok);
        assert_eq!((&data["exitStatus"], &data["signal"]), (&Value::Null, &json!(name)));
        assert!(data["summary"].as_str().unwrap().starts_with(&format!("ended by {name}")), "{data}");
    }
}

#[test]
fn the_program_has_default_signals() {
    // A program that ignores SIGPIPE, as Rust's runtime does, would see an error and say so.
    let (ok, data) = done(script("yes | head -n 1"));
    assert_eq!((ok, &data["stdout"]["tail"], &data["stderr"]["bytes"]), (true, &json!("y\n"), &json!(0)));
}

#[test]
fn a_background_process_that_holds_the_streams_is_ended() {
    let called = call(script("tail -f /dev/null >/dev/null & echo $!; exit 3"));
    let contract_adapter::End::Result { ok: false, data } = &called.end else { panic!("{:?}", called.end) };
    assert_eq!((&data["exitStatus"], &data["leftover"]), (&json!(3), &json!(1)));
    assert!(data["summary"].as_str().unwrap().ends_with("\nprocesses that it left behind were ended"));
    assert!(pids(&called).into_iter().all(is_gone));
}

#[test]
fn every_process_that_is_left_behind_is_ended() {
    let silent = "for n in 1 2 3; do tail -f /dev/null >/dev/null 2>&1 <&- & echo $!; done";
    let stubborn = "trap '' TERM HUP; for n in 1 2 3; do (trap '' TERM; while :; do tail -f /dev/null >/dev/null; done) & echo $!; done";
    for (program, least) in [(silent, 3), (stubborn, 3)] {
        let called = call(script(program));
        assert!(called.data()["leftover"].as_u64().unwrap() >= least, "{:?}", called.data());
        assert_eq!(pids(&called).len(), 3);
        assert!(pids(&called).into_iter().all(is_gone), "{program}");
    }
}

#[test]
fn processes_that_ended_with_the_program_are_not_left_behind() {
    let (_, data) = done(script("tail -f /dev/null >/dev/null & kill $!; wait; true | true | true"));
    assert_eq!(data["leftover"], 0);
}

#[test]
fn who_left_the_group_and_holds_the_streams_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = "mkfifo f; setsid sh -c 'echo $$; echo > f; exec tail -f /dev/null >/dev/null' & read x < f";
    let called = call(script_with(daemon, &json!({ "cwd": folder.path() })));
    assert_eq!(called.data()["exitStatus"], 0);
    let pids = pids(&called);
    assert_eq!(pids.len(), 1);
    // In the sandbox the launcher's supervisor does this.
    assert!(runs(pids[0]), "this test says nothing unless it is still there");
    kill_process(pids[0], Signal::KILL).unwrap();
    assert!(is_gone(pids[0]));
}

#[test]
fn a_cancel_asks_first_and_what_is_said_then_is_told() {
    let polite =
        "trap 'echo bye; exit 0' TERM; echo $$; while :; do tail -f /dev/null >/dev/null & wait; done";
    let called = cancelled_after(script_with(polite, &json!({ "terminationGraceMs": 60_000 })), 1);
    assert_eq!(called.code(), "ADAPTER_CANCELLED");
    assert!(told(&called, "stdout").ends_with("\nbye\n"), "{called:?}");
    assert!(pids(&called).into_iter().all(is_gone));
}

#[test]
fn a_cancel_ends_who_ignores_it() {
    let stubborn = "trap '' TERM INT HUP; tail -f /dev/null >/dev/null & echo $! $$; while :; do tail -f /dev/null >/dev/null; done";
    for grace in [0, 20] {
        let called = cancelled_after(script_with(stubborn, &json!({ "terminationGraceMs": grace })), 1);
        assert_eq!(called.code(), "ADAPTER_CANCELLED");
        assert_eq!(pids(&called).len(), 2);
        assert!(pids(&called).into_iter().all(is_gone));
    }
}

#[test]
fn a_cancel_ends_who_is_stopped() {
    let stopped = "echo $$; kill -STOP $$";
    let called = cancelled_after(script_with(stopped, &json!({ "terminationGraceMs": 20 })), 1);
    assert_eq!(called.code(), "ADAPTER_CANCELLED");
    assert!(pids(&called).into_iter().all(is_gone));
}

#[test]
fn a_cancel_in_a_flood_is_seen() {
    let called = cancelled_after(script("echo $$; exec yes"), 3);
    assert_eq!(called.code(), "ADAPTER_CANCELLED");
    assert!(told(&called, "stdout").len() < 64 * 1024 * 1024, "it was not the limit that ended it");
}

#[test]
fn a_cancel_that_came_before_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let called = cancelled_after(script_with("echo > started", &json!({ "cwd": folder.path() })), 0);
    assert_eq!(called.code(), "ADAPTER_CANCELLED");
    assert!(!folder.path().join("started").exists());
    assert!(done(script_with("echo > started", &json!({ "cwd": folder.path() }))).0);
    assert!(folder.path().join("started").exists());
}

#[test]
fn programs_are_reaped() {
    let mut harness = Harness::new(ProcessAdapter);
    let first = harness.call("process.run", script("echo $$"));
    let again =
        harness.call_and_cancel("process.run", script("echo $$; exec tail -f /dev/null >/dev/null"), 1);
    let third = harness.call("process.run", script("echo $$; tail -f /dev/null >/dev/null &"));
    for called in [first, again, third] {
        // Not even a zombie has the number.
        assert!(pids(&called).into_iter().all(|pid| rustix::process::test_kill_process(pid).is_err()));
    }
}
