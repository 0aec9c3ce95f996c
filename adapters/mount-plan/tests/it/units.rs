//! The forms, read by the programs that they are for, where those are installed.

use std::fs;
use std::process::{Command, Output};

use crate::forms::odd_plan;
use crate::machine::{Machine, form};

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
    let (sources, plan) = odd_plan(&machine, "none");
    let lines = form(&plan, "systemd");
    let Some(said) = verified(&machine, &lines) else { return };
    assert!(!said.contains("odd.service"), "{said}");
    // It says what it has read when the path is relative.
    let relative: Vec<_> = lines.iter().map(|line| line.replacen("=\"/", "=\"", 1)).collect();
    let said = verified(&machine, &relative).unwrap();
    let told: Vec<_> = said.lines().filter(|line| line.contains("not absolute")).collect();
    assert_eq!(told.len(), sources.len(), "{said}");
    for (told, source) in told.iter().zip(&sources) {
        assert!(told.ends_with(&format!(": {}", &source[1..])), "{source:?}: {told}");
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
    let (sources, plan) = odd_plan(&machine, "none");
    let words = form(&plan, "bubblewrap");
    for source in &sources {
        fs::write(format!("{source}/marker"), source).unwrap();
    }
    let inside = |command: &[&str]| {
        let start = SYSTEM.iter().copied().chain(words.iter().map(String::as_str));
        run("bwrap", &start.chain(command.iter().copied()).map(str::to_owned).collect::<Vec<_>>()).unwrap()
    };
    let markers: Vec<_> = (0..sources.len()).map(|index| format!("/agent/x{index}/marker")).collect();
    let read: Vec<_> = ["cat"].into_iter().chain(markers.iter().map(String::as_str)).collect();
    let output = inside(&read);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), sources.concat());
    assert!(!inside(&["touch", "/agent/x0/new"]).status.success());
    assert!(inside(&["test", "-e", "/agent/x0/marker"]).status.success());
}
