//! Attempts on the content and the names of files.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::call::{Answer, Scene, at, done, io, number, out, raw, text};

pub(crate) fn attempt(scene: &Scene) -> Option<Answer> {
    reading(scene).or_else(|| names(scene)).or_else(|| writing(scene))
}

fn reading(scene: &Scene) -> Option<Answer> {
    let secret = scene.path("secret");
    Some(match scene.name.as_str() {
        "read-open" => io(fs::read_to_string(secret)),
        "read-openat2" => {
            let how = [0_u64; 3];
            let path = scene.c_path("secret");
            raw(libc::SYS_openat2, &[i64::from(libc::AT_FDCWD), text(&path), at(&how), 24])
                .and_then(|fd| io(fs::read_to_string(format!("/proc/self/fd/{fd}"))))
        }
        "read-opath-reopened" => {
            let path = scene.c_path("secret");
            raw(libc::SYS_openat, &[i64::from(libc::AT_FDCWD), text(&path), i64::from(libc::O_PATH), 0])
                .and_then(|fd| io(fs::read_to_string(format!("/proc/self/fd/{fd}"))))
        }
        "read-proc-self-root" => io(fs::read_to_string(below_root("/proc/self/root", secret))),
        "read-proc-self-cwd" => {
            io(std::env::set_current_dir(&scene.dir)
                .and_then(|()| fs::read_to_string("/proc/self/cwd/secret")))
        }
        "read-proc-victim-root" => {
            io(fs::read_to_string(below_root(&format!("/proc/{}/root", scene.value("victim")), secret)))
        }
        "read-planted-symlink" => {
            let planted = scene.path("work/link");
            io(symlink(secret, &planted).and_then(|()| fs::read_to_string(planted)))
        }
        "read-hard-link" => {
            let planted = scene.path("work/hard");
            io(fs::hard_link(secret, &planted).and_then(|()| fs::read_to_string(planted)))
        }
        "read-from-new-thread" => {
            let thread = std::thread::spawn(move || io(fs::read_to_string(secret)));
            thread.join().expect("the thread answers")
        }
        "list-ungranted-folder" => io(fs::read_dir(scene.path("outside")).map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect::<String>()
        })),
        "read-capability-only" => io(fs::read_to_string(scene.path("ro/closed"))),
        "open-block-device" => {
            let mut bytes = [0; 16];
            io(fs::File::open(scene.value("device"))
                .and_then(|mut file| file.read(&mut bytes))
                .map(|count| format!("read {count}")))
        }
        "use-inherited-descriptor" | "use-granted-descriptor" => {
            let mut bytes = [0_u8; 256];
            let read = raw(libc::SYS_pread64, &[scene.number("fd"), out(&mut bytes), 256, 0]);
            read.map(|count| String::from_utf8_lossy(&bytes[..count as usize]).into_owned())
        }
        "stat-oracle" => io(fs::metadata(secret).map(|data| format!("size={}", data.len()))),
        "readlink-oracle" => {
            io(fs::read_link(scene.path("outside/pointer")).map(|path| path.to_string_lossy().into_owned()))
        }
        "read-secret-environment" => std::env::var("ATTACK_SECRET").map_err(|_| 0),
        _ => return None,
    })
}

