//! Peak memory of the runner.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::runs::Run;

/// The largest resident set (`VmHWM`) in KiB that was seen while it ran, in the first tenth and over all: equal when memory
/// is flat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peak {
    pub(crate) early_kib: u64,
    pub(crate) whole_kib: u64,
}

pub(crate) fn peak(run: &Run, expected: Duration) -> Result<Peak> {
    let mut child = run.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let start = std::time::Instant::now();
    let mut peak = Peak { early_kib: 0, whole_kib: 0 };
    while child.try_wait()?.is_none() {
        // A process that has just ended has no memory any more.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        if let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            let kib = line.trim().trim_end_matches(" kB").parse().context("VmHWM")?;
            if start.elapsed() < expected / 10 {
                peak.early_kib = kib;
            }
            peak.whole_kib = kib;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    ensure!(child.wait()?.success(), "{:?} failed", run.arguments);
    Ok(peak)
}
