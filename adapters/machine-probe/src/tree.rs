//! The machine as a tree of files: the real one, or a recorded one below a folder.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::fact::Fact;

/// Longest file that is read, in bytes. /proc/cpuinfo of a machine with 512 CPUs has less than 1 MiB.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// What a recorded tree says of owners, modes, labels and space, which a copy of files does not keep.
const RECORD: &str = ".recorded";

/// Owner and mode of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// User id of the owner.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Type and permission bits; told as the permission bits in octal, as chmod(1) takes them.
    #[serde(serialize_with = "octal")]
    pub mode: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn octal<S: Serializer>(mode: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{:04o}", mode & 0o7777))
}

/// Space of one file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Space {
    /// All of it.
    pub size_bytes: u64,
    /// What an ordinary user may still take.
    pub free_bytes: u64,
}

/// What uname(2) says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uname {
    /// Kernel family.
    pub system: String,
    /// Kernel release.
    pub release: String,
    /// Architecture.
    pub machine: String,
    /// Name of the host.
    pub node: String,
}

/// Where facts are read from. All paths start with `/`.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    record: Option<Record>,
}

#[derive(Debug, Default)]
struct Record {
    metas: BTreeMap<String, Meta>,
    labels: BTreeMap<String, String>,
    spaces: BTreeMap<String, Space>,
}

impl Tree {
    /// The machine that this process runs on.
    #[must_use]
    pub fn live() -> Self {
        Self { root: PathBuf::from("/"), record: None }
    }

    /// A recorded machine below `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let record = Record::read(&fs::read_to_string(root.join(RECORD)).unwrap_or_default());
        Self { root, record: Some(record) }
    }

    fn place(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// The text of a file, without the white space at its end.
    pub fn read(&self, path: &str) -> Fact<String> {
        let mut bytes = Vec::new();
        let read =
            File::open(self.place(path)).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes));
        match read {
            // Files of a device tree end in a zero byte.
            Ok(_) => Fact::Known(
                String::from_utf8_lossy(&bytes)
                    .trim_end_matches(|c: char| c == '\0' || c.is_whitespace())
                    .to_owned(),
            ),
            Err(error) => Fact::Unknown(why(&error, path)),
        }
    }

    /// Whether something has this name; asking needs no right to read it.
    #[must_use]
    pub fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(self.place(path)).is_ok()
    }

    /// Whether one of these names is there; the first one that is.
    #[must_use]
    pub fn first<'a>(&self, paths: &[&'a str]) -> Option<&'a str> {
        paths.iter().copied().find(|path| self.exists(path))
    }

    /// What a link says, if it is one.
    #[must_use]
    pub fn link(&self, path: &str) -> Option<String> {
        let target = fs::read_link(self.place(path)).ok()?;
        target.into_os_string().into_string().ok()
    }

    /// Names in a folder, sorted.
    pub fn list(&self, path: &str) -> Fact<Vec<String>> {
        match fs::read_dir(self.place(path)) {
            Ok(entries) => {
                let mut names: Vec<String> =
                    entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
                names.sort();
                Fact::Known(names)
            }
            Err(error) => Fact::Unknown(why(&error, path)),
        }
    }

    /// Owner and mode, of a link itself and not of what it points to.
    pub fn meta(&self, path: &str) -> Fact<Meta> {
        match fs::symlink_metadata(self.place(path)) {
            Ok(found) => Fact::Known(self.recorded_meta(path, &found)),
            Err(error) => Fact::Unknown(why(&error, path)),
        }
    }

    fn recorded_meta(&self, path: &str, found: &Metadata) -> Meta {
        let recorded = self.record.as_ref().map(|record| {
            // What a record does not name is root's and closed, as most of a system is.
            let kind = found.mode() & 0o170_000;
            let meta = record.metas.get(path).copied().unwrap_or(Meta { uid: 0, gid: 0, mode: 0o755 });
            Meta { mode: kind | meta.mode, ..meta }
        });
        recorded.unwrap_or_else(|| Meta { uid: found.uid(), gid: found.gid(), mode: found.mode() })
    }

    /// Size and free space of the file system below `path`. May wait for a device; the caller has checked that it is local.
    pub fn space(&self, path: &str) -> Fact<Space> {
        if let Some(record) = &self.record {
            return Fact::from_option(record.spaces.get(path).copied(), "not recorded");
        }
        match rustix::fs::statvfs(self.place(path)) {
            Ok(found) => Fact::Known(Space {
                size_bytes: found.f_blocks.saturating_mul(found.f_frsize),
                free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
            }),
            Err(error) => Fact::Unknown(why(&error.into(), path)),
        }
    }

    /// SELinux label, of a link itself and not of what it points to.
    pub fn label(&self, path: &str) -> Fact<String> {
        if let Some(record) = &self.record {
            return Fact::from_option(record.labels.get(path).cloned(), "no label");
        }
        let mut buffer = [0_u8; 512];
        match rustix::fs::lgetxattr(self.place(path), "security.selinux", &mut buffer) {
            Ok(length) => {
                Fact::Known(String::from_utf8_lossy(&buffer[..length]).trim_end_matches('\0').to_owned())
            }
            Err(_) => Fact::unknown("no label"),
        }
    }

    /// What uname(2) says; for a recorded tree the files of /proc/sys/kernel, which hold the same.
    pub fn uname(&self) -> Fact<Uname> {
        if self.record.is_none() {
            let found = rustix::system::uname();
            let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
            return Fact::Known(Uname {
                system: text(found.sysname()),
                release: text(found.release()),
                machine: text(found.machine()),
                node: text(found.nodename()),
            });
        }
        let read = |name: &str| self.read(&format!("/proc/sys/kernel/{name}"));
        read("ostype").and_then(|system| {
            read("osrelease").and_then(|release| {
                read("arch")
                    .and_then(|machine| read("hostname").map(|node| Uname { system, release, machine, node }))
            })
        })
    }
}

impl Record {
    /// Lines `stat PATH UID GID MODE`, `label PATH LABEL` and `space PATH SIZE FREE`.
    fn read(text: &str) -> Self {
        let mut record = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["stat", path, uid, gid, mode] => {
                    if let (Ok(uid), Ok(gid), Ok(mode)) =
                        (uid.parse(), gid.parse(), u32::from_str_radix(mode, 8))
                    {
                        record.metas.insert(path.to_owned(), Meta { uid, gid, mode });
                    }
                }
                ["label", path, label] => drop(record.labels.insert(path.to_owned(), label.to_owned())),
                ["space", path, size, free] => {
                    if let (Ok(size_bytes), Ok(free_bytes)) = (size.parse(), free.parse()) {
                        record.spaces.insert(path.to_owned(), Space { size_bytes, free_bytes });
                    }
                }
                _ => {}
            }
        }
        record
    }
}

/// Why a file could not be read. The path is one of ours, so it may be said.
fn why(error: &std::io::Error, path: &str) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("{path} is absent"),
        ErrorKind::PermissionDenied => format!("{path} may not be read"),
        kind => format!("{path}: {kind}"),
    }
}

/// Whether `reason` is that of something absent, and not of something that may not be read.
#[must_use]
pub fn is_absent(reason: &str) -> bool {
    reason.ends_with(" is absent")
}

/// A file that need not be there: its absence is known, not unknown.
pub fn optional<T>(fact: Fact<T>) -> Fact<Option<T>> {
    match fact {
        Fact::Unknown(reason) if is_absent(&reason) => Fact::Known(None),
        fact => fact.map(Some),
    }
}

/// The last name of a path.
#[must_use]
pub fn last_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path)
}
