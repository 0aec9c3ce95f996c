//! Why a run failed, and what to do about it: from codes, exit status and stderr.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use contract_ipc::{Code, ErrorReply, is_error_code};
use contract_sandbox::{Gap, LaunchFailure};
use rustix::process::Signal;

use crate::failure::Failure;

/// How much of a bad line is shown.
const FRAME_BYTES: usize = 200;

/// The start of a line, as text.
pub(crate) fn shown_frame(line: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(&line[..line.len().min(FRAME_BYTES)]).into_owned();
    if line.len() > FRAME_BYTES {
        text.push('…');
    }
    text
}

/// An `error` of the adapter.
pub(crate) fn adapter_error(error: &ErrorReply<'_>) -> Failure {
    let known = Code::ALL.iter().copied().find(|code| code.as_str() == error.code);
    // Whatever it calls itself, it is the adapter that failed.
    let code = known.filter(|code| code.exit() == contract_ipc::Exit::Failed).unwrap_or(Code::AdapterIo);
    debug_assert!(is_error_code(&error.code), "check_result() has checked the code");
    let mut failure = Failure::new(code, error.message.clone());
    if code.as_str() != error.code {
        failure.adapter_code = Some(error.code.clone().into_owned());
        failure.hint = Some("The code is the adapter's own; look at its message and its stderr.".to_owned());
    }
    failure.details = error.details.map(|details| details.to_serde());
    failure
}

/// Status as the receipt has it: minus the signal's number when one ended it.
pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

/// `exited with status 3`, `was ended by SIGKILL (9)`
pub(crate) fn exit_text(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(number)) => format!("was ended by {}", signal_name(number)),
        (None, None) => "ended".to_owned(),
    }
}

fn signal_name(number: i32) -> String {
    let names = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    names
        .iter()
        .find(|(signal, _)| signal.as_raw() == number)
        .map_or_else(|| format!("signal {number}"), |(_, name)| format!("{name} ({number})"))
}

/// The adapter ended while it owed something: `owed` says what.
pub(crate) fn early_exit(status: ExitStatus, owed: &str) -> Failure {
    let what = format!("the adapter {} before {owed}", exit_text(status));
    match status.signal() {
        None => Failure::new(Code::AdapterExited, what),
        Some(number) if number == Signal::XCPU.as_raw() => Failure::new(Code::AdapterOverBudget, what)
            .hint("Give it more processor time with --limit cpu=TIME."),
        Some(number) if number == Signal::XFSZ.as_raw() => Failure::new(Code::AdapterKilled, what)
            .hint("It wrote a file over its limit; raise it with --limit file-size=BYTES."),
        Some(number) if number == Signal::SYS.as_raw() => {
            let mut failure = Failure::new(Code::AdapterKilled, what);
            failure.refused_by_sandbox = true;
            failure.hint("It made a system call of another architecture, which the sandbox ends.")
        }
        Some(_) => Failure::new(Code::AdapterKilled, what),
    }
}

/// The adapter closed its stdout and lives on.
pub(crate) fn closed_stdout(owed: &str) -> Failure {
    Failure::new(Code::AdapterClosedStdout, format!("the adapter closed its stdout before {owed}"))
}

/// Completes a failure when everything is known: likely cause, last lines of stderr, what the sandbox refused. `status` is
/// there when the adapter ended by itself.
pub(crate) fn explain(failure: &mut Failure, status: Option<ExitStatus>, stderr: &str) {
    let said = last_line(stderr);
    if failure.code == Code::IpcBadEnvelope && failure.cause.is_none() && failure.hint.is_none() {
        failure.cause = Some(match status.filter(|status| !status.success()) {
            Some(status) => match said {
                Some(said) => format!("the adapter {}: {said}", exit_text(status)),
                None => format!("the adapter {}", exit_text(status)),
            },
            None => "most likely a print in the adapter or in a library that it uses".to_owned(),
        });
    }
    if failure.code == Code::AdapterIo && failure.hint.is_none() && names_missing_file(failure) {
        failure.hint = Some(
            "A relative path is looked up in the scratch folder, the adapter's working folder: give an absolute one."
                .to_owned(),
        );
    }
    if failure.cause.is_none()
        && matches!(failure.code, Code::AdapterExited | Code::AdapterKilled | Code::AdapterClosedStdout)
    {
        failure.cause = said.map(str::to_owned);
    }
    refused(failure, stderr);
}

fn names_missing_file(failure: &Failure) -> bool {
    let details = failure.details.as_ref().map(ToString::to_string).unwrap_or_default();
    ["ENOENT", "No such file"].iter().any(|words| failure.message.contains(words) || details.contains(words))
}

fn last_line(text: &str) -> Option<&str> {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty())
}

/// Words of programs and languages for EACCES and EPERM.
const REFUSED: &[&str] = &[
    "EACCES",
    "EPERM",
    "Permission denied",
    "Operation not permitted",
    "permission denied",
    "not permitted",
];
/// The same for too little memory.
const NO_MEMORY: &[&str] =
    &["MemoryError", "ENOMEM", "Cannot allocate memory", "out of memory", "memory allocation of"];
/// How far up in stderr the reason for its last words is looked for.
const TRACE_LINES: usize = 8;
/// Words that tell that another process was wanted.
const PROCESS_WORDS: &[&str] = &["fork", "clone(", "subprocess", "spawn", "Popen"];

