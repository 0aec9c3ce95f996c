//! Whatever is changed in the evidence is found.

use std::path::Path;

use contract_json::{Digest, to_canonical_vec};
use contract_receipts::{Receipt, Status, Verdict, verify};
use serde_json::{Value, json};

use crate::session::{Run, Setup, read, small_run};

fn is_sound(dir: &Path) -> bool {
    matches!(verify(dir, None), Verdict::Consistent { .. } | Verdict::Verified { .. })
}

/// Changes a file, lets `check` look, and puts it back.
fn with_change(dir: &Path, name: &str, changed: &[u8], check: impl FnOnce(&Verdict)) {
    let path = dir.join(name);
    let before = std::fs::read(&path).unwrap();
    assert_ne!(before, changed, "the change changes something");
    std::fs::write(&path, changed).unwrap();
    check(&verify(dir, None));
    std::fs::write(&path, before).unwrap();
}

#[test]
fn every_flipped_byte_of_every_file_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin_with(dir.path(), Setup { keep_wire: true, ..Setup::default() });
    run.handshake();
    let one = run.invoke(r#"{"text":"a"}"#);
    run.reply(one, "result", r#"{"ok":true,"data":{"text":"A"}}"#);
    run.finish(Status::Satisfied);
    assert!(is_sound(dir.path()));
    for name in ["run-receipt.json", "ipc-transcript.ndjson", "ipc-wire.ndjson"] {
        let good = std::fs::read(dir.path().join(name)).unwrap();
        for at in 0..good.len() {
            for bit in [0, 5] {
                let mut changed = good.clone();
                changed[at] ^= 1 << bit;
                with_change(dir.path(), name, &changed, |verdict| {
                    let found = matches!(verdict, Verdict::Mismatch(_) | Verdict::Unverifiable(_));
                    assert!(found, "{name}, byte {at}, bit {bit}: {verdict}");
                });
            }
        }
    }
    assert!(is_sound(dir.path()), "everything was put back");
}

/// Makes every digest right again, as whoever writes the folder can.
fn reseal(dir: &Path, mut receipt: Receipt) {
    if receipt.digests.transcript.is_some() {
        let mut digester = contract_json::Digester::new();
        digester.update(read(dir, "ipc-transcript.ndjson").as_bytes());
        receipt.digests.transcript = Some(digester.finish());
    }
    std::fs::write(dir.join("run-receipt.json"), receipt.sealed().to_bytes()).unwrap();
}

/// The first thing that is wrong, once all digests are right.
fn after_rewrite(change: impl FnOnce(&mut Vec<String>, &mut Receipt)) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut receipt = small_run(dir.path());
    let text = read(dir.path(), "ipc-transcript.ndjson");
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    change(&mut lines, &mut receipt);
    std::fs::write(dir.path().join("ipc-transcript.ndjson"), lines.concat()).unwrap();
    reseal(dir.path(), receipt);
    verify(dir.path(), None).to_string()
}

#[test]
fn a_transcript_that_was_changed_with_its_digests_is_found_by_its_form() {
    type Change = fn(&mut Vec<String>, &mut Receipt);
    let changes: [(Change, &str); 14] = [
        (|lines, _| lines.swap(5, 6), "step 5: ipc-transcript.ndjson:6 /id"),
        (|lines, _| drop(lines.pop()), "step 6: run-receipt.json /result"),
        (|lines, _| lines.push("\n".to_owned()), "step 5: ipc-transcript.ndjson:8"),
        (
            |lines, _| lines[6] = lines[6].trim_end().to_owned(),
            "step 5: ipc-transcript.ndjson: expected an LF",
        ),
        (
            |lines, _| {
                lines[5] = lines[5].replace(
                    r#""fraction":0.5,"message":"half way""#,
                    r#""message":"half way","fraction":0.5"#,
                )
            },
            "step 5: ipc-transcript.ndjson:6: expected the canonical form",
        ),
        (|lines, _| lines[6] = lines[6].replace("\"n\":1", "\"n\":1.0"), "step 5: ipc-transcript.ndjson:7"),
        (
            |lines, _| lines[4] = lines[4].replace("caps\"", "lower\""),
            "step 5: ipc-transcript.ndjson:5 /payload/op",
        ),
        (|lines, _| lines[6] = lines[6].replace("result", "hello"), "step 5: ipc-transcript.ndjson:7 /type"),
        (
            |lines, _| lines[5] = lines[5].replace("\"seq\":0", "\"seq\":-1"),
            "step 5: ipc-transcript.ndjson:6 /payload",
        ),
        (
            |lines, _| lines[3] = lines[3].replace("05.003", "00.004").replace("00.003", "00.004"),
            "step 5: ipc-transcript.ndjson:4 /ts",
        ),
        (
            |lines, _| lines[6] = lines[6].replace("0004\",\"ts", "0005\",\"ts"),
            "step 5: ipc-transcript.ndjson:7 /replyTo",
        ),
        (
            |lines, _| lines[6] = lines[6].replace("GRÜSSE", "gruesse"),
            "step 6: run-receipt.json /result/data/text",
        ),
        (|lines, _| lines[0] = lines[0].replace("1c0664", "2c0664"), "step 6: run-receipt.json /session/id"),
        (
            |lines, _| lines[6] = lines[6].replace(",\"ts\":", ",\"trace\":{},\"ts\":"),
            "step 5: ipc-transcript.ndjson:7",
        ),
    ];
    for (change, expected) in changes {
        let verdict = after_rewrite(change);
        assert!(verdict.starts_with(&format!("mismatch: {expected}")), "expected {expected}, got {verdict}");
    }
}

