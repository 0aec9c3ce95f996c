//! The kit against our own validator, and against suites and validators that are wrong.

#![expect(clippy::print_stderr, reason = "a failed test shows what the kit said")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn documents(arguments: &[&str]) -> Output {
    #[expect(clippy::disallowed_methods, reason = "the test of a command")]
    let mut kit = std::process::Command::new(env!("CARGO_BIN_EXE_contract-conformance"));
    let output = kit.arg("documents").args(arguments).output().expect("the kit starts");
    eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output
}

/// A suite with one good and one bad document, and a validator that is this shell script.
fn small(script: &str, cases: &str) -> (tempfile::TempDir, Output) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("good/a.json", "{}"), ("bad/b.json", "{}"), ("cases.toml", cases)] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let validator = folder.path().join("validator");
    std::fs::write(&validator, format!("#!/bin/sh\n{script}\n")).expect("a file");
    std::fs::set_permissions(&validator, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let (suite, validator) = (folder.path().display().to_string(), validator.display().to_string());
    let output = documents(&["--suite", &suite, "--validator", &validator]);
    (folder, output)
}

const CASE: &str = "[[case]]\nfile = \"bad/b.json\"\nrules = [\"A_B\"]\n";
/// Passes what is good, and refuses what is bad for the reason A_B.
const RIGHT: &str = r#"case "$4" in *good*) exit 0;; esac; echo '{"violations":[{"rule":"A_B"}]}'; exit 1"#;

#[test]
fn our_own_validator_judges_every_document_as_it_should() {
    let output = documents(&["--suite", &corpus().display().to_string()]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_right_validator_passes() {
    assert_eq!(small(RIGHT, CASE).1.status.code(), Some(0));
}

#[test]
fn a_crash_is_no_refusal() {
    let (_folder, output) = small(r#"case "$4" in *good*) exit 0;; esac; kill -SEGV $$"#, CASE);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("not judged"));
    let (_folder, output) = small(r#"case "$4" in *good*) exit 0;; esac; exit 2"#, CASE);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn another_reason_is_a_fault() {
    let (_folder, output) = small(RIGHT, &CASE.replace("A_B", "C_D"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("breaks A_B, not C_D"));
}

#[test]
fn an_exception_that_is_no_longer_needed_is_a_fault() {
    let (_folder, output) = small(RIGHT, &format!("{CASE}exception = \"not yet\"\n"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("must go"));
    let (_folder, output) = small("exit 0", &format!("{CASE}exception = \"not yet\"\n"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_suite_that_does_not_fit_together_is_refused() {
    for cases in
        ["", &format!("{CASE}{CASE}"), &CASE.replace("b.json", "c.json"), "case = 1", "[[case]]\nfile = 1"]
    {
        assert_eq!(small(RIGHT, cases).1.status.code(), Some(2), "{cases}");
    }
    assert_eq!(documents(&["--suite", "/nonexistent"]).status.code(), Some(2));
}
