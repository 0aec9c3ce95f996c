use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use contract_inference::{Completion, EVIDENCE, KeptTexts, RECEIPTS, Records, STORED, Sha256, verify};
use contract_ipc::Code;
use serde_json::{Value, json};

use crate::completions::{all, answered, now};

pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_head_has_its_space_before_the_first_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let _records = Records::open(dir.path()).unwrap();
    let found = |name: &str| dir.path().join(name).metadata().unwrap();
    let head = found(&format!("{RECEIPTS}.head"));
    assert_eq!(head.len(), 0);
    // Where the file system reserves nothing, neither has any.
    assert_eq!(head.blocks() > 0, found(EVIDENCE).blocks() > 0);
}

#[test]
fn every_ending_leaves_a_receipt_and_its_evidence_at_the_same_place() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/inference");
    let mut records = Records::open(&folder).unwrap();
    let completions = all();
    let mut last = None;
    for (place, completion) in completions.iter().enumerate() {
        let appended = records.append(completion, now()).unwrap();
        assert_eq!(appended.sequence, place as u64);
        assert!(appended.receipt_id.ends_with(&format!("-{place}")));
        last = Some(appended);
    }
    let (receipts, evidence) = (lines(&folder.join(RECEIPTS)), lines(&folder.join(EVIDENCE)));
    assert_eq!((receipts.len(), evidence.len()), (completions.len(), completions.len()));
    for (receipt, evidence) in receipts.iter().zip(fs::read_to_string(folder.join(EVIDENCE)).unwrap().lines())
    {
        assert_eq!(receipt["evidenceHash"], json!(Sha256::of(evidence)));
    }
    let verified = verify(&folder, None).unwrap();
    let last = last.unwrap();
    assert_eq!((verified.count, &verified.head), (completions.len() as u64, &last.head));
    assert!(!verified.expected && !verified.unfinished && verified.stored == 0);
    assert!(verify(&folder, Some(&last.head)).unwrap().expected);
    assert!(!folder.join(STORED).exists());
}

#[test]
fn texts_are_kept_only_when_the_user_says_so_and_are_those_of_the_hashes() {
    let dir = tempfile::tempdir().unwrap();
    let mut records = Records::open(dir.path()).unwrap();
    records.append(&answered("secret words"), now()).unwrap();
    assert!(!dir.path().join(STORED).exists());
    let everything: String = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap()).into_owned())
        .collect();
    assert!(!everything.contains("secret words"));
    let kept = KeptTexts { prompt: Some("kept words".to_owned()), output: Some("out".to_owned()) };
    records.append(&Completion { kept, ..answered("kept words") }, now()).unwrap();
    let kept = KeptTexts { prompt: Some("other".to_owned()), output: None };
    records.append(&Completion { kept, ..answered("other") }, now()).unwrap();
    let stored = lines(&dir.path().join(STORED));
    assert_eq!(stored[0]["prompt"], json!("kept words"));
    assert_eq!((stored.len(), &stored[1]["output"]), (2, &Value::Null));
    let evidence = lines(&dir.path().join(EVIDENCE));
    assert_eq!(evidence[1]["stored"], json!({"prompt": true, "output": true}));
    assert_eq!(verify(dir.path(), None).unwrap().stored, 2);
}

#[test]
fn several_writers_share_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut records = Records::open(dir.path()).unwrap();
                for number in 0..12 {
                    records.append(&answered(&format!("prompt {number}")), now()).unwrap();
                }
            });
        }
    });
    assert_eq!(verify(dir.path(), None).unwrap().count, 48);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_runs() {
    let dir = tempfile::tempdir().unwrap();
    for name in [RECEIPTS, EVIDENCE] {
        let folder = dir.path().join(name.replace('.', "-"));
        fs::create_dir_all(folder.join(name)).unwrap();
        assert_eq!(Records::open(&folder).unwrap_err().code, Code::InferenceRecordsUnwritable);
        fs::remove_dir(folder.join(name)).unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.join(name)).unwrap();
        assert_eq!(Records::open(&folder).unwrap_err().code, Code::InferenceRecordsUnwritable);
    }
    fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(Records::open(&dir.path().join("file")).unwrap_err().code, Code::InferenceRecordsUnwritable);
    assert_eq!(
        Records::open(Path::new("/proc/self/inference")).unwrap_err().code,
        Code::InferenceRecordsUnwritable
    );
}

#[test]
fn only_the_owner_may_read_the_records() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("inference");
    Records::open(&folder).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join(EVIDENCE))), (0o700, 0o600));
}

#[test]
fn a_folder_without_receipts_cannot_be_judged() {
    let dir = tempfile::tempdir().unwrap();
    Records::open(dir.path()).unwrap();
    let failure = verify(dir.path(), None).unwrap_err();
    assert_eq!(failure.code, Code::ContractUnverifiable);
    assert!(failure.message.contains("no receipt yet"), "{failure}");
}
