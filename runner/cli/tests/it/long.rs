//! Sessions that are long in time or in messages.

use std::process::{Child, Stdio};

use crate::command::{Bench, done, hostile};

/// A debug build of the runner has about half of this; what grew with the messages would have many times as much.
const FLAT_KIB: u64 = 32 * 1024;

/// The largest resident set while it ran.
fn peak_kib(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // One that has just ended has no memory any more.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        if let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            peak = line.trim().trim_end_matches(" kB").parse().unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    peak
}

/// Runs it to its end, with flat memory; the counts of the receipt.
fn long_run(bench: &Bench, arguments: &[&str]) -> serde_json::Value {
    let mut child = bench
        .command(["run", "-q", "--out", "out"].iter().chain(arguments))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let peak = peak_kib(&mut child);
    done(&child.wait_with_output().unwrap()).expect(0);
    assert!((1..FLAT_KIB).contains(&peak), "{peak} KiB");
    bench.run(["verify", "out", "-q"]).expect(0);
    bench.receipt("out")["counts"].clone()
}

#[test]
fn a_session_that_is_idle_for_15_s_lives_on() {
    let bench = Bench::new();
    let done = bench.run_hostile("idle_15_s", "");
    assert_eq!(done.expect(0).stdout, "{\"waited_s\":15}\n");
}

#[test]
fn a_million_progress_messages_are_recorded_in_flat_memory() {
    let bench = Bench::new();
    let counts = long_run(&bench, &["--adapter", "echo", "--op", "count", "--args", "{\"n\":1000000}"]);
    assert_eq!(counts["progress"], 1_000_000);
}

#[test]
fn one_invoke_stays_open_while_100_000_others_finish() {
    let bench = Bench::new();
    let allow =
        format!("read={}", crate::command::repository().join("conformance/hostile/adapters").display());
    let adapter = hostile("holds_the_first");
    let counts = long_run(
        &bench,
        &[
            "--adapter",
            &adapter,
            "--allow",
            &allow,
            "--args",
            "{\"bytes\":400,\"others\":100000}",
            "--repeat",
            "100001",
            "--in-flight",
            "64",
        ],
    );
    assert_eq!(counts["results"], 100_001);
    let transcript = std::fs::read(bench.path("out/ipc-transcript.ndjson")).unwrap();
    let last_of_the_first = transcript.split(|byte| *byte == b'\n').nth(5).unwrap();
    assert!(
        String::from_utf8_lossy(last_of_the_first).contains("\"others\":100000"),
        "calls stand in their order"
    );
}
