//! Starting the program, and why it was not started.

use std::fmt::Write as _;
use std::os::unix::process::CommandExt;
use std::path::Path;

use contract_adapter::Failure;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use serde_json::json;

use crate::group::Group;
use crate::input::Run;
use crate::pipes::{Pipes, pipes};

/// The code of a program that was not started.
const NOT_STARTED: &str = "PROCESS_NOT_STARTED";

/// System errors of pipe2(2), fork(2), chdir(2) and execve(2).
const NAMES: &[(Errno, &str)] = &[
    (Errno::TOOBIG, "E2BIG"),
    (Errno::ACCESS, "EACCES"),
    (Errno::AGAIN, "EAGAIN"),
    (Errno::INVAL, "EINVAL"),
    (Errno::IO, "EIO"),
    (Errno::ISDIR, "EISDIR"),
    (Errno::LIBBAD, "ELIBBAD"),
    (Errno::LOOP, "ELOOP"),
    (Errno::MFILE, "EMFILE"),
    (Errno::NAMETOOLONG, "ENAMETOOLONG"),
    (Errno::NFILE, "ENFILE"),
    (Errno::NOENT, "ENOENT"),
    (Errno::NOEXEC, "ENOEXEC"),
    (Errno::NOMEM, "ENOMEM"),
    (Errno::NOSYS, "ENOSYS"),
    (Errno::NOTDIR, "ENOTDIR"),
    (Errno::PERM, "EPERM"),
    (Errno::TXTBSY, "ETXTBSY"),
];

/// Starts the program as the leader of a process group of its own.
///
/// # Errors
/// `PROCESS_NOT_STARTED` with the system's error and what is likely.
pub(crate) fn start(run: &Run) -> Result<(Group, Pipes), Failure> {
    let (ours, theirs) = pipes().map_err(|error| not_started(run, &error))?;
    #[expect(clippy::disallowed_methods, reason = "to start a program is what this adapter is for")]
    let mut command = std::process::Command::new(&run.argv.program.0);
    command.args(run.argv.arguments.iter().map(|argument| &argument.0));
    // What is there already is the clean environment that the runner made, and the variables that it was granted.
    command.envs(run.environment.iter().map(|(name, value)| (&name.0, &value.0)));
    command.stdin(theirs.stdin).stdout(theirs.stdout).stderr(theirs.stderr).process_group(0);
    if let Some(folder) = &run.cwd {
        command.current_dir(&folder.0);
    }
    let child = command.spawn().map_err(|error| not_started(run, &error))?;
    Ok((Group::new(child), ours))
}

fn not_started(run: &Run, error: &std::io::Error) -> Failure {
    let errno = Errno::from_io_error(error);
    let name = errno.and_then(|errno| NAMES.iter().find(|(known, _)| *known == errno));
    let name = match (name, errno) {
        (Some((_, name)), _) => (*name).to_owned(),
        (None, Some(errno)) => format!("errno {}", errno.raw_os_error()),
        (None, None) => error.to_string(),
    };
    let folder = run.cwd.as_ref().map(|folder| folder.0.as_path());
    let folder_fault = folder.and_then(|folder| Some((folder, bad_folder(folder)?)));
    let (path, hint) = match (errno, folder_fault) {
        (Some(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP), Some(fault)) => fault,
        _ => (run.argv.program.0.as_path(), errno.and_then(|errno| likely(&run.argv.program.0, errno))),
    };
    let mut message = format!("{} was not started: {name}", run.argv.program.0.display());
    if let Some(hint) = hint {
        let _ = write!(message, ". {hint}");
    }
    let failure = Failure::new(NOT_STARTED, message).details(json!({ "errno": name, "path": path }));
    if errno == Some(Errno::AGAIN) { failure.retryable() } else { failure }
}

/// What is wrong with a working folder, when it is that. Landlock mediates neither chdir(2) nor access(2).
fn bad_folder(folder: &Path) -> Option<Option<String>> {
    let shown = folder.display();
    match std::fs::metadata(folder) {
        Err(_) => Some(Some(format!("The working folder {shown} cannot be found."))),
        Ok(found) if !found.is_dir() => Some(Some(format!("The working folder {shown} is no folder."))),
        Ok(_) if access(folder, Access::EXEC_OK).is_err() => {
            Some(Some(format!("The working folder {shown} may not be entered.")))
        }
        Ok(_) => None,
    }
}

/// What is likely, and what to do.
fn likely(program: &Path, errno: Errno) -> Option<String> {
    let found = std::fs::metadata(program);
    let hint = match errno {
        Errno::NOENT if found.is_ok() => {
            "The file is there; the interpreter in its `#!` line, or its loader, is not."
        }
        Errno::NOENT | Errno::NOTDIR => "There is no such file; nothing is looked for in PATH.",
        Errno::ACCESS if found.is_ok_and(|found| found.is_dir()) => "It is a folder.",
        Errno::ACCESS if access(program, Access::EXEC_OK).is_err() => {
            "The file's mode, or that of a folder above it, does not let this user execute it."
        }
        Errno::ACCESS => {
            return Some(format!(
                "It is probably not granted: `--allow exec={}` permits it. A script needs exec= for the interpreter in \
                 its `#!` line, too, and read= for itself; a program needs read= for its libraries.",
                program.display()
            ));
        }
        Errno::NOEXEC => "It is no program for this machine; a script needs a `#!` line.",
        Errno::TXTBSY => "The file is open for writing.",
        // MAX_ARG_STRLEN of execve(2) is 32 pages.
        Errno::TOOBIG => {
            "Arguments and environment are too large together, or one of them has 128 KiB or more. Use `stdin`."
        }
        Errno::AGAIN | Errno::PERM => {
            "This run may start no more processes: `--allow processes=N` with a higher N permits it."
        }
        Errno::NOMEM => "The memory limit of this run is too low for it: `--limit memory=`.",
        Errno::MFILE | Errno::NFILE => "Too many files are open: `--limit open-files=`.",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_fork_names_the_right_that_is_missing() {
        for errno in [Errno::AGAIN, Errno::PERM] {
            let hint = likely(Path::new("/bin/sh"), errno).unwrap_or_default();
            assert!(hint.contains("`--allow processes=N`"), "{hint}");
        }
    }

    #[test]
    fn a_refused_program_names_the_right_that_is_missing() {
        let hint = likely(Path::new("/bin/sh"), Errno::ACCESS).unwrap_or_default();
        assert!(hint.contains("`--allow exec=/bin/sh`"), "the file is there and may be executed: {hint}");
    }

    #[test]
    fn every_error_that_has_a_hint_has_a_name() {
        for (errno, name) in NAMES {
            assert!(name.starts_with('E'));
            assert_eq!(NAMES.iter().filter(|(known, _)| known == errno).count(), 1, "{name}");
        }
        let hinted = [Errno::NOEXEC, Errno::TXTBSY, Errno::TOOBIG, Errno::NOMEM, Errno::MFILE, Errno::NFILE];
        for errno in hinted {
            assert!(likely(Path::new("/bin/sh"), errno).is_some());
            assert!(NAMES.iter().any(|(known, _)| *known == errno));
        }
    }
}
