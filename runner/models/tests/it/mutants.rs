//! Documents that were damaged, before the readers of this crate: each is read, or refused with a reason, and nothing panics.

use std::path::Path;

use contract_damage::mutant;
use contract_models::{
    Documents, FileFact, IMPORT_EVIDENCE, ImportRecord, Kit, MachineFacts, Manifest, ModelError, Pack, Target,
};

use crate::{good, json};

type Reader = fn(&Documents, &Path) -> Result<(), ModelError>;

/// Good documents, and what reads them.
const READERS: [(&str, Reader); 6] = [
    ("model-carry/model-carry-manifest.json", manifest),
    ("model-carry/model-carry-manifest.first.json", manifest),
    ("model-carry/model-carry-pack.json", pack),
    ("model-carry/model-carry-pack.byom-gguf.json", pack),
    ("model-carry/portable-ai-root.json", kit),
    ("models/model-import-evidence.v0.json", import_record),
];
/// Mutants of each.
const EACH: usize = 70;

fn manifest(documents: &Documents, path: &Path) -> Result<(), ModelError> {
    let manifest = Manifest::read(documents, path)?;
    for model in manifest.models() {
        // No machine need be meant by a mutant.
        if let Err(error) = manifest.resolve(model, &Target::default()) {
            assert!(says_why(&error.to_string()), "{error}");
        }
    }
    Ok(())
}

fn pack(documents: &Documents, path: &Path) -> Result<(), ModelError> {
    let found = Pack::read(documents, path)?.eligibility(&MachineFacts::default(), FileFact::Absent);
    assert!(!found.is_eligible(), "nothing is known of the machine, and there is no file");
    Ok(())
}

fn kit(documents: &Documents, path: &Path) -> Result<(), ModelError> {
    Kit::read(documents, path).map(drop)
}

/// As the store does for the last line of a model's imports.
fn import_record(documents: &Documents, path: &Path) -> Result<(), ModelError> {
    documents.read(path, IMPORT_EVIDENCE)?.parse::<ImportRecord>().map(drop)
}

/// More than that something is wrong: a place or a value, and what is wrong with it.
fn says_why(reason: &str) -> bool {
    reason.split_whitespace().count() > 2
}

/// What a message says beside the name of the file.
fn reason(error: &ModelError, path: &Path) -> String {
    let (told, file) = (error.to_string(), format!("{}: ", path.display()));
    told.strip_prefix(&file).unwrap_or(&told).to_owned()
}

#[test]
fn good_documents_are_read() {
    let documents = Documents::default();
    for (name, read) in READERS {
        read(&documents, &good(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn mutants_are_read_or_refused_with_a_reason() {
    let documents = Documents::default();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mutant.json");
    let mut random = fastrand::Rng::with_seed(20_261_121);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..EACH {
        for (name, reader) in READERS {
            let text = mutant(&mut random, &json(name));
            std::fs::write(&path, &text).unwrap();
            let Err(error) = reader(&documents, &path) else {
                read += 1;
                continue;
            };
            let reason = reason(&error, &path);
            assert!(says_why(&reason), "{name}: `{reason}` of {}", String::from_utf8_lossy(&text));
            refused += 1;
        }
    }
    // These documents are strict: about one of thirty mutants has only another name, note or folder.
    assert!(read >= 5 && refused >= 350, "{read} read, {refused} refused");
}
