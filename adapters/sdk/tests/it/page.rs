//! The programs of docs/writing-an-adapter.md are those of examples/, which are built, tested and run.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::workshop::{ends, hello, invoke};

const PAGE: &str = include_str!("../../../../docs/writing-an-adapter.md");

#[test]
fn the_page_shows_the_examples_as_they_are() {
    for (language, program) in [
        ("json", include_str!("../../examples/find-lines/adapter.json")),
        ("rust", include_str!("../../examples/find-lines/main.rs")),
        ("python", include_str!("../../examples/python/adapter.py")),
        ("json", include_str!("../../examples/python/adapter.json")),
        ("json", include_str!("../../examples/find-lines/grant.json")),
    ] {
        assert!(PAGE.contains(&format!("```{language}\n{program}```\n")), "{program}");
    }
    assert_eq!(
        PAGE.matches("```json").count() + PAGE.matches("```rust").count() + PAGE.matches("```python").count(),
        6,
        "these, and the task"
    );
}

#[test]
fn the_page_shows_a_task_as_it_is() {
    let task = PAGE.split("```rust\nimpl Task<").nth(1).unwrap();
    let task = format!("impl Task<{}", &task[..task.find("```").unwrap()]);
    assert!(include_str!("../../../../conformance/echo/src/turns.rs").contains(&task), "{task}");
}

/// Runs a command with `stdin`, or says that its interpreter is not here.
fn run(mut command: Command, stdin: &str) -> Option<String> {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let _ = writeln!(std::io::stderr(), "skipped: {command:?} is not here");
            return None;
        }
        child => child.unwrap(),
    };
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_python_adapter_answers() {
    #[expect(clippy::disallowed_methods, reason = "the test is about another language's process")]
    let mut python = Command::new("python3");
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python/adapter.py"));
    let text = serde_json::json!({ "text": "straße" });
    let Some(stdout) =
        run(python, &(hello(1) + &invoke(2, "text.caps", &text) + &invoke(3, "text.cap", &text)))
    else {
        return;
    };
    assert_eq!(ends(&stdout), [(2, r#"{"text":"STRASSE"}"#.into()), (3, "ADAPTER_NO_SUCH_OP".into())]);
    let manifest: serde_json::Value =
        serde_json::from_str(include_str!("../../examples/python/adapter.json")).unwrap();
    let offer: serde_json::Value = serde_json::from_str(stdout.lines().nth(1).unwrap()).unwrap();
    assert_eq!(offer["payload"]["capabilities"], manifest["operations"]);
}

#[test]
fn the_session_typed_by_hand_answers() {
    let start = PAGE.find("printf '%s\\n'").unwrap();
    let script = &PAGE[start..start + PAGE[start..].find("```").unwrap()];
    #[expect(clippy::disallowed_methods, reason = "the test is about a shell's command")]
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python"));
    if let Some(stdout) = run(shell, "") {
        assert_eq!(ends(&stdout), [(2, r#"{"text":"HELLO"}"#.into())]);
    }
}
