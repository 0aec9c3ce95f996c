//! Signals to the runner end the run, not the evidence.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::command::{Bench, done, hostile, processes_naming, repository};

/// Starts a call that makes progress for ever, and returns when it does.
pub(crate) fn busy(bench: &Bench, more: &[&str]) -> Child {
    let allow = format!("read={}", repository().join("conformance/hostile/adapters").display());
    let adapter = hostile("progress_forever_with_words");
    let mut child = bench
        .command(["run", "--adapter", &adapter, "--out", "out", "-v", "--allow", &allow].iter().chain(more))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("still here") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it ended before it was busy");
    }
    // The rest is read so that the runner can write it.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    child
}

fn interrupted(signal: Signal, status: i32, code: &str) {
    let bench = Bench::new();
    let child = busy(&bench, &[]);
    let began = Instant::now();
    kill_process(Pid::from_child(&child), signal).unwrap();
    done(&child.wait_with_output().unwrap()).expect(status);
    assert!(began.elapsed() < Duration::from_secs(30));
    let receipt = bench.receipt("out");
    assert_eq!((&receipt["status"], &receipt["error"]["code"]), (&"cancelled".into(), &code.into()));
    assert!(bench.text("out/ipc-transcript.ndjson").contains("\"reason\":\"interrupted\""));
    bench.run(["verify", "out"]).expect(0);
    assert_eq!(processes_naming(&bench.path("out")), Vec::<String>::new());
}

#[test]
fn sigint_cancels_and_exits_with_130() {
    interrupted(Signal::INT, 130, "CONTRACT_INTERRUPTED");
}

#[test]
fn sigterm_and_sighup_cancel_and_exit_with_143() {
    interrupted(Signal::TERM, 143, "CONTRACT_TERMINATED");
    interrupted(Signal::HUP, 143, "CONTRACT_TERMINATED");
}
