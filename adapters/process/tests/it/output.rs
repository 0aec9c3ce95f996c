use adapter_process::ProcessAdapter;
use contract_adapter::{End, Harness};
use serde_json::json;

use crate::program::{call, done, script, script_with, told};

const MIB: usize = 1024 * 1024;

/// Numbered lines, of this many bytes or more.
fn text(bytes: usize) -> String {
    (0..=bytes / 43).map(|number| format!("line {number} – with a character of three bytes\n")).collect()
}

#[test]
fn echoes_byte_for_byte() {
    let called = call(json!({ "argv": ["/bin/echo", "hello  world", "*"] }));
    assert_eq!(
        called.data(),
        &json!({
            "summary": "exit status 0\nstdout: 15 bytes\nstderr: 0 bytes",
            "documents": {},
            "exitStatus": 0,
            "signal": null,
            "stdout": { "bytes": 15, "tail": "hello  world *\n", "truncated": false },
            "stderr": { "bytes": 0, "tail": "", "truncated": false },
            "leftover": 0,
        })
    );
    assert_eq!(called.progress.len(), 1);
    assert_eq!(told(&called, "stdout"), "hello  world *\n");
}

#[test]
fn eight_mib_go_through_while_they_are_fed() {
    let text = text(8 * MIB);
    assert!(text.len() > 8 * MIB);
    let called = call(json!({ "argv": ["/bin/cat"], "stdin": text, "maxOutputBytes": 100 }));
    assert!(told(&called, "stdout") == text, "what was told is what was fed");
    let output = &called.data()["stdout"];
    assert_eq!((&output["bytes"], &output["truncated"]), (&json!(text.len()), &json!(true)));
    assert!(text.ends_with(output["tail"].as_str().unwrap()) && output["tail"].as_str().unwrap().len() > 96);
    for step in &called.progress {
        let message = step.message.as_deref().unwrap();
        assert!(message.len() <= 8192 && message.ends_with('\n'), "whole lines, at most 8 KiB");
    }
}

#[test]
fn both_streams_flow_while_stdin_is_fed() {
    let text = text(2 * MIB);
    let called = call(json!({ "argv": ["/usr/bin/tee", "/dev/stderr"], "stdin": text }));
    assert!(told(&called, "stdout") == text);
    assert!(told(&called, "stderr") == text);
}

#[test]
fn a_flood_on_stderr_blocks_nobody() {
    let called = call(script("head -c 8388608 /dev/zero | tr '\\0' x >&2; echo done"));
    assert_eq!(told(&called, "stderr").len(), 8 * MIB);
    assert_eq!(told(&called, "stdout"), "done\n");
    assert_eq!(called.data()["stderr"]["tail"], "x".repeat(65536));
}

#[test]
fn a_program_that_does_not_read_its_stdin_is_not_waited_for() {
    let unread = "a".repeat(2 * MIB);
    assert!(done(json!({ "argv": ["/bin/true"], "stdin": unread })).0);
    let closed = script_with("exec <&-; head -c 1000000 /dev/zero | tr '\\0' x", &json!({ "stdin": unread }));
    assert_eq!(done(closed).1["stdout"]["bytes"], 1_000_000);
}

#[test]
fn stdin_is_empty_and_closed_unless_it_is_given() {
    assert_eq!(done(json!({ "argv": ["/bin/cat"] })).1["stdout"]["bytes"], 0);
    assert_eq!(done(json!({ "argv": ["/bin/cat"], "stdin": "a" })).1["stdout"]["tail"], "a");
}

#[test]
fn each_stream_is_told_in_its_order_and_an_unfinished_line_at_the_end() {
    let called = call(script("for n in 1 2 3; do echo out $n; echo err $n >&2; done; printf last"));
    assert_eq!(told(&called, "stdout"), "out 1\nout 2\nout 3\nlast");
    assert_eq!(told(&called, "stderr"), "err 1\nerr 2\nerr 3\n");
}

#[test]
fn bytes_that_are_no_text_are_shown_as_such_and_counted_as_they_were() {
    let called = call(script("printf 'a\\377b\\n\\303'"));
    assert_eq!(told(&called, "stdout"), "a\u{fffd}b\n\u{fffd}");
    let output = &called.data()["stdout"];
    assert_eq!((&output["bytes"], &output["tail"]), (&json!(5), &json!("a\u{fffd}b\n\u{fffd}")));
}

#[test]
fn a_character_that_comes_in_two_writes_stays_whole() {
    let called =
        call(script("printf '\\303'; echo half >&2; printf '\\251\\342'; printf '\\202'; printf '\\254\\n'"));
    assert_eq!(told(&called, "stdout"), "é€\n");
}

#[test]
fn more_than_the_limit_ends_the_program() {
    for program in ["yes", "trap '' TERM; yes", "yes >&2", "yes & yes >&2; wait"] {
        let limits = json!({ "outputLimitBytes": 100_000, "maxOutputBytes": 10, "terminationGraceMs": 50 });
        let called = call(script_with(program, &limits));
        let End::Error { code, message, details: Some(details), .. } = &called.end else {
            panic!("no error: {:?}", called.end)
        };
        assert_eq!(code, "PROCESS_OUTPUT_TOO_LARGE");
        assert!(message.contains("100000 bytes") && message.contains("`outputLimitBytes`"), "{message}");
        let (stdout, stderr) = (told(&called, "stdout").len(), told(&called, "stderr").len());
        assert_eq!(stdout + stderr, 100_000, "{program}");
        assert_eq!(
            (&details["stdout"]["bytes"], &details["stderr"]["bytes"]),
            (&json!(stdout), &json!(stderr))
        );
    }
}

#[test]
fn exactly_the_limit_is_no_fault() {
    let exact =
        |limit: u64| call(script_with("printf 12345; printf 678 >&2", &json!({ "outputLimitBytes": limit })));
    assert_eq!(exact(8).data()["exitStatus"], 0);
    assert_eq!(exact(7).code(), "PROCESS_OUTPUT_TOO_LARGE");
}

#[test]
fn the_largest_tails_fit_into_a_line() {
    // NUL is the longest in JSON: six bytes each.
    let args = script_with(
        "head -c 1100000 /dev/zero; head -c 1100000 /dev/zero >&2",
        &json!({ "maxOutputBytes": 1_048_576 }),
    );
    let called = Harness::new(ProcessAdapter).call("process.run", args);
    let data = called.data();
    assert_eq!(data["stdout"]["tail"].as_str().unwrap().len(), MIB);
    assert!(serde_json::to_string(data).unwrap().len() < 16 * MIB - 1000);
}
