//! Resource limits of the process, set and read back.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::failure::LaunchFailure;
use crate::profile::{Limits, Profile};
use crate::report::LimitSet;

/// Below this the launcher itself could not write its report.
pub(crate) const LEAST_MEMORY_BYTES: u64 = 4 << 20;

/// Sets every limit for this process and all it starts; a lower limit that is in force already stays.
///
/// # Errors
/// [`LaunchFailure::Spec`] for a limit that is too low, [`LaunchFailure::NotEnforced`] when one does not read back.
pub(crate) fn set_all(profile: &Profile) -> Result<Vec<LimitSet>, LaunchFailure> {
    let limits = &profile.limits;
    if limits.memory_bytes < LEAST_MEMORY_BYTES
        || limits.address_space_bytes.is_some_and(|bytes| bytes < LEAST_MEMORY_BYTES)
    {
        return Err(LaunchFailure::spec(format!("a memory limit is below {LEAST_MEMORY_BYTES} bytes")));
    }
    let mut set = Vec::with_capacity(6);
    for (name, by, resource, value, slack) in rows(limits) {
        set.push(LimitSet { name: name.into(), value: set_one(by, resource, value, slack)?, by: by.into() });
    }
    Ok(set)
}

/// Bounds the number of processes of this user; it does not bind root.
pub(crate) fn set_processes(count: u64) -> Result<LimitSet, LaunchFailure> {
    let value = set_one("RLIMIT_NPROC", Resource::Nproc, count, 0)?;
    Ok(LimitSet { name: "processes".into(), value, by: "RLIMIT_NPROC".into() })
}

/// Name, mechanism, resource, soft limit, and what the hard limit has more.
fn rows(limits: &Limits) -> Vec<(&'static str, &'static str, Resource, u64, u64)> {
    let mut rows = vec![
        ("coreBytes", "RLIMIT_CORE", Resource::Core, 0, 0),
        ("memoryBytes", "RLIMIT_DATA", Resource::Data, limits.memory_bytes, 0),
        ("fileSizeBytes", "RLIMIT_FSIZE", Resource::Fsize, limits.file_size_bytes, 0),
        ("openFiles", "RLIMIT_NOFILE", Resource::Nofile, limits.open_files, 0),
        // SIGXCPU at the soft limit names the cause; SIGKILL a second later for those who ignore it.
        ("cpuSeconds", "RLIMIT_CPU", Resource::Cpu, limits.cpu_seconds, 1),
    ];
    if let Some(bytes) = limits.address_space_bytes {
        rows.push(("addressSpaceBytes", "RLIMIT_AS", Resource::As, bytes, 0));
    }
    rows
}

fn set_one(name: &str, resource: Resource, value: u64, slack: u64) -> Result<u64, LaunchFailure> {
    let before = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let hard = value.saturating_add(slack).min(before);
    let soft = value.min(hard);
    setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })
        .map_err(|e| LaunchFailure::not_enforced(name, format!("cannot be set to {value}: {e}")))?;
    let after = getrlimit(resource);
    if after.current != Some(soft) || after.maximum != Some(hard) {
        return Err(LaunchFailure::not_enforced(name, format!("set to {soft}, reads back as {after:?}")));
    }
    Ok(soft)
}
