//! A program that was started, and the process group that it leads.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, ExitStatus};

use nix::unistd::getpgid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, pidfd_open, waitid,
};

/// The highest process number that a kernel gives, `PID_MAX_LIMIT`.
/// <https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html>
const MAX_PID: i32 = 4_194_304;

/// The group. Its leader stays unreaped to the end, so that its number can name no other group meanwhile.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    leader: Pid,
    end: Option<OwnedFd>,
}

/// A process of the group that still runs. It has no descriptor where the sandbox refuses pidfd_open(2) (Landlock below
/// ABI 6); there, threads and processes that wait to be reaped cannot be told from running processes.
#[derive(Debug)]
pub(crate) struct Member(Option<OwnedFd>);

impl Group {
    pub(crate) fn new(child: Child) -> Self {
        let leader = Pid::from_child(&child);
        // It only wakes us up sooner; `has_exited` is what is believed.
        let end = pidfd_open(leader, PidfdFlags::empty()).ok();
        Self { child, leader, end }
    }

    /// A descriptor that becomes readable when the program has exited, where there can be one.
    pub(crate) fn end(&self) -> Option<&OwnedFd> {
        self.end.as_ref()
    }

    /// Whether the program itself has exited; it is not reaped.
    pub(crate) fn has_exited(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error means that there is no such child any more.
        !matches!(waitid(WaitId::Pid(self.leader), options), Ok(None) | Err(Errno::INTR))
    }

    /// Asks all of the group to end.
    pub(crate) fn ask(&self) {
        if kill_process_group(self.leader, Signal::TERM).is_err() {
            // The program has left its own group.
            let _ = kill_process(self.leader, Signal::TERM);
        }
    }

    /// Ends all of the group, and the program, wherever it is. Whoever has ended already needs no signal.
    pub(crate) fn kill(&self) {
        let _ = kill_process_group(self.leader, Signal::KILL);
        let _ = kill_process(self.leader, Signal::KILL);
    }

    /// The processes of the group that run, without the program itself.
    ///
    /// `/proc` is not readable in the sandbox, so the numbers that were given since the start are asked one by one.
    pub(crate) fn members(&self) -> Vec<Member> {
        let first = self.leader.as_raw_nonzero().get();
        let newest = newest_number();
        // A lower number than that of the leader: the kernel has begun anew at the low ones.
        let (last, low) = if newest > first { (newest, 0) } else { (MAX_PID, newest) };
        (first + 1..=last)
            .chain(1..=low)
            .filter_map(Pid::from_raw)
            .filter_map(|pid| self.member(pid))
            .collect()
    }

    fn member(&self, pid: Pid) -> Option<Member> {
        // Not with rustix, which takes the answer for a number above 0: that of a kernel thread is 0.
        let group = getpgid(Some(nix::unistd::Pid::from_raw(pid.as_raw_nonzero().get()))).ok()?;
        if group.as_raw() != self.leader.as_raw_nonzero().get() {
            return None;
        }
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(end) => Some(Member(Some(end))).filter(|member| !member.has_ended()),
            // It has ended just now, or is a thread: EINVAL, on newer kernels ENOENT.
            Err(Errno::SRCH | Errno::INVAL | Errno::NOENT) => None,
            Err(_) => Some(Member(None)),
        }
    }

    /// How the program ended; waits for it.
    ///
    /// # Errors
    /// What wait(2) says.
    pub(crate) fn reap(mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }
}

impl Member {
    /// A descriptor that becomes readable when it has ended.
    pub(crate) fn end(&self) -> Option<&OwnedFd> {
        self.0.as_ref()
    }

    /// Whether it has ended; unknown counts as yes.
    pub(crate) fn has_ended(&self) -> bool {
        let Some(end) = &self.0 else { return true };
        poll(&mut [PollFd::new(end, PollFlags::IN)], Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }
}

/// The number of the newest process: threads have numbers of the same series. The highest of all when no thread can be had.
fn newest_number() -> i32 {
    let thread = std::thread::Builder::new().spawn(|| rustix::thread::gettid().as_raw_nonzero().get());
    thread.ok().and_then(|thread| thread.join().ok()).unwrap_or(MAX_PID)
}
