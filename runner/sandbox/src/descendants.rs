//! The processes below this one, as `/proc` shows them, and the end of all of them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// How often the stop pass looks for newcomers before the kill pass; both passes run again until no child is left.
const STOP_PASSES: u32 = 16;

/// A process and what tells it from a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Process {
    pid: i32,
    parent: i32,
    started: u64,
}

/// All descendants of this process.
///
/// # Errors
/// `/proc` cannot be read.
pub(crate) fn of_this_process() -> io::Result<Vec<Process>> {
    let own = std::process::id().cast_signed();
    let mut all = Vec::new();
    let mut saw_own = false;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        saw_own |= pid == own;
        all.extend(read(pid));
    }
    if !saw_own {
        return Err(io::Error::other("/proc does not show this process"));
    }
    let mut below = BTreeSet::from([own]);
    let mut found = Vec::new();
    loop {
        let next: Vec<Process> =
            all.iter().filter(|p| below.contains(&p.parent) && !below.contains(&p.pid)).copied().collect();
        if next.is_empty() {
            return Ok(found);
        }
        below.extend(next.iter().map(|process| process.pid));
        found.extend(next);
    }
}

/// Stops every descendant, so that none can start another, then kills them all.
pub(crate) fn kill_all() {
    let mut stopped = BTreeSet::new();
    for _ in 0..STOP_PASSES {
        let fresh: Vec<Process> =
            of_this_process().unwrap_or_default().into_iter().filter(|p| !stopped.contains(p)).collect();
        if fresh.is_empty() {
            break;
        }
        for process in fresh {
            send(process, Signal::STOP);
            stopped.insert(process);
        }
    }
    for process in of_this_process().unwrap_or_default() {
        send(process, Signal::KILL);
    }
}

/// The descriptor holds the process; if it is still the one that was seen, the signal cannot hit another.
fn send(process: Process, signal: Signal) {
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    if let Ok(fd) = pidfd_open(pid, PidfdFlags::empty())
        && read(process.pid).is_some_and(|now| now.started == process.started)
    {
        // It may have ended in between, which is what is wanted.
        let _ = pidfd_send_signal(fd, signal);
    }
}

fn read(pid: i32) -> Option<Process> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The command name is in parentheses and may hold anything, so the fields are counted from the last one.
fn parse(stat: &str) -> Option<Process> {
    let (front, back) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = back.split(' ').collect();
    Some(Process {
        pid: front.split(' ').next()?.parse().ok()?,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// How many threads this user runs now; `RLIMIT_NPROC` counts them all.
pub(crate) fn tasks_of_this_user() -> u64 {
    let own = rustix::process::getuid().as_raw();
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<i32>().is_ok()))
        .filter(|entry| entry.metadata().is_ok_and(|data| data.uid() == own))
        .map(|entry| fs::read_dir(entry.path().join("task")).map_or(0, |tasks| tasks.count() as u64))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_command_name_does_not_shift_the_fields() {
        let stat = "42 (a) R 1 (b) S 7 42 42 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 991 0 0";
        assert_eq!(parse(stat), Some(Process { pid: 42, parent: 7, started: 991 }));
    }
}
