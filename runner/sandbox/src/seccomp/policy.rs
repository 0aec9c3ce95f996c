//! Which system calls an adapter may make: every row of the deny list, by name.
//!
//! EPERM is the usual answer. ENOSYS goes where C libraries fall back to an older call, EOPNOTSUPP where programs take
//! it for a file system without the feature.

use libc::{EOPNOTSUPP, EPERM};

use super::rule::{Rule, any_bit, high_bits, masked, one_of, own};

/// What a filter depends on, apart from the architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// One process only: no fork, and signals to itself only.
    pub one_process: bool,
    /// TCP sockets may be opened; Landlock holds the ports.
    pub raw_tcp: bool,
    /// The Landlock ABI in use; the filter covers what it lacks.
    pub landlock_abi: u8,
}

const AF_UNIX: u32 = libc::AF_UNIX as u32;
const AF_INET: u32 = libc::AF_INET as u32;
const AF_INET6: u32 = libc::AF_INET6 as u32;
const SOCK_STREAM: u32 = libc::SOCK_STREAM as u32;
const SOCK_SEQPACKET: u32 = libc::SOCK_SEQPACKET as u32;
/// The type without SOCK_CLOEXEC and SOCK_NONBLOCK.
const SOCK_TYPE_MASK: u32 = 0xf;
const O_ACCMODE: u32 = 3;
const O_CREAT: u32 = 0o100;
const O_TRUNC: u32 = 0o1000;
/// The bit of O_TMPFILE that is its own.
const O_TMPFILE_BIT: u32 = 0o20_000_000;
const SET_ID_BITS: u32 = 0o6000;
const CLONE_THREAD: u32 = 0x0001_0000;
/// NEWTIME is not here: clone reads these bits as the exit signal.
const CLONE_NAMESPACES: u32 = 0x7e02_0000;
const MSG_FASTOPEN: u32 = 0x2000_0000;
const MAP_SHARED_BIT: u32 = 1;
const MAP_ANONYMOUS: u32 = 0x20;
const AT_EMPTY_PATH: u32 = 0x1000;
const SOL_TCP: u32 = 6;
/// TCP_FASTOPEN, _CONNECT, _KEY, _NO_COOKIE, and TCP_ULP, which swaps the protocol under a socket.
const TCP_OPTIONS: [u32; 5] = [23, 30, 33, 34, 31];
/// F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY, F_SET_RW_HINT, F_SET_FILE_RW_HINT.
const FCNTL_REFUSED: [u32; 7] = [8, 10, 15, 1024, 1026, 1036, 1038];
/// PR_SET_PDEATHSIG, PR_SET_MM, PR_SET_CHILD_SUBREAPER, PR_SCHED_CORE, PR_SET_PTRACER.
const PRCTL_REFUSED: [u32; 5] = [1, 35, 36, 62, 0x5961_6d61];
/// The control calls that runtimes make and that change nothing outside: TCGETS, TCGETS2, TIOCGPGRP, TIOCOUTQ,
/// TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, FICLONE, FICLONERANGE, FS_IOC_GETFLAGS, FS_IOC_FIEMAP.
const IOCTL_ALLOWED: [u32; 13] = [
    0x5401,
    0x802c_542a,
    0x540f,
    0x5411,
    0x5413,
    0x541b,
    0x5421,
    0x5450,
    0x5451,
    0x4004_9409,
    0x4020_940d,
    0x8008_6601,
    0xc020_660b,
];

/// Calls that are refused whatever their arguments; sorted.
pub(super) const REFUSED: &[&str] = &[
    "_sysctl",
    "accept",
    "accept4",
    "acct",
    "add_key",
    "adjtimex",
    "afs_syscall",
    "bind",
    "bpf",
    "chmod",
    "chown",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "create_module",
    "delete_module",
    "fanotify_init",
    "fanotify_mark",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "fchown",
    "fchownat",
    "file_setattr",
    "finit_module",
    "fremovexattr",
    "fsconfig",
    "fsetxattr",
    "fsmount",
    "fsopen",
    "fspick",
    "futimesat",
    "get_kernel_syms",
    "getpmsg",
    "init_module",
    "inotify_add_watch",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lchown",
    "listen",
    "listmount",
    "listns",
    "lookup_dcookie",
    "lremovexattr",
    "lsetxattr",
    "lsm_set_self_attr",
    "memfd_create",
    "memfd_secret",
    "migrate_pages",
    "mknod",
    "mknodat",
    "modify_ldt",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "mq_getsetattr",
    "mq_notify",
    "mq_open",
    "mq_timedreceive",
    "mq_timedsend",
    "mq_unlink",
    "msgctl",
    "msgget",
    "msgrcv",
    "msgsnd",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "open_tree_attr",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_mrelease",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "putpmsg",
    "query_module",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "removexattr",
    "removexattrat",
    "request_key",
    "security",
    "semctl",
    "semget",
    "semop",
    "semtimedop",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "setxattr",
    "setxattrat",
    "shmat",
    "shmctl",
    "shmdt",
    "shmget",
    "statmount",
    "swapoff",
    "swapon",
    "sysfs",
    "syslog",
    "tuxcall",
    "umount2",
    "unshare",
    "uselib",
    "userfaultfd",
    "ustat",
    "utime",
    "utimensat",
    "utimes",
    "vhangup",
    "vserver",
];

