use contract_receipts::{Receipt, Status, compare};
use serde_json::json;

use crate::session::{Run, draft, small_run};

fn run(dir: &std::path::Path, text: &str, change: impl FnOnce(&mut Receipt)) {
    let mut run = Run::begin(dir);
    run.handshake();
    let one = run.invoke(r#"{"text":"a"}"#);
    run.reply(one, "result", &json!({"ok": true, "data": {"text": text, "same": 1}}).to_string());
    let mut receipt = draft();
    change(&mut receipt);
    run.finish_with(receipt);
}

#[test]
fn equal_runs_do_not_differ() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    small_run(a.path());
    small_run(b.path());
    let found = compare(a.path(), b.path()).unwrap();
    assert!(found.same_subject && found.transcript.is_none());
    assert!(found.differences.is_empty() && found.digests.is_empty() && found.observed.is_empty());
}

#[test]
fn what_is_observed_may_differ_and_the_subject_stays() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(a.path(), "A", |receipt| receipt.observed = json!({"pid": 1, "x": {"y": 1}}));
    run(b.path(), "A", |receipt| receipt.observed = json!({"pid": 2, "x": {}}));
    let found = compare(a.path(), b.path()).unwrap();
    assert!(found.same_subject && found.differences.is_empty() && found.transcript.is_none());
    let observed: Vec<_> =
        found.observed.iter().map(|d| (d.pointer.as_str(), d.a.as_str(), d.b.as_str())).collect();
    assert_eq!(observed, [("/observed/pid", "1", "2"), ("/observed/x/y", "1", "(absent)")]);
    assert!(found.digests.iter().all(|d| d.pointer.starts_with("/digests/receipt/")));
}

#[test]
fn another_answer_is_named_by_pointer_and_by_line() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(a.path(), "A", |_| {});
    run(b.path(), "B", |receipt| receipt.exit_code = None);
    let found = compare(a.path(), b.path()).unwrap();
    assert!(!found.same_subject);
    let pointers: Vec<_> = found.differences.iter().map(|d| d.pointer.as_str()).collect();
    assert_eq!(pointers, ["/exitCode", "/result/data/text"]);
    let line = found.transcript.unwrap();
    assert_eq!((line.line, line.difference.pointer.as_str()), (6, "/payload/data/text"));
    assert_eq!((line.difference.a.as_str(), line.difference.b.as_str()), ("\"A\"", "\"B\""));
}

#[test]
fn a_shorter_transcript_differs_where_it_ends() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    small_run(a.path());
    let mut short = Run::begin(b.path());
    short.handshake();
    short.finish(Status::Failed);
    let line = compare(a.path(), b.path()).unwrap().transcript.unwrap();
    assert_eq!((line.line, line.difference.b.as_str()), (5, "(no line)"));
}

#[test]
fn a_folder_without_a_receipt_cannot_be_compared() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    small_run(a.path());
    assert!(compare(a.path(), b.path()).unwrap_err().path.ends_with("run-receipt.json"));
}
