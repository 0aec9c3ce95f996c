//! What contract-ledger promises.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};

use contract_ipc::Code;
use contract_json::sha256_text;
use contract_ledger::{Head, Ledger, LedgerError, Repair, verify};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A receipt without a place in a chain.
fn receipt(task: &str) -> Value {
    let hash = sha256_text(task.as_bytes());
    json!({
        "id": format!("urn:srcos:inference-receipt:{task}"), "type": "InferenceReceipt", "specVersion": "2.1.0",
        "issuedAt": "2026-05-04T12:51:00Z", "providerDaemon": "inferenced", "tier": "T1", "baseModelDigest": hash,
        "task": task, "inputHash": hash, "outputHash": hash, "dataResidencyClass": "on_device_only",
        "confidence": 0.94, "computeDevice": "cpu",
    })
}

fn text(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap()
}

/// A ledger of `count` receipts.
fn ledger(count: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipts.ndjson");
    let mut ledger = Ledger::open(&path, false).unwrap();
    for number in 0..count {
        ledger.append(&text(&receipt(&format!("é-{number}")))).unwrap();
    }
    (folder, path)
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn write(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

fn code(path: &Path) -> Code {
    verify(path, None).unwrap_err().code()
}

#[test]
fn entries_are_canonical_lines_chained_by_hash() {
    let (_folder, path) = ledger(3);
    let lines = lines(&path);
    assert!(lines[0].starts_with(r#"{"baseModelDigest":"sha256:"#) && lines[0].contains(r#""ledgerSeq":0,"#));
    assert!(!lines[0].contains("ledgerPrevHash") && lines[0].contains(r"\u00e9-0"));
    for number in 1..3 {
        let entry: Value = serde_json::from_str(&lines[number]).unwrap();
        assert_eq!(entry["ledgerSeq"], number);
        assert_eq!(entry["ledgerPrevHash"], sha256_text(lines[number - 1].as_bytes()));
    }
    let verified = verify(&path, None).unwrap();
    assert!(!verified.expected);
    assert_eq!((verified.head.count, verified.head.sequence), (3, 2));
    assert_eq!(verified.head.hash, sha256_text(lines[2].as_bytes()));
    assert_eq!(Head::read(&path).unwrap().unwrap(), verified.head);
    assert!(verify(&path, Some(&verified.head.hash)).unwrap().expected);
}

#[test]
fn every_change_of_any_entry_is_seen() {
    let (_folder, path) = ledger(4);
    let good = lines(&path);
    for number in 0..4 {
        let mut changed = good.clone();
        changed[number] = changed[number].replace("0.94", "0.95");
        write(&path, &changed);
        assert_eq!(code(&path), Code::LedgerMismatch, "entry {number} changed");
        let mut reformatted = good.clone();
        reformatted[number] = reformatted[number].replacen(':', ": ", 1);
        write(&path, &reformatted);
        assert_eq!(code(&path), Code::LedgerMismatch, "entry {number} reformatted");
        let mut doubled = good.clone();
        doubled[number] = doubled[number].replacen('{', r#"{"baseModelDigest":"sha256:0","#, 1);
        write(&path, &doubled);
        assert_eq!(code(&path), Code::LedgerMismatch, "entry {number} with a key twice");
        let mut removed = good.clone();
        removed.remove(number);
        write(&path, &removed);
        assert_eq!(code(&path), Code::LedgerMismatch, "entry {number} removed");
    }
    let mut swapped = good.clone();
    swapped.swap(1, 2);
    write(&path, &swapped);
    assert_eq!(code(&path), Code::LedgerMismatch);
    write(&path, &[]);
    assert_eq!(code(&path), Code::LedgerMismatch, "emptied");
    write(&path, &good);
    verify(&path, None).unwrap();
}

#[test]
fn a_chain_that_was_rewritten_is_seen_by_its_head() {
    let (_folder, path) = ledger(3);
    let kept = verify(&path, None).unwrap().head.hash;
    let (_other, rewritten) = ledger(0);
    let mut other = Ledger::open(&rewritten, false).unwrap();
    for number in 0..3 {
        other.append(&text(&receipt(&format!("forged-{number}")))).unwrap();
    }
    std::fs::copy(&rewritten, &path).unwrap();
    assert_eq!(code(&path), Code::LedgerMismatch);
    // With the head forged too only a hash from elsewhere tells.
    std::fs::copy(Head::path(&rewritten), Head::path(&path)).unwrap();
    verify(&path, None).unwrap();
    assert_eq!(verify(&path, Some(&kept)).unwrap_err().code(), Code::LedgerMismatch);
}

#[test]
fn without_a_head_nothing_is_claimed() {
    let (_folder, path) = ledger(2);
    let hash = verify(&path, None).unwrap().head.hash;
    std::fs::remove_file(Head::path(&path)).unwrap();
    assert_eq!(code(&path), Code::LedgerNoHead);
    assert!(verify(&path, Some(&hash)).unwrap().expected);
    std::fs::write(Head::path(&path), "{\"v\":\"ledger-head.v0\"}").unwrap();
    assert_eq!(code(&path), Code::LedgerMismatch);
    // An emptied ledger whose head is gone, too.
    std::fs::write(&path, "").unwrap();
    std::fs::remove_file(Head::path(&path)).unwrap();
    assert_eq!(code(&path), Code::LedgerNoHead);
}

#[test]
fn a_head_whose_numbers_contradict_each_other_is_none() {
    let (_folder, path) = ledger(2);
    let head = std::fs::read_to_string(Head::path(&path)).unwrap();
    for (count, sequence) in [(u64::MAX, u64::MAX), (u64::MAX, u64::MAX - 1), (u64::MAX, 0), (0, 0), (2, 9)] {
        let wrong = head
            .replace("\"count\":2", &format!("\"count\":{count}"))
            .replace("\"sequence\":1", &format!("\"sequence\":{sequence}"));
        assert_ne!(wrong, head);
        std::fs::write(Head::path(&path), wrong).unwrap();
        assert_eq!(code(&path), Code::LedgerMismatch);
        assert_eq!(Ledger::open(&path, false).unwrap_err().code(), Code::LedgerMismatch);
        let repaired = Ledger::repair(&path, false, None, "2026-03-11T09:00:00Z");
        assert_eq!(repaired.unwrap_err().code(), Code::LedgerMismatch);
    }
}

#[test]
fn a_genesis_that_names_a_predecessor_is_refused() {
    let (_folder, path) = ledger(0);
    let mut first = receipt("first");
    first["ledgerPrevHash"] = json!(sha256_text(b"nothing"));
    assert_eq!(
        Ledger::open(&path, false).unwrap().append(&text(&first)).unwrap_err().code(),
        Code::LedgerEntryInvalid
    );
    first["ledgerSeq"] = json!(0);
    let mut tape = contract_json::Tape::new();
    let line = text(&first);
    let form = contract_json::SortedAscii::of(tape.parse(&line, &contract_json::Limits::default()).unwrap());
    write(&path, &[String::from_utf8(form.as_bytes().to_vec()).unwrap()]);
    assert_eq!(code(&path), Code::LedgerMismatch);
}

#[test]
fn an_invalid_receipt_is_refused_and_nothing_is_written() {
    let (_folder, path) = ledger(1);
    let before = std::fs::read(&path).unwrap();
    let mut open = Ledger::open(&path, false).unwrap();
    let mut bad_digest = receipt("x");
    bad_digest["baseModelDigest"] = json!("sha256:12");
    let mut off_device = receipt("x");
    off_device["dataResidencyClass"] = json!("sovereign_cluster");
    let mut wrong_place = receipt("x");
    wrong_place["ledgerSeq"] = json!(7);
    for bad in [bad_digest, off_device, wrong_place, json!({"v": "grant.v0"}), json!([]), json!("x")] {
        let error = open.append(&text(&bad)).unwrap_err();
        assert_eq!(error.code(), Code::LedgerEntryInvalid, "{error}");
    }
    assert_eq!(open.append(b"{").unwrap_err().code(), Code::LedgerEntryInvalid);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    open.append(&text(&receipt("good"))).unwrap();
    verify(&path, None).unwrap();
}

#[test]
fn a_torn_line_stops_appending_until_it_is_repaired_and_recorded() {
    let (_folder, path) = ledger(2);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], b"{\"torn\":"].concat()).unwrap();
    assert_eq!(code(&path), Code::LedgerTorn);
    assert_eq!(Ledger::open(&path, false).unwrap_err().code(), Code::LedgerTorn);
    let (mut open, repair) = Ledger::repair(&path, false, None, "2026-01-01T00:00:00.000Z").unwrap();
    assert_eq!(repair.unwrap().removed, "{\"torn\":");
    let record: Value = serde_json::from_slice(&std::fs::read(Repair::path(&path)).unwrap()).unwrap();
    assert_eq!(record["removedSha256"], sha256_text(b"{\"torn\":"));
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    open.append(&text(&receipt("after"))).unwrap();
    assert_eq!(verify(&path, None).unwrap().head.count, 3);
    assert!(Ledger::repair(&path, false, None, "t").unwrap().1.is_none(), "nothing is left to repair");
}

#[test]
fn a_head_that_is_late_is_seen_and_brought_up_to_date() {
    let (_folder, path) = ledger(2);
    let late = std::fs::read(Head::path(&path)).unwrap();
    Ledger::open(&path, false).unwrap().append(&text(&receipt("third"))).unwrap();
    std::fs::write(Head::path(&path), &late).unwrap();
    assert_eq!(code(&path), Code::LedgerTorn);
    assert_eq!(Ledger::open(&path, false).unwrap_err().code(), Code::LedgerTorn);
    assert_eq!(Ledger::repair(&path, false, None, "t").unwrap().1.unwrap().entries_after_head, 1);
    assert_eq!(verify(&path, None).unwrap().head.count, 3);
    // What does not continue the chain is no late head.
    let mut forged = lines(&path);
    forged[2] =
        forged[2].replace("0.94", "0.5").replace("sha256:", "sha256:0").replacen("sha256:0", "sha256:", 3);
    std::fs::write(Head::path(&path), &late).unwrap();
    write(&path, &forged);
    assert_eq!(Ledger::repair(&path, false, None, "t").unwrap_err().code(), Code::LedgerMismatch);
}

#[test]
fn many_writers_make_one_chain() {
    let (_folder, path) = ledger(0);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let mut ledger = Ledger::open(path, false).unwrap();
                for number in 0..50 {
                    ledger.append(&text(&receipt(&format!("{writer}-{number}")))).unwrap();
                }
            });
        }
    });
    assert_eq!(verify(&path, None).unwrap().head.count, 200);
}

