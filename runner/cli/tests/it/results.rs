//! What a run prints: stdout is for the result, stderr for people.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::command::{Bench, done};

#[test]
fn the_result_is_on_stdout_and_the_summary_on_stderr() {
    let bench = Bench::new();
    let done = bench.run(["run", "--adapter", "text-caps", "--op", "text.caps", "--text", "hello"]);
    assert_eq!(done.expect(0).stdout, "{\"text\":\"HELLO\"}\n");
    done.says("text-caps may: ").says("satisfied text-caps text.caps").says(".workstation/runs/");
    bench.run(["verify", ".workstation/runs/latest"]).expect(0);
}

#[test]
fn quiet_says_nothing_and_colours_need_a_terminal() {
    let bench = Bench::new();
    let done = bench.run(["run", "--adapter", "text-caps", "--text", "x", "-q"]);
    assert_eq!((done.expect(0).stderr.as_str(), done.stdout.as_str()), ("", "{\"text\":\"X\"}\n"));
    let done = bench.run(["run", "--adapter", "text-caps", "--text", "x"]);
    assert!(!done.stderr.contains('\x1b'), "{}", done.stderr);
}

#[test]
fn repeated_calls_share_one_session_and_print_a_line_each() {
    let bench = Bench::new();
    let done = bench.run([
        "run",
        "--adapter",
        "text-caps",
        "--text",
        "a",
        "--repeat",
        "1000",
        "--in-flight",
        "32",
        "--out",
        "o",
    ]);
    let lines: Vec<_> = done.expect(0).stdout.lines().collect();
    assert_eq!(lines, vec!["{\"ok\":true,\"data\":{\"text\":\"A\"}}"; 1000]);
    assert_eq!(bench.receipt("o")["counts"]["invokes"], 1000);
    bench.run(["verify", "o"]).expect(0);
}

#[test]
fn a_batch_answers_in_its_own_order_and_goes_on_after_an_error() {
    let bench = Bench::new();
    bench.write(
        "calls.ndjson",
        "{\"op\":\"count\",\"args\":{\"n\":500}}\n\n{\"op\":\"fail\",\"args\":{\"code\":\"ADAPTER_X\",\"message\":\"m\"}}\n{\"op\":\"echo\",\"args\":{\"n\":3}}\n",
    );
    let done =
        bench.run(["run", "--adapter", "echo", "--batch", "calls.ndjson", "--in-flight", "3", "--out", "o"]);
    let lines: Vec<Value> = done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{}", done.stderr);
    assert!(lines[0]["ok"].as_bool().unwrap() && lines[2]["ok"].as_bool().unwrap());
    assert!(lines[1]["error"]["code"].is_string());
    done.expect(4);
    let receipt = bench.receipt("o");
    assert_eq!((&receipt["status"], &receipt["counts"]["results"]), (&"failed".into(), &2.into()));
}

#[test]
fn the_machine_form_has_status_data_and_error() {
    let bench = Bench::new();
    let done = bench.run(["run", "--adapter", "text-caps", "--text", "x", "--format", "json"]);
    let outcome: Value = serde_json::from_str(&done.expect(0).stdout).unwrap();
    assert_eq!((&outcome["status"], &outcome["data"]["text"]), (&"satisfied".into(), &"X".into()));
    let done = bench.run(["run", "--adapter", "nosuch", "--format", "json"]);
    let outcome: Value = serde_json::from_str(&done.expect(2).stdout).unwrap();
    assert_eq!(outcome["error"]["code"], "ADAPTER_NOT_FOUND");
}

#[test]
fn a_closed_stdout_or_stderr_ends_nothing() {
    let bench = Bench::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command =
        bench.command(["run", "--adapter", "text-caps", "--text", "a", "--repeat", "10000", "--out", "o"]);
    let output =
        command.stdout(writer.try_clone().unwrap()).stderr(writer).stdin(Stdio::null()).output().unwrap();
    done(&output).expect(0);
    assert_eq!(bench.receipt("o")["counts"]["results"], 10_000);
    // Not even open: the shell closes all three before it executes the command.
    let line = format!(
        "exec {} run --adapter text-caps --text a --out p <&- >&- 2>&-",
        env!("CARGO_BIN_EXE_contract-runner")
    );
    let output = std::process::Command::new("/bin/sh")
        .args(["-c", &line])
        .current_dir(bench.path("."))
        .env_clear()
        .output()
        .unwrap();
    done(&output).expect(0);
    bench.run(["verify", "p"]).expect(0);
}

#[test]
fn completions_and_man_pages_come_from_the_flags() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(bench.run(["completions", shell]).expect(0).stdout.contains("in-flight"), "{shell}");
    }
    bench.run(["man", "pages"]).expect(0);
    assert!(bench.text("pages/contract-runner-run.1").contains("max\\-line\\-bytes"));
}

#[test]
fn inspect_and_lock_tell_what_an_adapter_offers() {
    let bench = Bench::new();
    let done = bench.run(["adapter", "inspect", "text-caps"]);
    assert!(done.expect(0).stdout.contains("--op text.caps"));
    bench.run(["adapter", "lock", "text-caps", "--out", "adapters.lock"]).expect(0);
    bench.run(["run", "--adapter", "text-caps", "--text", "a", "--lock", "adapters.lock"]).expect(0);
    let lock: Value = serde_json::from_str(&bench.text("adapters.lock")).unwrap();
    let mut changed = lock.clone();
    changed["adapters"]["text-caps"]["command"] = json!(format!("blake3:{}", "0".repeat(64)));
    bench.write("adapters.lock", &changed.to_string());
    bench
        .run(["run", "--adapter", "text-caps", "--text", "a", "--lock", "adapters.lock", "--out", "o"])
        .expect(3)
        .says("ADAPTER_LOCK_MISMATCH");
    assert!(bench.path("o/denied-receipt.json").exists() && !bench.path("o/run-receipt.json").exists());
    // One that is not in the lock was not reviewed.
    let mut other = lock;
    let pin = other["adapters"].as_object_mut().unwrap().remove("text-caps").unwrap();
    other["adapters"]["another"] = pin;
    bench.write("adapters.lock", &other.to_string());
    bench
        .run(["run", "--adapter", "text-caps", "--text", "a", "--lock", "adapters.lock"])
        .expect(3)
        .says("is not in the lock");
}

#[test]
fn the_host_is_tried_and_not_guessed() {
    let bench = Bench::new();
    let report: Value =
        serde_json::from_str(&bench.run(["sandbox", "check", "--format", "json"]).expect(0).stdout).unwrap();
    let canaries = report["oneProcess"]["report"]["canaries"].as_array().unwrap();
    assert!(canaries.iter().any(|canary| canary["verdict"] == "denied"));
}
