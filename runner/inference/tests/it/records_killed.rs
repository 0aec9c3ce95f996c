//! Writers that are killed between a receipt and its head, and machines that lose their power before the head is on the disk.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use contract_inference::{Completion, EVIDENCE, KeptTexts, RECEIPTS, Records, Sha256, verify};
use contract_ipc::Code;

use crate::completions::{answered, now};
use crate::records::lines;

/// A folder with so many receipts, of which the head does not know the last one.
struct Killed {
    dir: tempfile::TempDir,
}

impl Killed {
    fn after(count: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut records = Records::open(dir.path()).unwrap();
        let mut head = None;
        for place in 0..count {
            head = Some(fs::read(dir.path().join("receipts.ndjson.head")).unwrap());
            let kept = KeptTexts { prompt: Some(format!("text {place}")), output: None };
            let completion = Completion { kept, ..answered(&format!("text {place}")) };
            records.append(&completion, now()).unwrap();
        }
        let killed = Self { dir };
        fs::write(killed.head(), head.unwrap()).unwrap();
        killed
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn head(&self) -> PathBuf {
        self.path().join("receipts.ndjson.head")
    }

    fn receipts(&self) -> PathBuf {
        self.path().join(RECEIPTS)
    }

    /// What stands in all files.
    fn all(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }

    fn stops_the_next_writer(&self, code: Code) {
        let before = self.all();
        assert_eq!(Records::open(self.path()).unwrap_err().code, code);
        assert_eq!(self.all(), before);
    }
}

#[test]
fn a_receipt_that_has_its_evidence_is_taken_in() {
    for count in [1, 2, 5] {
        let killed = Killed::after(count);
        Records::open(killed.path()).unwrap().append(&answered("more"), now()).unwrap();
        let verified = verify(killed.path(), None).unwrap();
        assert_eq!((verified.count, verified.stored, verified.set_aside), (count + 1, count, 0));
        let repairs = lines(&killed.path().join("receipts.ndjson.repairs.ndjson"));
        assert_eq!((repairs.len(), &repairs[0]["entriesAfterHead"]), (1, &1.into()));
    }
}

#[test]
fn a_writer_that_is_open_meanwhile_takes_it_in_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut open = Records::open(dir.path()).unwrap();
    open.append(&answered("a"), now()).unwrap();
    let head = dir.path().join("receipts.ndjson.head");
    let old = fs::read(&head).unwrap();
    Records::open(dir.path()).unwrap().append(&answered("b"), now()).unwrap();
    fs::write(&head, old).unwrap();
    open.reserve().unwrap();
    assert_eq!(open.append(&answered("c"), now()).unwrap().sequence, 2);
    assert_eq!(verify(dir.path(), None).unwrap().count, 3);
}

#[test]
fn a_receipt_that_was_not_written_to_its_end_is_cut_off_wherever_it_was_cut() {
    for count in [1, 3] {
        let whole = fs::read(Killed::after(count).receipts()).unwrap();
        let last = whole[..whole.len() - 1].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        for cut in [last + 1, (last + whole.len()) / 2, whole.len() - 1] {
            let killed = Killed::after(count);
            fs::write(killed.receipts(), &fs::read(killed.receipts()).unwrap()[..cut]).unwrap();
            Records::open(killed.path()).unwrap().append(&answered("more"), now()).unwrap();
            let verified = verify(killed.path(), None).unwrap();
            // The kept text of what was cut off is not kept, and its evidence stands aside.
            assert_eq!((verified.count, verified.stored, verified.set_aside), (count, count - 1, 1), "{cut}");
        }
    }
}

#[test]
fn a_receipt_without_its_evidence_is_left_to_a_person() {
    let killed = Killed::after(3);
    let evidence = killed.path().join(EVIDENCE);
    let text = fs::read_to_string(&evidence).unwrap();
    let shorter: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    for changed in [shorter, text.replace("\"totalMs\":4", "\"totalMs\":5"), String::new()] {
        assert_ne!(changed, text);
        fs::write(&evidence, changed).unwrap();
        killed.stops_the_next_writer(Code::LedgerTorn);
    }
}

