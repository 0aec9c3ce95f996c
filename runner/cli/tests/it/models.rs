//! `model`: what a user does with a model, from import to the day on which its bytes change.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use serde_json::{Value, json};

use crate::command::{Bench, Done, done, repository};

const MODEL: &[u8] = b"GGUF\x03\0\0\0the rest of a model";
const IMPORT: [&str; 6] = ["model", "import", "strata.gguf", "--origin", "a disk", "--task=triage"];

/// A bench with a home of its own.
struct Desk(Bench);

impl Desk {
    fn new() -> Self {
        let bench = Bench::new();
        std::fs::write(bench.path("strata.gguf"), MODEL).unwrap();
        Self(bench)
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let home = self.0.path("home");
        self.0.command(arguments).env("HOME", home).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Done {
        done(&self.output(arguments))
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let ended = self.run(&[arguments, &["--format", "json"]].concat());
        (ended.status, serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr)))
    }

    fn import(&self) -> String {
        let ended = self.run(&[IMPORT.as_slice(), &["--license", "MIT"]].concat());
        ended.expect(0).stdout.trim().to_owned()
    }

    fn stored(&self, reference: &str) -> std::path::PathBuf {
        let name = format!("{}.gguf", reference.rsplit(':').next().unwrap());
        self.0.path("home/.local/share/contract-runner/models").join(name)
    }
}