#[test]
fn a_receipt_that_was_changed_with_its_digests_is_found_by_the_transcript() {
    type Change = fn(&mut Vec<String>, &mut Receipt);
    let changes: [(Change, &str); 11] = [
        (|_, r| r.status = Status::Violated, "step 7: run-receipt.json /status"),
        (|_, r| r.reproducible = false, "step 7: run-receipt.json /reproducible"),
        (|_, r| r.result = None, "step 6: run-receipt.json /result"),
        (|_, r| r.capabilities = Some(json!({})), "step 6: run-receipt.json /capabilities/adapter"),
        (|_, r| r.invocation.op = "other".to_owned(), "step 6: run-receipt.json /invocation/op"),
        (|_, r| r.invocation.args["text"] = json!("x"), "step 6: run-receipt.json /invocation/args/text"),
        (|_, r| r.counts.progress = 0, "step 6: run-receipt.json /counts/progress"),
        (|_, r| r.wide_integers = true, "step 6: run-receipt.json /wideIntegers"),
        (|_, r| r.session.id = "0".repeat(32), "step 6: run-receipt.json /session/id"),
        (|_, r| r.ts = "2026-01-31T12:00:01.000Z".to_owned(), "step 6: run-receipt.json /ts"),
        (|_, r| r.session.seed = "0".repeat(32), "step 5: ipc-transcript.ndjson:1 /id"),
    ];
    for (change, expected) in changes {
        let verdict = after_rewrite(change);
        assert!(verdict.starts_with(&format!("mismatch: {expected}")), "expected {expected}, got {verdict}");
    }
}

#[test]
fn a_subject_digest_that_was_made_up_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut receipt: Value = serde_json::to_value(small_run(dir.path())).unwrap();
    receipt["digests"]["subject"]["sha256"] = json!("0".repeat(64));
    receipt["digests"].as_object_mut().unwrap().remove("receipt");
    let digest = serde_json::to_value(Digest::of(&to_canonical_vec(&receipt))).unwrap();
    receipt["digests"]["receipt"] = digest;
    std::fs::write(dir.path().join("run-receipt.json"), to_canonical_vec(&receipt)).unwrap();
    let verdict = verify(dir.path(), None).to_string();
    assert!(verdict.starts_with("mismatch: step 8: run-receipt.json /digests/subject/sha256"), "{verdict}");
}

#[test]
fn the_transcript_of_another_run_is_found() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    small_run(dir.path());
    let mut run = Run::begin(other.path());
    run.handshake();
    run.finish(Status::Failed);
    std::fs::copy(other.path().join("ipc-transcript.ndjson"), dir.path().join("ipc-transcript.ndjson"))
        .unwrap();
    let verdict = verify(dir.path(), None).to_string();
    assert!(verdict.starts_with("mismatch: step 4: ipc-transcript.ndjson"), "{verdict}");
}

#[test]
fn a_rewrite_with_all_digests_made_anew_is_found_with_an_expected_digest_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut receipt = small_run(dir.path());
    let honest = receipt.digests.receipt.clone();
    let expected = [honest.blake3_uri(), format!("sha256:{}", honest.sha256)];
    for expected in &expected {
        assert!(matches!(verify(dir.path(), Some(expected)), Verdict::Verified { .. }));
    }
    receipt.observed = json!({"pid": 8});
    reseal(dir.path(), receipt);
    assert!(is_sound(dir.path()), "whoever writes the folder can write all of it");
    for expected in &expected {
        let verdict = verify(dir.path(), Some(expected)).to_string();
        assert!(verdict.starts_with("mismatch: step 9: run-receipt.json /digests/receipt"), "{verdict}");
    }
}

#[test]
fn a_missing_or_unreadable_part_is_unverifiable_and_not_a_mismatch() {
    type Change = fn(&Path);
    let changes: [(Change, &str); 8] = [
        (|dir| std::fs::remove_file(dir.join("run-receipt.json")).unwrap(), "step 1: run-receipt.json"),
        (
            |dir| std::fs::remove_file(dir.join("ipc-transcript.ndjson")).unwrap(),
            "step 4: ipc-transcript.ndjson",
        ),
        (|dir| std::fs::write(dir.join("run-receipt.json"), "{}").unwrap(), "step 1: run-receipt.json"),
        (|dir| std::fs::write(dir.join("run-receipt.json"), "[1").unwrap(), "step 1: run-receipt.json"),
        (
            |dir| {
                let text = read(dir, "run-receipt.json").replace("run-receipt.v0", "run-receipt.v1");
                std::fs::write(dir.join("run-receipt.json"), text).unwrap();
            },
            "step 1: run-receipt.json",
        ),
        (
            |dir| {
                let path = dir.join("ipc-transcript.ndjson");
                std::fs::rename(&path, dir.join("elsewhere")).unwrap();
                std::os::unix::fs::symlink("elsewhere", path).unwrap();
            },
            "step 4: ipc-transcript.ndjson",
        ),
        (
            |dir| {
                let path = dir.join("run-receipt.json");
                std::fs::rename(&path, dir.join("elsewhere")).unwrap();
                std::os::unix::fs::symlink("elsewhere", path).unwrap();
            },
            "step 1: run-receipt.json",
        ),
        (|dir| std::fs::remove_dir_all(dir).unwrap(), "step 1: "),
    ];
    for (change, expected) in changes {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("run");
        small_run(&dir);
        assert!(is_sound(&dir));
        change(&dir);
        let verdict = verify(&dir, None);
        assert!(matches!(verdict, Verdict::Unverifiable(_)), "{verdict}");
        assert!(verdict.to_string().starts_with(&format!("unverifiable: {expected}")), "{verdict}");
    }
}
