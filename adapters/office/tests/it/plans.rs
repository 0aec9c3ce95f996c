//! The back ends, and plans of what would be made.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::bench::{Bench, NOWHERE};

fn deck() -> Value {
    json!({"artifactType": "slide-deck", "format": "pptx", "title": "Demo Briefing Deck", "workroomId": "workroom-demo-0001",
        "dryRun": true, "searchPath": NOWHERE, "searchPathOnly": true})
}

#[test]
fn a_machine_without_back_ends_is_a_valid_answer() {
    let mut bench = Bench::new();
    let data = bench.data("office.doctor", json!({"searchPath": NOWHERE, "searchPathOnly": true}));
    let document = &data["documents"]["office.doctor"];
    assert_eq!(document["usable"], 0);
    assert_eq!(document["searched"], json!([NOWHERE]));
    assert!(data["summary"].as_str().unwrap().starts_with("No back end was found"));
    let names: Vec<&str> =
        document["backends"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names[..3], ["libreoffice", "pandoc", "typst"]);
}

#[test]
fn finds_executable_files_only_and_in_order() {
    let mut bench = Bench::new();
    let bin = bench.programs(&["libreoffice", "pandoc", "unoconv"]);
    bench.file("bin/typst", b"not executable");
    fs::create_dir(bench.path("bin/pdftotext")).unwrap();
    let path = format!("relative::{NOWHERE}:{bin}:{bin}");
    let data = bench.data("office.doctor", json!({"searchPath": path, "searchPathOnly": true}));
    let document = &data["documents"]["office.doctor"];
    assert_eq!(document["searched"], json!([NOWHERE, bin]));
    assert_eq!(document["ignored"], json!(["relative", ""]));
    assert_eq!(document["usable"], 3);
    let row =
        |name: &str| document["backends"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(row("libreoffice")["path"], format!("{bin}/libreoffice"));
    assert_eq!(row("libreoffice")["serves"], json!(["office.convert", "office.generate"]));
    assert!(row("libreoffice")["writes"].as_array().unwrap().contains(&json!("pdf")));
    assert_eq!((&row("typst")["found"], &row("poppler-text")["found"]), (&json!(false), &json!(false)));
    assert_eq!(row("unoconv")["needs"], "libreoffice");
}

#[test]
fn a_client_without_its_office_is_found_and_not_usable() {
    let mut bench = Bench::new();
    let bin = bench.programs(&["unoconv"]);
    let data = bench.data("office.doctor", json!({"searchPath": bin, "searchPathOnly": true}));
    assert_eq!(data["documents"]["office.doctor"]["usable"], 0);
    assert!(data["summary"].as_str().unwrap().contains("but libreoffice is missing"));
}

#[test]
fn the_plan_of_a_deck_is_the_same_to_the_byte() {
    let data = Bench::new().data("office.generate", deck());
    let reason = "no back end that makes pptx was found; one of libreoffice, pandoc, unoconv would do";
    // Made by another program: `json.dumps(plan, sort_keys=True, separators=(",", ":"))` of Python, and its hashlib.
    let digest = "sha256:09411908c2bd060cca31cbfb903a51687e47f851c3be075f358c55be78852eb6";
    assert_eq!(
        data,
        json!({
            "summary": format!("Plan, dry run: slide-deck \"Demo Briefing Deck\" as pptx\nwork room  workroom-demo-0001\n\
                back end   none: {reason}\noutput     demo-briefing-deck.pptx\neffects    none: it cannot be carried out\n\
                ready      no: {reason}\nNothing was generated, converted or started."),
            "documents": {
                "office.artifact.plan": {
                    "v": "office.artifact.plan.v0", "operation": "office.generate", "dryRun": true, "artifactType": "slide-deck",
                    "format": "pptx", "title": "Demo Briefing Deck", "workroomId": "workroom-demo-0001",
                    "backend": {"name": "none", "reason": reason}, "inputs": [], "output": {"path": "demo-briefing-deck.pptx"},
                    "effects": {"filesWritten": 0, "bytesWritten": "unknown", "processes": 0, "network": "none"},
                    "preconditions": [{"name": "back-end-found", "met": false, "why": reason}], "ready": false
                },
                "office.artifact.evidence": {
                    "v": "office.artifact.evidence.v0", "operation": "office.generate", "dryRun": true, "planDigest": digest,
                    "backend": {"name": "none", "found": false}, "inputs": [],
                    "checks": [
                        {"name": "dry-run", "verdict": "pass"}, {"name": "format-fits", "verdict": "pass"},
                        {"name": "no-application-data", "verdict": "pass"}, {"name": "output-inside-work-room", "verdict": "pass"},
                        {"name": "back-end-found", "verdict": "fail", "what": reason}
                    ],
                    "effectsObserved": []
                }
            }
        })
    );
}

#[test]
fn the_digest_of_evidence_and_event_is_that_of_the_plan() {
    let mut bench = Bench::new();
    let data = bench.data("office.generate", deck());
    let plan = contract_json::to_canonical_vec(&data["documents"]["office.artifact.plan"]);
    let digest = format!("sha256:{}", contract_json::Digest::of(&plan).sha256);
    assert_eq!(data["documents"]["office.artifact.evidence"]["planDigest"], digest);
    let event = bench.data(
        "agentterm.office.event",
        json!({"room": "!prophet-workspace", "workroom": "workroom-demo-0001", "title": "Demo Briefing Deck",
            "searchPath": NOWHERE, "searchPathOnly": true}),
    );
    assert_eq!(
        event,
        json!({
            "summary": format!("Event, dry run: slide-deck \"Demo Briefing Deck\" as pptx\nroom       !prophet-workspace\n\
                work room  workroom-demo-0001\nplan       {digest}\nNothing was posted."),
            "documents": {"agentterm.office.event": {
                "v": "agentterm.office.event.v0", "kind": "create-deck", "dryRun": true, "posted": false,
                "room": "!prophet-workspace", "workroomId": "workroom-demo-0001", "title": "Demo Briefing Deck",
                "artifactType": "slide-deck", "format": "pptx", "planDigest": digest
            }}
        })
    );
}

#[test]
fn a_plan_with_all_it_needs_is_ready() {
    let mut bench = Bench::new();
    let bin = bench.programs(&["soffice", "pandoc"]);
    let notes = bench.file("notes.md", b"# Notes\n");
    let mut args = deck();
    args["searchPath"] = json!(bin);
    args["input"] = json!([notes]);
    let data = bench.data("office.generate", args);
    let plan = &data["documents"]["office.artifact.plan"];
    // LibreOffice does not read Markdown.
    assert_eq!(plan["backend"], json!({"name": "pandoc", "path": format!("{bin}/pandoc")}));
    assert_eq!(plan["ready"], true);
    assert_eq!(
        plan["effects"],
        json!({"filesWritten": 1, "bytesWritten": "unknown", "processes": 1, "network": "none"})
    );
    assert_eq!(
        plan["inputs"],
        json!([{"path": notes, "format": "md", "state": "read", "bytes": 8,
            "sha256": format!("sha256:{}", contract_json::Digest::of(b"# Notes\n").sha256)}])
    );
    assert!(!bench.path("demo-briefing-deck.pptx").exists());
}

#[test]
fn a_conversion_of_a_file_that_is_not_there_is_a_plan_that_is_not_ready() {
    let mut bench = Bench::new();
    let bin = bench.programs(&["soffice"]);
    let args = json!({"file": "/workspace/output/demo.docx", "to": "pdf", "workroomId": "workroom-demo-0001", "dryRun": true,
        "searchPath": bin, "searchPathOnly": true});
    let data = bench.data("office.convert", args);
    let plan = &data["documents"]["office.artifact.plan"];
    assert_eq!(plan["ready"], false);
    assert_eq!(plan["backend"]["name"], "libreoffice");
    assert_eq!(plan["output"], json!({"path": "demo.pdf"}));
    assert_eq!(
        plan["inputs"],
        json!([{"path": "/workspace/output/demo.docx", "format": "docx", "state": "missing"}])
    );
    assert_eq!(
        plan["preconditions"],
        json!([{"name": "back-end-found", "met": true},
            {"name": "input-readable", "met": false, "why": "input missing: /workspace/output/demo.docx"}])
    );
    let evidence = &data["documents"]["office.artifact.evidence"];
    assert_eq!(evidence["backend"], json!({"name": "libreoffice", "found": true}));
    assert_eq!(evidence["checks"][5]["verdict"], "fail");
}

#[test]
fn a_file_whose_name_shows_no_format_has_no_back_end() {
    let mut bench = Bench::new();
    let (bin, file) = (bench.programs(&["soffice"]), bench.file("thing.xyz", b"x"));
    let args = json!({"file": file, "to": "pdf", "dryRun": true, "searchPath": bin, "searchPathOnly": true});
    let data = bench.data("office.convert", args);
    let backend = &data["documents"]["office.artifact.plan"]["backend"];
    assert_eq!(backend["name"], "none");
    assert!(backend["reason"].as_str().unwrap().contains("shows no format"));
}

#[test]
fn an_empty_input_is_an_unmet_precondition() {
    let mut bench = Bench::new();
    let file = bench.file("empty.docx", b"");
    let args =
        json!({"file": file, "to": "pdf", "dryRun": true, "searchPath": NOWHERE, "searchPathOnly": true});
    let data = bench.data("office.convert", args);
    let why = &data["documents"]["office.artifact.plan"]["preconditions"][1]["why"];
    assert_eq!(*why, format!("input empty: {file}"));
}

#[test]
fn there_is_nothing_but_dry_runs() {
    let mut bench = Bench::new();
    for (op, args) in [
        (
            "office.generate",
            json!({"artifactType": "notes", "format": "md", "title": "a", "workroomId": "b"}),
        ),
        ("office.convert", json!({"file": "/a.docx", "to": "pdf", "dryRun": false})),
    ] {
        let (code, message) = bench.refused(op, args);
        assert_eq!(code, "ADAPTER_DRY_RUN_ONLY");
        assert!(message.contains("only dry runs exist here") && message.contains("--dry-run"));
    }
}

#[test]
fn a_type_and_a_format_that_do_not_fit_are_refused() {
    let mut bench = Bench::new();
    for (artifact, format, fitting) in [
        ("slide-deck", "xlsx", "pptx, odp, pdf"),
        ("spreadsheet", "pdf", "xlsx, ods, csv"),
        ("pdf-report", "docx", "pdf"),
        ("document", "png", "docx, odt, pdf, rtf, html"),
    ] {
        let mut args = deck();
        args["artifactType"] = json!(artifact);
        args["format"] = json!(format);
        let (code, message) = bench.refused("office.generate", args);
        assert_eq!(code, "ADAPTER_FORMAT_MISFIT");
        assert_eq!(message, format!("a {artifact} is not written as {format}; formats that fit: {fitting}"));
    }
    let (code, _) = bench.refused("office.convert", json!({"file": "/a/b.PDF", "to": "pdf", "dryRun": true}));
    assert_eq!(code, "ADAPTER_FORMAT_MISFIT");
}

#[test]
fn what_may_not_be_an_input_of_a_plan_is_refused() {
    let mut bench = Bench::new();
    let file = bench.file("real.docx", b"x");
    symlink(&file, bench.path("link.docx")).unwrap();
    fs::create_dir(bench.path("folder.docx")).unwrap();
    let (link, folder) = (bench.path("link.docx"), bench.path("folder.docx"));
    for (file, wanted) in [
        ("demo.docx", "ADAPTER_BAD_INPUT"),
        (link.to_str().unwrap(), "ADAPTER_INPUT_LINK"),
        (folder.to_str().unwrap(), "ADAPTER_INPUT_NOT_A_FILE"),
        ("/Users/ann/Library/Mail/V10/x.docx", "ADAPTER_INPUT_APP_DATA"),
        ("/dev/sda", "ADAPTER_INPUT_APP_DATA"),
    ] {
        let mut args = deck();
        args["input"] = json!([file]);
        assert_eq!(bench.refused("office.generate", args).0, wanted, "{file}");
        let args = json!({"file": file, "to": "pdf", "dryRun": true});
        assert_eq!(bench.refused("office.convert", args).0, wanted, "{file}");
    }
}

#[test]
fn the_same_question_has_the_same_answer_to_the_byte() {
    let answer = || {
        let data = Bench::new().data("office.generate", deck());
        serde_json::to_string(&data).unwrap()
    };
    assert_eq!(answer(), answer());
}
