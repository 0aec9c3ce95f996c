//! Attempts to take more than was given.

use std::fs;

use crate::call::{Answer, Scene, errno, number, raw, text};

const THREE_GIB: i64 = 3 << 30;
const ANONYMOUS: i64 = libc::MAP_ANONYMOUS as i64;
const RESERVE_NOTHING: i64 = libc::MAP_NORESERVE as i64;

pub(crate) fn attempt(scene: &Scene) -> Option<Answer> {
    Some(match scene.name.as_str() {
        "map-private" => map(i64::from(libc::MAP_PRIVATE) | ANONYMOUS | RESERVE_NOTHING),
        "map-shared" => map(i64::from(libc::MAP_SHARED) | ANONYMOUS | RESERVE_NOTHING),
        "raise-break" => {
            let now = raw(libc::SYS_brk, &[0]).unwrap_or(0);
            raw(libc::SYS_brk, &[now + (1 << 30)])
                .and_then(|end| if end > now { Ok(format!("{}", end - now)) } else { Err(libc::ENOMEM) })
        }
        "many-descriptors" => many_descriptors(),
        "large-file" => {
            // The signal at the limit would hide the error number.
            // SAFETY: ignoring a signal needs no handler.
            unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
            let path = scene.c_path("work/large");
            let flags = i64::from(libc::O_CREAT | libc::O_WRONLY);
            raw(libc::SYS_openat, &[i64::from(libc::AT_FDCWD), text(&path), flags, 0o600])
                .and_then(|fd| number(raw(libc::SYS_ftruncate, &[fd, 64 << 20])))
        }
        "many-files" => (0..1_000)
            .try_for_each(|i| fs::write(scene.path(&format!("work/many-{i}")), "x"))
            .map(|()| "1000".to_owned())
            .map_err(|e| e.raw_os_error().unwrap_or(0)),
        "core-size" => {
            let unlimited = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
            // SAFETY: the limit is a live value that the kernel reads.
            if unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const unlimited) } == 0 {
                Ok("raised".to_owned())
            } else {
                Err(errno())
            }
        }
        _ => return None,
    })
}

fn map(flags: i64) -> Answer {
    let protection = i64::from(libc::PROT_READ | libc::PROT_WRITE);
    number(raw(libc::SYS_mmap, &[0, THREE_GIB, protection, flags, -1, 0]))
}

fn many_descriptors() -> Answer {
    for _ in 0..5_000 {
        raw(libc::SYS_dup, &[1])?;
    }
    Ok("5000".to_owned())
}
