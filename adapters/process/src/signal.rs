//! Names of signals.

use std::borrow::Cow;

use rustix::process::Signal;

const NAMES: &[(Signal, &str)] = &[
    (Signal::ABORT, "SIGABRT"),
    (Signal::ALARM, "SIGALRM"),
    (Signal::BUS, "SIGBUS"),
    (Signal::CHILD, "SIGCHLD"),
    (Signal::CONT, "SIGCONT"),
    (Signal::FPE, "SIGFPE"),
    (Signal::HUP, "SIGHUP"),
    (Signal::ILL, "SIGILL"),
    (Signal::INT, "SIGINT"),
    (Signal::IO, "SIGIO"),
    (Signal::KILL, "SIGKILL"),
    (Signal::PIPE, "SIGPIPE"),
    (Signal::POWER, "SIGPWR"),
    (Signal::PROF, "SIGPROF"),
    (Signal::QUIT, "SIGQUIT"),
    (Signal::SEGV, "SIGSEGV"),
    (Signal::STKFLT, "SIGSTKFLT"),
    (Signal::STOP, "SIGSTOP"),
    (Signal::SYS, "SIGSYS"),
    (Signal::TERM, "SIGTERM"),
    (Signal::TRAP, "SIGTRAP"),
    (Signal::TSTP, "SIGTSTP"),
    (Signal::TTIN, "SIGTTIN"),
    (Signal::TTOU, "SIGTTOU"),
    (Signal::URG, "SIGURG"),
    (Signal::USR1, "SIGUSR1"),
    (Signal::USR2, "SIGUSR2"),
    (Signal::VTALARM, "SIGVTALRM"),
    (Signal::WINCH, "SIGWINCH"),
    (Signal::XCPU, "SIGXCPU"),
    (Signal::XFSZ, "SIGXFSZ"),
];

/// The first signal that has no meaning of its own for programs: the C libraries keep 32 and 33 to themselves.
const REAL_TIME_FIRST: i32 = 34;

/// The name of a signal as `kill -l` writes it; one without a name is `SIG` and its number.
pub(crate) fn signal_name(number: i32) -> Cow<'static, str> {
    match NAMES.iter().find(|(signal, _)| signal.as_raw() == number) {
        Some((_, name)) => (*name).into(),
        None if number > REAL_TIME_FIRST => format!("SIGRTMIN+{}", number - REAL_TIME_FIRST).into(),
        None if number == REAL_TIME_FIRST => "SIGRTMIN".into(),
        None => format!("SIG{number}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_below_the_real_time_ones_has_its_own_name() {
        let names: std::collections::BTreeSet<_> = (1..=31).map(signal_name).collect();
        assert_eq!(names.len(), 31);
        assert!(names.iter().all(|name| name[3..].starts_with(|first: char| first.is_ascii_uppercase())));
    }

    #[test]
    fn real_time_signals_are_counted_from_the_first() {
        assert_eq!((signal_name(34), signal_name(40)), ("SIGRTMIN".into(), "SIGRTMIN+6".into()));
        assert_eq!(signal_name(32), "SIG32");
    }
}
