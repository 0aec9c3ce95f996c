//! Whether what an adapter says is taken from the files that were looked at.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use contract_engine::{Answer, Note, Surroundings};
use contract_inference::{Ask, Ending, Finished, Gate, Heard, Input, Sampling, Stop, Tracker, Wanted};
use contract_ipc::{Code, Timestamp};
use serde_json::{Value, json};

struct Desk {
    dir: tempfile::TempDir,
    gate: Gate,
}

impl Desk {
    /// A model that was looked at. Its bytes do not matter: nothing runs them.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("model.gguf"), "GGUF").unwrap();
        let around = Surroundings { root: dir.path().to_owned(), ..Surroundings::of_process().unwrap() };
        let wanted = Wanted { model: Some("model.gguf".to_owned()), ..Wanted::default() };
        let now: Timestamp = "2026-03-11T08:05:30.000Z".parse().unwrap();
        let gate = Gate::open(&wanted, &around, now, &mut |_, _| ControlFlow::Continue(())).unwrap();
        Self { dir, gate }
    }

    fn loaded(&self, name: &str) -> Value {
        json!({"loaded": {"files": [file(&self.dir.path().join(name))]}})
    }
}

fn file(path: &Path) -> Value {
    let found = path.metadata().unwrap();
    let ns = |seconds: i64, part: i64| (i128::from(seconds) * 1_000_000_000 + i128::from(part)).to_string();
    json!({
        "device": found.dev().to_string(),
        "inode": found.ino().to_string(),
        "bytes": found.len().to_string(),
        "mtimeNs": ns(found.mtime(), found.mtime_nsec()),
        "ctimeNs": ns(found.ctime(), found.ctime_nsec()),
    })
}

fn tracker(input: Input) -> Tracker {
    Tracker::new(&Ask { input, sampling: Sampling::default(), timeout_ms: None })
}

fn note(data: &Value) -> Note<'static> {
    Note { fraction: None, message: None, data: Some(Cow::Owned(data.to_string().into_bytes())) }
}

fn text(text: &str) -> Note<'static> {
    note(&json!({"text": text, "tokens": 1}))
}

fn end(tracker: Tracker, data: &Value, gate: &Gate) -> Finished {
    tracker.end(&Answer::Result { ok: true, data: Some(Cow::Owned(data.to_string().into_bytes())) }, gate)
}

fn is_changed(finished: &Finished) -> bool {
    matches!(&finished.ending, Ending::Failed(why) if why.is(Code::ModelChanged))
        && finished.output.is_empty()
}

#[test]
fn text_counts_after_the_files_were_named() {
    let desk = Desk::new();
    let mut tracker = tracker(Input::Prompt("a".to_owned()));
    assert_eq!(tracker.hear(&note(&desk.loaded("model.gguf")), &desk.gate), None);
    let heard = tracker.hear(&text("b"), &desk.gate);
    assert_eq!(heard, Some(Heard::Text { text: "b".to_owned(), tokens: 1 }));
    let finished = end(tracker, &json!({"text": "b", "finishReason": "stop"}), &desk.gate);
    assert!(matches!(finished.ending, Ending::Answered(_)));
}

#[test]
fn text_of_another_file_is_not_given_either_when_the_request_was_cancelled() {
    let desk = Desk::new();
    for stop in [Stop::Cancelled, Stop::Expired] {
        let mut cancelled = tracker(Input::Prompt("a".to_owned()));
        cancelled.stop(stop);
        let finished = end(cancelled, &json!({"text": "b", "finishReason": "cancelled"}), &desk.gate);
        assert!(is_changed(&finished), "{finished:?}");
    }
    // What has not begun has nothing to answer for.
    let mut early = tracker(Input::Prompt("a".to_owned()));
    early.stop(Stop::Cancelled);
    let finished = end(early, &json!({"text": "", "finishReason": "cancelled"}), &desk.gate);
    assert!(matches!(finished.ending, Ending::Cancelled(_)), "{finished:?}");
}

#[test]
fn text_of_another_file_is_not_given_although_the_path_is_the_same_again() {
    let desk = Desk::new();
    std::fs::copy(desk.dir.path().join("model.gguf"), desk.dir.path().join("other.gguf")).unwrap();
    for said in [note(&desk.loaded("other.gguf")), note(&json!({"loaded": {"files": []}})), text("b")] {
        let mut tracker = tracker(Input::Prompt("a".to_owned()));
        assert_eq!(tracker.hear(&said, &desk.gate), Some(Heard::Broken));
        assert_eq!(tracker.hear(&text("b"), &desk.gate), None, "it was broken");
        let finished = end(tracker, &json!({"text": "b", "finishReason": "stop"}), &desk.gate);
        assert!(is_changed(&finished), "{finished:?}");
    }
}

#[test]
fn vectors_name_the_files_in_the_result() {
    let desk = Desk::new();
    std::fs::copy(desk.dir.path().join("model.gguf"), desk.dir.path().join("other.gguf")).unwrap();
    let vectors = |loaded: &Value| {
        let mut data = json!({"embeddings": [[1.0]]});
        data.as_object_mut().unwrap().extend(loaded.as_object().unwrap().clone());
        end(tracker(Input::Texts(vec!["a".to_owned()])), &data, &desk.gate)
    };
    assert!(matches!(vectors(&desk.loaded("model.gguf")).ending, Ending::Answered(_)));
    assert!(is_changed(&vectors(&desk.loaded("other.gguf"))));
    assert!(is_changed(&vectors(&json!({}))));
}

#[test]
fn a_change_after_the_files_were_named_is_seen_before_the_first_token() {
    let desk = Desk::new();
    let loaded = desk.loaded("model.gguf");
    std::fs::write(desk.dir.path().join("model.gguf"), "GGUG").unwrap();
    let mut tracker = tracker(Input::Prompt("a".to_owned()));
    assert_eq!(tracker.hear(&note(&loaded), &desk.gate), Some(Heard::Broken));
}
