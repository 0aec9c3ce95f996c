//! The SHA-256 of a file, read once from its beginning to its end.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rustix::fs::{Advice, Mode, OFlags, fadvise};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

use crate::cache::DigestCache;
use crate::error::ModelError;

/// Read at a time. Larger blocks are not faster, and they leave the processor's cache.
const BLOCK_BYTES: usize = 256 << 10;
/// Bytes between two calls of a progress callback.
const STEP_BYTES: u64 = 16 << 20;

/// SHA-256 of some bytes: how documents of models name content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// Of bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

/// Not 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no SHA-256; write 64 hex digits")]
pub struct ParseSha256Error(String);

impl FromStr for Sha256Digest {
    type Err = ParseSha256Error;

    /// 64 hex digits of either case: packs have both.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseSha256Error(text.chars().take(80).collect());
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| wrong())?;
        bytes.try_into().map(Self).map_err(|_| wrong())
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What the system says of a file without reading it. When all of it is the same, the bytes are taken to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileIdentity {
    /// Device of the file system.
    pub device: u64,
    /// Inode on it.
    pub inode: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// When the content changed last, in nanoseconds since 1970. Anyone who owns the file can set it.
    pub mtime_ns: i64,
    /// When anything about the file changed last, in nanoseconds since 1970. Only the kernel sets it.
    pub ctime_ns: i64,
}

impl FileIdentity {
    /// Of the regular file at `path`, links followed.
    ///
    /// # Errors
    /// It is not there, or no regular file.
    pub fn of_path(path: &Path) -> io::Result<Self> {
        Self::of(&open_regular(path)?)
    }

    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let ns = |seconds: i64, part: i64| seconds.saturating_mul(1_000_000_000).saturating_add(part);
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.len(),
            mtime_ns: ns(found.mtime(), found.mtime_nsec()),
            ctime_ns: ns(found.ctime(), found.ctime_nsec()),
        })
    }
}

/// A digest, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digested {
    /// The digest.
    pub sha256: Sha256Digest,
    /// The file as it was then.
    pub identity: FileIdentity,
    /// Whether the cache knew it, and nothing was read.
    pub cached: bool,
}

/// Told how far reading is: bytes done, and bytes in all. It says whether to go on.
pub type Progress<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

/// The digest of a file. With a cache, a file that the cache knows is not read; without one it always is. `now_ms` is the time in
/// milliseconds since 1970: what changed a moment ago is not put into the cache.
///
/// # Errors
/// `CONTRACT_INPUT_UNREADABLE`; `MODEL_CHANGED` when the file is another one after it was read; `CONTRACT_INTERRUPTED` when `progress`
/// does not want it to go on.
pub fn digest_file(
    path: &Path,
    now_ms: i64,
    cache: Option<&mut DigestCache>,
    progress: &mut Progress<'_>,
) -> Result<Digested, ModelError> {
    let unreadable = ModelError::unreadable(path);
    let mut file = open_regular(path).map_err(&unreadable)?;
    let identity = FileIdentity::of(&file).map_err(&unreadable)?;
    if let Some(sha256) = cache.as_ref().and_then(|cache| cache.get(&identity)) {
        return Ok(Digested { sha256, identity, cached: true });
    }
    let sha256 = digest_open(&mut file, &identity, path, progress)?;
    if let Some(cache) = cache {
        cache.put(identity, sha256, now_ms);
    }
    Ok(Digested { sha256, identity, cached: false })
}

/// The digest of an open file that was `before` when it was opened.
pub(crate) fn digest_open(
    file: &mut File,
    before: &FileIdentity,
    path: &Path,
    progress: &mut Progress<'_>,
) -> Result<Sha256Digest, ModelError> {
    let unreadable = ModelError::unreadable(path);
    // Advice: the kernel may ignore it.
    let _ = fadvise(&*file, 0, None, Advice::Sequential);
    let mut hasher = Hasher::new(before.bytes);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let read = match file.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        hasher.update(&block[..read], path, progress)?;
    }
    let after = FileIdentity::of(file).map_err(&unreadable)?;
    if after != *before || hasher.done != before.bytes {
        return Err(ModelError::Changed { path: path.to_owned() });
    }
    let _ = progress(before.bytes, before.bytes);
    Ok(hasher.finish())
}

/// Bytes on their way through.
pub(crate) struct Hasher {
    sha256: sha2::Sha256,
    pub(crate) done: u64,
    total: u64,
    told: u64,
}

impl Hasher {
    pub(crate) fn new(total: u64) -> Self {
        Self { sha256: sha2::Sha256::new(), done: 0, total, told: 0 }
    }

    pub(crate) fn update(
        &mut self,
        bytes: &[u8],
        path: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<(), ModelError> {
        self.sha256.update(bytes);
        self.done += bytes.len() as u64;
        if self.done - self.told >= STEP_BYTES {
            self.told = self.done;
            if progress(self.done, self.total).is_break() {
                return Err(ModelError::Interrupted { path: path.to_owned() });
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Sha256Digest {
        Sha256Digest(self.sha256.finalize().into())
    }
}

/// Opens a regular file, without waiting for the other end of a pipe.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_and_read_as_64_hex_digits() {
        let digest = Sha256Digest::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.to_uppercase().parse(), Ok(digest));
        for wrong in ["", "ba78", &text[1..], &format!("{text}0"), &text.replace('b', "g")] {
            assert!(wrong.parse::<Sha256Digest>().is_err(), "{wrong}");
        }
    }
}
