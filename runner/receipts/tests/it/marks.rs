use contract_json::Digest;
use contract_receipts::{
    Marks, OperationMarks, Other, Redactor, Status, Verdict, is_private_mark, private_mark, verify,
};

use crate::session::{Run, Setup, read};

fn run(dir: &std::path::Path, pid: u32) -> contract_receipts::Receipt {
    let pointers = vec!["/pid".to_owned(), "/list/1".to_owned(), "/a~1b/c".to_owned(), "/none".to_owned()];
    let marks = Marks::new([
        ("other".to_owned(), OperationMarks::volatile(vec!["/kept".to_owned()])),
        ("text.caps".to_owned(), OperationMarks::volatile(pointers)),
    ]);
    let mut run = Run::begin_with(dir, Setup { marks, ..Setup::default() });
    run.handshake();
    let one = run.invoke(r#"{"pid":1}"#);
    run.reply(one, "progress", r#"{"data":{"pid":2},"seq":0}"#);
    let payload = format!(
        r#"{{"ok":true,"pid":3,"data":{{"pid":{pid},"list":[1,{{"deep":{pid}}},3],"a/b":{{"c":"{pid}","d":4}},"kept":5}}}}"#
    );
    run.reply(one, "result", &payload);
    run.finish(Status::Satisfied)
}

#[test]
fn volatile_values_of_results_and_progress_are_marked_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = run(dir.path(), 4711);
    let transcript = read(dir.path(), "ipc-transcript.ndjson");
    let marked = r#"{"data":{"a/b":{"c":"${VOLATILE}","d":4},"kept":5,"list":[1,"${VOLATILE}",3],"pid":"${VOLATILE}"},"ok":true,"pid":3}"#;
    assert!(transcript.contains(marked), "{transcript}");
    assert!(
        transcript.contains(r#""args":{"pid":1}"#) && transcript.contains(r#""data":{"pid":"${VOLATILE}"}"#)
    );
    assert_eq!(receipt.result, Some(serde_json::from_str(marked).unwrap()));
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn runs_that_differ_in_volatile_values_alone_have_the_same_subject() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(run(a.path(), 1).digests.subject, run(b.path(), 22).digests.subject);
}

#[test]
fn a_wide_integer_that_is_marked_is_not_in_the_transcript() {
    let dir = tempfile::tempdir().unwrap();
    let marks = Marks::new([("text.caps".to_owned(), OperationMarks::volatile(vec!["/n".to_owned()]))]);
    let mut run = Run::begin_with(dir.path(), Setup { marks, ..Setup::default() });
    run.handshake();
    let one = run.invoke("{}");
    run.reply(one, "result", r#"{"data":{"n":18446744073709551615},"ok":true}"#);
    assert!(!run.finish(Status::Satisfied).wide_integers);
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

fn private() -> Marks {
    let pointers = |list: &[&str]| list.iter().map(|&pointer| pointer.to_owned()).collect();
    let marks = OperationMarks {
        volatile: pointers(&["/ms"]),
        private_args: pointers(&["/prompt", "/messages"]),
        private_data: pointers(&["/text"]),
        private_progress: pointers(&["/text"]),
    };
    Marks::new([("text.caps".to_owned(), marks)])
}

#[test]
fn of_private_values_only_digests_are_written_in_the_wire_layer_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut run =
        Run::begin_with(dir.path(), Setup { marks: private(), keep_wire: true, ..Setup::default() });
    run.handshake();
    let one = run.invoke(r#"{"max":3,"messages":[{"content":"hush b"}],"prompt":"hush a"}"#);
    run.reply(one, "progress", r#"{"data":{"n":1,"text":"hush c"},"seq":0}"#);
    run.other(b"hush d, no envelope at all", Other::SetAside);
    run.reply(one, "result", r#"{"ok":true,"data":{"ms":7,"text":"hush c"}}"#);
    let receipt = run.finish(Status::Satisfied);
    for name in ["ipc-transcript.ndjson", "ipc-wire.ndjson", "run-receipt.json"] {
        let text = read(dir.path(), name);
        assert!(!text.contains("hush"), "{name}: {text}");
    }
    let mark = |text: &str| private_mark(&Digest::of(text.as_bytes()).sha256_uri());
    assert_eq!(receipt.invocation.args["prompt"], mark("hush a"));
    assert_eq!(receipt.invocation.args["messages"], mark(r#"[{"content":"hush b"}]"#), "canonical JSON");
    assert_eq!(receipt.invocation.args["max"], 3);
    assert_eq!(receipt.result.unwrap()["data"]["text"], mark("hush c"));
    assert!(
        read(dir.path(), "ipc-transcript.ndjson")
            .contains(&format!(r#"{{"n":1,"text":"{}"}}"#, mark("hush c")))
    );
    assert!(read(dir.path(), "ipc-wire.ndjson").contains("private values are digests"));
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn the_digest_of_a_private_value_is_that_of_its_redacted_text() {
    let redactor = Redactor::new([("KEY", "very-secret-key")]).unwrap();
    let args = private().args("text.caps", br#"{"prompt":"use very-secret-key"}"#, &redactor);
    let mark = private_mark(&Digest::of(b"use [redacted:KEY]").sha256_uri());
    assert_eq!(String::from_utf8(args).unwrap(), format!(r#"{{"prompt":"{mark}"}}"#));
    assert!(is_private_mark(&mark) && !is_private_mark("${PRIVATE sha256:00}"));
}
