//! Whether an attempt succeeded, from the side of its victims.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::modes::Answer;
use crate::stage::{SECRET, Stage, read_now};

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judge {
    /// The secret came back.
    Secret,
    /// The victim's file, or the read-only one, is another than before: content, inode, owner, mode, times, attributes.
    Files,
    /// Something appeared at this place of the stage.
    Appears(&'static str),
    /// This has gone from the stage.
    Gone(&'static str),
    /// A program that may not run said this.
    Ran(&'static str),
    /// A listener heard of it.
    Heard,
    /// We could connect to the attacker.
    Listens,
    /// The victim is dead.
    VictimDead,
    /// The victim's limits, priority or scheduling are others than before.
    VictimChanged,
    /// There is a child.
    Child,
    /// The kernel did it; nobody else could see.
    Said,
    /// As `Said`, with this in the answer.
    SaidText(&'static str),
}

/// What the stage looked like.
pub(crate) struct Before {
    files: String,
    victim: String,
}

impl Before {
    pub(crate) fn look(stage: &Stage) -> Self {
        Self { files: files(stage), victim: victim(stage) }
    }
}

fn files(stage: &Stage) -> String {
    ["victim", "ro/data"].map(|below| one_file(&stage.path(below))).join("\n")
}

fn one_file(path: &Path) -> String {
    let Ok(data) = std::fs::symlink_metadata(path) else { return "gone".to_owned() };
    let mut text = format!(
        "{} {} {} {} {:o} {} {}",
        data.ino(),
        data.uid(),
        data.gid(),
        data.size(),
        data.mode(),
        data.mtime(),
        data.mtime_nsec()
    );
    let _ = write!(text, " {:?}", std::fs::read_to_string(path));
    let mut names = vec![0; 1024];
    let count = rustix::fs::listxattr(path, &mut names[..]).unwrap_or(0);
    let _ = write!(text, " {}", String::from_utf8_lossy(&names[..count]));
    if let Ok(flags) = std::fs::File::open(path).map(|file| rustix::fs::ioctl_getflags(&file)) {
        let _ = write!(text, " {flags:?}");
    }
    text
}

fn victim(stage: &Stage) -> String {
    let file = |name: &str| {
        std::fs::read_to_string(format!("/proc/{}/{name}", stage.victim.id())).unwrap_or_default()
    };
    let stat = file("stat");
    // Priority, nice and policy; the rest counts time.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let pick = |at: usize| fields.get(at).copied().unwrap_or_default();
    let allowed: String = file("status").lines().filter(|line| line.starts_with("Cpus_allowed:")).collect();
    format!("{} {} {} {} {} {}", pick(15), pick(16), pick(38), allowed, file("limits"), file("oom_score_adj"))
}

impl Judge {
    pub(crate) fn is_open(self, stage: &mut Stage, before: &Before, answer: &Answer, line: &str) -> bool {
        match self {
            Self::Secret => answer.as_ref().is_ok_and(|text| text.contains(SECRET)),
            Self::Files => files(stage) != before.files,
            Self::Appears(below) => std::fs::symlink_metadata(stage.path(below)).is_ok(),
            Self::Gone(below) => std::fs::symlink_metadata(stage.path(below)).is_err(),
            Self::Ran(words) => line.starts_with("RAN") && line.contains(words),
            Self::Heard => heard(stage),
            Self::Listens => answer
                .as_ref()
                .ok()
                .and_then(|text| text.strip_prefix("port=")?.parse().ok())
                .is_some_and(|port: u16| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()),
            Self::VictimDead => dead(stage, answer.is_ok()),
            Self::VictimChanged => victim(stage) != before.victim,
            Self::Child => answer
                .as_ref()
                .ok()
                .and_then(|text| text.strip_prefix("child="))
                .is_some_and(|pid| pid != "0" && Path::new("/proc").join(pid).exists()),
            Self::Said => answer.is_ok(),
            Self::SaidText(words) => answer.as_ref().is_ok_and(|text| text.contains(words)),
        }
    }
}

fn heard(stage: &Stage) -> bool {
    let mut block = [0; 64];
    let tcp = |listener: &std::net::TcpListener| listener.accept().is_ok();
    tcp(&stage.tcp)
        || stage.tcp_v6.as_ref().is_some_and(tcp)
        || stage.udp.recv(&mut block).is_ok()
        || stage.stream.accept().is_ok_and(|(stream, _)| read_now(stream).contains("attack"))
        || stage.abstract_stream.accept().is_ok_and(|(stream, _)| read_now(stream).contains("attack"))
        || stage.datagram.recv(&mut block).is_ok()
}

/// A signal arrives a moment after the call that sent it.
fn dead(stage: &mut Stage, sent: bool) -> bool {
    if sent {
        for _ in 0..200 {
            if stage.victim.try_wait().unwrap().is_some() {
                return true;
            }
            let _ = rustix::event::poll(
                &mut [],
                Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 1_000_000 }),
            );
        }
    }
    stage.victim.try_wait().unwrap().is_some()
}
