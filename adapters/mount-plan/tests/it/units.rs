//! The forms, read by the programs that they are for, where those are installed.

use std::fs;
use std::process::{Command, Output};

use serde_json::json;

use crate::forms::ODD;
use crate::machine::{Machine, form, plan_of};

/// The programs of this system, on an empty root in which bwrap makes the other places.
const SYSTEM: &[&str] = &[
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/bin",
    "/bin",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
];

/// What a program prints, or nothing when it is not here.
#[expect(clippy::disallowed_methods, reason = "the test is about what another program reads")]
fn run(program: &str, arguments: &[String]) -> Option<Output> {
    let output = Command::new(program).args(arguments).output();
    if output.is_err() {
        eprintln!("skipped: {program} is not here");
    }
    output.ok()
}

/// What systemd says of a service with these lines.
fn verified(machine: &Machine, lines: &[String]) -> Option<String> {
    let unit = machine.path("odd.service");
    fs::write(&unit, format!("[Service]\nExecStart=/bin/true\n{}\n", lines.join("\n"))).unwrap();
    let output = run("systemd-analyze", &["verify".to_owned(), "--man=no".to_owned(), unit])?;
    Some(String::from_utf8(output.stderr).unwrap())
}

#[test]
fn systemd_reads_the_paths_that_were_meant() {
    let machine = Machine::new();
    for name in ODD {
        let source = machine.folder(&format!("odd/{name}"));
        let called = machine.plan(json!({ "roots": [format!("x={source}")] }));
        let lines = form(plan_of(&called), "systemd");
        let Some(said) = verified(&machine, &lines) else { return };
        assert!(!said.contains("odd.service"), "{lines:?}: {said}");
        // It says what it has read when the path is relative.
        let relative: Vec<_> = lines.iter().map(|line| line.replacen("=\"/", "=\"", 1)).collect();
        let said = verified(&machine, &relative).unwrap();
        let told =
            said.lines().find(|line| line.contains("not absolute")).unwrap_or_else(|| panic!("{said}"));
        assert!(told.ends_with(&format!(": {}", &source[1..])), "{told}");
    }
}

#[test]
fn systemd_complains_about_a_path_without_quotes() {
    let machine = Machine::new();
    let bad = ["BindPaths=/srv/two blanks:/agent/x".to_owned()];
    let Some(said) = verified(&machine, &bad) else { return };
    assert!(said.contains("odd.service:3"), "{said}");
}

#[test]
fn bubblewrap_mounts_what_the_words_say() {
    let machine = Machine::new();
    let probe = SYSTEM.iter().copied().chain(["true"]).map(str::to_owned).collect::<Vec<_>>();
    let Some(probe) = run("bwrap", &probe) else { return };
    if !probe.status.success() {
        eprintln!("skipped: bwrap may not make namespaces here");
        return;
    }
    for name in ODD {
        let source = machine.folder(&format!("odd/{name}"));
        fs::write(format!("{source}/marker"), name).unwrap();
        let called = machine.plan(json!({ "roots": [format!("x={source}")] }));
        let words = form(plan_of(&called), "bubblewrap");
        let inside = |command: &[&str]| {
            let start = SYSTEM.iter().map(|word| (*word).to_owned());
            let command = command.iter().map(|word| (*word).to_owned());
            run("bwrap", &start.chain(words.iter().cloned()).chain(command).collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(inside(&["cat", "/agent/x/marker"]).stdout, name.as_bytes());
        assert!(!inside(&["touch", "/agent/x/new"]).status.success());
    }
}
