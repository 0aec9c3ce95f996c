//! What intact files say of themselves.

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::office_file::{docm, docx, odp, ods, odt, pptx, xlsx, zip};
use crate::pdf_file;

fn digest(text: &str) -> String {
    format!("sha256:{}", contract_json::Digest::of(text.as_bytes()).sha256)
}

fn verdict<'d>(data: &'d Value, name: &str) -> &'d str {
    let checks = data["documents"]["office.artifact.evidence"]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap()["verdict"].as_str().unwrap()
}

#[test]
fn reads_a_docx_to_the_byte() {
    let bytes = zip(&docx());
    let mut bench = Bench::new();
    let data = bench.inspected("plan.docx", &bytes);
    let path = bench.path("plan.docx").to_str().unwrap().to_owned();
    let sha256 = format!("sha256:{}", contract_json::Digest::of(&bytes).sha256);
    let (ann, bob) = (digest("Ann Example"), digest("Bob Example"));
    assert_eq!(
        data,
        json!({
            "summary": format!("{path}: docx, {} bytes\ntitle        Plan & budget\nauthor       {ann} (digest of the name)\n\
                changed by   {bob} (digest of the name)\ncreated      2026-01-31T12:00:00Z\nmodified     2026-02-01T08:30:00Z\n\
                application  Example Office 16.0000\npages        3\nwords        1234\nlinks        2 to the outside\n\
                pass  no-application-data\npass  not-encrypted\npass  no-macros\nfail  no-embedded-files: 1 embedded\n\
                fail  nothing-loaded-from-outside: 1 links are followed when it is opened", bytes.len()),
            "documents": {"office.artifact.evidence": {
                "v": "office.artifact.evidence.v0", "operation": "office.inspect", "dryRun": true,
                "inputs": [{"path": path, "format": "docx", "state": "read", "bytes": bytes.len(), "sha256": sha256}],
                "checks": [
                    {"name": "no-application-data", "verdict": "pass"}, {"name": "not-encrypted", "verdict": "pass"},
                    {"name": "no-macros", "verdict": "pass"},
                    {"name": "no-embedded-files", "verdict": "fail", "what": "1 embedded"},
                    {"name": "nothing-loaded-from-outside", "verdict": "fail", "what": "1 links are followed when it is opened"}
                ],
                "effectsObserved": []
            }},
            "file": {"path": path, "kind": "docx", "bytes": bytes.len(), "sha256": sha256},
            "metadata": {
                "title": "Plan & budget", "author": {"digest": ann}, "lastModifiedBy": {"digest": bob},
                "created": "2026-01-31T12:00:00Z", "modified": "2026-02-01T08:30:00Z", "application": "Example Office 16.0000",
                "counts": {"pages": 3, "words": 1234}, "encrypted": false, "macros": false, "embeddedFiles": 1,
                "externalLinks": {"total": 2, "loaded": 1}, "notes": []
            }
        })
    );
}

#[test]
fn names_of_persons_are_told_only_when_asked_for() {
    let mut bench = Bench::new();
    let file = bench.file("plan.docx", &zip(&docx()));
    let hidden = bench.data("office.inspect", json!({"file": file})).to_string();
    assert!(!hidden.contains("Ann") && !hidden.contains("Bob"));
    let shown = bench.data("office.inspect", json!({"file": file, "names": true}));
    assert_eq!(shown["metadata"]["author"], json!({"name": "Ann Example"}));
}

#[test]
fn counts_sheets_and_slides() {
    let mut bench = Bench::new();
    let counts = |data: Value| data["metadata"]["counts"].clone();
    assert_eq!(counts(bench.inspected("a.xlsx", &zip(&xlsx()))), json!({"sheets": 2}));
    assert_eq!(counts(bench.inspected("a.pptx", &zip(&pptx()))), json!({"slides": 3, "words": 12}));
    assert_eq!(counts(bench.inspected("a.odt", &zip(&odt()))), json!({"pages": 2, "words": 77}));
    assert_eq!(counts(bench.inspected("a.ods", &zip(&ods()))), json!({"pages": 2, "sheets": 2, "words": 77}));
    assert_eq!(counts(bench.inspected("a.odp", &zip(&odp()))), json!({"pages": 2, "slides": 2, "words": 77}));
}

