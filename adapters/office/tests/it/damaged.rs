//! Files that cannot be read: each has a code of its own, and nothing panics.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use contract_adapter::End;
use serde_json::json;
use zip::CompressionMethod;

use crate::bench::Bench;
use crate::office_file::{Parts, docm, docx, manifest, odp, ods, odt, pptx, xlsx, zip, zip_with};
use crate::pdf_file;

#[test]
fn what_is_no_regular_file_is_refused() {
    let mut bench = Bench::new();
    let file = bench.file("real.docx", &zip(&docx()));
    symlink(&file, bench.path("link.docx")).unwrap();
    symlink(bench.path("gone"), bench.path("dangling.docx")).unwrap();
    fs::create_dir(bench.path("folder.docx")).unwrap();
    let _socket = UnixListener::bind(bench.path("socket.docx")).unwrap();
    bench.file("empty.docx", b"");
    for (name, wanted) in [
        ("link.docx", "ADAPTER_INPUT_LINK"),
        ("dangling.docx", "ADAPTER_INPUT_LINK"),
        ("folder.docx", "ADAPTER_INPUT_NOT_A_FILE"),
        ("socket.docx", "ADAPTER_INPUT_NOT_A_FILE"),
        ("empty.docx", "ADAPTER_INPUT_EMPTY"),
        ("missing.docx", "ADAPTER_INPUT_MISSING"),
        ("real.docx/below.docx", "ADAPTER_INPUT_MISSING"),
    ] {
        let file = bench.path(name);
        let (code, message) = bench.refused("office.inspect", json!({"file": file}));
        assert_eq!(code, wanted, "{name}");
        assert!(message.contains(name));
    }
    assert_eq!(bench.refused("office.inspect", json!({"file": "real.docx"})).0, "ADAPTER_BAD_INPUT");
}

#[test]
fn raw_data_of_applications_is_refused_by_name_and_by_content() {
    let mut bench = Bench::new();
    let file = zip(&docx());
    for name in [
        "NoteStore.sqlite",
        "group.com.apple.notes/a.docx",
        "Photos.photoslibrary/a.docx",
        "Voice Memos/a.docx",
        "VoiceMemos/a.docx",
        "Reminders/a.docx",
        "Library/Mail/V10/a.docx",
        "Library/Messages/a.docx",
        "chat.db",
        "AddressBook/a.docx",
        "Library/Calendars/a.docx",
        "notes/../library/mail/a.docx",
    ] {
        bench.file("notes/keep", b"");
        let (code, message) = bench.refusal(name, &file);
        assert_eq!(code, "ADAPTER_INPUT_APP_DATA", "{name}");
        assert!(message.contains("raw data of applications and of the system is never read"));
    }
    // A link in a folder above does not lead around the rule.
    symlink(bench.path("Library"), bench.path("harmless")).unwrap();
    let around = bench.path("harmless/Mail/V10/a.docx");
    assert_eq!(bench.refused("office.inspect", json!({"file": around})).0, "ADAPTER_INPUT_APP_DATA");
    let (code, message) = bench.refusal("report.docx", b"SQLite format 3\0and so on");
    assert_eq!(code, "ADAPTER_INPUT_APP_DATA");
    assert!(message.contains("an SQLite database"));
    // A document that is merely called so.
    assert_eq!(bench.inspected("Reminders.docx", &file)["file"]["kind"], "docx");
}

#[test]
fn a_name_that_says_something_else_is_refused() {
    let mut bench = Bench::new();
    for (name, bytes) in [
        ("a.xlsx", zip(&docx())),
        ("a.docx", zip(&docm())),
        ("a.docx", zip(&odt())),
        ("a.docx", pdf_file::plain()),
        ("a.txt", pdf_file::plain()),
        ("a.pdf", zip(&pptx())),
    ] {
        assert_eq!(bench.refusal(name, &bytes).0, "ADAPTER_DOCUMENT_MISNAMED", "{name}");
    }
}

