use contract_receipts::{Status, Verdict, Volatile, verify};

use crate::session::{Run, Setup, read};

fn run(dir: &std::path::Path, pid: u32) -> contract_receipts::Receipt {
    let pointers = vec!["/pid".to_owned(), "/list/1".to_owned(), "/a~1b/c".to_owned(), "/none".to_owned()];
    let volatile =
        Volatile::new([("other".to_owned(), vec!["/kept".to_owned()]), ("text.caps".to_owned(), pointers)]);
    let mut run = Run::begin_with(dir, Setup { volatile, ..Setup::default() });
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
fn volatile_values_of_results_are_marked_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = run(dir.path(), 4711);
    let transcript = read(dir.path(), "ipc-transcript.ndjson");
    let marked = r#"{"data":{"a/b":{"c":"${VOLATILE}","d":4},"kept":5,"list":[1,"${VOLATILE}",3],"pid":"${VOLATILE}"},"ok":true,"pid":3}"#;
    assert!(transcript.contains(marked), "{transcript}");
    assert!(transcript.contains(r#""args":{"pid":1}"#) && transcript.contains(r#""data":{"pid":2}"#));
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
    let volatile = Volatile::new([("text.caps".to_owned(), vec!["/n".to_owned()])]);
    let mut run = Run::begin_with(dir.path(), Setup { volatile, ..Setup::default() });
    run.handshake();
    let one = run.invoke("{}");
    run.reply(one, "result", r#"{"data":{"n":18446744073709551615},"ok":true}"#);
    assert!(!run.finish(Status::Satisfied).wide_integers);
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}
