//! `model route`, and `verify` of inference records.

use contract_inference::{
    Caller, Completion, CompletionKind, Ending, KeptTexts, Limits, Model, ModelDigest, Records, RunPlace,
    Sha256, Situation, Usage, Why,
};
use contract_ipc::Code;
use serde_json::{Value, json};

use crate::command::Bench;

fn profile(name: &str, role: &str, fallback: &str) -> String {
    json!({
        "schemaVersion": "v0.1",
        "kind": "LocalModelProfile",
        "profileId": format!("urn:srcos:model-profile:{name}"),
        "displayName": name,
        "runtime": {"kind": "llama.cpp"},
        "model": {
            "provider": "us", "family": "words", "name": name, "parameterClass": "sub-1b", "licenseRef": "MIT",
            "ggufRef": format!("file:{name}.gguf"), "memoryHintMb": 1
        },
        "roles": [role],
        "policy": {
            "localOnlyDefault": true, "sendPromptOffDeviceDefault": false, "allowToolUse": false, "allowNetwork": false,
            "allowModelDownload": false, "requiresExplicitPull": true,
            "fallbackProfileRefs": [format!("urn:srcos:model-profile:{fallback}")]
        }
    })
    .to_string()
}

/// A folder with two profiles that name each other, as upstream's do.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("a.json", &profile("a", "triage", "b"));
    bench.write("b.json", &profile("b", "rewrite", "a"));
    bench
}

#[test]
fn every_profile_is_shown_with_its_reasons() {
    let bench = bench();
    let none = bench.run(["model", "route", "--task", "triage"]);
    let text = none.expect(1).stdout.clone();
    for expected in [
        "no profile can serve this",
        "urn:srcos:model-profile:a (no)",
        "a.gguf: No such file",
        "urn:srcos:model-profile:b (no, fallback at step 1)",
        "a fallback, not signed, not pinned, not approved by policy",
        "a cycle; it ends there",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    bench.run(["model", "route", "--task", "cooking"]).expect(2).says("write one of router, triage");
    bench.run(["model", "route", "--profiles", "gone"]).expect(2).says("CONTRACT_INPUT_UNREADABLE");
}

#[test]
fn the_decision_is_a_document_of_its_own() {
    let bench = bench();
    bench.write("a.gguf", "GGUF");
    let route = || bench.run(["model", "route", "--task", "triage", "--format", "json"]).stdout.clone();
    let decision: Value = serde_json::from_str(&route()).unwrap();
    assert_eq!((&decision["v"], &decision["task"]), (&json!("route-decision.v0"), &json!("triage")));
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 2);
    let again: Value = serde_json::from_str(&route()).unwrap();
    // Available memory is another one each time.
    let names = |decision: &Value| -> Vec<Value> {
        decision["candidates"].as_array().unwrap().iter().map(|found| found["profile"].clone()).collect()
    };
    assert_eq!((names(&again), &again["chosen"]), (names(&decision), &decision["chosen"]));
    bench.write("decision.json", &decision.to_string());
    bench.run(["validate", "decision.json"]).expect(0);
}

#[test]
fn a_profile_that_allows_something_is_refused_with_its_file() {
    let bench = bench();
    bench.write(
        "b.json",
        &profile("b", "rewrite", "a").replace("\"allowNetwork\":false", "\"allowNetwork\":true"),
    );
    bench
        .run(["model", "route"])
        .expect(2)
        .says("INFERENCE_PROFILE_INVALID")
        .says("b.json")
        .says("CARRY_NETWORK");
}

fn refused(kept: KeptTexts) -> Completion {
    Completion {
        kind: CompletionKind::Text,
        input_hash: Sha256::of("a prompt"),
        output_hash: Sha256::of(""),
        ending: Ending::Refused(Why::code(Code::InferenceNoRoute)),
        situation: Situation::Unavailable,
        caller: Caller::local("contract-runner"),
        model: Model {
            name: "unknown".to_owned(),
            digest: ModelDigest::Unknown,
            tokenizer: None,
            loras: Vec::new(),
        },
        adapter: None,
        limits: Limits::default(),
        usage: Usage::default(),
        timings: None,
        latency_ms: 0,
        place: RunPlace::OnDevice(None),
        route: None,
        profile: None,
        run: None,
        kept,
    }
}

#[test]
fn inference_records_are_verified_like_runs() {
    let bench = Bench::new();
    let mut records = Records::open(&bench.path("records")).unwrap();
    let now = "2026-03-11T08:06:00Z".parse().unwrap();
    records.append(&refused(KeptTexts::default()), now).unwrap();
    let kept = KeptTexts { prompt: Some("a prompt".to_owned()), output: None };
    let head = records.append(&refused(kept), now).unwrap().head;
    let verified = bench.run(["verify", "records"]).expect(0).stdout.clone();
    let expected = format!(
        "consistent (unsigned): 2 receipts, head {head}\ntexts are kept of 1 receipt, as the user asked for\n"
    );
    assert_eq!(verified, expected);
    let json = bench.run(["verify", "records", "--expect-digest", &head, "--format", "json"]);
    let answer: Value = serde_json::from_str(&json.expect(0).stdout).unwrap();
    assert_eq!((&answer["answer"], &answer["records"]["count"]), (&json!("verified"), &json!(2)));
    bench.run(["validate", "records/receipts.ndjson", "records/evidence.ndjson"]).expect(0);
    let blake = format!("blake3:{}", "0".repeat(64));
    bench.run(["verify", "records", "--expect-digest", &blake]).expect(2);
    let evidence =
        bench.text("records/evidence.ndjson").replacen("\"estimated\":false", "\"estimated\":true", 1);
    bench.write("records/evidence.ndjson", &evidence);
    bench.run(["verify", "records"]).expect(1).says("INFERENCE_RECORDS_MISMATCH").says("receipt 0");
}

#[test]
fn a_folder_without_profiles_is_named() {
    let done = Bench::new().run(["model", "route", "--task", "triage"]);
    assert_eq!(done.status, 1);
    done.says("no profile in .");
}
