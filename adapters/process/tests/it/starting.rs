use serde_json::{Value, json};

use crate::program::{done, failed, script_with};

/// The system's error, the path that is named, and the message.
#[track_caller]
fn not_started(args: Value) -> (String, String, String) {
    let (code, message, details) = failed(args);
    assert_eq!(code, "PROCESS_NOT_STARTED", "{message}");
    (details["errno"].as_str().unwrap().to_owned(), details["path"].as_str().unwrap().to_owned(), message)
}

/// A folder with programs. Another process writes them: a fork of this one, in another test's thread, could still have
/// them open for writing when they are executed (ETXTBSY).
fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = "printf 'echo hello\\n' > plain; printf '#!/missing/interpreter\\n' > orphan; printf '#!/bin/sh\\nexit 9\\n' > good; \
                 printf 'x' > closed; chmod 755 plain orphan good; chmod 644 closed";
    assert!(done(script_with(write, &json!({ "cwd": folder.path() }))).0);
    folder
}

#[test]
fn says_why_a_program_was_not_started() {
    let folder = workshop();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let shell_as_folder = "/bin/sh/x".to_owned();
    for (program, errno, hint) in [
        (at("missing"), "ENOENT", "There is no such file"),
        (at("orphan"), "ENOENT", "the interpreter in its `#!` line"),
        (shell_as_folder, "ENOTDIR", "There is no such file"),
        (at("closed"), "EACCES", "The file's mode"),
        (at(""), "EACCES", "It is a folder."),
        (at("plain"), "ENOEXEC", "a script needs a `#!` line"),
        (at(&"n".repeat(300)), "ENAMETOOLONG", "ENAMETOOLONG"),
    ] {
        for more in [json!({}), json!({ "cwd": "/" })] {
            let mut args = json!({ "argv": [program, "a"] });
            args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (got, path, message) = not_started(args);
            assert_eq!((got.as_str(), &path), (errno, &program));
            assert!(message.starts_with(&program) && message.contains(hint), "{message}");
        }
    }
    assert_eq!(
        done(json!({ "argv": [at("good")] })).1["exitStatus"],
        9,
        "the workshop makes programs that start"
    );
}

#[test]
fn says_when_it_is_the_working_folder() {
    let folder = workshop();
    for (name, errno, hint) in [("missing", "ENOENT", "cannot be found"), ("good", "ENOTDIR", "is no folder")]
    {
        let cwd = folder.path().join(name).display().to_string();
        let (got, path, message) = not_started(json!({ "argv": ["/bin/true"], "cwd": cwd }));
        assert_eq!((got.as_str(), path), (errno, cwd));
        assert!(message.contains(hint), "{message}");
    }
}

#[test]
fn says_when_arguments_are_too_large() {
    let (errno, _, message) = not_started(json!({ "argv": ["/bin/echo", "a".repeat(200_000)] }));
    assert_eq!((errno.as_str(), message.contains("`stdin`")), ("E2BIG", true), "{message}");
}

#[test]
fn a_program_that_was_not_started_leaves_the_adapter_at_work() {
    let mut harness = contract_adapter::Harness::new(adapter_process::ProcessAdapter);
    for _ in 0..3 {
        let missing = harness.call("process.run", json!({ "argv": ["/missing/program"] }));
        assert_eq!(missing.code(), "PROCESS_NOT_STARTED");
        let done = harness.call("process.run", json!({ "argv": ["/bin/echo", "a"] }));
        assert_eq!(done.data()["stdout"]["tail"], "a\n");
    }
}