/// What the sandbox refused, when the words of the adapter tell it.
fn refused(failure: &mut Failure, stderr: &str) {
    let details = failure.details.as_ref().map(ToString::to_string).unwrap_or_default();
    let texts = [failure.message.as_str(), &details, stderr];
    let line_with = |words: &[&str]| {
        texts
            .iter()
            .flat_map(|text| text.lines().rev())
            .find(|line| words.iter().any(|word| line.contains(word)))
            .map(str::to_owned)
    };
    if let Some(line) = line_with(REFUSED) {
        failure.refused_by_sandbox = true;
        // In a trace the lines above tell what was tried.
        let said = stderr.lines().rev().take(TRACE_LINES).chain([line.as_str()]);
        let wants_process = said.into_iter().any(|line| PROCESS_WORDS.iter().any(|word| line.contains(word)));
        // An adapter that names the flag knows better.
        failure.hint = Some(match (quoted_path(&line), wants_process) {
            _ if failure.message.contains("--allow ") => "Grant what the message names.".to_owned(),
            (None, true) => "It tried to start another process. To permit that, add: --allow processes=8".to_owned(),
            (Some(path), _) => format!("To permit reading it, add: --allow read={path}"),
            (None, false) => {
                "Grant what it needs with --allow read=PATH, write=PATH, exec=PATH, connect=HOST:PORT or processes=N"
                    .to_owned()
            }
        });
        if failure.cause.is_none() {
            failure.cause = Some(format!("the sandbox refused something: {}", line.trim()));
        }
    } else if let Some(line) = line_with(NO_MEMORY) {
        failure.hint = Some("Give it more memory with --limit memory=BYTES.".to_owned());
        if failure.cause.is_none() {
            failure.cause = Some(format!("its memory limit: {}", line.trim()));
        }
    }
}

/// The last absolute path in a line, in quotes or at a word's start.
fn quoted_path(line: &str) -> Option<&str> {
    line.split(['\'', '"', '`', ' ', '\t', '(', ')', ','])
        .map(|word| word.trim_end_matches([':', '.', ';']))
        .rfind(|word| word.starts_with('/') && word.len() > 1)
}

/// The launcher started nothing.
pub(crate) fn launch_failure(failure: &LaunchFailure) -> Failure {
    let text = failure.to_string();
    match failure {
        LaunchFailure::Unavailable { call, errno_name, cure, .. } => Failure::new(
            Code::SandboxUnavailable,
            format!("{call} answered {errno_name}; nothing was started"),
        )
        .hint(cure.clone()),
        LaunchFailure::Gap { missing } => {
            let list = |text: fn(&Gap) -> String, between| {
                missing.iter().map(text).collect::<Vec<_>>().join(between)
            };
            let what = list(|gap| format!("{} ({})", gap.property, gap.why), ", ");
            let cures = list(|gap| format!("{}, or {}", gap.cure, gap.accept_flag), "; ");
            Failure::new(Code::SandboxGap, format!("this host does not provide {what}; nothing was started"))
                .hint(cures)
        }
        LaunchFailure::NotEnforced { .. } => Failure::new(Code::SandboxNotEnforced, text),
        LaunchFailure::Exec { path, errno_name, hint, .. } => Failure::new(
            Code::AdapterSpawnFailed,
            format!("{} cannot be executed: {errno_name}", path.display()),
        )
        .hint(hint.clone()),
        LaunchFailure::Spec { .. } => Failure::new(Code::AdapterSpawnFailed, text)
            .hint("Something that was granted is gone since, or the plan is wrong; run it again."),
        LaunchFailure::Orphaned { .. } => Failure::new(Code::ContractInternal, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(code: Code, stderr: &str) -> Failure {
        let mut failure = Failure::new(code, "x");
        explain(&mut failure, Some(ExitStatus::from_raw(1 << 8)), stderr);
        failure
    }

    #[test]
    fn a_refused_path_is_named_with_its_flag() {
        for line in [
            "PermissionError: [Errno 13] Permission denied: '/srv/data/x.csv'",
            "cat: /srv/data/x.csv: Permission denied",
            "Error: EACCES: permission denied, open '/srv/data/x.csv'",
        ] {
            let failure = explained(Code::AdapterExited, &format!("Traceback\n{line}\n"));
            assert!(failure.refused_by_sandbox);
            assert!(failure.hint.unwrap().contains("--allow read=/srv/data/x.csv"), "{line}");
        }
    }

    #[test]
    fn a_refused_fork_names_processes() {
        let failure = explained(Code::AdapterExited, "sh: 1: Cannot fork: Operation not permitted\n");
        assert!(failure.hint.unwrap().contains("processes="));
    }

    #[test]
    fn a_bad_line_of_a_dying_adapter_blames_its_death() {
        let failure = explained(Code::IpcBadEnvelope, "boom\n");
        assert_eq!(failure.cause.as_deref(), Some("the adapter exited with status 1: boom"));
        let mut living = Failure::new(Code::IpcBadEnvelope, "x");
        explain(&mut living, None, "");
        assert!(living.cause.unwrap().contains("print"));
    }

    #[test]
    fn a_signal_has_its_name() {
        assert_eq!(exit_text(ExitStatus::from_raw(9)), "was ended by SIGKILL (9)");
        assert_eq!(exit_code(ExitStatus::from_raw(9)), -9);
        assert_eq!(early_exit(ExitStatus::from_raw(24), "it answered").code, Code::AdapterOverBudget);
    }

    #[test]
    fn a_long_frame_is_cut() {
        assert_eq!(shown_frame(&[b'x'; 300]).chars().count(), 201);
    }
}