fn names(scene: &Scene) -> Option<Answer> {
    Some(match scene.name.as_str() {
        "rename-out-of-ungranted" => done(fs::rename(scene.path("secret"), scene.path("work/stolen"))),
        "rename-over-ungranted" => done(
            fs::write(scene.path("work/mine"), "overwritten")
                .and_then(|()| fs::rename(scene.path("work/mine"), scene.path("victim"))),
        ),
        "rename-exchange" => {
            let _ = fs::write(scene.path("work/mine"), "overwritten");
            let (mine, theirs) = (scene.c_path("work/mine"), scene.c_path("victim"));
            let here = i64::from(libc::AT_FDCWD);
            number(raw(libc::SYS_renameat2, &[here, text(&mine), here, text(&theirs), 2]))
        }
        "hard-link-out" => done(
            fs::write(scene.path("work/mine"), "x")
                .and_then(|()| fs::hard_link(scene.path("work/mine"), scene.path("outside/new"))),
        ),
        "create-in-ungranted" => done(fs::write(scene.path("outside/new"), "x")),
        "make-folder-in-ungranted" => done(fs::create_dir(scene.path("outside/new"))),
        "symlink-in-ungranted" => done(symlink("/", scene.path("outside/new"))),
        "unlink-ungranted" => done(fs::remove_file(scene.path("victim"))),
        "remove-ungranted-folder" => done(fs::remove_dir(scene.path("outside/empty"))),
        "unlink-in-read-only" => done(fs::remove_file(scene.path("ro/data"))),
        "make-fifo" => make_node(scene, libc::S_IFIFO, 0),
        "make-socket-node" => make_node(scene, libc::S_IFSOCK, 0),
        "make-char-device" => make_node(scene, libc::S_IFCHR, 0x103),
        "make-block-device" => make_node(scene, libc::S_IFBLK, 0xfe00),
        _ => return None,
    })
}

fn writing(scene: &Scene) -> Option<Answer> {
    let victim = scene.path("victim");
    let here = i64::from(libc::AT_FDCWD);
    let open = |below: &str, flags: i32, mode: i64| {
        number(raw(libc::SYS_openat, &[here, text(&scene.c_path(below)), i64::from(flags), mode]))
    };
    Some(match scene.name.as_str() {
        "overwrite" => done(
            fs::OpenOptions::new().write(true).open(victim).and_then(|mut f| f.write_all(b"overwritten")),
        ),
        "append" => {
            done(fs::OpenOptions::new().append(true).open(victim).and_then(|mut f| f.write_all(b"more")))
        }
        "write-read-only" => done(
            fs::OpenOptions::new()
                .write(true)
                .open(scene.path("ro/data"))
                .and_then(|mut f| f.write_all(b"overwritten")),
        ),
        "truncate" => number(raw(libc::SYS_truncate, &[text(&scene.c_path("victim")), 0])),
        "truncate-read-only" => number(raw(libc::SYS_truncate, &[text(&scene.c_path("ro/data")), 0])),
        "open-truncating-ungranted" => open("victim", libc::O_TRUNC, 0),
        "open-truncating-read-only" => open("ro/data", libc::O_TRUNC, 0),
        "open-truncating-mode-3" => open("victim", libc::O_TRUNC | 3, 0),
        "open-mode-3" => open("victim", 3, 0),
        "openat2-truncating-read-only" => {
            let how = [u64::from(libc::O_TRUNC.cast_unsigned()), 0, 0];
            number(raw(libc::SYS_openat2, &[here, text(&scene.c_path("ro/data")), at(&how), 24]))
        }
        "create-set-id-file" => {
            // The umask does not take these bits away.
            open("work/setid", libc::O_CREAT | libc::O_WRONLY, 0o6755)
        }
        "create-unnamed-set-id-file" => {
            open("work", libc::O_TMPFILE | libc::O_WRONLY, 0o6755).and_then(|fd| {
                let from = std::ffi::CString::new(format!("/proc/self/fd/{fd}")).expect("no zero byte");
                let to = scene.c_path("work/setid");
                number(raw(
                    libc::SYS_linkat,
                    &[here, text(&from), here, text(&to), i64::from(libc::AT_SYMLINK_FOLLOW)],
                ))
            })
        }
        _ => return None,
    })
}

fn make_node(scene: &Scene, kind: u32, device: i64) -> Answer {
    let path = scene.c_path("work/node");
    number(raw(libc::SYS_mknodat, &[i64::from(libc::AT_FDCWD), text(&path), i64::from(kind | 0o666), device]))
}

fn below_root(root: &str, path: PathBuf) -> String {
    format!("{root}{}", path.display())
}