#[test]
fn all_receipts_that_an_old_head_does_not_know_are_taken_in() {
    let killed = Killed::after(2);
    let head = fs::read(killed.head()).unwrap();
    for text in ["c", "d", "e"] {
        Records::open(killed.path()).unwrap().append(&answered(text), now()).unwrap();
    }
    fs::write(killed.head(), head).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(killed.receipts()).unwrap();
    file.write_all(b"{\"id\":").unwrap();
    Records::open(killed.path()).unwrap().append(&answered("f"), now()).unwrap();
    assert_eq!(verify(killed.path(), None).unwrap().count, 6);
}

#[test]
fn nothing_is_changed_where_one_of_them_lacks_its_evidence() {
    let killed = Killed::after(2);
    let head = fs::read(killed.head()).unwrap();
    for text in ["c", "d"] {
        Records::open(killed.path()).unwrap().append(&answered(text), now()).unwrap();
    }
    fs::write(killed.head(), head).unwrap();
    let evidence = killed.path().join(EVIDENCE);
    let text = fs::read_to_string(&evidence).unwrap();
    let without: String =
        text.lines().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| format!("{line}\n")).collect();
    fs::write(&evidence, without).unwrap();
    killed.stops_the_next_writer(Code::LedgerTorn);
}

#[test]
fn a_receipt_that_says_something_else_than_its_evidence_is_left_to_a_person() {
    let whole = Killed::after(2);
    let text = fs::read_to_string(whole.receipts()).unwrap();
    let last = text.lines().last().unwrap();
    let other = [
        (Sha256::of("weights").to_string(), Sha256::of("others").to_string()),
        ("\"tier\":\"T1\"".to_owned(), "\"tier\":\"T2\"".to_owned()),
        ("\"issuedAt\":\"2026".to_owned(), "\"issuedAt\":\"2025".to_owned()),
    ];
    for (from, to) in other {
        let changed = last.replace(&from, &to);
        assert_ne!(changed, last);
        let killed = Killed::after(2);
        fs::write(killed.receipts(), text.replace(last, &changed)).unwrap();
        killed.stops_the_next_writer(Code::LedgerTorn);
    }
}

#[test]
fn a_line_feed_that_is_lost_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut records = Records::open(dir.path()).unwrap();
    records.append(&answered("a"), now()).unwrap();
    records.append(&answered("b"), now()).unwrap();
    let path = dir.path().join(RECEIPTS);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    Records::open(dir.path()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);
    // Another byte, and it is not the entry that the head names.
    let other = [&whole[..whole.len() - 2], b"x"].concat();
    fs::write(&path, &other).unwrap();
    assert_eq!(Records::open(dir.path()).unwrap_err().code, Code::LedgerMismatch);
    assert_eq!(fs::read(&path).unwrap(), other);
}

#[test]
fn a_receipt_that_does_not_continue_the_chain_is_not_taken_in() {
    let killed = Killed::after(3);
    let text = fs::read_to_string(killed.receipts()).unwrap();
    let last = text.lines().last().unwrap();
    let hash = Sha256::of("another");
    let previous = format!("\"ledgerPrevHash\":\"{}\"", Sha256::of(text.lines().nth(1).unwrap()));
    let changed = last.replace(&previous, &format!("\"ledgerPrevHash\":\"{hash}\""));
    assert_ne!(changed, last);
    fs::write(killed.receipts(), text.replace(last, &changed)).unwrap();
    killed.stops_the_next_writer(Code::LedgerMismatch);
}

#[test]
fn nothing_is_cut_off_where_the_end_does_not_fit() {
    let killed = Killed::after(3);
    Records::open(killed.path()).unwrap();
    let evidence = killed.path().join(EVIDENCE);
    let text = fs::read_to_string(&evidence).unwrap();
    let changed = text.replace("\"totalMs\":4", "\"totalMs\":5") + "{\"ledgerSeq\":3}\n{\"half";
    fs::write(&evidence, changed).unwrap();
    killed.stops_the_next_writer(Code::InferenceRecordsMismatch);
}

#[test]
fn a_chain_without_its_head_is_left_to_a_person() {
    let killed = Killed::after(2);
    for lost in [fs::remove_file, |path| fs::write(path, "")] {
        let lost: fn(PathBuf) -> std::io::Result<()> = lost;
        lost(killed.head()).unwrap();
        let before = fs::read(killed.receipts()).unwrap();
        assert_eq!(Records::open(killed.path()).unwrap_err().code, Code::LedgerNoHead);
        assert_eq!(fs::read(killed.receipts()).unwrap(), before);
    }
}
