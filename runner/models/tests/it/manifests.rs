//! Manifests: content, chain, adapters on their base.

use contract_models::{Documents, Manifest, ModelError, ModelRef, Part, Sha256Digest, Store};
use serde_json::{Value, json};

use crate::{document, good, json, write};

const LATER: &str = "model-carry/model-carry-manifest.json";

fn manifest(value: &Value) -> Manifest {
    Manifest::of(&document(value)).unwrap()
}

#[test]
fn a_version_follows_the_one_whose_canonical_bytes_it_names() {
    let mut old = json("model-carry/model-carry-manifest.first.json");
    let mut new = old.clone();
    new["version"] = json!(2);
    new["prevManifestSha256"] = json!(document(&old).digest().to_string());
    manifest(&new).follows(&manifest(&old)).unwrap();

    // Another spelling of the same document is the same document.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.json");
    let spelt = serde_json::to_string_pretty(&old).unwrap().replace("\"version\": 1", "\"version\"  :\t1");
    std::fs::write(&path, spelt.replace("urn:", "\\u0075rn:")).unwrap();
    manifest(&new).follows(&Manifest::read(&Documents::default(), &path).unwrap()).unwrap();

    // What is said in it counts.
    old["notes"] = json!("changed afterwards");
    let broken = manifest(&new).follows(&manifest(&old)).unwrap_err();
    assert_eq!(broken.code().as_str(), "MODEL_CHAIN_BROKEN");
    assert!(broken.to_string().contains(&document(&old).digest().to_string()), "{broken}");
}

#[test]
fn a_version_follows_no_other_manifest_and_leaves_none_out() {
    let old = json("model-carry/model-carry-manifest.first.json");
    let next = |version: u64, id: &str| {
        let mut new = old.clone();
        new["version"] = json!(version);
        new["manifestId"] = json!(id);
        new["prevManifestSha256"] = json!(document(&old).digest().to_string());
        manifest(&new).follows(&manifest(&old))
    };
    let id = old["manifestId"].as_str().unwrap();
    next(2, id).unwrap();
    for broken in [next(3, id), next(2, "urn:srcos:model-carry-manifest:other")] {
        assert!(matches!(broken, Err(ModelError::Chain(_))), "{broken:?}");
    }
    let first = manifest(&old);
    assert!(matches!(first.follows(&first), Err(ModelError::Chain(_))));
}

#[test]
fn an_adapter_runs_on_the_base_that_it_pins_and_on_no_other() {
    let manifest = manifest(&json(LATER));
    let base = manifest.entries.iter().find(|entry| entry.part == Part::Base).unwrap();
    let mut adapters = 0;
    for entry in &manifest.entries {
        let Part::Adapter(made_for) = &entry.part else { continue };
        adapters += 1;
        made_for.check(base.content).unwrap();
        let other = made_for.check(Sha256Digest::of(b"another base")).unwrap_err();
        assert_eq!(other.code().as_str(), "MODEL_ADAPTER_BASE");
        assert_eq!(other.code().exit().status(), 3);
        assert!(other.to_string().contains(&base.content.to_string()), "{other}");
    }
    assert_eq!(adapters, 2);
}

#[test]
fn files_of_entries_are_found_by_name_or_digest_and_a_changed_one_is_a_hard_stop() {
    let dir = tempfile::tempdir().unwrap();
    let (beside, models, store) = (dir.path().join("m"), dir.path().join("models"), dir.path().join("store"));
    for folder in [&beside, &models, &store] {
        std::fs::create_dir(folder).unwrap();
    }
    let mut value = json("model-carry/model-carry-manifest.first.json");
    let entry = value["entries"][0].clone();
    let names = ["file:a.gguf", "b", "owner/c", "d:1b", "file:../e.gguf"];
    let entries = names.iter().enumerate().map(|(index, name)| {
        let mut entry = entry.clone();
        entry["entryId"] = json!(format!("urn:srcos:model-carry-entry:{index}"));
        entry["modelRef"] = json!(name);
        entry["contentSha256"] = json!(Sha256Digest::of(name.as_bytes()).to_string());
        entry
    });
    value["entries"] = entries.collect();
    let manifest = manifest(&value);
    std::fs::write(beside.join("a.gguf"), names[0]).unwrap();
    std::fs::write(models.join("b.gguf"), "changed").unwrap();
    std::fs::write(models.join(format!("{}.gguf", Sha256Digest::of(names[2].as_bytes()))), names[2]).unwrap();
    let store = Store::new(&store);
    std::fs::write(store.model_path(ModelRef(Sha256Digest::of(names[3].as_bytes()))), names[3]).unwrap();
    std::fs::write(dir.path().join("e.gguf"), names[4]).unwrap();

    let mut digest = |path: &std::path::Path| Ok(Sha256Digest::of(&std::fs::read(path).unwrap()));
    let held = manifest.holders(&beside, &[models], Some(&store), &mut digest).unwrap();
    let found: Vec<bool> = held.iter().map(|held| held.file.is_some()).collect();
    assert_eq!(found, [true, true, true, true, false], "a name with steps is not followed");
    let checked: Vec<_> = held.iter().map(contract_models::Held::check).collect();
    for (index, checked) in checked.iter().enumerate() {
        assert_eq!(checked.is_ok(), index != 1, "{checked:?}");
    }
    let mismatch = checked[1].as_ref().unwrap_err();
    assert_eq!(mismatch.code().as_str(), "MODEL_DIGEST_MISMATCH");
    let said = mismatch.to_string();
    assert!(said.contains(&Sha256Digest::of(b"changed").to_string()), "{said}");
    assert!(said.contains(&Sha256Digest::of(b"b").to_string()), "{said}");
}

#[test]
fn what_breaks_a_rule_is_refused_with_the_rule() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.json");
    let mut value = json(LATER);
    value["entries"][0]["baseContentSha256"] = json!(Sha256Digest::of(b"drift").to_string());
    write(&path, &value);
    let refused = Manifest::read(&Documents::default(), &path).unwrap_err();
    assert!(refused.to_string().contains("CARRY_ADAPTER_DRIFT"), "{refused}");
    let other =
        Manifest::read(&Documents::default(), &good("model-carry/model-carry-pack.json")).unwrap_err();
    assert!(other.to_string().contains("it is a model-carry-pack"), "{other}");
}
