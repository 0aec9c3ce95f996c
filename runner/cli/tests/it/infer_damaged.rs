//! `infer` with damaged models and damaged papers: each request ends in time, with a status of ours, and on record.

use serde_json::{Value, json};

use crate::infer::{PROFILE, Room};

const EACH: usize = 300;
/// Where metadata and the table of tensors are.
const HEAD: usize = 8000;
/// An answer, a violation, wrong input, a refusal, a failure of the adapter.
const OURS: [i32; 5] = [0, 1, 2, 3, 4];

/// Some bytes changed, taken out, or cut off, most of them among the first `head`.
fn damaged(random: &mut fastrand::Rng, whole: &[u8], head: usize) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..random.usize(1..4) {
        let end = if random.u8(..10) < 9 { head.min(bytes.len()) } else { bytes.len() };
        let at = random.usize(..end);
        match random.u8(..5) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] ^= 1 << random.u8(..8),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.usize(..5)],
            3 => drop(bytes.drain(at..(at + random.usize(1..20)).min(bytes.len()))),
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.len() < 2 {
            break;
        }
    }
    bytes
}

/// Pointers to all values of a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Value::Object(members) => members.iter().map(|(name, item)| (name.clone(), item)).collect(),
        _ => Vec::new(),
    };
    for (name, item) in children {
        places(item, &format!("{at}/{name}"), found);
    }
}

/// A document with a value that it should not have, or with damaged text.
fn altered(random: &mut fastrand::Rng, text: &[u8]) -> Vec<u8> {
    if random.bool() {
        return damaged(random, text, usize::MAX);
    }
    let mut value: Value = serde_json::from_slice(text).unwrap();
    let mut found = Vec::new();
    places(&value, "", &mut found);
    let odd = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{202e}../x"),
        json!("a".repeat(70_000)),
        json!([]),
        json!({}),
        json!("0".repeat(64)),
    ];
    *value.pointer_mut(&found[random.usize(..found.len())]).unwrap() = odd[random.usize(..odd.len())].clone();
    serde_json::to_vec(&value).unwrap()
}

/// Asks, and sees that there is one receipt more, with a code where there is no answer.
fn ask(room: &Room, more: &[&str], on_record: &mut usize) -> i32 {
    let bounds = ["x", "--raw", "--max-tokens", "3", "--quiet", "--limit", "total=60s", "--out", "out"];
    let done = room.infer(&[&bounds, more].concat());
    assert!(OURS.contains(&done.status), "{more:?}: {} {}", done.status, done.stderr);
    *on_record += 1;
    assert_eq!(room.lines("receipts.ndjson").len(), *on_record, "{more:?}: {}", done.stderr);
    let evidence = room.evidence();
    assert_eq!(evidence["outcome"] == "answered", done.status == 0, "{evidence}: {}", done.stderr);
    assert_eq!(evidence["code"].is_null(), done.status == 0, "{evidence}");
    done.status
}

#[test]
fn three_hundred_damaged_models_each_leave_a_receipt() {
    let room = Room::new();
    let whole = std::fs::read(room.bench.path("tiny-words.gguf")).unwrap();
    let mut random = fastrand::Rng::with_seed(11);
    let (mut on_record, mut failed) = (0, 0);
    for _ in 0..EACH {
        std::fs::write(room.bench.path("damaged.gguf"), damaged(&mut random, &whole, HEAD)).unwrap();
        failed += usize::from(ask(&room, &["--model", "damaged.gguf"], &mut on_record) == 4);
    }
    assert!(failed > EACH / 2, "{failed} of {EACH} failed");
    assert_eq!(room.prefix.run(&room.bench, ["verify", ".workstation/inference"]).status, 0);
}

#[test]
fn three_hundred_damaged_papers_each_leave_a_receipt() {
    let room = Room::new();
    let imported = room.prefix.run(
        &room.bench,
        [
            "model",
            "import",
            "tiny-words.gguf",
            "--store",
            "store",
            "--license",
            "MIT",
            "--origin",
            "here",
            "--task",
            "router",
        ],
    );
    assert_eq!(imported.status, 0, "{}", imported.stderr);
    let model = imported.stdout.trim().to_owned();
    let in_store = |end: &str| {
        let mut found = walkdir::WalkDir::new(room.bench.path("store")).into_iter().map(Result::unwrap);
        let entry = found.find(|entry| entry.file_name().to_string_lossy().ends_with(end));
        entry.unwrap_or_else(|| panic!("no {end} in the store")).into_path()
    };
    let by_profile = ["--profile", PROFILE];
    let by_store = ["--model", &model, "--store", "store"];
    let papers: [(_, &[&str]); 4] = [
        (room.bench.path(PROFILE), &by_profile),
        (room.bench.path("tiny-words.manifest.json"), &by_profile),
        (in_store(".json"), &by_store),
        (in_store(".import.ndjson"), &by_store),
    ];
    let mut random = fastrand::Rng::with_seed(12);
    let (mut on_record, mut refused) = (0, 0);
    for (path, arguments) in papers {
        let text = std::fs::read(&path).unwrap();
        assert_eq!(ask(&room, arguments, &mut on_record), 0, "{}", path.display());
        for _ in 0..EACH / 4 {
            std::fs::write(&path, altered(&mut random, &text)).unwrap();
            refused += usize::from(ask(&room, arguments, &mut on_record) != 0);
        }
        std::fs::write(&path, text).unwrap();
    }
    assert!(refused > EACH / 3, "{refused} of {EACH} were refused");
    assert_eq!(room.prefix.run(&room.bench, ["verify", ".workstation/inference"]).status, 0);
}
