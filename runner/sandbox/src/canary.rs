//! Attempts made before and after the restriction. They are inert: a refused call and a call with an argument that no
//! kernel accepts both change nothing, and their error numbers tell who refused.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::failure::{LaunchFailure, errno_name};
use crate::profile::Property;
use crate::report::{Canary, CanaryVerdict};
use crate::seccomp::Shape;

/// Signal numbers end at 64, so this one is refused by every kernel after it looked at nothing else.
const NO_SIGNAL: i64 = 65;
const NO_RESOURCE: i64 = 9_999;
const NO_SOCKET_TYPE: i64 = 15;
const CLONE_SIGHAND: i64 = 0x800;

/// A call, its property, and the answer that shows the restriction at work.
struct Attempt {
    name: &'static str,
    property: Property,
    refused_with: i32,
    call: Call,
}

enum Call {
    /// Opens the canary file.
    Open(OFlags),
    /// Truncates the canary file to the length it has.
    Truncate,
    /// Connects to TCP port 0 of this host, where nobody can listen.
    ConnectPortZero,
    /// Any system call with arguments that change nothing.
    Raw(libc::c_long, [i64; 5]),
}

/// The attempts of one launch, with the answers from before.
pub(crate) struct Canaries {
    file: CString,
    file_bytes: i64,
    attempts: Vec<(Attempt, i32)>,
}

impl Canaries {
    /// Makes every attempt for the first time.
    ///
    /// # Errors
    /// [`LaunchFailure::Spec`] when the canary file is not there.
    pub(crate) fn before(file: &Path, shape: Shape, outsider: u32) -> Result<Canaries, LaunchFailure> {
        let stat = rustix::fs::stat(file)
            .map_err(|e| LaunchFailure::spec(format!("the canary file {}: {e}", file.display())))?;
        let name = CString::new(file.as_os_str().as_bytes())
            .map_err(|_| LaunchFailure::spec("the canary path holds a zero byte".into()))?;
        let mut canaries =
            Canaries { file: name, file_bytes: stat.st_size, attempts: Vec::with_capacity(20) };
        for attempt in attempts(shape, i64::from(outsider)) {
            let answer = canaries.attempt(&attempt.call);
            canaries.attempts.push((attempt, answer));
        }
        Ok(canaries)
    }

    /// Makes every attempt again and judges it.
    ///
    /// # Errors
    /// [`LaunchFailure::NotEnforced`] names the first canary that is not refused as it must be.
    pub(crate) fn after(self) -> Result<Vec<Canary>, LaunchFailure> {
        let mut judged = Vec::with_capacity(self.attempts.len());
        for (attempt, before) in &self.attempts {
            let after = self.attempt(&attempt.call);
            judged.push(judge(attempt, *before, after)?);
        }
        Ok(judged)
    }

    /// 0 or the error number.
    fn attempt(&self, call: &Call) -> i32 {
        match call {
            Call::Open(flags) => {
                let opened = rustix::fs::open(&self.file, *flags | OFlags::CLOEXEC, Mode::empty());
                opened.err().map_or(0, rustix::io::Errno::raw_os_error)
            }
            Call::Truncate => raw(
                libc::SYS_truncate,
                [self.file.as_ptr().expose_provenance() as i64, self.file_bytes, 0, 0, 0],
            ),
            Call::ConnectPortZero => connect_port_zero(),
            Call::Raw(number, arguments) => raw(*number, *arguments),
        }
    }
}

fn judge(attempt: &Attempt, before: i32, after: i32) -> Result<Canary, LaunchFailure> {
    let refused_before = matches!(before, libc::EPERM | libc::EACCES) || before == attempt.refused_with;
    let verdict = if after == 0 || (after != attempt.refused_with && !(refused_before && after == before)) {
        if before == after && before == libc::ENOSYS {
            CanaryVerdict::NoCanary
        } else {
            let why = format!(
                "answered {} before and {} after, expected {}",
                errno_name(before),
                errno_name(after),
                errno_name(attempt.refused_with)
            );
            return Err(LaunchFailure::not_enforced(attempt.name, why));
        }
    } else if refused_before {
        CanaryVerdict::Preexisting
    } else if before == libc::ENOSYS
        || (before != 0 && !matches!(attempt.call, Call::Raw(..) | Call::ConnectPortZero))
    {
        // A file that cannot be opened for another reason proves nothing; nor does a call the kernel lacks.
        CanaryVerdict::NoCanary
    } else {
        CanaryVerdict::Denied
    };
    Ok(Canary {
        name: attempt.name.into(),
        property: attempt.property,
        before: errno_name(before).into(),
        after: errno_name(after).into(),
        verdict,
    })
}

