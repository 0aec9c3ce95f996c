//! Opens model files, and tells whether a file is still the one that was opened.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat, stat};
use rustix::io::Errno;

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

/// Reads all of a GGUF file but its weights.
pub(crate) fn read_gguf(path: &str) -> Result<(Identity, Gguf), Fault> {
    absolute(path)?;
    // Not blocking: opening a FIFO would otherwise wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(CWD, path, flags, Mode::empty()).map_err(|error| unreadable(path, error))?;
    let stat = fstat(&file).map_err(|error| unreadable(path, error))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Fault::Unreadable { path: path.to_owned(), why: "it is no regular file".to_owned() });
    }
    let identity = Identity::from_stat(&stat);
    let gguf = Gguf::read(BufReader::with_capacity(1 << 16, File::from(file)), identity.bytes)
        .map_err(|fault| Fault::Invalid { path: path.to_owned(), fault })?;
    Ok((identity, gguf))
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
