//! What this machine has, for the floors of packs.

use std::path::Path;

use contract_models::MachineFacts;

/// What can be found out; the rest stays unknown.
pub(super) fn facts(folder: &Path) -> MachineFacts {
    MachineFacts { free_bytes: free_bytes(folder), ram_bytes: ram_bytes() }
}

/// Free space for this user on the file system of the nearest folder that exists.
fn free_bytes(folder: &Path) -> Option<u64> {
    let folder = folder.ancestors().find(|folder| folder.exists())?;
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// `MemTotal` of <https://man7.org/linux/man-pages/man5/proc_meminfo.5.html>: what the kernel has to give, less than what is plugged in.
fn ram_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