/// The rule for the call of this name.
pub(super) fn rule(name: &str, shape: Shape) -> Rule {
    if REFUSED.binary_search(&name).is_ok() {
        return Rule::refuse(EPERM);
    }
    match name {
        "clone3" | "openat2" => Rule::refuse(libc::ENOSYS),
        "getxattr" | "lgetxattr" | "listxattr" | "llistxattr" | "getxattrat" | "listxattrat" => {
            Rule::refuse(EOPNOTSUPP)
        }
        "open" => open(1, shape),
        "openat" => open(2, shape),
        "creat" => Rule::except(vec![vec![any_bit(1, SET_ID_BITS)]], EPERM),
        "truncate" if shape.landlock_abi < 3 => Rule::refuse(EPERM),
        "execveat" => Rule::except(vec![vec![any_bit(4, AT_EMPTY_PATH)]], EPERM),
        "ioctl" => Rule::only(vec![vec![one_of(1, &IOCTL_ALLOWED)]], EPERM),
        "fcntl" => Rule::except(vec![vec![one_of(1, &FCNTL_REFUSED)]], EPERM),
        "prctl" => Rule::except(vec![vec![one_of(0, &PRCTL_REFUSED)]], EPERM),
        "personality" => Rule::only(vec![vec![one_of(0, &[0, u32::MAX])]], EPERM),
        "prlimit64" | "sched_setaffinity" | "sched_setattr" | "sched_setparam" | "sched_setscheduler"
        | "get_robust_list" => Rule::only(vec![vec![own(0)]], EPERM),
        "setpriority" => Rule::only(vec![vec![own(1), one_of(0, &[0])]], EPERM),
        "ioprio_set" => Rule::only(vec![vec![own(1), one_of(0, &[1])]], EPERM),
        _ => network(name, shape).or_else(|| processes(name, shape)).unwrap_or_else(Rule::allow),
    }
}

/// Access mode 3 asks Landlock for nothing and opens any file for control calls, so it is always refused.
fn open(flags: u8, shape: Shape) -> Rule {
    let mut cases = vec![
        vec![masked(flags, O_ACCMODE, &[3])],
        vec![any_bit(flags + 1, SET_ID_BITS), any_bit(flags, O_CREAT | O_TMPFILE_BIT)],
    ];
    if shape.landlock_abi < 3 {
        cases.push(vec![masked(flags, O_ACCMODE | O_TRUNC, &[O_TRUNC])]);
    }
    Rule::except(cases, EPERM)
}

fn network(name: &str, shape: Shape) -> Option<Rule> {
    Some(match name {
        "socket" if shape.raw_tcp => Rule::only(
            vec![vec![
                one_of(0, &[AF_INET, AF_INET6]),
                masked(1, SOCK_TYPE_MASK, &[SOCK_STREAM]),
                one_of(2, &[0, SOL_TCP]),
            ]],
            EPERM,
        ),
        "connect" if shape.raw_tcp => Rule::allow(),
        "socket" | "connect" => Rule::refuse(EPERM),
        // A datagram pair could be pointed at any unix socket with sendmsg.
        "socketpair" => Rule::only(
            vec![vec![one_of(0, &[AF_UNIX]), masked(1, SOCK_TYPE_MASK, &[SOCK_STREAM, SOCK_SEQPACKET])]],
            EPERM,
        ),
        "setsockopt" => Rule::except(vec![vec![one_of(1, &[SOL_TCP]), one_of(2, &TCP_OPTIONS)]], EPERM),
        "sendto" | "sendmmsg" => Rule::except(vec![vec![any_bit(3, MSG_FASTOPEN)]], EPERM),
        "sendmsg" => Rule::except(vec![vec![any_bit(2, MSG_FASTOPEN)]], EPERM),
        _ => return None,
    })
}

fn processes(name: &str, shape: Shape) -> Option<Rule> {
    let one = shape.one_process;
    let scoped = !one && shape.landlock_abi >= 6;
    Some(match name {
        "fork" | "vfork" if one => Rule::refuse(EPERM),
        "clone" => {
            let refused = vec![any_bit(0, CLONE_NAMESPACES)];
            let mut cases = vec![vec![high_bits(0)], refused];
            if one {
                cases.push(vec![masked(0, CLONE_THREAD, &[0])]);
            }
            Rule::except(cases, EPERM)
        }
        "kill" | "tkill" | "tgkill" | "rt_sigqueueinfo" | "rt_tgsigqueueinfo" if one => {
            Rule::only(vec![vec![own(0)]], EPERM)
        }
        "pidfd_open" | "pidfd_send_signal" if !scoped => Rule::refuse(EPERM),
        // RLIMIT_DATA does not count shared anonymous memory.
        "mmap" if one => {
            Rule::except(vec![vec![any_bit(3, MAP_ANONYMOUS), any_bit(3, MAP_SHARED_BIT)]], EPERM)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refused_names_are_sorted_for_the_search() {
        assert!(REFUSED.is_sorted());
    }

    #[test]
    fn every_refused_name_is_a_call_of_some_architecture() {
        let known: std::collections::BTreeSet<_> = super::super::numbers_x86_64::CALLS
            .iter()
            .chain(super::super::numbers_aarch64::CALLS)
            .map(|(name, _)| *name)
            .collect();
        for name in REFUSED {
            assert!(known.contains(name), "{name}");
        }
    }
}