#[test]
fn a_model_is_imported_listed_and_verified_until_its_bytes_change() {
    let desk = Desk::new();
    let reference = desk.import();
    assert!(reference.starts_with("urn:srcos:model:sha256:"), "{reference}");
    let list = desk.run(&["model", "list"]);
    assert!(list.expect(0).stdout.contains(&reference), "{}", list.stdout);
    assert!(list.stdout.contains("strata, 27 bytes, verified, MIT, for triage"), "{}", list.stdout);
    desk.run(&["model", "verify"]).expect(0);
    desk.run(&["model", "verify", &reference]).expect(0);
    desk.run(&["model", "verify", "strata.gguf"]).expect(0);

    let stored = desk.stored(&reference);
    std::fs::set_permissions(&stored, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(&stored, b"GGUF\x03\0\0\0the rest of a MODEL").unwrap();
    for arguments in [&["model", "verify"][..], &["model", "verify", &reference]] {
        let ended = desk.run(arguments);
        ended.expect(1).says("error[MODEL_DIGEST_MISMATCH]").says("expected sha256:").says("found sha256:");
        assert!(ended.stdout.starts_with("FAILED"), "{}", ended.stdout);
    }
    let (status, answer) = desk.json(&["model", "verify"]);
    assert_eq!((status, &answer["answer"]), (1, &json!("not verified")));
    assert_eq!(answer["findings"][0]["error"]["code"], "MODEL_DIGEST_MISMATCH");
    // To import the right file again is the cure.
    desk.import();
    desk.run(&["model", "verify"]).expect(0);
}

#[test]
fn the_state_of_the_licence_must_be_said() {
    let desk = Desk::new();
    desk.run(&IMPORT).expect(2).says("--license");
    desk.run(&[IMPORT.as_slice(), &["--license", "MIT", "--license-refused"]].concat()).expect(2);
    let (status, answer) = desk.json(&[IMPORT.as_slice(), &["--license-refused"]].concat());
    assert_eq!(status, 0);
    assert_eq!(
        (&answer["evidence"]["verified"], &answer["evidence"]["eligible"]),
        (&json!(false), &json!(true))
    );
    let list = desk.run(&["model", "list"]);
    assert!(list.stdout.contains("unverified, licence not attested"), "{}", list.stdout);
    desk.run(&["model", "import", "strata.gguf", "--license=MIT", "--origin=x", "--task=win"]).expect(2);
    std::fs::write(desk.0.path("no.gguf"), "text").unwrap();
    let no = ["model", "import", "no.gguf", "--license=MIT", "--origin=x", "--task=triage"];
    desk.run(&no).expect(2).says("MODEL_NOT_GGUF");
}

#[test]
fn the_records_of_an_import_are_documents_that_validate() {
    let desk = Desk::new();
    let stored = desk.stored(&desk.import());
    for end in ["json", "import.ndjson"] {
        let path = stored.with_extension(end);
        desk.run(&["validate", path.to_str().unwrap()]).expect(0);
    }
}

#[test]
fn the_files_of_a_manifest_are_held_against_it() {
    let desk = Desk::new();
    let reference = desk.import();
    let digest = reference.rsplit(':').next().unwrap();
    let text =
        std::fs::read(repository().join("conformance/good/model-carry/model-carry-manifest.first.json"));
    let mut manifest: Value = serde_json::from_slice(&text.unwrap()).unwrap();
    let entry = manifest["entries"][0].clone();
    manifest["entries"] = json!([entry]);
    manifest["entries"][0]["modelRef"] = json!("file:strata.gguf");
    manifest["entries"][0]["contentSha256"] = json!(digest);
    desk.0.write("m.json", &manifest.to_string());
    let verify = ["model", "verify", "--manifest", "m.json"];
    let ended = desk.run(&verify);
    assert!(ended.expect(0).stdout.contains("its bytes are those of the manifest"), "{}", ended.stdout);
    desk.run(&[&verify[..], &["strata.gguf"]].concat()).expect(0);

    std::fs::write(desk.0.path("strata.gguf"), b"GGUF\x03\0\0\0the rest of a MODEL").unwrap();
    desk.run(&verify).expect(1).says("MODEL_DIGEST_MISMATCH").says(digest);
    desk.run(&[&verify[..], &["strata.gguf"]].concat()).expect(1).says("expected one of sha256:");
    desk.run(&["model", "verify", "strata.gguf"]).expect(2).says("MODEL_NOT_FOUND");

    // A second version in which nothing is said of the first.
    let mut second = manifest.clone();
    second["version"] = json!(2);
    second["prevManifestSha256"] = json!("0".repeat(64));
    desk.0.write("m2.json", &second.to_string());
    desk.run(&["model", "verify", "--manifest=m2.json", "--previous=m.json"])
        .expect(1)
        .says("MODEL_CHAIN_BROKEN");
}

#[test]
fn a_machine_gets_its_entry_and_the_reasons() {
    let desk = Desk::new();
    let path = repository().join("conformance/good/model-carry/model-carry-manifest.json");
    let resolve = ["model", "resolve", "--manifest", path.to_str().unwrap()];
    let here = ["--device-class=workstation", "--os-version=2.1.0", "--locale=nl_NL.UTF-8"];
    let ended = desk.run(&[&resolve[..], &here, &["--model=customs-forms@qwen2.5-1.5b"]].concat());
    assert_eq!(
        ended.expect(0).stdout,
        "customs-forms@qwen2.5-1.5b  urn:srcos:model-carry-entry:customs-forms\n"
    );
    // Nothing is known, so nothing fits.
    desk.run(&resolve).expect(1).says("MODEL_TARGET_NONE").says("not known");
    let (status, answer) = desk.json(&[&resolve[..], &here].concat());
    assert_eq!((status, answer["entries"].as_array().unwrap().len()), (1, 2));
    assert_eq!(answer["errors"][0]["code"], "MODEL_TARGET_NONE", "berth-plan is for field kits");
    desk.run(&[&resolve[..], &["--device-class=any"]].concat()).expect(2);
    desk.run(&[&resolve[..], &["--os-version=2.x"]].concat()).expect(2);
}

#[test]
fn a_folder_and_a_kit_are_listed() {
    let desk = Desk::new();
    desk.0.write("m/broken.json", "{");
    std::fs::copy(desk.0.path("strata.gguf"), desk.0.path("m/strata.gguf")).unwrap();
    let list = desk.run(&["model", "list", "--models", "m"]);
    let stdout = &list.expect(0).stdout;
    assert!(stdout.contains("strata.gguf  27 bytes  not read"), "{stdout}");
    assert!(stdout.contains("broken.json  BROKEN MODEL_DOCUMENT_INVALID"), "{stdout}");

    let good = repository().join("conformance/good/model-carry");
    let kit = desk.0.path("stick/root.json");
    std::fs::create_dir_all(desk.0.path("stick/kit/manifests")).unwrap();
    std::fs::copy(good.join("portable-ai-root.json"), &kit).unwrap();
    let list = ["model", "list", "--kit", "stick/root.json"];
    desk.run(&list).expect(1).says("MODEL_PACK_UNRESOLVED").says("night-shift-writer");
    for (index, name) in ["model-carry-pack.json", "model-carry-pack.byom-gguf.json"].iter().enumerate() {
        std::fs::copy(good.join(name), desk.0.path(&format!("stick/kit/manifests/{index}.json"))).unwrap();
    }
    let (status, answer) = desk.json(&list);
    assert_eq!(status, 0, "{answer}");
    assert_eq!(answer["kit"]["packs"].as_array().unwrap().len(), 2);
    std::os::unix::fs::symlink("/tmp", desk.0.path("stick/kit/models")).unwrap();
    desk.run(&list).expect(3).says("MODEL_ROOT_OUTSIDE");
}

#[test]
fn without_a_home_the_store_must_be_named() {
    let bench = Bench::new();
    bench.run(["model", "list"]).expect(2).says("--store FOLDER");
    bench.run(["model", "list", "--store", "s"]).expect(0);
    bench.run(["model", "verify", "--store", "s"]).expect(2).says("MODEL_NOT_FOUND");
}

#[test]
fn inspect_asks_the_adapter_llama_and_says_where_it_is_missing() {
    let desk = Desk::new();
    let folder = desk.0.path("home/.adapters");
    let ended = done(
        &desk
            .0
            .command(["model", "inspect", "strata.gguf", "--out", "out"])
            .env("HOME", desk.0.path("home"))
            .env("CONTRACT_RUNNER_ADAPTERS", folder)
            .output()
            .unwrap(),
    );
    // Where the adapter was built it refuses this file; elsewhere it cannot be found. Neither is a crash or a silence.
    assert!([2, 4].contains(&ended.status), "{}", ended.stderr);
    assert!(ended.stderr.contains("error[ADAPTER_"), "{}", ended.stderr);
    desk.run(&["model", "inspect", "urn:srcos:model:sha256:12"]).expect(2).says("no reference");
    let gone = format!("urn:srcos:model:sha256:{}", "0".repeat(64));
    desk.run(&["model", "inspect", &gone]).expect(2).says("MODEL_NOT_FOUND");
}
