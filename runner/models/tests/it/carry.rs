//! References to services in a folder.

use std::path::Path;

use contract_models::{CarryRefs, Documents, Signatures, Status, check_carry_refs};
use serde_json::{Value, json};

use crate::signatures::Signer;
use crate::{json, shared, write};

fn check(folder: &Path) -> CarryRefs {
    check_carry_refs(&Documents::default(), folder, Signatures::NotChecked)
}

fn reference(name: &str) -> Value {
    let mut value = json("model-carry/sourceos-carry-ref.json");
    value["metadata"]["name"] = json!(name);
    value
}

#[test]
fn references_are_judged_in_the_order_of_paths_and_listed_in_the_order_of_names() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a-carry-ref.json"), &reference("z"));
    write(&dir.path().join("b-carry-ref.json"), &reference("y"));
    write(&dir.path().join("carry.json"), &json!({"not": "looked at"}));
    std::fs::create_dir(dir.path().join("below")).unwrap();
    write(&dir.path().join("below/c-carry-ref.json"), &json!({}));
    let found = check(dir.path());
    assert_eq!(Status::of_all(&found.results), Status::Ok);
    let names: Vec<&str> = found.results.iter().map(|result| result.name.as_str()).collect();
    assert_eq!(names, ["z", "y"]);
    let listed: Vec<&str> = found.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(listed, ["y", "z"]);
    assert_eq!(
        serde_json::to_string(&found.items[0]).unwrap(),
        r#"{"name":"y","version":"0.3.1","surface":"timeseries","serviceRef":"service://glasshouse/modality/timeseries/climate@1.4.0","mode":"remote-service","authority":"carry-only"}"#
    );
    let path = dir.path().join("a-carry-ref.json");
    assert_eq!(
        serde_json::to_string(&found.results[0]).unwrap(),
        format!(r#"{{"path":"{}","name":"z","surface":"timeseries","status":"ok"}}"#, path.display())
    );
}

#[test]
fn each_rule_of_the_format_is_refused_with_its_place() {
    let table = [
        ("/apiVersion", json!("v2")),
        ("/kind", json!("Other")),
        ("/metadata/name", json!("")),
        ("/metadata/version", json!("")),
        ("/spec/surface", json!("smell")),
        ("/spec/serviceRef", json!("https://x")),
        ("/spec/client/packageRef", json!("")),
        ("/spec/client/entrypoint", json!("")),
        ("/spec/launch/workspaceScopes", json!(["user", "system"])),
        ("/spec/policy/requiresSignedServiceRef", json!(false)),
        ("/spec/authority/sourceosRole", json!("owner")),
        ("/spec/authority/platformPromotionRequired", json!(false)),
        ("/spec/authority/mayReplaceServiceArtifact", json!(true)),
    ];
    for (pointer, wrong) in table {
        let dir = tempfile::tempdir().unwrap();
        let mut value = reference("x");
        *value.pointer_mut(pointer).unwrap() = wrong;
        write(&dir.path().join("x-carry-ref.json"), &value);
        let found = check(dir.path());
        assert_eq!(found.results[0].status, Status::Failed, "{pointer}");
        assert!(found.results[0].errors.iter().any(|error| error.contains(pointer)), "{:?}", found.results);
        assert!(found.items.is_empty());
    }
}

#[test]
fn a_missing_right_to_replace_is_refused_and_not_read_as_no() {
    let dir = tempfile::tempdir().unwrap();
    let mut value = reference("x");
    value["spec"]["authority"].as_object_mut().unwrap().remove("mayReplaceServiceArtifact");
    write(&dir.path().join("x-carry-ref.json"), &value);
    let found = check(dir.path());
    assert!(found.results[0].errors[0].contains("mayReplaceServiceArtifact"), "{:?}", found.results);
}

#[test]
fn two_references_of_one_name_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a-carry-ref.json"), &reference("x"));
    write(&dir.path().join("b-carry-ref.json"), &reference("x"));
    let found = check(dir.path());
    let states: Vec<Status> = found.results.iter().map(|result| result.status).collect();
    assert_eq!(states, [Status::Ok, Status::Failed]);
    assert!(found.results[1].errors[0].contains("a-carry-ref.json"), "{:?}", found.results);
}

#[test]
fn an_empty_folder_and_what_is_no_json_are_results() {
    let dir = tempfile::tempdir().unwrap();
    for folder in [dir.path().to_owned(), dir.path().join("gone")] {
        let found = check(&folder);
        assert_eq!(found.results.len(), 1);
        assert_eq!(found.results[0].path, folder.display().to_string());
        assert_eq!(found.results[0].status, Status::Failed);
    }
    let path = dir.path().join("x-carry-ref.json");
    for text in ["", "{", "[]", "null", "{\"kind\":1}", "\u{feff}{}", "{\"a\":1,\"a\":2}"] {
        std::fs::write(&path, text).unwrap();
        let found = check(dir.path());
        assert_eq!(found.results[0].status, Status::Failed, "{text}");
        assert!(!found.results[0].errors.is_empty(), "{text}");
    }
}

#[test]
fn with_keys_every_reference_must_be_signed_by_one_of_them() {
    let signer = Signer::new(7);
    let folder = signer.dir.path().join("refs");
    std::fs::create_dir(&folder).unwrap();
    for name in ["a", "b", "c"] {
        write(&folder.join(format!("{name}-carry-ref.json")), &reference(name));
    }
    signer.sign(&folder.join("a-carry-ref.json"));
    Signer::new(8).sign(&folder.join("b-carry-ref.json"));
    let keys = signer.keys();
    let found = check_carry_refs(&Documents::default(), &folder, Signatures::By(&keys));
    let errors: Vec<&str> = found
        .results
        .iter()
        .map(|result| result.errors.first().map_or("", |error| error.split(':').next().unwrap()))
        .collect();
    assert_eq!(errors, ["", "CARRY_KEY_UNKNOWN", "CARRY_SIGNATURE_MISSING"]);
    assert_eq!(found.signed, Some(1));
    assert_eq!(check(&folder).signed, None, "without keys nothing is said of signatures");
}

#[test]
fn references_of_others_get_their_verdict() {
    let Some(folder) = shared() else { return };
    let found = check(&folder);
    assert_eq!(found.results.len(), 4);
    assert_eq!(Status::of_all(&found.results), Status::Ok, "{:?}", found.results);
    let modes = found.items.iter().all(|item| item.authority == "carry-only" && !item.mode.is_empty());
    assert!(modes, "{:?}", found.items);
}
