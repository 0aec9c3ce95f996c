//! Attempts on other processes, and to become several.

use std::fs;

use crate::call::{Answer, Scene, at, done, io, number, out, raw};

pub(crate) fn attempt(scene: &Scene) -> Option<Answer> {
    signals(scene).or_else(|| memory(scene)).or_else(|| limits(scene)).or_else(|| children(scene))
}

const TERM: i64 = libc::SIGTERM as i64;

fn signals(scene: &Scene) -> Option<Answer> {
    let victim = || scene.number("victim");
    // si_code below 0 as for a signal from user space; the kernel fills in nothing else.
    let info = [libc::SIGTERM, 0, -1, 0].map(i64::from);
    let info: [i32; 32] = std::array::from_fn(|i| if i < 4 { info[i] as i32 } else { 0 });
    Some(match scene.name.as_str() {
        "kill" => number(raw(libc::SYS_kill, &[victim(), TERM])),
        "kill-runner" => number(raw(libc::SYS_kill, &[scene.number("runner"), 0])),
        "kill-group" => number(raw(libc::SYS_kill, &[-victim(), TERM])),
        "kill-with-high-bits" => number(raw(libc::SYS_kill, &[victim() | 1 << 32, TERM])),
        "tkill" => number(raw(libc::SYS_tkill, &[victim(), TERM])),
        "tgkill" => number(raw(libc::SYS_tgkill, &[victim(), victim(), TERM])),
        "rt_sigqueueinfo" => number(raw(libc::SYS_rt_sigqueueinfo, &[victim(), TERM, at(&info)])),
        "rt_tgsigqueueinfo" => {
            number(raw(libc::SYS_rt_tgsigqueueinfo, &[victim(), victim(), TERM, at(&info)]))
        }
        "pidfd_send_signal" => raw(libc::SYS_pidfd_open, &[victim(), 0])
            .and_then(|fd| number(raw(libc::SYS_pidfd_send_signal, &[fd, TERM, 0, 0]))),
        "descriptor-owner-signal" => owner_signal(victim(), false),
        "descriptor-owner-signal-ioctl" => owner_signal(victim(), true),
        _ => return None,
    })
}

/// Names the victim as owner of a descriptor and lets input arrive on it.
fn owner_signal(victim: i64, by_ioctl: bool) -> Answer {
    const FIOSETOWN: i64 = 0x8901;
    let mut pair = [0_i32; 2];
    let (family, kind) = (i64::from(libc::AF_UNIX), i64::from(libc::SOCK_STREAM));
    raw(libc::SYS_socketpair, &[family, kind, 0, out(&mut pair)])?;
    let (fd, peer) = (i64::from(pair[0]), i64::from(pair[1]));
    if by_ioctl {
        raw(libc::SYS_ioctl, &[fd, FIOSETOWN, at(&(victim as i32))])?;
    } else {
        raw(libc::SYS_fcntl, &[fd, i64::from(libc::F_SETOWN), victim])?;
    }
    raw(libc::SYS_fcntl, &[fd, i64::from(libc::F_SETFL), i64::from(libc::O_ASYNC)])?;
    number(raw(libc::SYS_write, &[peer, at(b"x"), 1]))
}

fn memory(scene: &Scene) -> Option<Answer> {
    let victim = || scene.number("victim");
    let file = |name: &str| format!("/proc/{}/{name}", victim());
    Some(match scene.name.as_str() {
        "ptrace-attach" => number(raw(libc::SYS_ptrace, &[i64::from(libc::PTRACE_SEIZE), victim(), 0, 0])),
        "ptrace-traceme" => number(raw(libc::SYS_ptrace, &[i64::from(libc::PTRACE_TRACEME), 0, 0, 0])),
        "process_vm_readv" => {
            let mut bytes = [0_u8; 256];
            let local = [out(&mut bytes), 32];
            let remote = [scene.number("address"), 32];
            raw(libc::SYS_process_vm_readv, &[victim(), at(&local), 1, at(&remote), 1, 0])
                .map(|_| String::from_utf8_lossy(&bytes).into_owned())
        }
        "pidfd_getfd" => raw(libc::SYS_pidfd_open, &[victim(), 0])
            .and_then(|fd| raw(libc::SYS_pidfd_getfd, &[fd, scene.number("victim-fd"), 0]))
            .and_then(|fd| {
                let mut bytes = [0_u8; 256];
                raw(libc::SYS_pread64, &[fd, out(&mut bytes), 256, 0])
                    .map(|count| String::from_utf8_lossy(&bytes[..count as usize]).into_owned())
            }),
        "proc-environ" => io(fs::read_to_string(file("environ"))),
        "proc-command-line" => io(fs::read_to_string(file("cmdline"))),
        "proc-maps" => io(fs::read_to_string(file("maps"))),
        "proc-memory" => {
            use std::os::unix::fs::FileExt;
            let mut bytes = [0_u8; 32];
            let address = scene.number("address").cast_unsigned();
            io(fs::File::open(file("mem"))
                .and_then(|mem| mem.read_exact_at(&mut bytes, address))
                .map(|()| String::from_utf8_lossy(&bytes).into_owned()))
        }
        "proc-descriptor" => io(fs::read_to_string(file(&format!("fd/{}", scene.number("victim-fd"))))),
        "proc-oom-score" => done(fs::write(file("oom_score_adj"), "999")),
        _ => return None,
    })
}

