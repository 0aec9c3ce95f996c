use contract_receipts::{Status, Verdict, verify};

use crate::session::{Run, outline};

#[test]
fn ends_that_come_swapped_stand_in_the_order_of_their_invokes() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin(dir.path());
    run.handshake();
    let (one, two, three) = (run.invoke("{}"), run.invoke("{}"), run.invoke("{}"));
    run.reply(three, "result", r#"{"ok":true,"data":{"n":3}}"#);
    run.reply(two, "progress", r#"{"seq":0}"#);
    run.reply(one, "progress", r#"{"seq":7}"#);
    run.reply(two, "result", r#"{"ok":true,"data":{"n":2}}"#);
    run.reply(one, "result", r#"{"ok":true,"data":{"n":1}}"#);
    let four = run.invoke("{}");
    run.reply(four, "result", r#"{"ok":true,"data":{"n":4}}"#);
    let receipt = run.finish(Status::Satisfied);
    assert_eq!(
        outline(dir.path())[4..],
        [
            "invoke",
            "progress>4",
            "result>4",
            "invoke",
            "progress>7",
            "result>7",
            "invoke",
            "result>10",
            "invoke",
            "result>12",
        ]
    );
    assert_eq!(receipt.result.unwrap()["data"]["n"], 4);
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn the_last_result_is_that_of_the_invoke_that_was_sent_last() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin(dir.path());
    run.handshake();
    let (one, two) = (run.invoke("{}"), run.invoke("{}"));
    run.reply(two, "result", r#"{"ok":true,"data":{"n":2}}"#);
    run.reply(one, "result", r#"{"ok":true,"data":{"n":1}}"#);
    assert_eq!(run.finish(Status::Satisfied).result.unwrap()["data"]["n"], 2);
}

#[test]
fn an_invoke_without_an_end_keeps_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin(dir.path());
    run.handshake();
    let (one, two) = (run.invoke("{}"), run.invoke("{}"));
    run.reply(two, "result", r#"{"ok":true,"data":{}}"#);
    run.cancel(one);
    let receipt = run.finish(Status::TimedOut);
    assert_eq!(outline(dir.path())[4..], ["invoke", "cancel>4", "invoke", "result>6"]);
    assert!(!receipt.reproducible);
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}
