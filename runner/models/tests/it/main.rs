//! What contract-models promises.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod carry;
mod digests;
mod imports;
mod kits;
mod manifests;
mod mutants;
mod packs;
mod signatures;
mod targets;

use std::path::{Path, PathBuf};

use contract_models::{Document, Documents};
use serde_json::Value;

/// A time long after every file of a test was made, in milliseconds since 1970.
const LATER_MS: i64 = 4_000_000_000_000;

/// A good document of this repository.
fn good(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/good").join(name)
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(good(name)).unwrap()).unwrap()
}

fn write(path: &Path, value: &Value) {
    std::fs::write(path, serde_json::to_vec_pretty(value).unwrap()).unwrap();
}

/// A value as a judged document of the kind that it names.
fn document(value: &Value) -> Document {
    let text = serde_json::to_vec(value).unwrap();
    Documents::default().judge(Path::new("test.json"), text, None).unwrap()
}

/// Documents of others, which are not part of this repository.
#[expect(clippy::print_stderr, reason = "the notice is what tells a skipped test from one that passed")]
fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/upstream/model-carry/examples");
    folder.is_dir().then_some(folder).or_else(|| {
        eprintln!("skipped: ../shared/upstream/model-carry is not here");
        None
    })
}
