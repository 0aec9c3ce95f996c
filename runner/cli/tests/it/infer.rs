//! `infer`, with the model of this repository in its sandbox.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::carry::{KEY, PUBLIC};
use crate::command::{Bench, Done, repository};
use crate::prefix::Prefix;

const QUESTION: &str = "What colour is the sky?";
pub(crate) const PROFILE: &str = "tiny-words.profile.json";

/// An installation with the llama adapter, a folder with the model, and what is on record.
pub(crate) struct Room {
    pub(crate) prefix: Prefix,
    pub(crate) bench: Bench,
}

impl Room {
    pub(crate) fn new() -> Self {
        let (prefix, bench) = (Prefix::with_llama(), Bench::new());
        for entry in std::fs::read_dir(repository().join("examples/models")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, bench.path(path.file_name().unwrap().to_str().unwrap())).unwrap();
        }
        Self { prefix, bench }
    }

    pub(crate) fn infer(&self, arguments: &[&str]) -> Done {
        self.prefix.run(&self.bench, [&["infer"], arguments].concat())
    }

    fn ask(&self, more: &[&str]) -> Done {
        self.infer(&[&[QUESTION, "--profile", PROFILE], more].concat())
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        let text =
            std::fs::read_to_string(self.bench.path(".workstation/inference").join(name)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The last evidence; there is a receipt for each.
    pub(crate) fn evidence(&self) -> Value {
        let (receipts, evidence) = (self.lines("receipts.ndjson"), self.lines("evidence.ndjson"));
        assert_eq!(receipts.len(), evidence.len());
        evidence.last().unwrap().clone()
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let path = self.bench.path(name);
        let mut document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut document);
        std::fs::write(path, document.to_string()).unwrap();
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().to_owned())
        .collect()
}

#[test]
fn an_answer_leaves_a_receipt_and_no_text() {
    let room = Room::new();
    let done = room.ask(&[]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(done.stdout.contains("blue"), "{}", done.stdout);
    let evidence = room.evidence();
    assert_eq!((&evidence["outcome"], &evidence["situation"]), (&json!("answered"), &json!("local")));
    let model = std::fs::read(room.bench.path("tiny-words.gguf")).unwrap();
    let digest = contract_json::Digest::of(&model).sha256_uri();
    let receipt = &room.lines("receipts.ndjson")[0];
    assert_eq!(receipt["baseModelDigest"], digest);
    let output = contract_json::Digest::of(done.stdout.trim_end_matches('\n').as_bytes()).sha256_uri();
    assert_eq!(receipt["outputHash"], output, "the digest of what was printed");
    assert_eq!(evidence["stored"], json!({"prompt": false, "output": false}));
    for path in files(&room.bench.path(".workstation")) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(!text.contains(QUESTION) && !text.contains(done.stdout.trim()), "{}", path.display());
    }
    for folder in [".workstation/inference", ".workstation/runs/latest"] {
        let verified = room.prefix.run(&room.bench, ["verify", folder]);
        assert_eq!(verified.status, 0, "{folder}: {}", verified.stderr);
    }
}

#[test]
fn the_papers_of_the_model_are_in_order() {
    let room = Room::new();
    assert_eq!(room.prefix.run(&room.bench, ["validate", "*.json"]).status, 0);
    let verified =
        room.prefix.run(&room.bench, ["model", "verify", "--manifest", "tiny-words.manifest.json"]);
    assert_eq!(verified.status, 0, "{}", verified.stderr);
    let inspected = room.prefix.run(&room.bench, ["model", "inspect", "tiny-words.gguf"]);
    assert_eq!(inspected.status, 0, "{}", inspected.stderr);
    assert!(inspected.stdout.contains("llama"), "{}", inspected.stdout);
}

