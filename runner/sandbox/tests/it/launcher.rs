//! `contract-launch` from end to end: what starts, what does not, and what it says.

use std::io::Read;
use std::path::{Path, PathBuf};

use contract_sandbox::{CanaryVerdict, LaunchFailure, LaunchOutcome, LaunchSpec, Limits, Profile, Property};
use tempfile::TempDir;

use crate::stage::loader;
use crate::start::{Launched, launch};

/// A folder for the canary and the scratch, and a spec for a program of the system.
pub(crate) fn spec(dir: &TempDir, program: &str, arguments: &[&str]) -> LaunchSpec {
    let canary = dir.path().join("canary");
    std::fs::write(&canary, "").unwrap();
    let work = dir.path().join("work");
    std::fs::create_dir_all(&work).unwrap();
    let mut profile = Profile::strictest("test");
    for folder in
        ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf"]
    {
        profile.read.extend(Path::new(folder).canonicalize());
    }
    profile.read.push(work.clone());
    profile.write = vec![work.clone()];
    let program = Path::new(program).canonicalize().unwrap_or_else(|_| PathBuf::from(program));
    profile.exec = vec![loader()];
    if program.exists() {
        profile.exec.push(program.clone());
    }
    profile.limits = Limits { memory_bytes: 4 << 30, ..Limits::default() };
    profile.normalise();
    LaunchSpec {
        profile,
        argv: std::iter::once("program").chain(arguments.iter().copied()).map(str::to_owned).collect(),
        program,
        env: vec![
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), work.display().to_string()),
        ],
        cwd: work,
        canary,
        runner_pid: std::process::id(),
        granted_fds: Vec::new(),
        max_abi: None,
    }
}

pub(crate) fn plain(spec: &LaunchSpec) -> Launched {
    launch(spec, |_, _| {})
}

/// Status, stdout and stderr at the end.
pub(crate) fn finish(mut launched: Launched) -> (std::process::ExitStatus, String, String) {
    drop(launched.child.stdin.take());
    let (mut out, mut err) = (String::new(), String::new());
    launched.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    launched.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (launched.child.wait().unwrap(), out, err)
}

