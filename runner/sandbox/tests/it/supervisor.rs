//! Several processes: whatever ends first, nothing is left.

use contract_sandbox::LaunchOutcome;
use rustix::process::{Pid, test_kill_process};

use crate::launcher::{finish, plain, spec};
use crate::start::{first_line, until};

/// Leaves a grandchild that left its session, says its number, and stays or goes.
const BREED: &str = "import os, sys, time
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.write(w, b'x')
        time.sleep(300)
    os._exit(0)
os.wait()
os.read(r, 1)
if sys.argv[1] == 'stay':
    time.sleep(300)
";

fn breed(how: &str, end: impl FnOnce(&mut crate::start::Launched)) {
    if !std::path::Path::new("/usr/bin/python3").exists() {
        eprintln!("skipped: there is no /usr/bin/python3");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(&dir, "/usr/bin/python3", &["-c", BREED, how]);
    spec.profile.processes = 8;
    let mut launched = plain(&spec);
    assert!(matches!(launched.outcome(), LaunchOutcome::Started(_)));
    let grandchild = first_line(launched.child.stdout.as_mut().unwrap()).parse::<i32>().unwrap();
    let grandchild = Pid::from_raw(grandchild).unwrap();
    end(&mut launched);
    until("the end of the grandchild", || test_kill_process(grandchild).is_err());
    finish(launched);
}

#[test]
fn the_end_of_the_adapter_ends_its_grandchildren() {
    breed("go", |_| {});
}

#[test]
fn the_end_of_the_runner_ends_everything() {
    breed("stay", |launched| drop(launched.life.take()));
}

#[test]
fn a_number_of_processes_beyond_the_limit_is_refused() {
    // The kernel counts threads, too, so the bound is in tasks: 32 for each process.
    const TASKS_PER_PROCESS: u32 = 32;
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(
        &dir,
        "/usr/bin/python3",
        &[
            "-c",
            "import os, time\nn = 0\ntry:\n    while n < 400:\n        if os.fork() == 0:\n            time.sleep(300)\n        n += 1\nexcept OSError:\n    print(n)",
        ],
    );
    spec.profile.processes = 6;
    let mut launched = plain(&spec);
    match launched.outcome() {
        LaunchOutcome::Started(_) => {}
        LaunchOutcome::Failed { failure: contract_sandbox::LaunchFailure::Gap { missing }, .. } => {
            eprintln!("skipped: this host cannot bound processes ({})", missing[0].why);
            return;
        }
        other => panic!("{other:?}"),
    }
    let (_, out, err) = finish(launched);
    // The kernel may leave the process itself out of the count.
    assert!(out.trim().parse::<u32>().is_ok_and(|count| count <= 6 * TASKS_PER_PROCESS), "{out}{err}");
}
