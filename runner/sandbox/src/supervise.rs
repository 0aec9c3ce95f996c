//! For several processes the launcher stays beside the adapter: it passes signals on, ends whatever the adapter leaves
//! behind, and answers with the adapter's own exit status.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, WaitOptions, WaitStatus};

use crate::cgroup::{Joined, Leaf, TASKS_PER_PROCESS};
use crate::confine::{self, Plan};
use crate::coverage::Bounds;
use crate::descendants;
use crate::descriptors;
use crate::failure::{LaunchFailure, NOTHING_STARTED};
use crate::landlocked::LandlockAbi;
use crate::launch::{LauncherFds, Lines, close, run_adapter};
use crate::report::ReportLine;
use crate::resource_limits;
use crate::spec::LaunchSpec;

/// Signals that are passed on to the adapter's group.
const PASSED_ON: [i32; 6] =
    [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2];

/// Starts the adapter in a child and stays until everything it started has ended.
///
/// # Errors
/// What kept the child from being made; the child reports its own failures.
pub(crate) fn launch(spec: &LaunchSpec, fds: LauncherFds, lines: &mut Lines) -> Result<u8, LaunchFailure> {
    let life = fds.life.ok_or_else(|| LaunchFailure::spec("several processes need --life-fd".into()))?;
    confine::require_parent(spec.runner_pid)?;
    confine::own_session()?;
    descriptors::close_others(&[fds.report, life], &spec.granted_fds)?;
    descendants::of_this_process()
        .map_err(|e| LaunchFailure::spec(format!("several processes need /proc to be mounted: {e}")))?;
    let abi = LandlockAbi::probe(spec.max_abi)?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|e| LaunchFailure::not_enforced("subreaper", e))?;
    let signals = signal_descriptor()?;
    let leaf = Leaf::make();
    let supervisor = std::process::id();
    // SAFETY: this process has one thread, so the child may go on as if it were the parent.
    match unsafe { libc::fork() } {
        -1 => Err(LaunchFailure::not_enforced("fork", std::io::Error::last_os_error())),
        0 => {
            let failure = be_the_adapter(spec, abi, &leaf, supervisor, lines);
            lines.write(&ReportLine::Failure(failure));
            // SAFETY: ends the child here; nothing of the parent's must run twice, so no destructor does.
            unsafe { libc::_exit(i32::from(NOTHING_STARTED)) }
        }
        child => {
            let adapter = Pid::from_raw(child).expect("fork gave a child");
            let status = supervise(spec, fds.report, life, &signals, adapter, &leaf);
            drop(leaf);
            Ok(mirror(status))
        }
    }
}

/// The child's way to the adapter; returns only with a failure.
fn be_the_adapter(
    spec: &LaunchSpec,
    abi: LandlockAbi,
    leaf: &Leaf,
    supervisor: u32,
    lines: &mut Lines,
) -> LaunchFailure {
    let mut start = || -> Result<u8, LaunchFailure> {
        confine::die_with_parent(supervisor)?;
        confine::own_session()?;
        let joined = leaf.join(spec.profile.processes, spec.profile.limits.memory_bytes);
        let plan = plan(spec, abi, joined)?;
        run_adapter(spec, plan, supervisor, lines)
    };
    start().err().unwrap_or_else(|| LaunchFailure::not_enforced("exec", "returned"))
}

/// What several processes get once the child has joined the groups that let it.
///
/// # Errors
/// [`LaunchFailure::Gap`] when something is missing and not accepted.
pub(crate) fn plan(spec: &LaunchSpec, abi: LandlockAbi, joined: Joined) -> Result<Plan, LaunchFailure> {
    let mut tasks = joined.tasks;
    if tasks.is_none() && !rustix::process::geteuid().is_root() {
        let wanted = u64::from(spec.profile.processes).saturating_mul(TASKS_PER_PROCESS);
        tasks = Some(resource_limits::set_processes(descendants::tasks_of_this_user() + wanted)?);
    }
    let bounds = Bounds {
        processes: tasks.as_ref().map(|limit| limit.by.clone()),
        memory: joined.memory.as_ref().map(|limit| limit.by.clone()),
        kill: joined.kill,
    };
    let tree_limits = tasks.into_iter().chain(joined.memory).collect();
    Plan::new(&spec.profile, abi, bounds, tree_limits)
}

