//! Importing a model that an operator brings.

use std::fs::File;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use contract_models::{
    Documents, IMPORT_EVIDENCE, Imported, Licence, ModelError, ModelRef, Pack, Sha256Digest, Statement,
    Store, digest_file, import,
};

use crate::LATER_MS;

const TS: &str = "2026-03-04T09:30:00.000Z";
const MODEL: &[u8] = b"GGUF\x03\0\0\0and the rest of a model";

struct Desk {
    dir: tempfile::TempDir,
    store: Store,
    documents: Documents,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(&dir.path().join("data/models"));
        Self { dir, store, documents: Documents::default() }
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join("strata.gguf");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, bytes: &[u8], statement: &Statement) -> Result<Imported, ModelError> {
        import(&self.store, &self.documents, &self.file(bytes), statement, TS, &mut |_, _| {
            ControlFlow::Continue(())
        })
    }
}

fn statement() -> Statement {
    Statement {
        name: "strata".to_owned(),
        licence: Licence::Stated("Apache-2.0".to_owned()),
        origin: "field disk of the geologist".to_owned(),
        tasks: vec!["summarization".to_owned(), "operator-selected".to_owned()],
    }
}

#[test]
fn a_model_gets_the_name_of_its_bytes_a_pack_and_a_record() {
    let desk = Desk::new();
    let imported = desk.import(MODEL, &statement()).unwrap();
    let digest = Sha256Digest::of(MODEL);
    assert_eq!(imported.reference, ModelRef(digest));
    assert_eq!(imported.reference.to_string(), format!("urn:srcos:model:sha256:{digest}"));
    assert_eq!(std::fs::read(&imported.path).unwrap(), MODEL);
    assert_eq!(imported.path.metadata().unwrap().permissions().mode() & 0o777, 0o444);
    assert!(imported.record.eligible && imported.record.verified);
    assert!(imported.record.conditions.are_met());

    let stored = desk.store.get(&desk.documents, imported.reference).unwrap();
    assert_eq!(stored.import, imported.record);
    assert_eq!(stored.pack.content, Some(digest));
    assert!(stored.pack.labels.contains(&"byom-unverified".to_owned()), "the format wants it always");
    assert_eq!(stored.bytes, Some(MODEL.len() as u64));
    let all = desk.store.models(&desk.documents).unwrap();
    assert_eq!(all.len(), 1);

    let mut names: Vec<String> = std::fs::read_dir(desk.store.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            ".lock".to_owned(),
            format!("{digest}.gguf"),
            format!("{digest}.import.ndjson"),
            format!("{digest}.json")
        ]
    );
}

#[test]
fn without_a_licence_it_stays_unverified_until_one_is_stated_and_nothing_said_is_lost() {
    let desk = Desk::new();
    let refused = Statement { licence: Licence::Refused, ..statement() };
    let first = desk.import(MODEL, &refused).unwrap();
    assert!(first.record.eligible, "a refusal to attest is an explicit state");
    assert!(!first.record.verified);
    let second = desk.import(MODEL, &statement()).unwrap();
    assert!(second.record.verified);
    let stored = desk.store.get(&desk.documents, first.reference).unwrap();
    assert_eq!(stored.import, second.record);
    let path = desk.store.folder().join(format!("{}.import.ndjson", first.reference.0));
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count(), 2);
    for line in text.lines() {
        let line = line.as_bytes().to_vec();
        desk.documents.judge(&desk.file(b""), line, Some(IMPORT_EVIDENCE)).unwrap();
    }
}

#[test]
fn what_is_not_said_is_not_made_up() {
    let wrong = [
        Statement { origin: " ".to_owned(), ..statement() },
        Statement { origin: "two\nlines".to_owned(), ..statement() },
        Statement { name: String::new(), ..statement() },
        Statement { licence: Licence::Stated(String::new()), ..statement() },
        Statement { licence: Licence::Stated("x".repeat(2001)), ..statement() },
        Statement { tasks: Vec::new(), ..statement() },
        Statement { tasks: vec!["triage".to_owned(), "triage".to_owned()], ..statement() },
        Statement { tasks: vec!["world-domination".to_owned()], ..statement() },
    ];
    let desk = Desk::new();
    for statement in wrong {
        let refused = desk.import(MODEL, &statement);
        assert!(matches!(refused, Err(ModelError::Statement(_))), "{statement:?}: {refused:?}");
    }
    assert!(!desk.store.folder().exists());
}

#[test]
fn an_address_and_a_text_are_told_apart() {
    let desk = Desk::new();
    for (origin, kind, url) in [
        ("https://huggingface.co/a/b", "huggingface", true),
        ("https://models.example/x.gguf", "unknown", true),
        ("a disk", "local-file", false),
        ("see https://models.example or ask", "local-file", false),
    ] {
        let imported = desk.import(MODEL, &Statement { origin: origin.to_owned(), ..statement() }).unwrap();
        assert_eq!(imported.record.origin.source_kind, kind);
        let pack = desk.store.folder().join(format!("{}.json", imported.reference.0));
        let pack: serde_json::Value = serde_json::from_slice(&std::fs::read(pack).unwrap()).unwrap();
        assert_eq!(pack["provenance"]["sourceUrl"].is_string(), url, "{origin}");
    }
}