fn limits(scene: &Scene) -> Option<Answer> {
    let victim = || scene.number("victim");
    Some(match scene.name.as_str() {
        "prlimit" => {
            let lower = [64_u64, 64];
            number(raw(libc::SYS_prlimit64, &[victim(), i64::from(libc::RLIMIT_NOFILE), at(&lower), 0]))
        }
        "setpriority" => number(raw(libc::SYS_setpriority, &[0, victim(), 15])),
        "setpriority-group" => number(raw(libc::SYS_setpriority, &[1, victim(), 15])),
        "ioprio_set" => number(raw(libc::SYS_ioprio_set, &[1, victim(), 3 << 13])),
        "sched_setaffinity" => number(raw(libc::SYS_sched_setaffinity, &[victim(), 8, at(&1_u64)])),
        "sched_setscheduler" => {
            number(raw(libc::SYS_sched_setscheduler, &[victim(), i64::from(libc::SCHED_BATCH), at(&0_i32)]))
        }
        "sched_setattr" => {
            let attributes = [48 | (i64::from(libc::SCHED_BATCH) << 32), 0, 0, 0, 0, 0];
            number(raw(libc::SYS_sched_setattr, &[victim(), at(&attributes), 0]))
        }
        "clear-parent-death-signal" => {
            let mut left = -1_i32;
            raw(libc::SYS_prctl, &[1, 0, 0, 0, 0])
                .and_then(|_| raw(libc::SYS_prctl, &[2, out(&mut left), 0, 0, 0]))
                .map(|_| format!("signal={left}"))
        }
        _ => return None,
    })
}

fn children(scene: &Scene) -> Option<Answer> {
    const CHILD: i64 = libc::SIGCHLD as i64;
    Some(match scene.name.as_str() {
        #[cfg(target_arch = "x86_64")]
        "fork" => raw(libc::SYS_fork, &[]).and_then(be_a_child),
        "clone" => raw(libc::SYS_clone, &[CHILD, 0, 0, 0, 0]).and_then(be_a_child),
        "clone-with-high-bits" => {
            raw(libc::SYS_clone, &[CHILD | 0x0001_0000 << 32, 0, 0, 0, 0]).and_then(be_a_child)
        }
        "clone3" => {
            let mut how = [0_u64; 8];
            how[4] = CHILD.cast_unsigned();
            raw(libc::SYS_clone3, &[at(&how), 64]).and_then(be_a_child)
        }
        "double-fork-new-session" => raw(libc::SYS_clone, &[CHILD, 0, 0, 0, 0]).and_then(|child| {
            if child == 0 {
                let _ = raw(libc::SYS_setsid, &[]);
                let grandchild = raw(libc::SYS_clone, &[CHILD, 0, 0, 0, 0]);
                if grandchild != Ok(0) {
                    let _ = raw(libc::SYS_exit_group, &[0]);
                }
            }
            be_a_child(child)
        }),
        _ => return None,
    })
}

/// The child stays until its standard input ends, so that the harness can see it.
fn be_a_child(pid: i64) -> Answer {
    if pid == 0 {
        let _ = raw(libc::SYS_read, &[0, out(&mut [0_u8]), 1]);
        let _ = raw(libc::SYS_exit_group, &[0]);
    }
    Ok(format!("child={pid}"))
}
