//! What is changed in a folder of records, and what an interrupted writer leaves.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use contract_inference::{
    Completion, EVIDENCE, KeptTexts, RECEIPTS, Records, STORED, Sha256, Situation, verify,
};
use contract_ipc::Code;

use crate::completions::{answered, now, off_device, refused};
use crate::records::lines;

/// A folder with three receipts, the second one with kept texts.
fn three() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut records = Records::open(dir.path()).unwrap();
    let kept = KeptTexts { prompt: Some("b".to_owned()), output: None };
    for completion in [answered("a"), Completion { kept, ..answered("b") }, answered("c")] {
        records.append(&completion, now()).unwrap();
    }
    assert_eq!(verify(dir.path(), None).unwrap().count, 3);
    dir
}

fn change(path: &Path, edit: impl FnOnce(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let edited = edit(&text);
    assert_ne!(text, edited);
    fs::write(path, edited).unwrap();
}

fn without_line(text: &str, index: usize) -> String {
    text.lines().enumerate().filter(|(at, _)| *at != index).map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn every_change_of_the_evidence_is_seen() {
    type Edit = fn(&str) -> String;
    let edits: [Edit; 8] = [
        |text| text.replacen("\"estimated\":false", "\"estimated\":true", 1),
        |text| text.replacen("\"totalMs\":4", "\"totalMs\":5", 1),
        |text| text.replacen("{", "{ ", 1),
        |text| without_line(text, 0),
        |text| without_line(text, 2),
        |text| text.lines().rev().map(|line| format!("{line}\n")).collect(),
        |text| format!("{text}{text}"),
        |_| String::new(),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let dir = three();
        change(&dir.path().join(EVIDENCE), edit);
        let failure = verify(dir.path(), None).unwrap_err();
        assert_eq!(failure.code, Code::InferenceRecordsMismatch, "{number}: {failure}");
    }
}

#[test]
fn every_change_of_the_receipts_is_seen() {
    let dir = three();
    change(&dir.path().join(RECEIPTS), |text| text.replacen("\"latencyMs\":5", "\"latencyMs\":6", 1));
    assert_eq!(verify(dir.path(), None).unwrap_err().code, Code::LedgerMismatch);
    let dir = three();
    change(&dir.path().join(RECEIPTS), |text| without_line(text, 2));
    assert_eq!(verify(dir.path(), None).unwrap_err().code, Code::LedgerMismatch);
}

#[test]
fn texts_that_were_changed_removed_or_added_are_seen() {
    type Edit = fn(&str) -> String;
    let edits: [Edit; 3] =
        [|text| text.replacen("\"b\"", "\"x\"", 1), |_| String::new(), |text| format!("{text}{text}")];
    for edit in edits {
        let dir = three();
        change(&dir.path().join(STORED), edit);
        assert_eq!(verify(dir.path(), None).unwrap_err().code, Code::InferenceRecordsMismatch);
    }
    let dir = three();
    fs::remove_file(dir.path().join(STORED)).unwrap();
    assert_eq!(verify(dir.path(), None).unwrap_err().code, Code::InferenceRecordsMismatch);
}

#[test]
fn an_evidence_file_that_is_gone_is_told() {
    let dir = three();
    fs::remove_file(dir.path().join(EVIDENCE)).unwrap();
    assert_eq!(verify(dir.path(), None).unwrap_err().code, Code::ContractUnverifiable);
    assert_eq!(Records::open(dir.path()).unwrap_err().code, Code::InferenceRecordsMismatch);
}

/// A folder in the state in which a writer is interrupted: evidence and texts of place 3 are there, its receipt is not.
fn interrupted() -> tempfile::TempDir {
    let dir = three();
    let keep = [RECEIPTS, "receipts.ndjson.head"].map(|name| {
        let path = dir.path().join(name);
        (fs::read(&path).unwrap(), path)
    });
    let kept = KeptTexts { prompt: Some("d".to_owned()), output: None };
    Records::open(dir.path()).unwrap().append(&Completion { kept, ..answered("d") }, now()).unwrap();
    for (bytes, path) in keep {
        fs::write(path, bytes).unwrap();
    }
    dir
}

#[test]
fn evidence_without_a_receipt_is_told_and_set_aside_by_the_next_writer() {
    let dir = interrupted();
    let verified = verify(dir.path(), None).unwrap();
    assert_eq!((verified.count, verified.unfinished), (3, true));
    let mut records = Records::open(dir.path()).unwrap();
    let aside = lines(&dir.path().join("unfinished.ndjson"));
    assert_eq!((aside.len(), &aside[0]["ledgerSeq"]), (1, &serde_json::json!(3)));
    // A kept text without a receipt is not kept.
    assert_eq!(lines(&dir.path().join(STORED)).len(), 1);
    records.append(&answered("e"), now()).unwrap();
    let verified = verify(dir.path(), None).unwrap();
    assert_eq!((verified.count, verified.unfinished, verified.set_aside), (4, false, 1));
}

#[test]
fn a_torn_text_is_told() {
    let dir = three();
    let mut file = fs::OpenOptions::new().append(true).open(dir.path().join(STORED)).unwrap();
    file.write_all(b"{\"ledgerSeq\":").unwrap();
    assert!(verify(dir.path(), None).unwrap().unfinished);
}

#[test]
fn files_that_never_end_are_no_records() {
    for name in [EVIDENCE, STORED, RECEIPTS, "unfinished.ndjson"] {
        let dir = three();
        let path = dir.path().join(name);
        let _ = fs::remove_file(&path);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
        verify(dir.path(), None).unwrap_err();
    }
}

#[test]
fn a_file_that_is_removed_or_replaced_under_a_writer_stops_it() {
    for name in [EVIDENCE, RECEIPTS] {
        let dir = tempfile::tempdir().unwrap();
        let mut records = Records::open(dir.path()).unwrap();
        let path = dir.path().join(name);
        fs::remove_file(&path).unwrap();
        assert_eq!(records.reserve().unwrap_err().code, Code::InferenceRecordsMismatch, "{name}");
        fs::write(&path, "").unwrap();
        assert_eq!(
            records.append(&answered("a"), now()).unwrap_err().code,
            Code::InferenceRecordsMismatch,
            "{name}"
        );
    }
}

#[test]
fn nobody_else_may_read_any_of_the_files() {
    let dir = three();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

#[test]
fn a_torn_line_of_evidence_is_set_aside() {
    let dir = three();
    let mut file = fs::OpenOptions::new().append(true).open(dir.path().join(EVIDENCE)).unwrap();
    file.write_all(b"{\"v\":\"inference-evi").unwrap();
    assert!(verify(dir.path(), None).unwrap().unfinished);
    Records::open(dir.path()).unwrap().append(&answered("d"), now()).unwrap();
    let verified = verify(dir.path(), None).unwrap();
    assert_eq!((verified.count, verified.unfinished), (4, false));
}

#[test]
fn a_writer_that_is_open_meanwhile_sees_what_others_left() {
    let dir = three();
    let mut records = Records::open(dir.path()).unwrap();
    records.append(&answered("d"), now()).unwrap();
    Records::open(dir.path()).unwrap().append(&answered("e"), now()).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(dir.path().join(EVIDENCE)).unwrap();
    file.write_all(b"torn").unwrap();
    assert_eq!(records.append(&answered("f"), now()).unwrap().sequence, 5);
    assert_eq!(verify(dir.path(), None).unwrap().count, 6);
}

#[test]
fn evidence_that_knows_more_or_less_than_the_chain_stops_the_next_writer() {
    let dir = three();
    change(&dir.path().join(EVIDENCE), |text| without_line(&without_line(text, 2), 1));
    assert_eq!(Records::open(dir.path()).unwrap_err().code, Code::InferenceRecordsMismatch);
    let dir = three();
    for name in [RECEIPTS, "receipts.ndjson.head"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    assert_eq!(Records::open(dir.path()).unwrap_err().code, Code::InferenceRecordsMismatch);
}

#[test]
fn a_completion_that_contradicts_itself_is_not_written() {
    let dir = three();
    let mut records = Records::open(dir.path()).unwrap();
    let kept = KeptTexts { prompt: Some("another".to_owned()), output: None };
    for wrong in [
        Completion { kept, ..answered("d") },
        Completion { situation: Situation::RefusedByPolicy, ..answered("d") },
        Completion { situation: Situation::OnlineGoverned, ..answered("d") },
        Completion { situation: Situation::Local, ..refused(Situation::Unavailable, Code::InferenceNoRoute) },
        Completion { input_hash: Sha256::of("another"), ..off_device() },
    ] {
        assert_eq!(records.append(&wrong, now()).unwrap_err().code, Code::ContractInternal);
    }
    records.append(&answered("d"), now()).unwrap();
    assert_eq!(verify(dir.path(), None).unwrap().count, 4);
}

#[test]
fn a_writer_that_is_open_meanwhile_sees_a_text_that_another_left() {
    let dir = three();
    let mut records = Records::open(dir.path()).unwrap();
    let kept = |text: &str| {
        let kept = KeptTexts { prompt: Some(text.to_owned()), output: None };
        Completion { kept, ..answered(text) }
    };
    records.append(&kept("d"), now()).unwrap();
    // Whole and torn, as a writer leaves it that is killed before its evidence.
    for left in ["{\"ledgerSeq\":4,\"receiptId\":\"x\"}\n", "{\"ledgerSeq\":"] {
        let mut file = fs::OpenOptions::new().append(true).open(dir.path().join(STORED)).unwrap();
        file.write_all(left.as_bytes()).unwrap();
        records.append(&kept("e"), now()).unwrap();
        verify(dir.path(), None).unwrap();
    }
    assert_eq!(verify(dir.path(), None).unwrap().stored, 4);
}

#[test]
fn an_end_that_does_not_fit_stops_the_next_writer_and_those_that_are_open() {
    type Edit = fn(&str) -> String;
    let another = |text: &str| text.replace("\"ledgerSeq\":1", "\"ledgerSeq\":99");
    // Who has them open sees lengths and not bytes.
    let edits: [(&str, bool, Edit); 6] = [
        (EVIDENCE, false, |text| text.replace("\"totalMs\":4", "\"totalMs\":5")),
        (STORED, false, |text| text.replace("\"b\"", "\"x\"")),
        (STORED, true, |_| String::new()),
        (STORED, true, another),
        (EVIDENCE, true, |text| format!("{text}{}\n", text.lines().last().unwrap())),
        (STORED, true, |text| text.repeat(2)),
    ];
    for (name, is_seen, edit) in edits {
        let dir = tempfile::tempdir().unwrap();
        let mut open = Records::open(dir.path()).unwrap();
        open.append(&answered("a"), now()).unwrap();
        let kept = KeptTexts { prompt: Some("b".to_owned()), output: None };
        open.append(&Completion { kept, ..answered("b") }, now()).unwrap();
        change(&dir.path().join(name), edit);
        assert_eq!(Records::open(dir.path()).unwrap_err().code, Code::InferenceRecordsMismatch, "{name}");
        let found = open.reserve().map_err(|failure| failure.code);
        assert_eq!(found, if is_seen { Err(Code::InferenceRecordsMismatch) } else { Ok(()) }, "{name}");
    }
}

#[test]
fn a_torn_line_that_was_set_aside_does_not_run_into_the_next() {
    let dir = interrupted();
    fs::write(dir.path().join("unfinished.ndjson"), "{\"half").unwrap();
    Records::open(dir.path()).unwrap();
    let text = fs::read_to_string(dir.path().join("unfinished.ndjson")).unwrap();
    assert_eq!(text.lines().map(|line| line.starts_with("{\"half")).collect::<Vec<_>>(), [true, false]);
    assert_eq!(verify(dir.path(), None).unwrap().set_aside, 2);
}