/// Waits for the adapter's end or for the runner's word, then ends everything else.
fn supervise(
    spec: &LaunchSpec,
    report: RawFd,
    life: RawFd,
    signals: &OwnedFd,
    adapter: Pid,
    leaf: &Leaf,
) -> Option<WaitStatus> {
    // Whoever reads these must see their end when the adapter ends, not when its supervisor does.
    close(report);
    for granted in &spec.granted_fds {
        close(granted.fd);
    }
    detach_standard_streams();
    // SAFETY: the runner opened this descriptor for the launcher, which keeps it open to its end.
    let life = unsafe { BorrowedFd::borrow_raw(life) };
    let mut status = None;
    while status.is_none() {
        let mut fds = [PollFd::new(signals, PollFlags::IN), PollFd::from_borrowed_fd(life, PollFlags::IN)];
        if poll(&mut fds, None).is_err() {
            continue;
        }
        let [signalled, called] = fds.map(|fd| !fd.revents().is_empty());
        if signalled {
            match next_signal(signals) {
                Some(libc::SIGCHLD) => status = reap(adapter),
                Some(number) => pass_on(number, adapter),
                None => {}
            }
        }
        if called && is_over(life) {
            break;
        }
    }
    end_everything(adapter, leaf, status)
}

fn next_signal(signals: &OwnedFd) -> Option<i32> {
    let mut info = [0_u8; size_of::<libc::signalfd_siginfo>()];
    let read = rustix::io::read(signals, &mut info).ok()?;
    // The number is the first field.
    let number = i32::from_ne_bytes(info[..4].try_into().expect("four bytes"));
    (read == info.len()).then_some(number)
}

/// The adapter leads its own group as soon as it has made its session.
fn pass_on(number: i32, adapter: Pid) {
    let pid = adapter.as_raw_nonzero().get();
    // SAFETY: both calls only take numbers; the adapter is our child and not reaped yet.
    unsafe {
        if libc::kill(-pid, number) != 0 {
            libc::kill(pid, number);
        }
    }
}

fn is_over(life: BorrowedFd<'_>) -> bool {
    let mut ignored = [0_u8; 256];
    matches!(rustix::io::read(life, &mut ignored), Ok(0) | Err(_))
}

/// Reaps all that ended and returns the adapter's status if it is among them.
fn reap(adapter: Pid) -> Option<WaitStatus> {
    let mut found = None;
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if pid == adapter {
            found = Some(status);
        }
    }
    found
}

/// Kills and reaps until there is no child. Orphans become our children, so nothing is missed.
fn end_everything(adapter: Pid, leaf: &Leaf, mut status: Option<WaitStatus>) -> Option<WaitStatus> {
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, ended))) if pid == adapter => status = Some(ended),
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) => break,
            Err(_) => return status,
        }
    }
    leaf.kill();
    loop {
        descendants::kill_all();
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, ended))) if pid == adapter => status = Some(ended),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return status,
        }
    }
}

/// Ends as the adapter ended: with its code, or by its signal.
fn mirror(status: Option<WaitStatus>) -> u8 {
    let Some(status) = status else { return NOTHING_STARTED };
    if let Some(code) = status.exit_status() {
        return u8::try_from(code & 0xff).expect("masked to a byte");
    }
    let number = status.terminating_signal().unwrap_or(libc::SIGKILL);
    // The adapter's end is what counts; a core file of the supervisor would be noise.
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    confine::reset_signals();
    // SAFETY: ends this process by the same signal.
    unsafe { libc::raise(number) };
    u8::try_from(128 + number).unwrap_or(u8::MAX)
}

/// A descriptor on which signals are read; they are blocked from here on.
fn signal_descriptor() -> Result<OwnedFd, LaunchFailure> {
    // SAFETY: `set` is initialised by sigemptyset before it is used, and outlives the calls.
    let fd = unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for number in PASSED_ON.into_iter().chain([libc::SIGCHLD]) {
            libc::sigaddset(&raw mut set, number);
        }
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
        libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC)
    };
    if fd < 0 {
        return Err(LaunchFailure::not_enforced("signalfd", std::io::Error::last_os_error()));
    }
    // SAFETY: signalfd gave us this descriptor and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Points 0, 1 and 2 of the supervisor at `/dev/null`, or closes them where there is none.
fn detach_standard_streams() {
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    for stream in 0..=2 {
        // SAFETY: the standard streams are not used by the supervisor from here on.
        unsafe {
            match &null {
                Ok(null) => libc::dup2(null.as_raw_fd(), stream),
                Err(_) => libc::close(stream),
            };
        }
    }
}
