use std::fs;

use contract_inference::Shelf;
use contract_ipc::Code;
use serde_json::json;

use crate::{document, reference};

#[test]
fn a_folder_has_its_profiles_and_passes_over_what_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(dir.path().join(name), text).unwrap();
    write("a.json", document("a").to_string());
    write("b.json", document("b").to_string());
    write("package.json", json!({"kind": "other"}).to_string());
    write("list.json", json!([1]).to_string());
    write("broken.json", "{ // a comment".to_owned());
    write("c.txt", document("c").to_string());
    fs::create_dir(dir.path().join("d.json")).unwrap();
    let shelf = Shelf::read(dir.path()).unwrap();
    let names: Vec<&str> = shelf.profiles.iter().map(|profile| profile.reference.as_str()).collect();
    assert_eq!(names, [reference("a"), reference("b")]);
    assert_eq!((shelf.boundaries.len(), shelf.passed_over.len()), (0, 1));
}

#[test]
fn a_profile_that_is_not_valid_is_named_with_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut bad = document("a");
    bad["policy"]["allowNetwork"] = json!(true);
    fs::write(dir.path().join("a.json"), bad.to_string()).unwrap();
    let failure = Shelf::read(dir.path()).unwrap_err();
    assert_eq!(failure.code, Code::InferenceProfileInvalid);
    assert!(failure.message.contains("a.json") && failure.message.contains("CARRY_NETWORK"), "{failure}");
    assert_eq!(Shelf::read(&dir.path().join("gone")).unwrap_err().code, Code::ContractInputUnreadable);
}