#[test]
fn reads_the_properties_of_an_opendocument() {
    let mut parts = odt();
    parts.push(("Basic/Standard/Module1.xml", "<x/>".to_owned()));
    parts.push(("Object 1/content.xml", "<x/>".to_owned()));
    parts.push(("Object 1/styles.xml", "<x/>".to_owned()));
    let data = Bench::new().inspected("a.odt", &zip(&parts));
    assert_eq!(
        data["metadata"],
        json!({
            "title": "Minutes", "author": {"digest": digest("Ann Example")}, "lastModifiedBy": {"digest": digest("Bob Example")},
            "created": "2026-01-31T12:00:00.123", "modified": "2026-02-01T08:30:00", "application": "Example/1.0",
            "counts": {"pages": 2, "words": 77}, "encrypted": false, "macros": true, "embeddedFiles": 1,
            "externalLinks": {"total": 2, "loaded": 1}, "notes": []
        })
    );
}

#[test]
fn sees_macros() {
    let mut bench = Bench::new();
    let data = bench.inspected("a.docm", &zip(&docm()));
    assert_eq!((&data["file"]["kind"], &data["metadata"]["macros"]), (&json!("docm"), &json!(true)));
    assert_eq!(verdict(&data, "no-macros"), "fail");
    // A macro in a file that claims to have none.
    let mut parts = docx();
    parts.push(("word/vbaProject.bin", "code".to_owned()));
    let data = bench.inspected("a.docx", &zip(&parts));
    assert_eq!((&data["file"]["kind"], &data["metadata"]["macros"]), (&json!("docx"), &json!(true)));
}

#[test]
fn reads_a_pdf_of_either_form() {
    let mut bench = Bench::new();
    let wanted = json!({
        "title": "Plan ☃", "author": {"digest": digest("Ann Example")}, "created": "2026-01-31T12:00:00+01:00",
        "modified": "2026-02-01T08:30:00Z", "application": "Example Writer", "counts": {"pages": 2}, "encrypted": false,
        "macros": true, "embeddedFiles": 2, "externalLinks": {"total": 1, "loaded": 0}, "notes": []
    });
    let mut shifted = b"junk before\n".to_vec();
    shifted.extend(pdf_file::plain());
    for (name, bytes) in [("a.pdf", pdf_file::plain()), ("b.pdf", pdf_file::packed()), ("c.pdf", shifted)] {
        assert_eq!(bench.inspected(name, &bytes)["metadata"], wanted, "{name}");
    }
}

#[test]
fn an_encrypted_pdf_still_tells_its_pages() {
    let objects = [
        pdf_file::CATALOG,
        pdf_file::PAGES,
        pdf_file::PAGE,
        pdf_file::PAGE,
        pdf_file::INFO,
        "<< /Filter /Standard >>",
    ];
    let bytes = pdf_file::classic(&objects, "/Root 1 0 R /Info 5 0 R /Encrypt 6 0 R");
    let data = Bench::new().inspected("a.pdf", &bytes);
    let metadata = &data["metadata"];
    assert_eq!((&metadata["encrypted"], &metadata["counts"]), (&json!(true), &json!({"pages": 2})));
    assert!(metadata.get("title").is_none() && metadata.get("author").is_none());
    assert_eq!(verdict(&data, "not-encrypted"), "fail");
    assert_eq!(metadata["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn a_file_without_an_extension_is_what_its_content_is() {
    let data = Bench::new().inspected("plan", &zip(&xlsx()));
    assert_eq!(data["file"]["kind"], "xlsx");
}

#[test]
fn texts_of_files_reach_no_terminal_as_they_are() {
    let mut parts = docx();
    parts[1].1 = "<p xmlns:dc=\"d\"><dc:title>a&#x202e;b&#10;c&#x85;d</dc:title></p>".to_owned();
    let data = Bench::new().inspected("a.docx", &zip(&parts));
    assert_eq!(data["metadata"]["title"], "a b c d");
}