#[test]
fn an_entry_without_its_line_feed_gets_it_back() {
    let (_folder, path) = ledger(3);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(Ledger::open(&path, false).unwrap_err().code(), Code::LedgerTorn);
    let repair = Ledger::repair(&path, false, None, "t").unwrap().1.unwrap();
    assert!(repair.line_feed_restored && repair.removed.is_empty());
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    verify(&path, None).unwrap();
}

#[test]
fn a_repair_that_cannot_be_made_changes_nothing() {
    let (_folder, path) = ledger(3);
    let whole = std::fs::read(&path).unwrap();
    // Of an entry that the head knows only a part is left.
    let part = &whole[..whole.len() - 9];
    std::fs::write(&path, part).unwrap();
    assert_eq!(Ledger::repair(&path, false, None, "t").unwrap_err().code(), Code::LedgerMismatch);
    assert_eq!(std::fs::read(&path).unwrap(), part);
    // The last entry was changed, and a line after it was begun.
    let text = String::from_utf8(whole).unwrap();
    let (before, last) = text.split_at(text.trim_end().rfind('\n').unwrap() + 1);
    let changed = format!("{before}{}{{\"torn\":", last.replace("0.94", "0.95"));
    std::fs::write(&path, &changed).unwrap();
    assert_eq!(Ledger::repair(&path, false, None, "t").unwrap_err().code(), Code::LedgerMismatch);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), changed);
    assert!(!Repair::path(&path).exists());
}

