//! Attempts on a terminal whose slave side is a granted descriptor.

use crate::call::{Answer, Scene, at, io, number, out, raw};

pub(crate) fn attempt(scene: &Scene) -> Option<Answer> {
    const TIOCSTI: i64 = 0x5412;
    const TIOCLINUX: i64 = 0x541c;
    const TCGETS: i64 = 0x5401;
    const TCSETS: i64 = 0x5402;
    let fd = || scene.number("fd");
    Some(match scene.name.as_str() {
        "push-input" => number(raw(libc::SYS_ioctl, &[fd(), TIOCSTI, at(b"x")])),
        "push-input-high-bits" => number(raw(libc::SYS_ioctl, &[fd(), TIOCSTI | 1 << 32, at(b"x")])),
        "console-selection" => number(raw(libc::SYS_ioctl, &[fd(), TIOCLINUX, at(&[6_u8, 0])])),
        "terminal-settings" => {
            let mut settings = [0_u32; 16];
            raw(libc::SYS_ioctl, &[fd(), TCGETS, out(&mut settings)]).and_then(|_| {
                // The local flags: without ECHO what is typed is not seen.
                settings[3] &= !libc::ECHO;
                number(raw(libc::SYS_ioctl, &[fd(), TCSETS, at(&settings)]))
            })
        }
        "open-controlling-terminal" => io(std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/tty")
            .and_then(|mut tty| std::io::Write::write(&mut tty, b"attack").map(|count| count.to_string()))),
        _ => return None,
    })
}