fn attempts(shape: Shape, outsider: i64) -> Vec<Attempt> {
    let refused = |name, property, number, arguments| Attempt {
        name,
        property,
        refused_with: libc::EPERM,
        call: Call::Raw(number, arguments),
    };
    let by_landlock = |name, property, call| Attempt { name, property, refused_with: libc::EACCES, call };
    let mut all = vec![
        by_landlock("open-canary-file-to-read", Property::Files, Call::Open(OFlags::RDONLY)),
        by_landlock("open-canary-file-to-write", Property::Files, Call::Open(OFlags::WRONLY)),
        refused("socket-inet", Property::Network, libc::SYS_socket, [2, NO_SOCKET_TYPE, 0, 0, 0]),
        refused("socket-unix", Property::UnixSockets, libc::SYS_socket, [1, NO_SOCKET_TYPE, 0, 0, 0]),
        refused("ioctl-tiocsti", Property::DeviceIoctl, libc::SYS_ioctl, [-1, 0x5412, 0, 0, 0]),
        refused(
            "ioctl-tiocsti-high-bits",
            Property::DeviceIoctl,
            libc::SYS_ioctl,
            [-1, 0x1_0000_5412, 0, 0, 0],
        ),
        refused("fchmod", Property::MetadataWrites, libc::SYS_fchmod, [-1, 0, 0, 0, 0]),
        refused("setxattr", Property::MetadataWrites, libc::SYS_setxattr, [0, 0, 0, 0, 0]),
        refused("utimensat", Property::MetadataWrites, libc::SYS_utimensat, [-1, 0, 0, 0x4000_0000, 0]),
        refused("prlimit64", Property::LimitsOfOthers, libc::SYS_prlimit64, [outsider, NO_RESOURCE, 0, 0, 0]),
        refused("unshare", Property::KernelSurface, libc::SYS_unshare, [1, 0, 0, 0, 0]),
        refused("ptrace", Property::KernelSurface, libc::SYS_ptrace, [i64::from(i32::MAX), 0, 0, 0, 0]),
        refused("keyctl", Property::KernelSurface, libc::SYS_keyctl, [NO_RESOURCE, 0, 0, 0, 0]),
        refused("io_uring_setup", Property::KernelSurface, libc::SYS_io_uring_setup, [0, 0, 0, 0, 0]),
        refused("prctl-pdeathsig", Property::Lifetime, libc::SYS_prctl, [1, NO_SIGNAL, 0, 0, 0]),
    ];
    all.push(if shape.landlock_abi >= 3 {
        by_landlock("truncate-canary-file", Property::Truncate, Call::Truncate)
    } else {
        refused("truncate", Property::Truncate, libc::SYS_truncate, [0, -1, 0, 0, 0])
    });
    if shape.raw_tcp && shape.landlock_abi >= 4 {
        all.push(by_landlock("connect-port-0", Property::Network, Call::ConnectPortZero));
    }
    if shape.one_process {
        all.push(refused("kill", Property::Signals, libc::SYS_kill, [outsider, NO_SIGNAL, 0, 0, 0]));
        all.push(refused("clone", Property::OneProcess, libc::SYS_clone, [CLONE_SIGHAND, 0, 0, 0, 0]));
    } else if shape.landlock_abi >= 6 {
        all.push(refused("kill-0", Property::Signals, libc::SYS_kill, [outsider, 0, 0, 0, 0]));
    }
    all
}

fn raw(number: libc::c_long, [a, b, c, d, e]: [i64; 5]) -> i32 {
    // SAFETY: each caller in this file passes arguments that every kernel refuses before it touches memory, or a
    // pointer to a live, zero-ended string.
    match unsafe { libc::syscall(number, a, b, c, d, e) } {
        -1 => std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO),
        _ => 0,
    }
}

fn connect_port_zero() -> i32 {
    // SAFETY: plain numbers.
    let fd = unsafe {
        libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0)
    };
    if fd < 0 {
        return std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    }
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    };
    let bytes = libc::socklen_t::try_from(size_of::<libc::sockaddr_in>()).expect("an address is small");
    // SAFETY: the address is live and `bytes` long; `fd` is ours and is closed once.
    unsafe {
        let answer = libc::connect(fd, std::ptr::from_ref(&address).cast(), bytes);
        let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
        libc::close(fd);
        if answer == 0 { 0 } else { errno }
    }
}
