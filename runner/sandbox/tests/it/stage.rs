//! The place of one attempt: what the attacker is after, and those who see what came of it.

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use contract_sandbox::{Limits, Profile};
use tempfile::TempDir;

use crate::start::{attacker, keep};

pub(crate) const SECRET: &str = "the-secret-of-the-victim-01234";
const UNTOUCHED: &str = "untouched";

/// Who attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    Own,
    /// uid and gid 65534.
    Nobody,
}

impl User {
    pub(crate) fn apply(self, command: &mut Command) {
        if self == Self::Nobody {
            command.uid(65534).gid(65534);
        }
    }
}

pub(crate) struct Stage {
    pub(crate) dir: TempDir,
    pub(crate) victim: Child,
    pub(crate) address: String,
    /// A descriptor of the victim on the secret.
    pub(crate) victim_fd: i32,
    pub(crate) tcp: TcpListener,
    pub(crate) tcp_v6: Option<TcpListener>,
    pub(crate) udp: UdpSocket,
    pub(crate) stream: UnixListener,
    pub(crate) datagram: UnixDatagram,
    pub(crate) abstract_stream: UnixListener,
    pub(crate) abstract_name: String,
    pub(crate) terminal: (OwnedFd, OwnedFd),
}

impl Stage {
    pub(crate) fn build(user: User) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let file = |below: &str, text: &str| std::fs::write(root.join(below), text).unwrap();
        for folder in ["outside/empty", "ro", "work", "bin"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        file("secret", SECRET);
        file("victim", UNTOUCHED);
        file("ro/data", UNTOUCHED);
        file("ro/closed", SECRET);
        symlink(SECRET, root.join("outside/pointer")).unwrap();
        file(&format!("outside/{SECRET}"), "");
        for name in ["attack", "other", "setuid", "capable"] {
            // A grant is to the file, whatever its name: those that are not granted must be files of their own.
            place_program(&root.join("bin").join(name), name != "attack");
        }
        // A file system without attributes answers EOPNOTSUPP to the attacker, too.
        let _ = rustix::fs::setxattr(
            root.join("victim"),
            "user.secret",
            SECRET.as_bytes(),
            rustix::fs::XattrFlags::empty(),
        );
        let stream = UnixListener::bind(root.join("stream.sock")).unwrap();
        let datagram = UnixDatagram::bind(root.join("datagram.sock")).unwrap();
        let abstract_name = format!("attack-{}", root.file_name().unwrap().to_string_lossy());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let abstract_stream = UnixListener::bind_addr(&address).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        let tcp_v6 = TcpListener::bind(("::1", port)).ok();
        let udp = UdpSocket::bind(("127.0.0.1", port)).unwrap();
        if user == User::Nobody {
            give(root);
        }
        for below in ["", "outside", "ro", "work", "bin"] {
            std::fs::set_permissions(root.join(below), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::fs::set_permissions(root.join("ro/closed"), std::fs::Permissions::from_mode(0o000)).unwrap();
        prepare_programs(root);
        for socket in [stream.as_fd(), datagram.as_fd(), abstract_stream.as_fd(), tcp.as_fd(), udp.as_fd()] {
            rustix::io::ioctl_fionbio(socket, true).unwrap();
        }
        let (victim, address, victim_fd) = start_victim(root, user);
        Self {
            victim,
            address,
            victim_fd,
            tcp,
            tcp_v6: tcp_v6.inspect(|listener| listener.set_nonblocking(true).unwrap()),
            udp,
            stream,
            datagram,
            abstract_stream,
            abstract_name,
            terminal: open_terminal(),
            dir,
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub(crate) fn port(&self) -> u16 {
        self.tcp.local_addr().unwrap().port()
    }

    /// What the attacker is granted.
    pub(crate) fn profile(&self) -> Profile {
        let mut profile = Profile::strictest("attack");
        profile.read = [self.path("ro"), self.path("bin"), self.path("work")].into();
        for library in ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"] {
            profile.read.extend(Path::new(library).canonicalize());
        }
        profile.write = vec![self.path("work")];
        profile.exec = vec![self.path("bin/attack"), loader()];
        profile.limits = Limits {
            memory_bytes: 256 << 20,
            address_space_bytes: Some(2 << 30),
            file_size_bytes: 32 << 20,
            open_files: 128,
            cpu_seconds: 20,
        };
        profile.normalise();
        profile
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
    }
}

/// The loader of the attacker, which is a dynamic program.
pub(crate) fn loader() -> PathBuf {
    ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
        .iter()
        .find_map(|path| Path::new(path).canonicalize().ok())
        .unwrap()
}

/// A link where that is enough: the program has several MiB.
fn place_program(path: &Path, own: bool) {
    if own || std::fs::hard_link(attacker(), path).is_err() {
        std::fs::copy(attacker(), path).unwrap();
    }
}

/// Only the owner's file can have these; nobody's copies are root's.
fn prepare_programs(root: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let setuid = root.join("bin/setuid");
    chown(&setuid, Some(0), Some(0)).unwrap();
    std::fs::set_permissions(&setuid, std::fs::Permissions::from_mode(0o4755)).unwrap();
    let capable = root.join("bin/capable");
    chown(&capable, Some(0), Some(0)).unwrap();
    std::fs::set_permissions(&capable, std::fs::Permissions::from_mode(0o755)).unwrap();
    // VFS_CAP_REVISION_2 with the effective bit; CAP_SYS_CHROOT (18) permitted.
    let words = [0x0200_0001_u32, 1 << 18, 0, 0, 0];
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    rustix::fs::setxattr(&capable, "security.capability", &bytes, rustix::fs::XattrFlags::empty()).unwrap();
}

fn give(root: &Path) {
    for below in [
        "",
        "outside",
        "outside/empty",
        "ro",
        "work",
        "secret",
        "victim",
        "ro/data",
        "stream.sock",
        "datagram.sock",
    ] {
        chown(root.join(below), Some(65534), Some(65534)).unwrap();
    }
}

fn start_victim(root: &Path, user: User) -> (Child, String, i32) {
    let secret = std::fs::File::open(root.join("secret")).unwrap();
    let mut command = Command::new(attacker());
    command
        .args(["victim", SECRET])
        .env("VICTIM", SECRET)
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0);
    user.apply(&mut command);
    keep(&mut command, vec![secret.as_raw_fd()]);
    let mut child = command.spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
    let address = u64::from_str_radix(address.trim().trim_start_matches("0x"), 16).unwrap();
    (child, address.to_string(), secret.as_raw_fd())
}

fn open_terminal() -> (OwnedFd, OwnedFd) {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave =
        rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    (master, slave)
}

/// All that can be read now.
pub(crate) fn read_now(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut block) {
        bytes.extend_from_slice(&block[..count]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
