//! Opens model files, and tells whether a file is still the one that was opened.

use std::fs::File;
use std::io::BufReader;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat, stat};
use rustix::io::Errno;
use serde::Serialize;

use crate::fault::Fault;
use crate::gguf::Gguf;

/// What tells one content of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// The file that is at `path` now.
    pub(crate) fn of(path: &str) -> Result<Self, Fault> {
        absolute(path)?;
        stat(path).map(|stat| Self::from_stat(&stat)).map_err(|error| unreadable(path, error))
    }

    #[expect(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the widths of these members differ between architectures"
    )]
    fn from_stat(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev.into(),
            inode: stat.st_ino.into(),
            bytes: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }
}

/// Files that are in use, as results name them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Loaded {
    /// The model, and the LoRA adapter if there is one.
    pub(crate) files: Vec<FileData>,
}

/// Who a file is. Decimal texts: nanoseconds since 1970 are beyond 2^53, where readers of JSON may round.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileData {
    device: String,
    inode: String,
    bytes: String,
    mtime_ns: String,
    ctime_ns: String,
}

impl From<Identity> for FileData {
    fn from(identity: Identity) -> Self {
        let ns =
            |(seconds, ns): (i64, i64)| (i128::from(seconds) * 1_000_000_000 + i128::from(ns)).to_string();
        Self {
            device: identity.device.to_string(),
            inode: identity.inode.to_string(),
            bytes: identity.bytes.to_string(),
            mtime_ns: ns(identity.modified),
            ctime_ns: ns(identity.changed),
        }
    }
}

/// An open file. All that is done with it goes through this one descriptor: what its path names may change meanwhile.
#[derive(Debug)]
pub(crate) struct ModelFile {
    file: File,
    path: String,
    pub(crate) identity: Identity,
}

impl ModelFile {
    pub(crate) fn open(path: &str) -> Result<Self, Fault> {
        absolute(path)?;
        // Not blocking: opening a FIFO would otherwise wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(CWD, path, flags, Mode::empty()).map_err(|error| unreadable(path, error))?;
        let stat = fstat(&file).map_err(|error| unreadable(path, error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Fault::Unreadable { path: path.to_owned(), why: "it is no regular file".to_owned() });
        }
        Ok(Self { file: File::from(file), path: path.to_owned(), identity: Identity::from_stat(&stat) })
    }

    /// All of it but its weights. Once: it reads on from where the file stands.
    pub(crate) fn gguf(&self) -> Result<Gguf, Fault> {
        Gguf::read(BufReader::with_capacity(1 << 16, &self.file), self.identity.bytes)
            .map_err(|fault| Fault::Invalid { path: self.path.clone(), fault })
    }

    /// A path to this very file, for llama.cpp, which opens by path: the link is followed to the open file and not to a name
    /// (proc_pid_fd(5)). The sandbox asks for the right to read that file, and for none on the way.
    pub(crate) fn link(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }

    /// Whether nobody has written to it since it was opened.
    pub(crate) fn is_unchanged(&self) -> bool {
        fstat(&self.file).is_ok_and(|stat| Identity::from_stat(&stat) == self.identity)
    }
}

fn absolute(path: &str) -> Result<(), Fault> {
    if Path::new(path).is_absolute() && !path.contains('\0') {
        return Ok(());
    }
    Err(Fault::Unreadable {
        path: path.escape_debug().to_string(),
        why: "the path does not begin with /; write it in full".to_owned(),
    })
}

fn unreadable(path: &str, error: Errno) -> Fault {
    let why = match error {
        Errno::NOENT | Errno::NOTDIR => "there is no such file".to_owned(),
        Errno::ACCESS | Errno::PERM => format!("it may not be read; grant it with --allow read={path}"),
        other => other.to_string(),
    };
    Fault::Unreadable { path: path.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_leads_to_the_file_that_was_opened_whatever_its_name_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a.gguf"), folder.path().join("b.gguf"));
        std::fs::write(&path, "first").unwrap();
        std::fs::write(&other, "other").unwrap();
        let file = ModelFile::open(path.to_str().unwrap()).unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert_eq!(std::fs::read_to_string(file.link()).unwrap(), "first");
        assert_ne!(Identity::of(path.to_str().unwrap()).unwrap(), file.identity);
        assert!(!file.is_unchanged(), "it has lost its name, which is a change of its ctime");
    }
}
