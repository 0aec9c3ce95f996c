//! Which file was opened, as the adapter tells it.

use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};

use crate::calls::{done, failed, harness, streamed, with_model};
use crate::model_file::{Meta, lora_path, model, model_path, written};

fn identity(path: &str) -> Value {
    let file = std::fs::metadata(path).unwrap();
    let ns = |seconds: i64, ns: i64| (i128::from(seconds) * 1_000_000_000 + i128::from(ns)).to_string();
    json!({
        "device": file.dev().to_string(),
        "inode": file.ino().to_string(),
        "bytes": file.len().to_string(),
        "mtimeNs": ns(file.mtime(), file.mtime_nsec()),
        "ctimeNs": ns(file.ctime(), file.ctime_nsec()),
    })
}

#[test]
fn the_files_are_told_once_and_before_all_text_cold_and_warm() {
    let loaded = json!({ "files": [identity(&model_path()), identity(&lora_path())] });
    let args =
        with_model(&json!({ "prompt": "The quick", "maxTokens": 9, "adapters": [{ "path": lora_path() }] }));
    let mut session = harness();
    for _ in 0..2 {
        let called = session.call("inference.generate", args.clone());
        let data: Vec<&Value> = called.progress.iter().filter_map(|step| step.data.as_ref()).collect();
        assert_eq!(*data[0], json!({ "loaded": loaded }));
        assert_eq!(data.iter().filter(|data| data.get("loaded").is_some()).count(), 1);
        assert!(!streamed(&called).is_empty());
        assert_eq!(done(&called).1["loaded"], loaded);
    }
    let embedded = session.call("inference.embed", with_model(&json!({ "input": ["a"] })));
    assert_eq!(done(&embedded).1["loaded"], json!({ "files": [identity(&model_path())] }));
}

#[test]
fn another_file_of_the_same_name_is_another_identity() {
    let (_folder, path) = written(&model().bytes());
    let args = json!({ "model": path, "prompt": "a", "maxTokens": 1 });
    let mut session = harness();
    let before = done(&session.call("inference.generate", args.clone())).1["loaded"].clone();
    let (_elsewhere, other) = written(&model().with("general.name", Meta::Text("other".to_owned())).bytes());
    std::fs::rename(other, &path).unwrap();
    let after = done(&session.call("inference.generate", args)).1;
    assert_eq!((&after["loaded"]["files"][0], &after["model"]["name"]), (&identity(&path), &json!("other")));
    assert_ne!(after["loaded"], before);
}

#[test]
fn a_failure_to_load_names_the_file_as_it_was_asked_for() {
    let mut missing = model();
    missing.tensors.retain(|(name, ..)| name != "blk.0.attn_q.weight");
    let (_folder, path) = written(&missing.bytes());
    let (_, message, details) =
        failed(&harness().call("inference.generate", json!({ "model": path, "prompt": "a" })));
    assert_eq!(details["path"], path);
    assert!(!message.contains("/proc/"), "{message}");
}
