//! Packs, manifests, kits and profiles that were damaged: each is refused with a reason or read, and nothing panics.

use contract_models::{Documents, Kit, MachineFacts, Manifest, Pack, Target};
use serde_json::{Value, json};

use crate::json;

const FILES: [&str; 7] = [
    "model-carry/model-carry-manifest.json",
    "model-carry/model-carry-manifest.first.json",
    "model-carry/model-carry-pack.json",
    "model-carry/model-carry-pack.byom-gguf.json",
    "model-carry/portable-ai-root.json",
    "model-carry/local-model-profile.json",
    "models/model-import-evidence.v0.json",
];

/// Pointers to all values of a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{at}/{index}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, item)| places(item, &format!("{at}/{name}"), found));
        }
        _ => {}
    }
}

fn odd(random: &mut fastrand::Rng) -> Value {
    match random.u8(..14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(1.0),
        4 => json!(1e300),
        5 => json!(u64::MAX),
        6 => json!(""),
        7 => json!("\u{0}\u{202e}x"),
        8 => json!("a".repeat(70_000)),
        9 => json!([]),
        10 => json!({}),
        11 => json!(">=1.x"),
        12 => json!(["any", "any", 1]),
        _ => json!("0".repeat(64)),
    }
}

/// A document with one to three places changed, or its text damaged.
fn mutant(random: &mut fastrand::Rng, mut value: Value) -> Vec<u8> {
    if random.u8(..3) > 0 {
        for _ in 0..random.usize(1..=3) {
            let mut found = Vec::new();
            places(&value, "", &mut found);
            let at = &found[random.usize(..found.len())];
            if let Some(place) = value.pointer_mut(at) {
                *place = odd(random);
            }
        }
        return serde_json::to_vec(&value).unwrap();
    }
    let mut text = serde_json::to_vec(&value).unwrap();
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..text.len());
        match random.u8(..3) {
            0 => text[at] = random.u8(..),
            1 => text.truncate(at.max(1)),
            _ => text.insert(at, b"{}[],:\"\\"[random.usize(..8)]),
        }
    }
    text
}

/// Refused with a reason, or read to its end.
fn judge(documents: &Documents, folder: &std::path::Path, text: Vec<u8>) -> bool {
    let path = folder.join("mutant.json");
    std::fs::write(&path, &text).unwrap();
    let document = match documents.judge(&path, text, None) {
        Ok(document) => document,
        Err(refused) => {
            assert!(!refused.faults.is_empty() && refused.faults.iter().all(|fault| !fault.is_empty()));
            return false;
        }
    };
    let read = match document.kind {
        "model-carry-manifest" => Manifest::of(&document).map(|manifest| {
            for model in manifest.models() {
                let _ = manifest.resolve(model, &Target::default()).map_err(|error| error.to_string());
            }
        }),
        "model-carry-pack" => Pack::of(&document).map(|pack| {
            let found = pack.eligibility(&MachineFacts::default(), contract_models::FileFact::Absent);
            assert!(!found.is_eligible());
        }),
        "portable-ai-root" => Kit::read(documents, &path).map(drop),
        _ => Ok(()),
    };
    read.is_ok_and(|()| true)
}

#[test]
fn three_hundred_mutants_are_refused_with_a_reason_or_read() {
    let documents = Documents::default();
    let dir = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(20_261_121);
    let (mut read, mut refused) = (0, 0);
    for round in 0..420 {
        let text = mutant(&mut random, json(FILES[round % FILES.len()]));
        if judge(&documents, dir.path(), text) { read += 1 } else { refused += 1 }
    }
    assert_eq!(read + refused, 420);
    // Notes and names may be anything; most of what is damaged is damaged.
    assert!(read > 0 && refused > 300, "{read} read, {refused} refused");
}
