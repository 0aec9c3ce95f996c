//! `carry`: the answers of `sourceos-ai`, and what goes beyond them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::command::{Bench, repository, skipped};

/// 32 times the byte 7, as `openssl genpkey` would write it; it signs nothing but tests.
pub(crate) const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";
pub(crate) const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=\n-----END PUBLIC KEY-----\n";

fn bench() -> Bench {
    let bench = Bench::new();
    for (file, name) in [("b", "alpha"), ("a", "beta")] {
        bench.write(&format!("refs/{file}-carry-ref.json"), &reference(name).to_string());
    }
    bench
}

fn reference(name: &str) -> Value {
    let path = repository().join("conformance/good/model-carry/sourceos-carry-ref.json");
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    value["metadata"]["name"] = json!(name);
    value
}

fn in_json(bench: &Bench, command: &str, status: i32) -> String {
    let ended = bench.run(["carry", command, "--refs", "refs", "--format", "json"]);
    ended.expect(status).stdout.clone()
}

#[test]
fn validate_prints_the_bare_array_of_results() {
    let bench = bench();
    let expected = r#"[
  {
    "path": "refs/a-carry-ref.json",
    "name": "beta",
    "surface": "timeseries",
    "status": "ok"
  },
  {
    "path": "refs/b-carry-ref.json",
    "name": "alpha",
    "surface": "timeseries",
    "status": "ok"
  }
]
"#;
    assert_eq!(in_json(&bench, "validate", 0), expected);
}

#[test]
fn list_prints_items_by_name_and_the_results_when_one_fails() {
    let bench = bench();
    let list = in_json(&bench, "list", 0);
    let start = "{\n  \"status\": \"ok\",\n  \"count\": 2,\n  \"items\": [\n    {\n      \"name\": \"alpha\",\n      \"version\": \"0.3.1\",\n      \"surface\": \"timeseries\",\n      \"serviceRef\": ";
    assert!(list.starts_with(start), "{list}");
    bench.write("refs/c-carry-ref.json", "{}");
    let results: Value = serde_json::from_str(&in_json(&bench, "list", 1)).unwrap();
    assert_eq!(results[2]["path"], "refs/c-carry-ref.json");
    assert_eq!(results[2]["status"], "failed");
    assert!(results[2].get("name").is_none() && results[2]["errors"].is_array());
}

#[test]
fn evidence_names_services_of_good_references_only_and_doctor_has_checks() {
    let bench = bench();
    let evidence: Value = serde_json::from_str(&in_json(&bench, "emit-evidence", 0)).unwrap();
    let members: Vec<&String> = evidence.as_object().unwrap().keys().collect();
    let expected = ["buildDate", "commit", "repo", "results", "serviceRefs", "status", "tool", "version"];
    assert_eq!(members, expected);
    assert_eq!(evidence["serviceRefs"].as_array().unwrap().len(), 2);
    let mut bad = reference("gamma");
    bad["spec"]["authority"]["mayReplaceServiceArtifact"] = json!(true);
    bench.write("refs/c-carry-ref.json", &bad.to_string());
    let evidence: Value = serde_json::from_str(&in_json(&bench, "emit-evidence", 1)).unwrap();
    assert_eq!(evidence["status"], "failed");
    assert_eq!(evidence["serviceRefs"].as_array().unwrap().len(), 2);
    bench.run(["carry", "emit-evidence", "--refs", "refs", "--out", "e.json"]).expect(1);
    assert_eq!(serde_json::from_str::<Value>(&bench.text("e.json")).unwrap(), evidence);

    let doctor: Value = serde_json::from_str(&in_json(&bench, "doctor", 1)).unwrap();
    let members: Vec<&String> = doctor.as_object().unwrap().keys().collect();
    assert_eq!(members, ["checks", "status", "tool", "version"]);
    let failed = doctor["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "failed");
    assert_eq!(failed.count(), 1, "{doctor}");
    bench.run(["carry", "doctor", "--refs", "refs", "--keys", "none"]).expect(1);
}

#[test]
fn a_folder_without_references_is_a_failed_result_of_its_own() {
    let bench = Bench::new();
    for command in ["validate", "list", "emit-evidence", "doctor"] {
        let answer = in_json(&bench, command, 1);
        assert!(answer.contains("\"path\": \"refs\""), "{answer}");
    }
    bench.run(["carry"]).expect(2);
    bench.run(["carry", "unknown"]).expect(2);
    bench.run(["carry", "validate", "--unknown"]).expect(2);
}

#[test]
fn references_are_signed_and_a_missing_wrong_or_foreign_signature_is_refused() {
    let bench = bench();
    bench.write("keys/own.pub", PUBLIC);
    bench.write("own.key", KEY);
    let validate = ["carry", "validate", "--refs", "refs", "--keys", "keys"];
    let ended = bench.run(validate);
    assert!(ended.expect(1).stdout.contains("CARRY_SIGNATURE_MISSING"), "{}", ended.stdout);

    let sign =
        |file: &str| bench.run(["carry", "sign", &format!("refs/{file}-carry-ref.json"), "--key", "own.key"]);
    std::fs::set_permissions(bench.path("own.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    sign("a").expect(2).says("CARRY_KEY_INVALID");
    std::fs::set_permissions(bench.path("own.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    sign("a").expect(0);
    sign("b").expect(0);
    bench.run(validate).expect(0).says("2 references are signed");
    bench.run(["validate", "refs/a-carry-ref.sig.json"]).expect(0);

    bench.write("refs/a-carry-ref.json", &reference("changed").to_string());
    let ended = bench.run(validate);
    assert!(ended.expect(1).stdout.contains("CARRY_SIGNATURE_INVALID"), "{}", ended.stdout);
    bench.run(["carry", "validate", "--refs", "refs"]).expect(0).says("signatures were not looked at");
    bench.run(["carry", "validate", "--refs", "refs", "--require-signature"]).expect(2).says("--keys");
    // What breaks a rule is not signed.
    bench.write("refs/a-carry-ref.json", "{}");
    sign("a").expect(1).says("MODEL_DOCUMENT_INVALID");
}

#[test]
fn references_of_others_get_the_answers_of_their_own_tool() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/upstream/model-carry/examples");
    if !folder.is_dir() {
        return skipped("../shared/upstream/model-carry is not here");
    }
    let bench = Bench::new();
    let refs = folder.to_str().unwrap();
    let ended = bench.run(["carry", "list", "--refs", refs, "--format", "json"]);
    let list: Value = serde_json::from_str(&ended.expect(0).stdout).unwrap();
    assert_eq!((&list["status"], &list["count"]), (&json!("ok"), &json!(4)));
    let sorted = list["items"].as_array().unwrap().is_sorted_by_key(|item| item["name"].to_string());
    assert!(sorted, "{list}");
}
