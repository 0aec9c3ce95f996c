//! The launcher inside another sandbox that refuses it its own: nothing starts, and the message names the cure.

use std::os::unix::process::CommandExt;

use contract_sandbox::seccomp::{self, Instruction};
use contract_sandbox::{LaunchFailure, LaunchOutcome, Profile, landlocked};

use crate::launcher::{finish, spec};
use crate::start::launch;

/// Answers `errno` to landlock_create_ruleset, and lets everything else through.
fn refuse_landlock(errno: i32) -> Vec<Instruction> {
    let number = u32::try_from(libc::SYS_landlock_create_ruleset).unwrap();
    let answer = 0x0005_0000 | errno.cast_unsigned();
    [
        (seccomp::LOAD, 0, 0, 0),
        (seccomp::JUMP_EQUAL, 0, 1, number),
        (seccomp::RETURN, 0, 0, answer),
        (seccomp::RETURN, 0, 0, 0x7fff_0000),
    ]
    .map(|(code, jt, jf, k)| Instruction { code, jt, jf, k })
    .into()
}

fn within(restrict: impl Fn() -> std::io::Result<()> + Send + Sync + 'static) -> LaunchFailure {
    let dir = tempfile::tempdir().unwrap();
    let spec = spec(&dir, "/bin/sh", &["-c", "echo started"]);
    let mut launched = launch(&spec, |command, _| {
        // SAFETY: the closure makes system calls only, on memory that was there before the fork.
        unsafe { command.pre_exec(restrict) };
    });
    let outcome = launched.outcome();
    let (status, out, _) = finish(launched);
    assert_eq!((status.code(), out.as_str()), (Some(3), ""));
    match outcome {
        LaunchOutcome::Failed { failure, .. } => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_refusal_has_its_own_cure() {
    for (errno, name, cure) in [
        (libc::ENOSYS, "ENOSYS", "5.13"),
        (libc::EOPNOTSUPP, "EOPNOTSUPP", "lsm="),
        (libc::EPERM, "EPERM", "container"),
    ] {
        let filter = refuse_landlock(errno);
        let failure = within(move || {
            rustix::thread::set_no_new_privs(true)?;
            seccomp::install(&filter)
        });
        match failure {
            LaunchFailure::Unavailable { errno_name, cure: said, .. } => {
                assert_eq!(errno_name, name);
                assert!(said.contains(cure), "{said}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_seventeenth_layer_is_one_too_many() {
    let mut profile = Profile::strictest("outer");
    profile.read = vec!["/".into()];
    profile.write = vec!["/".into()];
    profile.exec = vec!["/".into()];
    let failure = within(move || {
        for _ in 0..16 {
            landlocked::restrict(&profile, 1)
                .map_err(|failure| std::io::Error::other(failure.to_string()))?;
        }
        Ok(())
    });
    assert!(
        matches!(&failure, LaunchFailure::Unavailable { errno_name, cure, .. } if errno_name == "E2BIG" && cure.contains("16")),
        "{failure:?}"
    );
}
