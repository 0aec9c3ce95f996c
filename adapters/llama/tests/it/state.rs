//! Saved prefixes.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::calls::{done, failed, harness, with_model};
use crate::model_file::lora_path;

type Session = contract_adapter::Harness<adapter_llama::LlamaAdapter>;

fn prefix() -> String {
    "You are asked about receipts, and answer in one short sentence. ".repeat(3)
}

fn key(session: &mut Session) -> Value {
    let inspected = done(&session.call("model.inspect", with_model(&json!({})))).1;
    json!({
        "modelDigest": "sha256:m", "tokenizerDigest": inspected["tokenizer"]["digest"], "adapterDigest": null,
        "prefixDigest": "sha256:p", "agent": "agent-1", "workroom": "room-1", "policyDomain": "local",
    })
}

struct Saved {
    folder: TempDir,
    key: Value,
    data: Value,
}

impl Saved {
    fn new() -> Self {
        let mut session = harness();
        let folder = tempfile::tempdir().unwrap();
        let key = key(&mut session);
        let mut saved = Self { folder, key, data: Value::Null };
        let args = with_model(&json!({ "prompt": prefix(), "file": saved.file(), "key": saved.key }));
        saved.data = done(&session.call("model.state.save", args)).1;
        saved
    }

    fn file(&self) -> String {
        self.folder.path().join("prefix.state").to_str().unwrap().to_owned()
    }

    fn load(&self, more: &Value) -> Value {
        let mut args = with_model(&json!({ "file": self.file(), "key": self.key }));
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    }
}

fn question(text: &str) -> Value {
    with_model(&json!({ "prompt": prefix() + text, "maxTokens": 60, "returnTokens": true }))
}

#[test]
fn a_saved_prefix_is_not_read_again_and_changes_nothing() {
    let saved = Saved::new();
    let tokens = prefix().len() + 1;
    assert_eq!(saved.data["promptTokens"], tokens);
    assert_eq!(saved.data["bytes"], std::fs::metadata(saved.file()).unwrap().len());
    assert_eq!(std::fs::read_dir(saved.folder.path()).unwrap().count(), 1, "nothing else is left there");

    let cold = done(&harness().call("inference.generate", question("What is one?"))).1;
    assert_eq!(cold["usage"]["cachedTokens"], 0);
    let mut session = harness();
    let loaded = done(&session.call("model.state.load", saved.load(&json!({})))).1;
    assert_eq!(loaded, json!({ "promptTokens": tokens, "digest": saved.data["digest"] }));
    for _ in 0..2 {
        let warm = done(&session.call("inference.generate", question("What is one?"))).1;
        assert_eq!(warm["usage"]["cachedTokens"], tokens / 128 * 128);
        assert_eq!(warm["tokens"], cold["tokens"]);
    }
    let other =
        done(&session.call("inference.generate", with_model(&json!({ "prompt": "Else", "maxTokens": 5 })))).1;
    assert_eq!(other["usage"]["cachedTokens"], 0);
}

#[test]
fn a_request_can_name_its_state() {
    let saved = Saved::new();
    let cold = done(&harness().call("inference.generate", question("And then?"))).1;
    let mut args = question("And then?");
    args["state"] = json!(saved.file());
    args["stateKey"] = saved.key.clone();
    let warm = done(&harness().call("inference.generate", args)).1;
    assert!(warm["usage"]["cachedTokens"].as_u64().unwrap() > 0);
    assert_eq!(warm["tokens"], cold["tokens"]);
}

#[test]
fn a_state_is_refused_wherever_a_member_of_its_key_differs() {
    let saved = Saved::new();
    let mut session = harness();
    for member in [
        "modelDigest",
        "tokenizerDigest",
        "prefixDigest",
        "agent",
        "workroom",
        "policyDomain",
        "adapterDigest",
    ] {
        let mut key = saved.key.clone();
        key[member] = json!("sha256:other");
        let (code, message, details) =
            failed(&session.call("model.state.load", saved.load(&json!({ "key": key }))));
        assert_eq!(
            (code.as_str(), &details["member"]),
            ("ADAPTER_STATE_MISMATCH", &json!(member)),
            "{message}"
        );
    }
    for (more, member) in [
        (json!({ "contextTokens": 256 }), "contextTokens"),
        (json!({ "adapters": [{ "path": lora_path() }] }), "adapters"),
    ] {
        let (code, _, details) = failed(&session.call("model.state.load", saved.load(&more)));
        assert_eq!((code.as_str(), &details["member"]), ("ADAPTER_STATE_MISMATCH", &json!(member)));
    }
    assert!(done(&session.call("model.state.load", saved.load(&json!({})))).0);
}

#[test]
fn a_state_that_was_changed_is_refused() {
    let saved = Saved::new();
    let whole = std::fs::read(saved.file()).unwrap();
    let mut session = harness();
    let mut refused = |bytes: &[u8]| {
        std::fs::write(saved.file(), bytes).unwrap();
        let (code, _, details) = failed(&session.call("model.state.load", saved.load(&json!({}))));
        assert_eq!(code, "ADAPTER_STATE_MISMATCH");
        details["member"].clone()
    };
    let mut last = whole.clone();
    *last.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&last), "body");
    assert_eq!(refused(&whole[..whole.len() - 1]), "body");
    assert_eq!(refused(&[whole.clone(), vec![0]].concat()), "body");
    assert_eq!(refused(&whole[1..]), "header");
    assert_eq!(refused(b""), "header");
    assert_eq!(refused(b"contract-llama-state.v0\n{}\n"), "header");
}

#[test]
fn a_state_is_not_saved_for_a_tokenizer_that_the_model_does_not_have() {
    let mut session = harness();
    let mut key = key(&mut session);
    key["tokenizerDigest"] = json!(format!("sha256:{}", "0".repeat(64)));
    let args = with_model(&json!({ "prompt": "a", "file": "/tmp/never", "key": key }));
    assert_eq!(failed(&session.call("model.state.save", args)).0, "ADAPTER_STATE_MISMATCH");
}

#[test]
fn a_file_that_cannot_be_written_or_read_is_named() {
    let mut session = harness();
    let key = key(&mut session);
    for file in ["/missing/folder/state", "state"] {
        let args = with_model(&json!({ "prompt": "a", "file": file, "key": key }));
        let (_, message, _) = failed(&session.call("model.state.save", args));
        assert!(message.contains(file), "{message}");
    }
    let args = with_model(&json!({ "file": "/missing/state", "key": key }));
    let (code, message, _) = failed(&session.call("model.state.load", args));
    assert_eq!(code, "ADAPTER_IO");
    assert!(message.contains("/missing/state"), "{message}");
}
