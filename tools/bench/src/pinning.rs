//! Which process runs on which core.

use anyhow::{Context, Result};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where the two processes of a conversation run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cores {
    /// Wherever the scheduler puts them.
    Free,
    /// Both on one core: they take turns.
    One,
    /// Each on its own.
    Two,
}

/// The numbers of the cores that we may use.
pub(crate) fn available() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None).context("sched_getaffinity")?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
}

/// Pins `pid` (or the caller) to the core of the first or the second process.
pub(crate) fn pin(pid: Option<Pid>, cores: Cores, second: bool) -> Result<()> {
    let available = available()?;
    let core = match (cores, second) {
        (Cores::Free, _) => return Ok(()),
        (Cores::One, _) | (Cores::Two, false) => available[0],
        (Cores::Two, true) => *available.get(1).context("this machine gives one core only")?,
    };
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(pid, &set).context("sched_setaffinity")
}
