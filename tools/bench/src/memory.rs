//! Peak memory of the runner.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::runs::Run;

/// What was seen while it ran, in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Peak {
    /// The largest resident set (`VmHWM`): with the pages of the program's file, which are shared and can be dropped.
    pub(crate) resident_kib: u64,
    /// The largest memory of its own (`RssAnon`).
    pub(crate) own_kib: u64,
    /// The same after a tenth of the time: equal when memory is flat.
    pub(crate) own_early_kib: u64,
}

pub(crate) fn peak(run: &Run) -> Result<Peak> {
    let mut child = run.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut seen: Vec<(u64, u64)> = Vec::new();
    while child.try_wait()?.is_none() {
        // A process that has just ended has no memory any more.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        if let (Some(resident), Some(own)) = (kib(&text, "VmHWM:")?, kib(&text, "RssAnon:")?) {
            seen.push((resident, own));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    ensure!(child.wait()?.success(), "{:?} failed", run.arguments);
    let largest =
        |part: &[(u64, u64)], of: fn(&(u64, u64)) -> u64| part.iter().map(of).max().unwrap_or_default();
    Ok(Peak {
        resident_kib: largest(&seen, |kib| kib.0),
        own_kib: largest(&seen, |kib| kib.1),
        own_early_kib: largest(&seen[..seen.len().div_ceil(10)], |kib| kib.1),
    })
}

fn kib(status: &str, name: &str) -> Result<Option<u64>> {
    let Some(line) = status.lines().find_map(|line| line.strip_prefix(name)) else { return Ok(None) };
    Ok(Some(line.trim().trim_end_matches(" kB").parse().with_context(|| name.to_owned())?))
}
