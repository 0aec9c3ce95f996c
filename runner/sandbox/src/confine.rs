//! Restricts this process for good, step by step, and shows that each step holds.

use std::os::fd::RawFd;

use rustix::process::Pid;
use rustix::thread::SecureComputingMode;

use crate::canary::Canaries;
use crate::coverage::{self, Bounds, Standing};
use crate::failure::{Gap, LaunchFailure};
use crate::landlocked::{self, LandlockAbi};
use crate::profile::{Profile, Property};
use crate::report::{LimitSet, Report, ReportVersion};
use crate::seccomp::{self, Arch, Filter};
use crate::spec::LaunchSpec;
use crate::{descriptors, privileges, resource_limits};

/// What is decided before anything is applied.
pub(crate) struct Plan {
    pub(crate) abi: LandlockAbi,
    pub(crate) bounds: Bounds,
    /// Missing properties, all of them accepted.
    pub(crate) gaps: Vec<Gap>,
    /// Limits that hold for the whole tree already.
    pub(crate) tree_limits: Vec<LimitSet>,
}

impl Plan {
    /// Compares what the profile needs with what this host provides.
    ///
    /// # Errors
    /// [`LaunchFailure::Gap`] when something is missing and not accepted.
    pub(crate) fn new(
        profile: &Profile,
        abi: LandlockAbi,
        bounds: Bounds,
        tree_limits: Vec<LimitSet>,
    ) -> Result<Plan, LaunchFailure> {
        let gaps = coverage::gaps(coverage::shape(profile, abi), &bounds);
        let missing = coverage::missing(&gaps, &profile.accepted_gaps);
        if missing.is_empty() {
            Ok(Plan { abi, bounds, gaps, tree_limits })
        } else {
            Err(LaunchFailure::Gap { missing })
        }
    }
}

/// Restricts this single-threaded process to the spec's profile. `kept` descriptors stay open until execution.
///
/// # Errors
/// Any failure means that nothing may be executed.
pub(crate) fn confine(spec: &LaunchSpec, plan: Plan, kept: &[RawFd]) -> Result<Report, LaunchFailure> {
    let profile = &spec.profile;
    let shape = coverage::shape(profile, plan.abi);
    let arch = Arch::native()
        .ok_or_else(|| LaunchFailure::spec(format!("no filter for {}", std::env::consts::ARCH)))?;
    let filter = Filter::compile(arch, shape);
    descriptors::close_others(kept, &spec.granted_fds)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    reset_signals();
    let mut limits = resource_limits::set_all(profile)?;
    limits.extend(plan.tree_limits);
    rustix::process::chdir(&spec.cwd).map_err(|e| {
        LaunchFailure::spec(format!("the working directory {} cannot be entered: {e}", spec.cwd.display()))
    })?;
    let canaries = Canaries::before(&spec.canary, shape, spec.runner_pid)?;
    require_one_thread()?;
    privileges::drop_all()?;
    landlocked::restrict(profile, plan.abi.used)?;
    let own = rustix::process::getpid().as_raw_nonzero().get().cast_unsigned();
    seccomp::install(&filter.for_process(own))
        .map_err(|e| LaunchFailure::unavailable("seccomp", e.raw_os_error().unwrap_or(libc::EINVAL)))?;
    let canaries = canaries.after()?;
    require_filter()?;
    let requested = coverage::requested(profile);
    Ok(Report {
        v: ReportVersion::V0,
        landlock_abi: plan.abi.used,
        kernel_landlock_abi: plan.abi.kernel,
        enforced: coverage::enforced(&requested, &plan.gaps, &canaries, shape, &plan.bounds),
        pre_existing: preexisting(&requested, &canaries),
        not_covered: coverage::not_covered(profile, &plan.gaps, &canaries, &plan.bounds),
        requested,
        filter_digest: filter.digest(),
        filter_instructions: u32::try_from(filter.len()).expect("a filter is shorter than 256 instructions"),
        canaries,
        limits,
        supervised: !profile.is_one_process(),
    })
}

fn preexisting(requested: &[Property], canaries: &[crate::report::Canary]) -> Vec<Property> {
    let refused_before =
        |property: &Property| coverage::standing(*property, canaries) == Standing::Preexisting;
    requested.iter().copied().filter(refused_before).collect()
}

/// Landlock covers the calling thread only, so there must be no other. `unshare(CLONE_THREAD)` changes nothing and
/// fails when there is; where it is refused altogether, the threads are counted.
fn require_one_thread() -> Result<(), LaunchFailure> {
    const CLONE_THREAD: i32 = 0x0001_0000;
    // SAFETY: with this flag alone the call only asks whether there is a second thread.
    if unsafe { libc::unshare(CLONE_THREAD) } == 0 {
        return Ok(());
    }
    match std::fs::read_dir("/proc/self/task").map(Iterator::count) {
        Ok(1) => Ok(()),
        Ok(threads) => Err(LaunchFailure::not_enforced("one-thread", format!("{threads} threads"))),
        Err(e) => Err(LaunchFailure::not_enforced("one-thread", e)),
    }
}

fn require_filter() -> Result<(), LaunchFailure> {
    match rustix::thread::secure_computing_mode() {
        Ok(SecureComputingMode::Filter) => Ok(()),
        other => Err(LaunchFailure::not_enforced("seccomp", format!("the mode reads back as {other:?}"))),
    }
}

/// The adapter starts with default actions and nothing blocked, whatever the launcher inherited.
pub(crate) fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: the default action needs no handler; numbers that cannot be set are refused.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: `empty` is initialised by sigemptyset before it is read.
    unsafe {
        let mut empty = std::mem::zeroed();
        libc::sigemptyset(&raw mut empty);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const empty, std::ptr::null_mut());
    }
}

/// Makes the kernel kill this process when `parent` ends, and checks that it has not ended already.
///
/// # Errors
/// [`LaunchFailure::Orphaned`] when the parent is another process.
pub(crate) fn die_with_parent(parent: u32) -> Result<(), LaunchFailure> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(|e| LaunchFailure::not_enforced("parent-death-signal", e))?;
    require_parent(parent)
}

/// Checks that the parent is the expected process.
///
/// # Errors
/// [`LaunchFailure::Orphaned`] when it is not.
pub(crate) fn require_parent(parent: u32) -> Result<(), LaunchFailure> {
    let found = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get().cast_unsigned());
    if found == parent {
        Ok(())
    } else {
        Err(LaunchFailure::Orphaned { expected_parent: parent, found_parent: found })
    }
}

/// Reads the parent-death signal back after the credentials changed, which can clear it.
///
/// # Errors
/// [`LaunchFailure::NotEnforced`] when it is gone.
pub(crate) fn require_death_signal() -> Result<(), LaunchFailure> {
    match rustix::process::parent_process_death_signal() {
        Ok(Some(rustix::process::Signal::KILL)) => Ok(()),
        other => Err(LaunchFailure::not_enforced("parent-death-signal", format!("reads back as {other:?}"))),
    }
}

/// Gives this process a session and a group of its own.
///
/// # Errors
/// [`LaunchFailure::Spec`] when it leads a group already and is no session leader.
pub(crate) fn own_session() -> Result<(), LaunchFailure> {
    if rustix::process::setsid().is_ok() {
        return Ok(());
    }
    let own: Pid = rustix::process::getpid();
    match rustix::process::getsid(None) {
        Ok(session) if session == own => Ok(()),
        _ => Err(LaunchFailure::spec(
            "the launcher leads a process group and cannot leave its session; start it without a group"
                .into(),
        )),
    }
}