#[test]
fn what_is_no_document_of_ours_is_told_apart() {
    let mut bench = Bench::new();
    let mut old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    old.resize(2048, 0);
    old[30] = 9;
    let drawing =
        odt().into_iter().map(|(name, text)| (name, text.replace("document.text", "document.graphics")));
    for (name, bytes, what) in [
        ("a.docx", b"plain words".to_vec(), "plain text"),
        ("a.docx", b"{\\rtf1 }".to_vec(), "RTF"),
        ("a.docx", b"<html></html>".to_vec(), "markup"),
        ("a.docx", vec![0xff; 99], "nothing that is known"),
        ("a.doc", old, "before 2007"),
        ("a.docx", zip(&[("a.txt", "a")]), "a zip that is no document"),
        ("a.odg", zip(&drawing.collect::<Parts>()), "no text, sheet or deck"),
    ] {
        let (code, message) = bench.refusal(name, &bytes);
        assert_eq!(code, "ADAPTER_DOCUMENT_UNKNOWN", "{what}");
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn encrypted_packages_are_told_as_such() {
    let mut bench = Bench::new();
    let mut office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    office.resize(1024, 0);
    office[30] = 9;
    office.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    let mut open = odt();
    open[3].1 = manifest("<manifest:encryption-data/>");
    let mut locked = zip(&docx());
    // The flag of an encrypted entry, in the directory at the end (APPNOTE 4.3.12).
    let at = locked.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    locked[at + 8] |= 1;
    for (name, bytes) in [("a.docx", office), ("a.odt", zip(&open)), ("a.docx", locked)] {
        assert_eq!(bench.refusal(name, &bytes).0, "ADAPTER_DOCUMENT_ENCRYPTED", "{name}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_damaged() {
    let mut bench = Bench::new();
    let (docx, pdf) = (zip(&docx()), pdf_file::packed());
    for tenth in 1..10 {
        for (name, bytes) in [("a.docx", &docx), ("a.pdf", &pdf)] {
            let (code, message) = bench.refusal(name, &bytes[..bytes.len() * tenth / 10]);
            assert_eq!(code, "ADAPTER_DOCUMENT_DAMAGED", "{name} {tenth}");
            assert!(message.contains("get an intact copy"));
        }
    }
}

#[test]
fn parts_that_contradict_each_other_are_damage() {
    let mut bench = Bench::new();
    let mut without_main = docx();
    without_main.remove(3);
    let mut broken = xlsx();
    broken[2].1 = "<workbook><sheets>".to_owned();
    // The one `Minutes` of a stored part, so that the sum is wrong.
    let mut changed = zip_with(&odt(), CompressionMethod::Stored);
    let at = changed.windows(7).position(|window| window == b"Minutes").unwrap();
    changed[at] = b'm';
    for (name, bytes, what) in [
        ("a.docx", zip(&without_main), "its main part is missing"),
        ("a.xlsx", zip(&broken), "it ends in the middle"),
        ("a.odt", changed, "its sum is wrong"),
    ] {
        let (code, message) = bench.refusal(name, &bytes);
        assert_eq!(code, "ADAPTER_DOCUMENT_DAMAGED");
        assert!(message.contains(what), "{message}");
    }
}

/// Changes some bytes, by a seed.
fn mutate(random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.usize(1..8) {
        if bytes.is_empty() {
            return;
        }
        let at = random.usize(..bytes.len());
        let end = (at + random.usize(..64)).min(bytes.len());
        match random.u8(..6) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] = *random.choice(b"<>[]()/\\%#&;09 \0\xff").unwrap(),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            4 => {
                let number = random
                    .choice(["4294967295", "-1", "99999999999999999999", "0", "18446744073709551615"])
                    .unwrap();
                bytes.splice(at..at, number.bytes());
            }
            _ => bytes[at..end].fill(0xff),
        }
    }
}

#[test]
fn two_thousand_mutated_files_never_panic() {
    let mut bench = Bench::new();
    let sources: [(&str, Parts); 6] = [
        ("a.docx", docx()),
        ("a.xlsx", xlsx()),
        ("a.pptx", pptx()),
        ("a.odt", odt()),
        ("a.ods", ods()),
        ("a.odp", odp()),
    ];
    let (mut read, mut refused) = (0, 0);
    for seed in 0..2000_u64 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (name, bytes) = match seed % 4 {
            // The container.
            0 => {
                let (name, parts) = random.choice(&sources).unwrap();
                let mut bytes = zip_with(parts, CompressionMethod::Stored);
                mutate(&mut random, &mut bytes);
                (*name, bytes)
            }
            // The XML in an intact container.
            1 => {
                let (name, parts) = random.choice(&sources).unwrap();
                let mut parts: Vec<(&str, Vec<u8>)> =
                    parts.iter().map(|(name, text)| (*name, text.clone().into_bytes())).collect();
                let part = random.usize(..parts.len());
                mutate(&mut random, &mut parts[part].1);
                (*name, zip(&parts))
            }
            2 => {
                let mut bytes = pdf_file::plain();
                mutate(&mut random, &mut bytes);
                ("a.pdf", bytes)
            }
            _ => {
                let mut bytes = pdf_file::packed();
                mutate(&mut random, &mut bytes);
                ("a.pdf", bytes)
            }
        };
        let file = bench.file(name, &bytes);
        match bench.call("office.inspect", json!({"file": file})).end {
            End::Result { .. } => read += 1,
            End::Error { code, message, .. } => {
                let known = code.starts_with("ADAPTER_DOCUMENT_") || code == "ADAPTER_INPUT_EMPTY";
                assert!(known, "seed {seed}: {code}: {message}");
                refused += 1;
            }
        }
    }
    // Both happen, or the mutations are no test.
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}
