//! Every way in which an adapter can fail: the run ends, says why, and leaves a receipt and no process.

use std::time::{Duration, Instant};

use crate::command::{Bench, processes_naming};

/// Longer than every deadline and grace of these runs together, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn check(name: &str, flags: &str, status: i32, code: &str, words: &str) {
    let bench = Bench::new();
    // What an older run left must not survive.
    bench.run(["run", "--adapter", "text-caps", "--text", "old", "--out", "out", "-q"]).expect(0);
    let old = bench.receipt("out")["digests"]["receipt"]["blake3"].clone();
    let began = Instant::now();
    let done = bench.run_hostile(name, flags);
    assert!(began.elapsed() < PATIENCE, "{name} took {:?}", began.elapsed());
    done.expect(status);
    let receipt = bench.receipt("out");
    assert_ne!(receipt["digests"]["receipt"]["blake3"], old);
    let shown = match status {
        0 => receipt["error"].is_null() && receipt["status"] == "satisfied",
        1 => receipt["status"] == "violated" && receipt["error"]["code"] == code,
        5 => receipt["status"] == "timed-out" && receipt["error"]["code"] == code,
        _ => receipt["status"] == "failed" && receipt["error"]["code"] == code,
    };
    assert!(shown, "{}\n{}", receipt["status"], receipt["error"]);
    let everything = format!("{}{}{}", done.stdout, done.stderr, receipt["observed"]["counts"]);
    assert!(everything.contains(words), "`{words}` is not in: {everything}");
    if status > 1 {
        done.says(code).says("do: ");
        assert!(done.stdout.is_empty(), "a failed run printed {}", done.stdout);
        assert!(bench.path("out/ipc-wire.ndjson").exists());
    }
    bench.run(["verify", "out"]).expect(0);
    let left = processes_naming(&bench.path("out"));
    assert!(left.is_empty(), "left behind: {left:?}");
    assert!(!bench.path("out/scratch").exists());
}

