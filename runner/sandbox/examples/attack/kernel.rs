//! Attempts on the kernel's wider surface.

use std::fs;

use crate::call::{Answer, Scene, at, number, out, raw, text};

const HERE: i64 = libc::AT_FDCWD as i64;
const NEWUSER: i64 = libc::CLONE_NEWUSER as i64;

pub(crate) fn attempt(scene: &Scene) -> Option<Answer> {
    surface(scene).or_else(|| namespaces(scene)).or_else(|| mounts(scene)).or_else(|| objects(scene))
}

fn surface(scene: &Scene) -> Option<Answer> {
    Some(match scene.name.as_str() {
        "io_uring" => {
            let mut parameters = [0_u32; 30];
            number(raw(libc::SYS_io_uring_setup, &[4, out(&mut parameters)]))
        }
        "userfaultfd" => number(raw(libc::SYS_userfaultfd, &[1])),
        "bpf-map" => {
            // A map of type array with 4-byte keys, 4-byte values and one entry.
            let attributes = [2_u32, 4, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0];
            number(raw(libc::SYS_bpf, &[0, at(&attributes), 48]))
        }
        "perf_event_open" => {
            // A software event, the task clock of this process, without kernel and hypervisor.
            let mut attributes = [0_u64; 16];
            attributes[0] = 1 | 128 << 32;
            attributes[1] = 1;
            attributes[5] = 1 << 5 | 1 << 6;
            number(raw(libc::SYS_perf_event_open, &[at(&attributes), 0, -1, -1, 0]))
        }
        "inotify" => {
            let fd = raw(libc::SYS_inotify_init1, &[0]);
            let path = scene.c_path("outside");
            fd.and_then(|fd| number(raw(libc::SYS_inotify_add_watch, &[fd, text(&path), 0x100])))
        }
        "fanotify" => {
            // FAN_REPORT_FID needs no privilege; FAN_MARK_ADD of FAN_CREATE on a folder.
            let path = scene.c_path("outside");
            raw(libc::SYS_fanotify_init, &[0x200, 0])
                .and_then(|fd| number(raw(libc::SYS_fanotify_mark, &[fd, 1, 0x4000_0100, HERE, text(&path)])))
        }
        "syslog" => number(raw(libc::SYS_syslog, &[10, 0, 0])),
        "personality" => number(raw(libc::SYS_personality, &[0x0004_0000])),
        "name_to_handle_at" => file_handle(scene).map(|handle| format!("handle of {} bytes", handle[0])),
        "open_by_handle_at" => file_handle(scene).and_then(|handle| {
            let mount = scene.c_path("");
            let fd = raw(libc::SYS_openat, &[HERE, text(&mount), i64::from(libc::O_RDONLY), 0])
                .or_else(|_| raw(libc::SYS_openat, &[HERE, text(&scene.c_path("work")), 0, 0]))?;
            let file = raw(libc::SYS_open_by_handle_at, &[fd, at(&handle), 0])?;
            let mut bytes = [0_u8; 256];
            raw(libc::SYS_pread64, &[file, out(&mut bytes), 256, 0])
                .map(|count| String::from_utf8_lossy(&bytes[..count as usize]).into_owned())
        }),
        "chroot" => number(raw(libc::SYS_chroot, &[text(&scene.c_path("work"))])),
        #[cfg(target_arch = "x86_64")]
        "i386-call" => i386_getpid(),
        #[cfg(target_arch = "x86_64")]
        "x32-call" => number(raw(0x4000_0000 | libc::SYS_getpid, &[])).map(|pid| format!("pid={pid}")),
        _ => return None,
    })
}

fn file_handle(scene: &Scene) -> Result<[u32; 34], i32> {
    let path = scene.c_path("secret");
    let mut handle = [0_u32; 34];
    handle[0] = 128;
    let mut mount = 0_i32;
    raw(libc::SYS_name_to_handle_at, &[HERE, text(&path), out(&mut handle), out(&mut mount), 0])?;
    Ok(handle)
}