#[test]
fn a_ledger_without_a_head_is_repaired_with_the_hash_of_its_last_entry_alone() {
    let (_folder, path) = ledger(3);
    let head = Head::read(&path).unwrap().unwrap();
    std::fs::remove_file(Head::path(&path)).unwrap();
    assert_eq!(Ledger::open(&path, false).unwrap_err().code(), Code::LedgerNoHead);
    assert_eq!(Ledger::repair(&path, false, None, "t").unwrap_err().code(), Code::LedgerNoHead);
    let other = sha256_text(b"other");
    assert_eq!(Ledger::repair(&path, false, Some(&other), "t").unwrap_err().code(), Code::LedgerMismatch);
    let repair = Ledger::repair(&path, false, Some(&head.hash), "t").unwrap().1.unwrap();
    assert_eq!((repair.head_before, repair.entries_after_head), (None, 3));
    assert_eq!(verify(&path, None).unwrap().head, head);
}

#[test]
fn a_hash_that_was_kept_earlier_is_found_in_a_ledger_that_has_grown() {
    let (_folder, path) = ledger(3);
    let kept = Head::read(&path).unwrap().unwrap().hash;
    let mut open = Ledger::open(&path, false).unwrap();
    open.append(&text(&receipt("later"))).unwrap();
    assert!(matches!(verify(&path, Some(&kept)), Err(LedgerError::Grown { line: 3, more: 1 })));
}

