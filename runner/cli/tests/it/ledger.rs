//! `ledger`: the chain of receipts at the command line.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command::{Bench, Done, done, repository};

/// A good receipt of the corpus, without its place in a chain.
fn receipt() -> String {
    let path = repository().join("conformance/good/model-plane/inference-receipt.json");
    let mut receipt: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    receipt.as_object_mut().unwrap().retain(|name, _| !name.starts_with("ledger"));
    receipt.to_string()
}

fn append(bench: &Bench, arguments: &[&str], receipts: &str) -> Done {
    let mut child = bench
        .command(["ledger", "append", "l.ndjson"].iter().chain(arguments))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(receipts.as_bytes()).unwrap();
    done(&child.wait_with_output().unwrap())
}

#[test]
fn receipts_are_appended_verified_and_headed() {
    let bench = Bench::new();
    append(&bench, &[], &format!("{0}\n{0}\n", receipt())).expect(0);
    bench.write("one.json", &receipt().replace(',', ",\n"));
    let done = bench.run(["ledger", "append", "l.ndjson", "one.json", "--no-sync"]);
    assert!(done.expect(0).stdout.starts_with("1 appended, head sha256:"), "{}", done.stdout);
    let head = bench.run(["ledger", "head", "l.ndjson"]).expect(0).stdout.clone();
    let hash = head.split(' ').nth(1).unwrap();
    assert!(head.starts_with("2 sha256:") && head.ends_with(" 3\n"), "{head}");
    let verified = bench.run(["ledger", "verify", "l.ndjson"]);
    assert_eq!(verified.expect(0).stdout, format!("consistent (unsigned): 3 entries, head {hash}\n"));
    let verified = bench.run(["ledger", "verify", "l.ndjson", "--expect-head", hash]);
    assert!(verified.expect(0).stdout.starts_with("verified: 3 entries"));
    let other = format!("sha256:{}", "0".repeat(64));
    bench.run(["ledger", "verify", "l.ndjson", "--expect-head", &other]).expect(1).says("LEDGER_MISMATCH");
    bench.run(["ledger", "verify", "l.ndjson", "--expect-head", "sha256:0"]).expect(2);
    bench.run(["validate", "l.ndjson"]).expect(0);
}

#[test]
fn each_fault_has_its_own_exit_status() {
    let bench = Bench::new();
    bench.run(["ledger", "verify", "l.ndjson"]).expect(2).says("CONTRACT_INPUT_UNREADABLE");
    bench.run(["ledger", "head", "l.ndjson"]).expect(6).says("LEDGER_NO_HEAD");
    append(&bench, &[], &receipt().replace("on_device_only", "nowhere")).expect(1).says("SCHEMA_ENUM");
    append(&bench, &[], &receipt()).expect(0);
    let whole = bench.text("l.ndjson");
    bench.write("l.ndjson", &format!("{whole}{{"));
    append(&bench, &[], &receipt()).expect(1).says("LEDGER_TORN").says("--repair");
    append(&bench, &["--repair"], &receipt()).expect(0).says("1 byte cut off");
    bench.run(["ledger", "verify", "l.ndjson"]).expect(0);
    std::fs::remove_file(bench.path("l.ndjson.head")).unwrap();
    bench.run(["ledger", "verify", "l.ndjson"]).expect(6).says("--expect-head");
    bench.write("l.ndjson", &whole.replace("sha256:4", "sha256:5"));
    bench.run(["ledger", "verify", "l.ndjson"]).expect(6);
    bench.run(["ledger", "append", "no/folder/l.ndjson", "one.json"]).expect(2).says("one.json");
    bench.write("one.json", &receipt());
    bench.run(["ledger", "append", "no/folder/l.ndjson", "one.json"]).expect(74).says("LEDGER_UNWRITABLE");
    bench.run(["ledger", "append", "l.ndjson", "--expect-head", "sha256:0"]).expect(2);
}

#[test]
fn a_batch_that_fails_says_what_stands_and_a_full_disk_leaves_no_half_line() {
    let bench = Bench::new();
    let bad = receipt().replace("on_device_only", "nowhere");
    append(&bench, &["--no-sync"], &format!("{0}\n{0}\n{bad}\n", receipt()))
        .expect(1)
        .says("receipt 3:")
        .says("2 receipts before it stand in the ledger");
    // Files may have 4 KiB: 512 bytes a block. The shell ignores the signal, so that the write fails.
    bench.write("many.ndjson", &format!("{}\n", receipt()).repeat(20));
    let runner = bench.command(["ledger", "append", "full.ndjson", "many.ndjson", "--no-sync"]);
    let limited = done(
        &Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
            .current_dir(bench.path("."))
            .arg(runner.get_program())
            .args(runner.get_args())
            .output()
            .unwrap(),
    );
    limited.expect(74).says("LEDGER_UNWRITABLE").says("before it stand in the ledger");
    let length = std::fs::metadata(bench.path("full.ndjson")).unwrap().len();
    assert!((1..4096).contains(&length), "{length}");
    bench.run(["ledger", "verify", "full.ndjson"]).expect(0);
}

#[test]
fn a_document_of_another_kind_is_named_as_such() {
    let bench = Bench::new();
    let grant = repository().join("conformance/good/receipt");
    let grant = std::fs::read_dir(grant)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("run-receipt")));
    let text = std::fs::read_to_string(grant.unwrap()).unwrap();
    append(&bench, &[], &text).expect(1).says("is not chained; InferenceReceipt and EscalationDecision are");
    append(&bench, &[], "{\"a\":1}").expect(1).says("KIND_UNKNOWN: nothing");
    bench.run(["ledger", "head", "l.ndjson"]).expect(6).says("does not exist, or is empty");
}
