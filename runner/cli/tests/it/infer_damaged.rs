//! `infer` with damaged models and damaged papers: each request ends in time, with a status of ours, and on record.

use contract_damage::{damaged, mutant};
use serde_json::Value;

use crate::infer::{PROFILE, Room};

const EACH: usize = 300;
/// Where metadata and the table of tensors are.
const HEAD: usize = 8000;
/// An answer, a violation, wrong input, a refusal, a failure of the adapter.
const OURS: [i32; 5] = [0, 1, 2, 3, 4];

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
        let document: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(ask(&room, arguments, &mut on_record), 0, "{}", path.display());
        for _ in 0..EACH / 4 {
            std::fs::write(&path, mutant(&mut random, &document)).unwrap();
            refused += usize::from(ask(&room, arguments, &mut on_record) != 0);
        }
        std::fs::write(&path, text).unwrap();
    }
    assert!(refused > EACH / 3, "{refused} of {EACH} were refused");
    assert_eq!(room.prefix.run(&room.bench, ["verify", ".workstation/inference"]).status, 0);
}
