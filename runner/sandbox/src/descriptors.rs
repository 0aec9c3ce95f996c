//! Which descriptors the adapter gets: 0, 1, 2 and the granted ones, nothing else.

use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::FdFlags;

use crate::failure::LaunchFailure;
use crate::spec::GrantedFd;

/// Closes every descriptor but 0, 1, 2, `kept` (closed on execution) and the granted ones (kept over it).
///
/// # Errors
/// [`LaunchFailure::Spec`] names a descriptor that is not open.
pub(crate) fn close_others(kept: &[RawFd], granted: &[GrantedFd]) -> Result<(), LaunchFailure> {
    for fd in 0..=2 {
        set_flags(fd, FdFlags::empty(), "standard")?;
    }
    for fd in kept {
        set_flags(*fd, FdFlags::CLOEXEC, "launcher's")?;
    }
    for granted in granted {
        if kept.contains(&granted.fd) {
            let message = format!("granted descriptor {} is the launcher's own", granted.fd);
            return Err(LaunchFailure::spec(message));
        }
        set_flags(granted.fd, FdFlags::empty(), "granted")?;
    }
    let mut open: Vec<RawFd> = kept.iter().copied().chain(granted.iter().map(|g| g.fd)).collect();
    open.sort_unstable();
    open.dedup();
    let mut first = 3;
    for fd in open {
        if fd > first {
            close_range(first, fd - 1)?;
        }
        first = first.max(fd + 1);
    }
    close_range(first, RawFd::MAX)
}

fn set_flags(fd: RawFd, flags: FdFlags, whose: &str) -> Result<(), LaunchFailure> {
    // SAFETY: the number is only handed to fcntl, which answers EBADF when it is not open; it is not closed here.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    rustix::io::fcntl_setfd(borrowed, flags)
        .map_err(|e| LaunchFailure::spec(format!("{whose} descriptor {fd} is not open: {e}")))
}

fn close_range(first: RawFd, last: RawFd) -> Result<(), LaunchFailure> {
    // SAFETY: nothing in this process owns a descriptor in the range; the owners were listed by the caller.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if answer != 0 {
        let error = std::io::Error::last_os_error();
        return Err(LaunchFailure::not_enforced("close_range", format!("{first} to {last}: {error}")));
    }
    Ok(())
}