#[test]
fn only_what_begins_as_gguf_is_imported() {
    let desk = Desk::new();
    for bytes in [b"".as_slice(), b"GG", b"ggufxxxx", b"FUGG\0\0\0\0", b"PK\x03\x04"] {
        let refused = desk.import(bytes, &statement());
        assert!(matches!(refused, Err(ModelError::NotGguf { .. })), "{refused:?}");
    }
    assert_eq!(desk.store.models(&desk.documents).unwrap().len(), 0);
}

#[test]
fn bytes_that_change_after_the_import_are_noticed() {
    let desk = Desk::new();
    let imported = desk.import(MODEL, &statement()).unwrap();
    let digest =
        |path| digest_file(path, LATER_MS, None, &mut |_, _| ControlFlow::Continue(())).unwrap().sha256;
    let stored = desk.store.get(&desk.documents, imported.reference).unwrap();
    assert!(stored.conditions(Some(digest(&imported.path))).are_met());
    std::fs::set_permissions(&imported.path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut file = File::options().write(true).open(&imported.path).unwrap();
    file.write_all(b"GGUF\x02").unwrap();
    let stored = desk.store.get(&desk.documents, imported.reference).unwrap();
    let conditions = stored.conditions(Some(digest(&imported.path)));
    assert!(conditions.file_present && !conditions.hash_on_record);
    // Another size is seen without reading it; a file that is gone too.
    file.set_len(9).unwrap();
    let stored = desk.store.get(&desk.documents, imported.reference).unwrap();
    assert!(!stored.conditions(None).file_present);
    std::fs::remove_file(&imported.path).unwrap();
    let stored = desk.store.get(&desk.documents, imported.reference).unwrap();
    assert_eq!(stored.bytes, None);
    assert!(!stored.conditions(None).file_present);
}

#[test]
fn papers_that_were_changed_or_exchanged_are_refused() {
    let desk = Desk::new();
    let one = desk.import(MODEL, &statement()).unwrap().reference;
    let other = desk.import(b"GGUF another", &statement()).unwrap().reference;
    let folder = desk.store.folder();
    let names =
        |end: &str| (folder.join(format!("{}{end}", one.0)), folder.join(format!("{}{end}", other.0)));
    for end in [".json", ".import.ndjson"] {
        let (ours, theirs) = names(end);
        let kept = std::fs::read(&ours).unwrap();
        std::fs::copy(&theirs, &ours).unwrap();
        assert!(matches!(desk.store.get(&desk.documents, one), Err(ModelError::Invalid { .. })), "{end}");
        std::fs::write(&ours, &kept).unwrap();
        desk.store.get(&desk.documents, one).unwrap();
    }
    let (pack, _) = names(".json");
    let text = std::fs::read_to_string(&pack).unwrap();
    std::fs::write(&pack, text.replace("\"Apache-2.0\"", "\"MIT\"")).unwrap();
    let refused = desk.store.get(&desk.documents, one).unwrap_err();
    assert!(refused.to_string().contains("another model or pack"), "{refused}");
    // The others are still listed.
    let all = desk.store.models(&desk.documents).unwrap();
    assert_eq!(all.iter().filter(|model| model.is_ok()).count(), 1);
    assert_eq!(all.len(), 2);
}

#[test]
fn what_an_interrupted_import_left_goes_with_the_next() {
    let desk = Desk::new();
    desk.import(MODEL, &statement()).unwrap();
    let left = desk.store.folder().join(".import-abcdef");
    std::fs::write(&left, "half").unwrap();
    desk.import(MODEL, &statement()).unwrap();
    assert!(!left.exists());
}

#[test]
fn a_model_in_the_store_can_be_imported_again_from_there() {
    let desk = Desk::new();
    let first = desk.import(MODEL, &statement()).unwrap();
    let again = import(&desk.store, &desk.documents, &first.path, &statement(), TS, &mut |_, _| {
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(again.reference, first.reference);
    assert_eq!(std::fs::read(&again.path).unwrap(), MODEL);
}

#[test]
fn a_store_that_cannot_be_written_is_said() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.dir.path().join("data")).unwrap();
    std::fs::write(desk.dir.path().join("data/models"), "a file").unwrap();
    let refused = desk.import(MODEL, &statement()).unwrap_err();
    assert_eq!(refused.code().as_str(), "MODEL_STORE_UNWRITABLE");
}

#[test]
fn a_pack_of_an_import_is_a_pack_like_others() {
    let desk = Desk::new();
    let imported = desk.import(MODEL, &statement()).unwrap();
    let path = desk.store.folder().join(format!("{}.json", imported.reference.0));
    let pack = Pack::read(&desk.documents, &path).unwrap();
    assert_eq!((pack.profile_key.as_str(), pack.footprint.minimum_free_gb), ("byom-gguf", 8));
    assert_eq!(pack.digest, imported.record.pack_sha256);
}

#[test]
fn a_file_whose_name_would_act_on_a_terminal_is_put_on_record_without_that() {
    let desk = Desk::new();
    let path = desk.dir.path().join("a\u{1b}[2K\u{202e}b.gguf");
    std::fs::write(&path, MODEL).unwrap();
    let imported =
        import(&desk.store, &desk.documents, &path, &statement(), TS, &mut |_, _| ControlFlow::Continue(()))
            .unwrap();
    assert_eq!(imported.record.file.name, "a\u{fffd}[2K\u{fffd}b.gguf");
}