#[cfg(target_arch = "x86_64")]
fn i386_getpid() -> Answer {
    let pid: u64;
    // SAFETY: the 32-bit gate takes number 20, getpid, which has no argument; it clobbers r8 to r11.
    unsafe {
        core::arch::asm!(
            "int 0x80", inlateout("rax") 20_u64 => pid,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    Ok(format!("pid={}", pid as u32))
}

fn namespaces(scene: &Scene) -> Option<Answer> {
    Some(match scene.name.as_str() {
        "unshare-user" => number(raw(libc::SYS_unshare, &[NEWUSER])),
        "unshare-user-and-mount" => {
            raw(libc::SYS_unshare, &[NEWUSER | i64::from(libc::CLONE_NEWNS)]).and_then(|_| mount_tmpfs(scene))
        }
        "clone-user" => raw(libc::SYS_clone, &[NEWUSER | i64::from(libc::SIGCHLD), 0, 0, 0, 0]).map(stay),
        "clone3-user" => {
            let mut how = [0_u64; 8];
            how[0] = NEWUSER.cast_unsigned();
            how[4] = libc::SIGCHLD as u64;
            raw(libc::SYS_clone3, &[at(&how), 64]).map(stay)
        }
        "setns" => raw(libc::SYS_openat, &[HERE, text(c"/proc/self/ns/uts"), 0, 0])
            .and_then(|fd| number(raw(libc::SYS_setns, &[fd, 0]))),
        _ => return None,
    })
}

fn stay(pid: i64) -> String {
    if pid == 0 {
        let _ = raw(libc::SYS_read, &[0, out(&mut [0_u8]), 1]);
        let _ = raw(libc::SYS_exit_group, &[0]);
    }
    format!("child={pid}")
}

fn mounts(scene: &Scene) -> Option<Answer> {
    Some(match scene.name.as_str() {
        "mount" => {
            raw(libc::SYS_unshare, &[i64::from(libc::CLONE_NEWNS)]).or(Ok(0)).and_then(|_| mount_tmpfs(scene))
        }
        "fsopen" => number(raw(libc::SYS_fsopen, &[text(c"tmpfs"), 0])),
        "open_tree" => number(raw(libc::SYS_open_tree, &[HERE, text(&scene.c_path("work")), 1])),
        _ => return None,
    })
}

fn mount_tmpfs(scene: &Scene) -> Answer {
    let _ = fs::read("/proc/self/setgroups");
    let target = scene.c_path("work");
    let kind = text(c"tmpfs");
    number(raw(libc::SYS_mount, &[kind, text(&target), kind, 0, 0]))
}

fn objects(scene: &Scene) -> Option<Answer> {
    let key = || scene.number("key");
    let create = i64::from(libc::IPC_CREAT | 0o666);
    Some(match scene.name.as_str() {
        "add_key" => {
            let user_keyring = -4;
            number(raw(libc::SYS_add_key, &[text(c"user"), text(c"attack"), at(b"secret"), 6, user_keyring]))
        }
        "keyctl-new-session" => number(raw(libc::SYS_keyctl, &[1, text(c"attack-session")])),
        "shared-memory" => number(raw(libc::SYS_shmget, &[key(), 4096, create])),
        "message-queue" => number(raw(libc::SYS_msgget, &[key(), create])),
        "semaphore" => number(raw(libc::SYS_semget, &[key(), 1, create])),
        "posix-queue" => {
            let name = std::ffi::CString::new(format!("attack-{}", key())).expect("no zero byte");
            let flags = i64::from(libc::O_CREAT | libc::O_RDWR);
            let opened = raw(libc::SYS_mq_open, &[text(&name), flags, 0o600, 0]);
            // It outlives its maker, also where Landlock refuses to open what was made, and counts against a limit of the
            // user.
            let _ = raw(libc::SYS_mq_unlink, &[text(&name)]);
            number(opened)
        }
        _ => return None,
    })
}
