//! The runner is killed: nothing is left running, no receipt is torn, and the folder can be used again.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::command::{Bench, done, hostile, processes_naming, repository, skipped};
use crate::interrupts::busy;

const PATIENCE: Duration = Duration::from_secs(30);

fn start(bench: &Bench, name: &str, more: &[&str]) -> Child {
    let allow = format!("read={}", repository().join("conformance/hostile/adapters").display());
    let adapter = hostile(name);
    bench
        .command(["run", "--adapter", &adapter, "--out", "out", "--allow", &allow].iter().chain(more))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits for something that another process does, which nothing here could be woken by.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited too long for: {what}");
        std::thread::yield_now();
    }
}

fn kill_and_look(bench: &Bench, mut child: Child) {
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    until("the end of every process of the run", || processes_naming(&bench.path("out")).is_empty());
    if bench.path("out/run-receipt.json").exists() {
        bench.run(["verify", "out"]).expect(0);
    }
    bench.run(["run", "--adapter", "text-caps", "--text", "next", "--out", "out", "-q"]).expect(0);
    bench.run(["verify", "out"]).expect(0);
}

fn in_each_phase(more: &[&str]) {
    for _ in 0..10 {
        let bench = Bench::new();
        kill_and_look(&bench, start(&bench, "stops_after_hello_ack", more));
        let child = start(&bench, "stops_after_hello_ack", more);
        until("the adapter", || !processes_naming(&bench.path("out/scratch")).is_empty());
        kill_and_look(&bench, child);
        kill_and_look(&bench, busy(&bench, more));
        let child = start(&bench, "ignores_eof", more);
        let transcript = bench.path("out/.ipc-transcript.ndjson.tmp");
        until("the adapter", || {
            transcript.exists() && !processes_naming(&bench.path("out/scratch")).is_empty()
        });
        kill_and_look(&bench, child);
    }
}

#[test]
fn in_each_phase_with_one_process() {
    in_each_phase(&[]);
}

#[test]
fn in_each_phase_with_several_processes() {
    in_each_phase(&["--allow", "processes=4"]);
}

#[test]
fn as_process_1_it_reaps_and_ends_as_usual() {
    if !rustix::process::geteuid().is_root() {
        skipped("only root can make a PID namespace here");
        return;
    }
    let bench = Bench::new();
    for more in [&[][..], &["--allow", "processes=4"]] {
        let output = std::process::Command::new("/usr/bin/unshare")
            .args(["--pid", "--fork", "--mount-proc", env!("CARGO_BIN_EXE_contract-runner"), "run"])
            .args(["--adapter", "text-caps", "--text", "one", "--out", "out"])
            .args(more)
            .current_dir(bench.path("."))
            .output()
            .unwrap();
        assert_eq!(done(&output).expect(0).stdout, "{\"text\":\"ONE\"}\n");
        bench.run(["verify", "out"]).expect(0);
    }
}