macro_rules! hostile {
    ($($name:ident($flags:literal) -> $status:literal $code:literal $words:literal;)+) => {
        $(#[test] fn $name() { check(stringify!($name), $flags, $status, $code, $words); })+
    };
}

hostile! {
    silent("--limit handshake=300ms") -> 5 "IPC_TIMEOUT" "handshake";
    stops_after_hello_ack("--limit handshake=300ms") -> 5 "IPC_TIMEOUT" "handshake";
    hangs_in_invoke("--limit total=300ms") -> 5 "IPC_TIMEOUT" "(total)";
    answers_after_cancel("--limit total=300ms") -> 5 "IPC_TIMEOUT" "(total)";
    progress_forever("--limit total=500ms --limit idle=400ms") -> 5 "IPC_TIMEOUT" "(total)";
    progress_flood("--limit total=500ms") -> 5 "IPC_TIMEOUT" "(total)";
    spins("--limit cpu=1s") -> 5 "ADAPTER_OVER_BUDGET" "--limit cpu=";
    dies_before_handshake("") -> 4 "ADAPTER_EXITED" "no configuration";
    killed_before_handshake("") -> 4 "ADAPTER_KILLED" "SIGKILL (9)";
    aborts_in_invoke("") -> 4 "ADAPTER_KILLED" "SIGABRT (6)";
    exits_in_invoke("") -> 4 "ADAPTER_EXITED" "exited with status 0";
    half_a_line("") -> 4 "IPC_BAD_ENVELOPE" "exited with status 3";
    no_line_feed("") -> 0 "" "{\"n\":1}";
    carriage_returns("") -> 0 "" "\"endedWithCr\":3";
    exit_after_answer("") -> 0 "" "{\"n\":1}";
    unknown_type("") -> 0 "" "\"ignored\":1";
    stderr_flood("") -> 0 "" "{\"n\":1}";
    error_reply("") -> 4 "ADAPTER_DISK_FULL" "no room for the result";
    error_without_reply_to("") -> 4 "IPC_STATE" "ADAPTER_BROKEN: something is wrong";
    rejects("") -> 1 "CONTRACT_REJECTED" "{\"reason\":\"too large\"}";
    banner("") -> 4 "IPC_BAD_ENVELOPE" "Welcome to adapter 3000!";
    not_utf8("") -> 4 "IPC_BAD_ENVELOPE" "UTF-8";
    blank_line("") -> 4 "IPC_BAD_ENVELOPE" "empty line";
    array("") -> 4 "IPC_BAD_ENVELOPE" "[1, 2, 3]";
    byte_order_mark("") -> 4 "IPC_BAD_ENVELOPE" "last line";
    duplicate_key("") -> 4 "IPC_BAD_ENVELOPE" "k";
    deep("") -> 4 "IPC_BAD_ENVELOPE" "nested too deep";
    not_a_number("") -> 4 "IPC_BAD_ENVELOPE" "NaN";
    wrong_version("") -> 4 "IPC_PROTO_MISMATCH" "ipc.v1";
    wrong_protocol("") -> 4 "IPC_PROTO_MISMATCH" "ipc.v7";
    missing_key("") -> 4 "IPC_BAD_ENVELOPE" "ts";
    extra_key("") -> 4 "IPC_BAD_ENVELOPE" "extra";
    short_id("") -> 4 "IPC_BAD_ENVELOPE" "id";
    bad_time("") -> 4 "IPC_BAD_ENVELOPE" "yesterday";
    same_id("") -> 4 "IPC_BAD_ENVELOPE" "was used before";
    two_results("") -> 4 "IPC_STATE" "no open invoke";
    foreign_reply_to("") -> 4 "IPC_STATE" "no open invoke";
    missing_ok("") -> 4 "IPC_BAD_ENVELOPE" "ok";
    payload_array("") -> 4 "IPC_BAD_ENVELOPE" "payload";
    against_its_schema("") -> 4 "CONTRACT_RESULT_INVALID" "/n";
    needs_side_effects("") -> 3 "POLICY_DENIED" "--allow side-effect=network";
    progress_out_of_order("") -> 4 "IPC_STATE" "seq 2 where 1";
    progress_without_reply_to("") -> 4 "IPC_STATE" "replyTo";
    bad_error_code("") -> 4 "IPC_BAD_ENVELOPE" "oops";
    closes_stdout("") -> 4 "ADAPTER_CLOSED_STDOUT" "closed its stdout";
    long_line("--max-line-bytes 64KiB") -> 4 "IPC_LINE_TOO_LONG" "--max-line-bytes";
    endless_line("--max-line-bytes 64KiB") -> 4 "IPC_LINE_TOO_LONG" "--max-line-bytes";
    ignores_eof("") -> 4 "ADAPTER_IGNORED_EOF" "stdin";
    ignores_sigterm("") -> 4 "ADAPTER_IGNORED_EOF" "stdin";
    grandchild("--allow processes=4") -> 0 "" "{\"n\":1}";
    forks("") -> 4 "ADAPTER_EXITED" "--allow processes=";
    opens_ungranted("") -> 4 "ADAPTER_EXITED" "--allow read=/etc/hostname";
    eats_memory("--limit memory=256MiB") -> 4 "ADAPTER_EXITED" "--limit memory=";
    forges_receipt("") -> 4 "ADAPTER_FAKE" "run again without the sandbox \u{241b}[31m";
}

#[test]
fn lax_stdout_sets_a_banner_aside_and_the_receipt_says_so() {
    let bench = Bench::new();
    let done = bench.run_hostile("banner", "--lax-stdout");
    assert_eq!(done.expect(0).stdout, "{\"n\":1}\n");
    assert_eq!(bench.receipt("out")["observed"]["counts"]["setAside"], 1);
}

#[test]
fn an_end_within_the_grace_is_in_the_transcript_of_a_timed_out_run() {
    let bench = Bench::new();
    bench.run_hostile("answers_after_cancel", "--limit total=300ms").expect(5);
    let kinds: Vec<_> = bench
        .text("out/ipc-transcript.ndjson")
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds[4..], ["invoke", "cancel", "result"]);
    assert_eq!(bench.receipt("out")["reproducible"], false);
}

#[test]
fn an_adapter_that_reads_nothing_cannot_block_the_runner() {
    let bench = Bench::new();
    let text = "x".repeat(4 << 20);
    bench.write("big.json", &format!("{{\"text\":\"{text}\"}}"));
    bench
        .run_hostile("stops_reading", "--limit total=500ms --args-file big.json")
        .expect(5)
        .says("IPC_TIMEOUT");
    bench.run_hostile("closes_stdin", "--args-file big.json").expect(4).says("ADAPTER_CLOSED_STDIN");
}
