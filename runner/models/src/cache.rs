//! Digests of files that were read before, so that a model of some gigabytes is not read again for each question.
//!
//! A file is known by device, inode, size, mtime and ctime; when one of them differs, it is read. No program can set ctime, so a
//! change that restores size and mtime is seen. What was changed less than two seconds before it was read is not kept: a second
//! change within the same tick of the file system's clock would not be seen (git calls such entries racy,
//! <https://git-scm.com/docs/racy-git>). fs-verity, which would make a digest a property of the file, needs an ioctl for which there is no
//! safe function; it is left out.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::{Deserialize, Serialize};

use crate::digest::{FileIdentity, Sha256Digest, open_regular};
use crate::error::ModelError;

/// The name of its file.
pub const CACHE_FILE: &str = "digests.json";
/// Files that it knows; the oldest go first.
const MAX_ENTRIES: usize = 4096;
/// An entry has about 200 bytes.
const MAX_BYTES: u64 = 4 << 20;
/// How old the last change must be.
const SETTLED_NS: i64 = 2_000_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    identity: FileIdentity,
    sha256: Sha256Digest,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: Version,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "digest-cache.v0")]
    V0,
}

/// Known digests: those of its file, and those that were added since.
#[derive(Debug)]
pub struct DigestCache {
    path: PathBuf,
    known: Vec<Entry>,
    added: Vec<Entry>,
}

impl DigestCache {
    /// The cache in a folder. One that is not there, cannot be read, belongs to somebody else or can be written by others is empty.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let path = folder.join(CACHE_FILE);
        let known = read(&path).unwrap_or_default();
        Self { path, known, added: Vec::new() }
    }

    /// The digest of a file, when all that identifies it is the same.
    #[must_use]
    pub fn get(&self, identity: &FileIdentity) -> Option<Sha256Digest> {
        let mut entries = self.added.iter().chain(&self.known);
        entries.find(|entry| entry.identity == *identity).map(|entry| entry.sha256)
    }

    /// What it knows of the file at a path; the file is not read.
    #[must_use]
    pub fn known(&self, path: &Path) -> Option<Sha256Digest> {
        self.get(&FileIdentity::of(&open_regular(path).ok()?).ok()?)
    }

    /// Keeps the digest of a file that has not changed for two seconds. `now_ms` is the time in milliseconds since 1970.
    pub fn put(&mut self, identity: FileIdentity, sha256: Sha256Digest, now_ms: i64) {
        let changed = identity.mtime_ns.max(identity.ctime_ns);
        if changed.saturating_add(SETTLED_NS) <= now_ms.saturating_mul(1_000_000) {
            self.added.retain(|entry| !entry.is_same_file(&identity));
            self.added.push(Entry { identity, sha256 });
        }
    }

    /// Writes what was added, beside what other processes have added meanwhile.
    ///
    /// # Errors
    /// `MODEL_STORE_UNWRITABLE`; nothing but time is lost.
    pub fn save(&mut self) -> Result<(), ModelError> {
        if self.added.is_empty() {
            return Ok(());
        }
        self.write().map_err(ModelError::unwritable(&self.path))
    }

    fn write(&mut self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = rustix::fs::open(self.path.with_extension("lock"), flags, Mode::from_raw_mode(0o600))?;
        flock(&lock, FlockOperation::LockExclusive)?;
        let mut entries = read(&self.path).unwrap_or_default();
        entries.retain(|old| !self.added.iter().any(|new| old.is_same_file(&new.identity)));
        entries.append(&mut self.added);
        let surplus = entries.len().saturating_sub(MAX_ENTRIES);
        entries.drain(..surplus);
        // NamedTempFile makes files that only their owner can read and write.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(&Stored { v: Version::V0, entries: entries.clone() })?)?;
        file.persist(&self.path)?;
        self.known = entries;
        Ok(())
    }
}

impl Entry {
    /// Only the newest state of a file is of use.
    fn is_same_file(&self, identity: &FileIdentity) -> bool {
        (self.identity.device, self.identity.inode) == (identity.device, identity.inode)
    }
}

fn read(path: &Path) -> io::Result<Vec<Entry>> {
    let file = open_regular(path)?;
    if !is_ours_alone(&file)? {
        return Err(io::Error::other("others may write it"));
    }
    let mut text = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut text)?;
    let stored: Stored = contract_json::from_slice(&text).map_err(io::Error::other)?;
    Ok(stored.entries)
}

fn is_ours_alone(file: &File) -> io::Result<bool> {
    let found = file.metadata()?;
    Ok(found.uid() == rustix::process::geteuid().as_raw() && found.permissions().mode() & 0o022 == 0)
}