fn failure(spec: &LaunchSpec) -> LaunchFailure {
    let mut launched = plain(spec);
    let outcome = launched.outcome();
    let (status, out, _) = finish(launched);
    assert_eq!((status.code(), out.as_str()), (Some(3), ""), "something was started");
    match outcome {
        LaunchOutcome::Failed { failure, .. } => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shell_starts_and_the_report_tells_what_holds() {
    let dir = tempfile::tempdir().unwrap();
    let mut launched = plain(&spec(&dir, "/bin/sh", &["-c", "echo hi; echo $0 $HOME"]));
    let LaunchOutcome::Started(report) = launched.outcome() else { panic!("not started") };
    let (status, out, _) = finish(launched);
    assert_eq!((status.code(), out.lines().next()), (Some(0), Some("hi")));
    assert_eq!(report.requested.len(), report.enforced.len());
    for property in [Property::Files, Property::Network, Property::OneProcess, Property::Privileges] {
        assert!(report.enforced.iter().any(|enforced| enforced.property == property), "{property}");
    }
    assert!(report.canaries.iter().filter(|canary| canary.verdict == CanaryVerdict::Denied).count() >= 5);
    assert!(report.filter_instructions < 250);
}

#[test]
fn python_and_node_start_in_their_profiles() {
    let dir = tempfile::tempdir().unwrap();
    for (program, arguments, expected) in [
        ("/usr/bin/python3", ["-c", "import json, ssl, threading; print(6 * 7)"], "42\n"),
        ("/usr/bin/node", ["-e", "console.log(6 * 7)"], "42\n"),
    ] {
        if !Path::new(program).exists() {
            eprintln!("skipped: there is no {program}");
            continue;
        }
        let mut spec = spec(&dir, program, &arguments);
        spec.profile.read.extend(Path::new("/etc/python3.11").canonicalize());
        let (status, out, err) = finish(plain(&spec));
        assert_eq!((status.code(), out.as_str()), (Some(0), expected), "{program}: {err}");
    }
}

#[test]
fn exit_status_and_signal_are_the_adapters() {
    use std::os::unix::process::ExitStatusExt;
    let dir = tempfile::tempdir().unwrap();
    for processes in [1, 4] {
        let mut spec = spec(&dir, "/bin/sh", &["-c", "exit 7"]);
        spec.profile.processes = processes;
        assert_eq!(finish(plain(&spec)).0.code(), Some(7), "{processes} processes");
        spec.argv[2] = "kill -ABRT $$".to_owned();
        assert_eq!(finish(plain(&spec)).0.signal(), Some(6), "{processes} processes");
    }
}

#[test]
fn the_adapter_gets_its_environment_and_descriptors_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let script = "for f in /proc/self/fd/*; do :; done; set; echo umask $(umask 2>/dev/null)";
    let mut spec = spec(&dir, "/usr/bin/env", &[]);
    spec.env = vec![("ONLY".to_owned(), "this".to_owned())];
    let launched = launch(&spec, |command, _| {
        command.env("SECRET_OF_THE_RUNNER", "x");
    });
    assert_eq!(finish(launched).1, "ONLY=this\n", "{script}");
}

#[test]
fn what_cannot_be_executed_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut missing = spec(&dir, "/usr/bin/no-such-program", &[]);
    missing.profile.exec.push("/usr/bin".into());
    assert!(matches!(failure(&missing), LaunchFailure::Exec { errno_name, .. } if errno_name == "ENOENT"));
    let mut ungranted = spec(&dir, "/bin/sh", &[]);
    ungranted.profile.exec = vec![loader()];
    assert!(matches!(failure(&ungranted), LaunchFailure::Exec { errno_name, .. } if errno_name == "EACCES"));
}

#[test]
fn a_granted_path_that_is_missing_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(&dir, "/bin/sh", &["-c", "echo hi"]);
    spec.profile.read.push("/no/such/folder".into());
    let LaunchFailure::Spec { message } = failure(&spec) else { panic!("another failure") };
    assert!(message.contains("/no/such/folder"), "{message}");
}

#[test]
fn a_canary_inside_the_grants_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(&dir, "/bin/sh", &["-c", "echo hi"]);
    spec.profile.read.push(dir.path().to_owned());
    spec.profile.write.push(dir.path().to_owned());
    assert!(matches!(failure(&spec), LaunchFailure::NotEnforced { .. }));
}

#[test]
fn another_parent_than_the_runner_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(&dir, "/bin/sh", &["-c", "echo hi"]);
    spec.runner_pid = 1;
    assert!(matches!(failure(&spec), LaunchFailure::Orphaned { expected_parent: 1, .. }));
}

#[test]
fn a_gap_starts_nothing_unless_it_is_accepted_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(&dir, "/bin/sh", &["-c", "echo hi"]);
    spec.profile.processes = 4;
    spec.max_abi = Some(5);
    let LaunchFailure::Gap { missing } = failure(&spec) else { panic!("another failure") };
    assert!(missing.iter().any(|gap| gap.property == Property::Signals), "{missing:?}");
    spec.profile.accepted_gaps = missing.iter().map(|gap| gap.property).collect();
    let mut launched = plain(&spec);
    let LaunchOutcome::Started(report) = launched.outcome() else { panic!("not started") };
    assert!(report.not_covered.iter().any(|open| open.what == "signals"));
    assert!(!report.enforced.iter().any(|enforced| enforced.property == Property::Signals));
    assert_eq!(finish(launched).1, "hi\n");
}

#[test]
fn a_broken_spec_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(&dir, "/bin/sh", &["-c", "echo hi"]);
    spec.argv.clear();
    assert!(matches!(failure(&spec), LaunchFailure::Spec { .. }));
}
