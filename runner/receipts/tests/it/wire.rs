use contract_receipts::{Other, Redactor, Status, Verdict, verify};
use serde_json::Value;

use crate::session::{Run, Setup, read};

fn lines(dir: &std::path::Path) -> Vec<Value> {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../schemas/json/receipt/ipc-wire-line.v0.schema.json"))
            .unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let text = read(dir, "ipc-wire.ndjson");
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            assert!(schema.is_valid(&value), "{line}");
            assert_eq!(contract_json::to_canonical_vec(&value), line.as_bytes());
            value
        })
        .collect()
}

fn verified(dir: &std::path::Path) {
    assert!(matches!(verify(dir, None), Verdict::Consistent { .. }), "{}", verify(dir, None));
}

#[test]
fn a_run_that_ends_well_has_no_wire_file_unless_it_is_kept() {
    for keep_wire in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::begin_with(dir.path(), Setup { keep_wire, ..Setup::default() });
        run.handshake();
        let one = run.invoke("{}");
        run.reply(one, "result", r#"{"ok":true,"data":{}}"#);
        let receipt = run.finish(Status::Satisfied);
        assert_eq!(receipt.digests.wire.is_some(), keep_wire);
        assert_eq!(dir.path().join("ipc-wire.ndjson").exists(), keep_wire);
        verified(dir.path());
    }
}

#[test]
fn a_kept_wire_has_every_line_as_it_was_in_the_order_of_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin_with(dir.path(), Setup { keep_wire: true, ..Setup::default() });
    run.handshake();
    run.other(b"a print \xff in the adapter", Other::SetAside);
    let one = run.invoke(r#"{"x":1}"#);
    run.reply(one, "result", &format!(r#"{{"ok":true,"data":{{"long":"{}"}}}}"#, "x".repeat(10_000)));
    run.finish(Status::Satisfied);
    let lines = lines(dir.path());
    let shown: Vec<_> = lines.iter().map(|line| line["dir"].as_str().unwrap()).collect();
    assert_eq!(shown, ["out", "in", "in", "out", "in", "out", "in"]);
    assert_eq!(lines[4]["text"], "a print \u{fffd} in the adapter");
    assert_eq!((&lines[4]["note"], &lines[4]["bytes"]), (&"set aside".into(), &24.into()));
    assert!(lines[5]["text"].as_str().unwrap().contains(r#""args":{"x":1}"#));
    assert!(lines[1]["text"].as_str().unwrap().contains(r#""trace":{"traceId":"t"}"#), "as it was");
    assert_eq!(lines[6]["text"].as_str().unwrap().len() as u64, lines[6]["bytes"].as_u64().unwrap());
    assert!(lines.windows(2).all(|pair| pair[0]["at_us"].as_u64() <= pair[1]["at_us"].as_u64()));
    verified(dir.path());
}

#[test]
fn a_failed_run_has_the_last_lines_cut_with_their_true_length() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin(dir.path());
    run.handshake();
    for number in 0..100 {
        run.other(format!("{number}{}", "x".repeat(10_000)).as_bytes(), Other::Ignored);
    }
    run.other(b"not json", Other::Refused);
    let receipt = run.finish(Status::Failed);
    let lines = lines(dir.path());
    assert_eq!(receipt.digests.wire.unwrap().lines, lines.len() as u64);
    let last = &lines[lines.len() - 1];
    assert_eq!((&last["text"], &last["note"]), (&"not json".into(), &"refused".into()));
    let before = &lines[lines.len() - 2];
    assert_eq!(before["bytes"], 10_002);
    assert_eq!(before["text"].as_str().unwrap().len(), 4096);
    let kept: usize = lines.iter().map(|line| line["text"].as_str().unwrap().len()).sum();
    assert!(kept <= 256 * 1024 && kept > 200 * 1024, "{kept}");
    let dropped = 105 - lines.len();
    assert_eq!(lines[0]["note"], format!("ignored; {dropped} earlier lines were not kept"));
    verified(dir.path());
}

#[test]
fn a_secret_at_the_cut_is_replaced_as_a_whole() {
    let secret = "correct-horse-battery-staple";
    for before in 4096 - secret.len() - 2..4096 + 2 {
        let dir = tempfile::tempdir().unwrap();
        let redactor = Redactor::new([("PASS", secret)]).unwrap();
        let mut run = Run::begin_with(dir.path(), Setup { redactor, ..Setup::default() });
        let line = format!("{}{secret}{}", "-".repeat(before), "-".repeat(5000));
        run.other(line.as_bytes(), Other::Refused);
        run.finish(Status::Failed);
        let text = read(dir.path(), "ipc-wire.ndjson");
        assert_eq!(text.contains("[redacted:PASS]"), before < 4096, "{before}");
        assert!(!text.contains(&secret[..4]), "{before}: no part of it stays");
    }
}
