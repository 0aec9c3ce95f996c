//! Attempts to run code that may not run. What is run prints `RAN` and who it is.

use std::ffi::{CStr, CString};
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::call::{Answer, Scene, at, errno, raw, text};

const HERE: i64 = libc::AT_FDCWD as i64;
const RAN: &CStr = c"ran";

pub(crate) fn attempt(scene: &Scene) -> Option<Answer> {
    let other = scene.c_path("bin/other");
    Some(match scene.name.as_str() {
        "exec-outside-set" => run(&other, &[&other, RAN]),
        "exec-set-user-id" => {
            let program = scene.c_path("bin/setuid");
            run(&program, &[&program, RAN])
        }
        "exec-file-capability" => {
            let program = scene.c_path("bin/capable");
            run(&program, &[&program, RAN])
        }
        "exec-written-program" => written(scene),
        "exec-loader-with-file" => {
            let loader = CString::new(scene.value("loader")).expect("no zero byte");
            run(&loader, &[&loader, &other, RAN])
        }
        "exec-memory-file" => memory_file(scene).and_then(run_descriptor),
        "exec-memory-file-by-proc" => memory_file(scene).and_then(|fd| {
            let path = CString::new(format!("/proc/self/fd/{fd}")).expect("no zero byte");
            run(&path, &[&path, RAN])
        }),
        "exec-unnamed-file" => unnamed(scene),
        "exec-opath-descriptor" => {
            raw(libc::SYS_openat, &[HERE, text(&other), i64::from(libc::O_PATH), 0]).and_then(run_descriptor)
        }
        _ => return None,
    })
}

fn run(program: &CStr, argv: &[&CStr]) -> Answer {
    let argv: Vec<_> = argv.iter().map(|arg| arg.as_ptr()).chain([std::ptr::null()]).collect();
    let env = [std::ptr::null()];
    // SAFETY: live, zero-ended strings in lists that end with a null pointer.
    unsafe { libc::execve(program.as_ptr(), argv.as_ptr(), env.as_ptr()) };
    Err(errno())
}

fn run_descriptor(fd: i64) -> Answer {
    let argv = [c"other".as_ptr(), RAN.as_ptr(), std::ptr::null()];
    let env = [std::ptr::null::<libc::c_char>()];
    let (argv, env) = (at(&argv), at(&env));
    raw(libc::SYS_execveat, &[fd, text(c""), argv, env, i64::from(libc::AT_EMPTY_PATH)])
        .map(|_| String::new())
}

fn written(scene: &Scene) -> Answer {
    let path = scene.path("work/program");
    copy_program(scene, &path).map_err(|e| e.raw_os_error().unwrap_or(0))?;
    let program = scene.c_path("work/program");
    run(&program, &[&program, RAN])
}

fn copy_program(scene: &Scene, to: &Path) -> std::io::Result<()> {
    let mut from = fs::File::open(scene.path("bin/attack"))?;
    let mut into = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o755).open(to)?;
    std::io::copy(&mut from, &mut into).map(|_| ())
}

fn memory_file(scene: &Scene) -> Result<i64, i32> {
    let fd = raw(libc::SYS_memfd_create, &[text(c"program"), 0])?;
    let bytes = fs::read(scene.path("bin/attack")).map_err(|e| e.raw_os_error().unwrap_or(0))?;
    raw(libc::SYS_write, &[fd, at(bytes.as_slice()), bytes.len() as i64])?;
    Ok(fd)
}

fn unnamed(scene: &Scene) -> Answer {
    let work = scene.c_path("work");
    let bytes = fs::read(scene.path("bin/attack")).map_err(|e| e.raw_os_error().unwrap_or(0))?;
    let flags = i64::from(libc::O_TMPFILE | libc::O_RDWR);
    let fd = raw(libc::SYS_openat, &[HERE, text(&work), flags, 0o755])?;
    raw(libc::SYS_write, &[fd, at(bytes.as_slice()), bytes.len() as i64])?;
    // A file that is open for writing cannot be executed, so it is opened again for reading only.
    let again = CString::new(format!("/proc/self/fd/{fd}")).expect("no zero byte");
    let reader = raw(libc::SYS_openat, &[HERE, text(&again), 0, 0])?;
    raw(libc::SYS_close, &[fd])?;
    run_descriptor(reader)
}
