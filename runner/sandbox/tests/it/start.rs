//! Starting the launcher and the attacker, with descriptors that no other test can inherit.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use contract_sandbox::{LaunchOutcome, LaunchSpec};

const PATIENCE: Duration = Duration::from_secs(20);

/// The attacker, an example of this crate.
pub(crate) fn attacker() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().unwrap().parent().unwrap().join("examples/attack");
    assert!(path.is_file(), "build it first: cargo build -p contract-sandbox --examples");
    path
}

/// These descriptors stay open in the child, under their numbers.
pub(crate) fn keep(command: &mut Command, fds: Vec<RawFd>) {
    let clear = move || {
        for fd in &fds {
            // SAFETY: the descriptors are open in the parent, so they are in the forked child.
            let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(*fd) };
            rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?;
        }
        Ok(())
    };
    // SAFETY: fcntl alone may be called between fork and exec.
    unsafe { command.pre_exec(clear) };
}

/// A launcher that was started, and our ends.
pub(crate) struct Launched {
    pub(crate) child: Child,
    pub(crate) report: File,
    pub(crate) life: Option<OwnedFd>,
}

impl Launched {
    /// What it reported, when that is at its end.
    pub(crate) fn outcome(&mut self) -> LaunchOutcome {
        let mut bytes = Vec::new();
        self.report.read_to_end(&mut bytes).unwrap();
        LaunchOutcome::decode(&bytes)
    }
}

pub(crate) fn launch(spec: &LaunchSpec, change: impl FnOnce(&mut Command, &mut Vec<RawFd>)) -> Launched {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&spec.encode().unwrap()).unwrap();
    file.rewind().unwrap();
    let (report, their_report) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let life = (!spec.profile.is_one_process())
        .then(|| rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_contract-launch"));
    command.args([
        "--spec-fd",
        &file.as_raw_fd().to_string(),
        "--report-fd",
        &their_report.as_raw_fd().to_string(),
    ]);
    let mut fds = vec![file.as_raw_fd(), their_report.as_raw_fd()];
    if let Some((theirs, _)) = &life {
        command.args(["--life-fd", &theirs.as_raw_fd().to_string()]);
        fds.push(theirs.as_raw_fd());
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    change(&mut command, &mut fds);
    keep(&mut command, fds);
    let child = command.spawn().unwrap();
    Launched { child, report: File::from(report), life: life.map(|(_, ours)| ours) }
}

/// The first line of a stream, or what there was of it at its end.
pub(crate) fn first_line(from: &mut (impl Read + std::os::fd::AsFd)) -> String {
    let began = Instant::now();
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        let mut fds = [rustix::event::PollFd::new(&*from, rustix::event::PollFlags::IN)];
        let wait = rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 };
        let ready = rustix::event::poll(&mut fds, Some(&wait)).unwrap();
        assert!(began.elapsed() < PATIENCE, "no line came");
        if ready == 0 {
            continue;
        }
        match from.read(&mut byte).unwrap() {
            0 => break,
            _ if byte[0] == b'\n' => break,
            _ => line.push(byte[0]),
        }
    }
    String::from_utf8_lossy(&line).into_owned()
}

/// Waits for what another process does and nothing here can be woken by.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited too long for: {what}");
        std::thread::yield_now();
    }
}
