//! One attempt in one mode.

use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};

use contract_sandbox::{GrantedFd, LaunchFailure, LaunchOutcome, LaunchSpec, Profile};

use crate::judge::Before;
use crate::rows::{Kind, Row};
use crate::stage::{Stage, User, loader};
use crate::start::{attacker, first_line, keep, launch};

/// Which layers hold the attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Bare,
    Landlock,
    Seccomp,
    /// Everything, through `contract-launch`.
    Both,
}

impl Mode {
    fn layers(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Bare | Self::Both => "none",
        }
    }
}

/// What the attacker said: a text, or why not.
pub(crate) type Answer = Result<String, String>;

/// What came of an attempt, as its victims see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Open,
    Denied(String),
}

/// ETXTBSY: another thread of this test has forked while the program was copied, and its child has not executed yet. That is
/// an accident of the instrument and says nothing of the sandbox.
const BUSY: &str = "errno 26";

pub(crate) fn attempt(row: &Row, mode: Mode, user: User, max_abi: u8) -> Seen {
    for _ in 0..100 {
        let seen = attempt_once(row, mode, user, max_abi);
        if seen != Seen::Denied(BUSY.to_owned()) {
            return seen;
        }
    }
    Seen::Denied(BUSY.to_owned())
}

fn attempt_once(row: &Row, mode: Mode, user: User, max_abi: u8) -> Seen {
    let mut stage = Stage::build(user);
    let mut profile = stage.profile();
    match row.kind {
        Kind::Plain => {}
        Kind::RawTcp => profile.raw_tcp = vec![stage.port()],
        // One port is granted, and it is not that of the listener.
        Kind::OtherPort => profile.raw_tcp = vec![stage.port() ^ 1],
    }
    let before = Before::look(&stage);
    let secret_file = std::fs::File::open(stage.path("secret")).unwrap();
    let fd = match row.name {
        "use-inherited-descriptor" | "use-granted-descriptor" => secret_file.as_raw_fd(),
        _ => stage.terminal.1.as_raw_fd(),
    };
    let arguments = arguments(row, mode, &stage, &profile, max_abi, fd);
    let mut child = match mode {
        Mode::Both => confined(row, &stage, profile, arguments, user, max_abi, fd),
        _ => alone(&stage, &arguments, user, fd),
    };
    let line = first_line(child.stdout.as_mut().unwrap());
    let answer = understand(&line);
    let open = row.judge.is_open(&mut stage, &before, &answer, &line);
    drop(child.stdin.take());
    clean_up(row.name, &answer);
    let _ = child.kill();
    child.wait().unwrap();
    match (open, answer) {
        (true, _) => Seen::Open,
        (false, Ok(said)) => Seen::Denied(format!("no effect: {said}")),
        (false, Err(why)) => Seen::Denied(why),
    }
}

/// These outlive their maker.
fn clean_up(name: &str, answer: &Answer) {
    let Some(id) = answer.as_ref().ok().and_then(|text| text.parse::<i32>().ok()) else { return };
    // SAFETY: removal by number takes no pointer.
    unsafe {
        match name {
            "shared-memory" => libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()),
            "message-queue" => libc::msgctl(id, libc::IPC_RMID, std::ptr::null_mut()),
            "semaphore" => libc::semctl(id, 0, libc::IPC_RMID),
            _ => 0,
        };
    }
}

fn understand(line: &str) -> Answer {
    match line.strip_prefix("DONE ok ") {
        Some(text) => Ok(text.to_owned()),
        None if line.starts_with("RAN") => Ok(line.to_owned()),
        None if line == "DONE ok" => Ok(String::new()),
        None => Err(line.strip_prefix("DONE ").map_or_else(|| "ended by a signal".to_owned(), str::to_owned)),
    }
}

fn arguments(row: &Row, mode: Mode, stage: &Stage, profile: &Profile, abi: u8, fd: i32) -> Vec<String> {
    let victim = stage.victim.id();
    let device = ["/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/loop0", "/dev/xvda"]
        .into_iter()
        .find(|path| std::fs::metadata(path).is_ok())
        .unwrap_or("/dev/no-block-device");
    let mut list = vec![
        mode.layers().to_owned(),
        abi.to_string(),
        serde_json::to_string(profile).unwrap(),
        row.name.to_owned(),
        stage.dir.path().display().to_string(),
    ];
    list.extend([
        format!("victim={victim}"),
        format!("runner={}", std::process::id()),
        format!("address={}", stage.address),
        format!("victim-fd={}", stage.victim_fd),
        format!("port={}", stage.port()),
        format!("abstract={}", stage.abstract_name),
        format!("key={}", 0x4000_0000 | victim),
        format!("device={device}"),
        format!("loader={}", loader().display()),
        format!("fd={fd}"),
    ]);
    list
}

fn alone(stage: &Stage, arguments: &[String], user: User, fd: i32) -> Child {
    let mut command = Command::new(stage.path("bin/attack"));
    command
        .args(arguments)
        .env("ATTACK_SECRET", crate::stage::SECRET)
        .current_dir(stage.path("work"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    user.apply(&mut command);
    keep(&mut command, vec![fd]);
    command.spawn().unwrap()
}

fn confined(
    row: &Row,
    stage: &Stage,
    profile: Profile,
    arguments: Vec<String>,
    user: User,
    max_abi: u8,
    fd: i32,
) -> Child {
    let canary = stage.path("canary");
    std::fs::write(&canary, "").unwrap();
    if user == User::Nobody {
        std::os::unix::fs::chown(&canary, Some(65534), Some(65534)).unwrap();
    }
    let granted = row.name != "use-inherited-descriptor";
    let spec = LaunchSpec {
        profile,
        program: stage.path("bin/attack"),
        argv: std::iter::once("attack".to_owned()).chain(arguments).collect(),
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        cwd: stage.path("work"),
        canary,
        runner_pid: std::process::id(),
        granted_fds: granted.then(|| GrantedFd { fd, name: "granted".to_owned() }).into_iter().collect(),
        max_abi: Some(max_abi),
    };
    let mut launched = launch(&spec, |command, fds| {
        command.env("ATTACK_SECRET", crate::stage::SECRET).stderr(Stdio::null());
        user.apply(command);
        fds.push(fd);
    });
    match launched.outcome() {
        LaunchOutcome::Started(_) => launched.child,
        // What the host lacks is a gap, and a gap starts nothing.
        LaunchOutcome::Failed { failure: LaunchFailure::Gap { .. }, .. } if row.kind != Kind::Plain => {
            launched.child
        }
        other => panic!("{} was not started in the sandbox: {other:?} ({})", row.name, attacker().display()),
    }
}
