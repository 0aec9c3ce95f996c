//! Attempts on mode, owner, times and attributes, by path and by descriptor.

use std::ffi::CStr;
use std::fs::File;
use std::os::fd::AsRawFd;

use crate::call::{Answer, Scene, at, number, out, raw, text};

const HERE: i64 = libc::AT_FDCWD as i64;
const NAME: &CStr = c"user.attack";

pub(crate) fn attempt(scene: &Scene) -> Option<Answer> {
    let victim = scene.c_path("victim");
    let path = text(&victim);
    by_path(scene, path).or_else(|| by_descriptor(scene)).or_else(|| by_newer_calls(scene, path))
}

fn by_path(scene: &Scene, path: i64) -> Option<Answer> {
    let times = [1_i64, 0, 1, 0];
    let own = i64::from(rustix::process::getuid().as_raw());
    Some(match scene.name.as_str() {
        "chmod" => number(raw(libc::SYS_fchmodat, &[HERE, path, 0o777])),
        "chown" => number(raw(libc::SYS_fchownat, &[HERE, path, own, -1, 0])),
        "utimensat" => number(raw(libc::SYS_utimensat, &[HERE, path, at(&times), 0])),
        "setxattr" => number(raw(libc::SYS_setxattr, &[path, text(NAME), text(c"x"), 1, 0])),
        "lsetxattr" => number(raw(libc::SYS_lsetxattr, &[path, text(NAME), text(c"x"), 1, 0])),
        "removexattr" => number(raw(libc::SYS_removexattr, &[path, text(c"user.secret")])),
        "getxattr" => {
            read_attribute(|bytes| raw(libc::SYS_getxattr, &[path, text(c"user.secret"), out(bytes), 128]))
        }
        "listxattr" => read_attribute(|bytes| raw(libc::SYS_listxattr, &[path, out(bytes), 128])),
        #[cfg(target_arch = "x86_64")]
        "chmod-old-call" => number(raw(libc::SYS_chmod, &[path, 0o777])),
        #[cfg(target_arch = "x86_64")]
        "utime-old-call" => number(raw(libc::SYS_utime, &[path, at(&[1_i64, 1])])),
        #[cfg(target_arch = "x86_64")]
        "lchown-old-call" => number(raw(libc::SYS_lchown, &[path, own, -1])),
        _ => return None,
    })
}

/// A descriptor that is open for reading is enough for these, also on a file that is granted for reading only.
fn by_descriptor(scene: &Scene) -> Option<Answer> {
    const FS_IOC_SETFLAGS: i64 = 0x4008_6602;
    const NODUMP: libc::c_long = 0x40;
    let file = File::open(scene.path("ro/data"));
    let fd = file.as_ref().map_or(-1, |file| i64::from(file.as_raw_fd()));
    let own = i64::from(rustix::process::getuid().as_raw());
    Some(match scene.name.as_str() {
        "fchmod" => number(raw(libc::SYS_fchmod, &[fd, 0o777])),
        "fchown" => number(raw(libc::SYS_fchown, &[fd, own, -1])),
        "futimens" => number(raw(libc::SYS_utimensat, &[fd, 0, at(&[1_i64, 0, 1, 0]), 0])),
        "fsetxattr" => number(raw(libc::SYS_fsetxattr, &[fd, text(NAME), text(c"x"), 1, 0])),
        "inode-flags" => number(raw(libc::SYS_ioctl, &[fd, FS_IOC_SETFLAGS, at(&NODUMP)])),
        "lease" => number(raw(libc::SYS_fcntl, &[fd, i64::from(libc::F_SETLEASE), i64::from(libc::F_RDLCK)])),
        _ => return None,
    })
}

fn by_newer_calls(scene: &Scene, path: i64) -> Option<Answer> {
    const FCHMODAT2: libc::c_long = 452;
    const SETXATTRAT: libc::c_long = 463;
    const FILE_SETATTR: libc::c_long = 469;
    Some(match scene.name.as_str() {
        "fchmodat2" => number(raw(FCHMODAT2, &[HERE, path, 0o777, 0])),
        "setxattrat" => {
            let value = [text(c"x"), 1];
            number(raw(SETXATTRAT, &[HERE, path, 0, text(NAME), at(&value), 16]))
        }
        "file_setattr" => {
            // fsx_xflags with FS_XFLAG_NODUMP, then five fields that stay 0.
            let attributes = [0x80_u64, 0, 0];
            number(raw(FILE_SETATTR, &[HERE, path, at(&attributes), 24, 0]))
        }
        _ => return None,
    })
}

fn read_attribute(call: impl FnOnce(&mut [u8]) -> Result<i64, i32>) -> Answer {
    let mut bytes = [0_u8; 128];
    let count = call(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..count as usize]).into_owned())
}