#[test]
fn a_first_receipt_that_is_refused_leaves_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.ndjson");
    let mut open = Ledger::open(&path, false).unwrap();
    assert_eq!(open.append(b"{}").unwrap_err().code(), Code::LedgerEntryInvalid);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    open.append(&text(&receipt("first"))).unwrap();
    assert_eq!(verify(&path, None).unwrap().head.count, 1);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(Ledger::open(&path, false).unwrap_err().code(), Code::LedgerMismatch);
}

#[test]
fn a_ledger_that_grows_meanwhile_is_verified_as_it_was() {
    let (_folder, path) = ledger(200);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut open = Ledger::open(&path, false).unwrap();
            for number in 0..2_000 {
                open.append(&text(&receipt(&format!("more-{number}")))).unwrap();
            }
        });
        for _ in 0..20 {
            assert!(verify(&path, None).unwrap().head.count >= 200);
        }
    });
    assert_eq!(verify(&path, None).unwrap().head.count, 2_200);
}

#[test]
fn what_is_no_regular_file_is_no_ledger_and_no_head() {
    let (folder, path) = ledger(1);
    let pipe = folder.path().join("pipe.ndjson");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    for ledger in [&pipe, Path::new("/dev/zero")] {
        assert_eq!(code(ledger), Code::ContractInputUnreadable);
        assert_eq!(Ledger::open(ledger, false).unwrap_err().code(), Code::LedgerUnwritable);
    }
    std::fs::remove_file(Head::path(&path)).unwrap();
    std::fs::rename(&pipe, Head::path(&path)).unwrap();
    assert_eq!(code(&path), Code::ContractInputUnreadable);
    assert_eq!(Ledger::open(&path, false).unwrap_err().code(), Code::ContractInputUnreadable);
}

#[test]
fn a_link_to_a_ledger_is_the_ledger() {
    let (folder, path) = ledger(2);
    let link = folder.path().join("link.ndjson");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    Ledger::open(&link, false).unwrap().append(&text(&receipt("through-the-link"))).unwrap();
    assert_eq!(verify(&path, None).unwrap(), verify(&link, None).unwrap());
    assert!(!Head::path(&link).exists());
    // One that leads nowhere yet, and one to a device.
    std::os::unix::fs::symlink("new.ndjson", folder.path().join("early.ndjson")).unwrap();
    let early = folder.path().join("early.ndjson");
    Ledger::open(&early, false).unwrap().append(&text(&receipt("first"))).unwrap();
    assert_eq!(verify(&folder.path().join("new.ndjson"), None).unwrap().head.count, 1);
    let device = folder.path().join("full.ndjson");
    std::os::unix::fs::symlink("/dev/full", &device).unwrap();
    assert_eq!(Ledger::open(&device, false).unwrap_err().code(), Code::LedgerUnwritable);
}

#[test]
fn long_lines_are_found_from_the_end() {
    let (_folder, path) = ledger(1);
    let mut open = Ledger::open(&path, false).unwrap();
    let mut long = receipt("long");
    long["evidenceRefs"] = (0..20_000).map(|n| json!(format!("urn:srcos:evidence:{n}"))).collect();
    open.append(&text(&long)).unwrap();
    drop(open);
    let mut again = Ledger::open(&path, true).unwrap();
    assert_eq!(again.append(&text(&receipt("x"))).unwrap().sequence, 2);
    verify(&path, None).unwrap();
}

#[test]
fn a_ledger_that_several_threads_judge_is_one_chain() {
    // 700 bytes an entry: parts of 1 MiB begin after about 1,500 and 3,000 of them.
    let (_folder, path) = ledger(4_000);
    assert_eq!(verify(&path, None).unwrap().head.count, 4_000);
    let whole = std::fs::read(&path).unwrap();
    let lines = lines(&path);
    for number in [1, 1_400, 1_600, 3_200, 3_999] {
        let mut changed = lines.clone();
        changed[number] = changed[number].replace("0.94", "0.95");
        write(&path, &changed);
        // The change of the last entry contradicts the head, that of any other the entry after it.
        let line = if number == 3_999 { 4_000 } else { number as u64 + 2 };
        let error = verify(&path, None).unwrap_err();
        assert!(
            matches!(&error, LedgerError::Mismatch { line: told, .. } if *told == line),
            "{number}: {error}"
        );
        changed.remove(number);
        write(&path, &changed);
        assert_eq!(code(&path), Code::LedgerMismatch, "{number}");
    }
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    assert!(matches!(verify(&path, None), Err(LedgerError::Torn { line: 4_000, .. })));
}