#[test]
fn the_adapter_may_read_the_model_and_nothing_else() {
    let room = Room::new();
    assert_eq!(room.ask(&["--out", "out"]).status, 0);
    let receipt = room.bench.receipt("out");
    let scope = receipt["authority"]["scope"].as_array().unwrap();
    assert_eq!(scope, &[json!("read=${ROOT}/tiny-words.gguf"), json!("read=/proc/self/status")]);
    assert_eq!(receipt["authority"]["budget"]["processes"], 1);
}

#[test]
fn greedy_answers_are_the_same_with_any_threads_streamed_or_not_raw_or_json() {
    let room = Room::new();
    let first = room.ask(&[]).stdout;
    for more in [&["--threads", "2"][..], &["--seed", "7"], &["--threads", "1"]] {
        assert_eq!(room.ask(more).stdout, first, "{more:?}");
    }
    let whole: Value = serde_json::from_str(&room.ask(&["--format", "json"]).stdout).unwrap();
    assert_eq!(whole["text"], first.trim_end_matches('\n'));
    assert_eq!(whole["receipt"]["sequence"], 4);
    let hashes: Vec<Value> =
        room.lines("receipts.ndjson").iter().map(|receipt| receipt["outputHash"].clone()).collect();
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
}

#[test]
fn a_byte_that_changed_is_a_hard_stop_with_a_receipt() {
    let room = Room::new();
    let path = room.bench.path("tiny-words.gguf");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let done = room.ask(&[]);
    assert_eq!((done.status, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(done.stderr.contains("MODEL_DIGEST_MISMATCH"), "{}", done.stderr);
    let evidence = room.evidence();
    assert_eq!(
        (&evidence["outcome"], &evidence["code"]),
        (&json!("refused"), &json!("MODEL_DIGEST_MISMATCH"))
    );
    // The same bytes run where no manifest speaks against them: it was the manifest that stopped them.
    assert_eq!(room.infer(&["x", "--raw", "--max-tokens", "2", "--model", "tiny-words.gguf"]).status, 0);
}

#[test]
fn refusals_and_failures_are_on_record_each_with_its_situation() {
    let room = Room::new();
    room.edit(PROFILE, |profile| profile["policy"]["maxPromptChars"] = json!(10));
    let done = room.ask(&[]);
    assert_eq!(done.status, 3, "{}", done.stderr);
    assert_eq!(room.evidence()["situation"], "refused-by-policy");
    let done = room.infer(&["x", "--model", "nowhere.gguf"]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    assert_eq!(room.evidence()["situation"], "unavailable");
    room.bench.write("broken.gguf", "GGUF and then nothing that makes sense");
    let done = room.infer(&["x", "--raw", "--model", "broken.gguf"]);
    assert_eq!(done.status, 4, "{}", done.stderr);
    assert!(done.stderr.contains("ADAPTER_MODEL_INVALID"), "{}", done.stderr);
    assert_eq!(room.evidence()["outcome"], "failed");
    let long = "word ".repeat(2000);
    let done = room.infer(&[&long, "--raw", "--model", "tiny-words.gguf"]);
    assert_eq!(done.status, 4, "{}", done.stderr);
    assert!(done.stderr.contains("ADAPTER_PROMPT_TOO_LONG"), "{}", done.stderr);
    assert_eq!(room.evidence()["code"], "ADAPTER_PROMPT_TOO_LONG");
    assert_eq!(room.lines("receipts.ndjson").len(), 4);
    assert_eq!(room.prefix.run(&room.bench, ["verify", ".workstation/inference"]).status, 0);
}

#[test]
fn a_signal_while_the_model_is_read_is_on_record() {
    let room = Room::new();
    // Long enough to be read for many seconds.
    std::fs::File::create(room.bench.path("long.gguf")).unwrap().set_len(64 << 30).unwrap();
    for (number, signal, status) in [(1, Signal::INT, 130), (2, Signal::TERM, 143)] {
        let mut command = room.prefix.command(&room.bench, ["infer", "x", "--model", "long.gguf"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let digests = |id: u32| std::fs::read_to_string(format!("/proc/{id}/io")).unwrap_or_default();
        let read = |text: &str| text.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse().ok());
        // Far more than all the other files have.
        while read(&digests(child.id())).is_none_or(|bytes: u64| bytes < 200 << 20) {
            if let Some(ended) = child.try_wait().unwrap() {
                let done = child.wait_with_output().unwrap();
                panic!("{ended} before the model was read: {}", String::from_utf8_lossy(&done.stderr));
            }
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(status), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(room.lines("receipts.ndjson").len(), number);
        let evidence = room.evidence();
        assert_eq!((&evidence["outcome"], &evidence["run"]), (&json!("cancelled"), &Value::Null));
    }
    assert_eq!(room.prefix.run(&room.bench, ["verify", ".workstation/inference"]).status, 0);
}

#[test]
fn what_the_adapter_does_not_take_is_told() {
    let room = Room::new();
    let done = room.ask(&["--temperature", "9"]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    assert!(done.stderr.contains("CONTRACT_ARGS_INVALID"), "{}", done.stderr);
    assert!(done.stderr.contains("/temperature"), "{}", done.stderr);
    assert_eq!(room.evidence()["code"], "CONTRACT_ARGS_INVALID");
    let told: Value =
        serde_json::from_str(&room.ask(&["--temperature", "9", "--format", "json"]).stdout).unwrap();
    assert_eq!(told["error"]["code"], "CONTRACT_ARGS_INVALID");
}

#[test]
fn json_of_a_schema_is_printed_whole_or_not_at_all() {
    let room = Room::new();
    let schema = json!({
        "type": "object",
        "properties": {"answer": {"type": "string", "maxLength": 20}},
        "required": ["answer"],
        "additionalProperties": false,
    });
    room.bench.write("form.json", &schema.to_string());
    let done = room.ask(&["--json-schema", "form.json", "--max-tokens", "120"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let answer: Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(answer["answer"].is_string() && answer.as_object().unwrap().len() == 1);
    let cut = room.ask(&["--json-schema", "form.json", "--max-tokens", "4"]);
    assert_eq!((cut.status, cut.stdout.as_str()), (1, ""), "{}", cut.stderr);
    assert_eq!(room.evidence()["outcome"], "rejected");
}

#[test]
fn a_lora_runs_only_on_the_base_that_a_manifest_pins_for_it() {
    let room = Room::new();
    let lora = &["--lora", "tiny-words-caps.lora.gguf"][..];
    let done = room.ask(lora);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_eq!(room.evidence()["loras"].as_array().unwrap().len(), 1);
    assert_ne!(done.stdout, room.ask(&[]).stdout);
    room.edit("tiny-words.manifest.json", |manifest| {
        let other = "0".repeat(64);
        for entry in manifest["entries"].as_array_mut().unwrap() {
            let pinned = if entry["entryKind"] == "base" { "contentSha256" } else { "baseContentSha256" };
            entry[pinned] = json!(other);
        }
    });
    let done = room.ask(lora);
    assert_eq!(done.status, 1, "{}", done.stderr);
    let done = room.infer(&[&["x", "--model", "tiny-words.gguf"], lora].concat());
    assert_eq!(done.status, 3, "{}", done.stderr);
    assert!(done.stderr.contains("MODEL_ADAPTER_BASE"), "{}", done.stderr);
}

#[test]
fn what_cannot_be_put_on_record_is_not_run() {
    let room = Room::new();
    room.bench.write("records", "a file where the folder should be");
    let done = room.ask(&["--records", "records"]);
    assert_eq!((done.status, done.stdout.as_str()), (74, ""), "{}", done.stderr);
    assert!(!room.bench.path(".workstation/runs").exists());
}

#[test]
fn an_answer_that_could_not_be_printed_is_on_record_as_one_that_was_given() {
    let room = Room::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = room.prefix.command(&room.bench, ["infer", QUESTION, "--profile", PROFILE]);
    let status = command.stdout(full).stderr(std::process::Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(74));
    assert_eq!(room.evidence()["outcome"], "answered");
}

#[test]
fn texts_are_kept_only_by_the_users_word_which_is_told() {
    let room = Room::new();
    let done = room.ask(&["--store-texts", "--out", "kept"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(done.stderr.contains("stored.ndjson"), "{}", done.stderr);
    assert_eq!(room.evidence()["stored"], json!({"prompt": true, "output": true}));
    assert!(room.lines("stored.ndjson")[0]["prompt"].as_str().unwrap().contains(QUESTION));
    // With its prompt in the transcript the run can be made again, also with a copy of the model.
    let copy = room.bench.path("copy");
    std::fs::copy(room.bench.path("tiny-words.gguf"), &copy).unwrap();
    std::fs::rename(copy, room.bench.path("tiny-words.gguf")).unwrap();
    let allow = format!("read={}", room.bench.path("tiny-words.gguf").display());
    let replayed = room.prefix.run(&room.bench, ["replay", "kept", "--limit", "cpu=1h", "--allow", &allow]);
    assert_eq!(replayed.status, 0, "{}", replayed.stderr);
}

#[test]
fn a_run_whose_prompt_was_not_kept_cannot_be_replayed_and_says_so() {
    let room = Room::new();
    assert_eq!(room.ask(&["--out", "private"]).status, 0);
    let allow = format!("read={}", room.bench.path("tiny-words.gguf").display());
    let replayed =
        room.prefix.run(&room.bench, ["replay", "private", "--limit", "cpu=1h", "--allow", &allow]);
    assert_eq!(replayed.status, 6, "{}", replayed.stderr);
    assert!(replayed.stderr.contains("private"), "{}", replayed.stderr);
}

#[test]
fn a_profile_of_a_server_gives_no_connection() {
    let room = Room::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    room.edit(PROFILE, |profile| {
        profile["runtime"] = json!({"kind": "openai-compatible", "endpoint": format!("http://{address}/v1")});
    });
    let done = room.ask(&[]);
    assert_eq!(done.status, 3, "{}", done.stderr);
    assert!(done.stderr.contains(&format!("--allow connect={address}")), "{}", done.stderr);
    assert_eq!(room.evidence()["situation"], "refused-by-policy");
    room.edit(PROFILE, |profile| {
        profile["runtime"] = json!({"kind": "openai-compatible", "endpoint": "http://192.0.2.1:80/v1"});
    });
    let done = room.ask(&["--allow", "connect=192.0.2.1:80"]);
    assert_eq!(done.status, 3, "{}", done.stderr);
    assert!(done.stderr.contains("INFERENCE_EGRESS_REFUSED"), "{}", done.stderr);
}

#[test]
fn a_route_chooses_by_task_and_is_on_record_and_a_fallback_must_count() {
    let room = Room::new();
    let done = room.infer(&[QUESTION, "--task", "triage"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_eq!(room.evidence()["route"]["task"], "triage");
    let done = room.infer(&[QUESTION, "--task", "coding-assist"]);
    assert_eq!(done.status, 1, "{}", done.stderr);
    assert_eq!(room.evidence()["situation"], "unavailable");
    // A profile that nothing serves, with the tiny model to stand in.
    let mut other: Value = serde_json::from_slice(&std::fs::read(room.bench.path(PROFILE)).unwrap()).unwrap();
    let fallback = other["profileId"].as_str().unwrap().to_owned();
    other["profileId"] = json!("urn:srcos:model-profile:absent");
    other["model"]["ggufRef"] = json!("file:absent.gguf");
    other["policy"]["fallbackProfileRefs"] = json!([fallback]);
    room.bench.write("absent.profile.json", &other.to_string());
    let absent = &[QUESTION, "--profile", "absent.profile.json", "--profiles", "."][..];
    let done = room.infer(absent);
    assert_eq!(done.status, 1, "{}", done.stderr);
    assert!(done.stderr.contains("not signed"), "{}", done.stderr);
    sign_fallback(&room, &fallback);
    let done = room.infer(&[absent, &["--keys", "keys"]].concat());
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_eq!(room.evidence()["situation"], "cached-fallback");
    // A key is for the server of the profile that was named, and whoever stands in does not get it.
    let done = room.infer(&[absent, &["--keys", "keys", "--api-key-env", "KEY"]].concat());
    assert_eq!(done.status, 0, "{}", done.stderr);
    let done = room.infer(&[QUESTION, "--task", "triage", "--api-key-env", "KEY"]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    // The route speaks of profiles: another file beside it would have no part in the decision.
    let done = room.infer(&[absent, &["--keys", "keys", "--model", "tiny-words.gguf"]].concat());
    assert_eq!(done.status, 2, "{}", done.stderr);
    // The same when the task leads there.
    other["roles"] = json!(["coding-assist"]);
    room.bench.write("absent.profile.json", &other.to_string());
    let done = room.infer(&[QUESTION, "--task", "coding-assist", "--profiles", ".", "--keys", "keys"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_eq!(room.evidence()["situation"], "cached-fallback");
}

#[test]
fn the_profile_that_is_named_is_the_one_that_is_meant() {
    let room = Room::new();
    let text = std::fs::read_to_string(room.bench.path(PROFILE)).unwrap();
    let elsewhere = text.replace("file:tiny-words.gguf", "file:../tiny-words.gguf");
    let named = [QUESTION, "--profile", "own/own.profile.json", "--profiles", "."];
    // Two different ones with one name.
    room.bench.write("own/own.profile.json", &elsewhere);
    let done = room.infer(&named);
    assert_eq!(done.status, 2, "{}", done.stderr);
    assert!(done.stderr.contains("INFERENCE_PROFILE_INVALID"), "{}", done.stderr);
    // One that the folder does not have.
    room.bench.write("own/own.profile.json", &text.replace("profile:tiny-words", "profile:own"));
    std::fs::copy(room.bench.path("tiny-words.gguf"), room.bench.path("own/tiny-words.gguf")).unwrap();
    let done = room.infer(&named);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_eq!(room.evidence()["route"]["chosen"], "urn:srcos:model-profile:own");
}

/// Signs the profile, and a boundary that names a decision of a policy about it.
fn sign_fallback(room: &Room, profile: &str) {
    let boundary = json!({
        "schemaVersion": "v0.1",
        "kind": "ModelCarryAuthorizationBoundary",
        "boundaryId": "urn:srcos:model-carry-boundary:tiny-words",
        "profileRef": profile,
        "profileKind": "LocalModelProfile",
        "carryScope": {"mayCarryProfile": true, "mayCarryServiceRef": true, "mayEmitEvidence": true, "mayRouteLocally": true},
        "authorizationBoundary": {
            "authorizesPromptEgress": false,
            "authorizesNetworkAccess": false,
            "authorizesToolUse": false,
            "authorizesModelDownload": false,
            "authorizesTrainingOnUserData": false,
            "authorizesModelPromotion": false,
            "authorizesLifecycleMutation": false,
        },
        "decisionRefs": {
            "policyDecisionRefs": ["urn:srcos:policy-decision:fallback-to-tiny-words"],
            "routerDecisionRefs": [],
            "governanceLedgerRefs": [],
            "explicitPullRefs": [],
        },
        "evidenceRefs": ["evidence://tests/fallback"],
    });
    room.bench.write("tiny-words.boundary.json", &boundary.to_string());
    room.bench.write("key.pem", KEY);
    room.bench.write("keys/owner.pub", PUBLIC);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(room.bench.path("key.pem"), mode).unwrap();
    for document in [PROFILE, "tiny-words.boundary.json"] {
        let done = room.prefix.run(&room.bench, ["carry", "sign", document, "--key", "key.pem"]);
        assert_eq!(done.status, 0, "{}", done.stderr);
    }
}
