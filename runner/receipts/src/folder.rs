//! One directory, reached by its descriptor alone: no name below it is followed when it is a link.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, fdatasync, flock, fsync, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

/// Files are readable by everyone unless the user's umask says otherwise.
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);

/// An open directory.
#[derive(Debug, Clone)]
pub(crate) struct Folder(Arc<OwnedFd>);

impl From<OwnedFd> for Folder {
    fn from(folder: OwnedFd) -> Self {
        Self(Arc::new(folder))
    }
}

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(Arc::new(rustix::fs::open(path, flags, Mode::empty())?)))
    }

    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.0
    }

    /// A new file that did not exist; one that lies there is removed, whatever it is.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        self.remove(name)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(openat(&self.0, name, flags, FILE_MODE)?))
    }

    /// A file without a name, gone with its descriptor.
    pub(crate) fn create_anonymous(&self, name_for_a_moment: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        match openat(&self.0, ".", flags, Mode::from_raw_mode(0o600)) {
            Ok(file) => Ok(File::from(file)),
            // Not every file system has O_TMPFILE.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
                let file = self.create(name_for_a_moment)?;
                self.remove(name_for_a_moment)?;
                Ok(file)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A regular file to read, not through a link. A named pipe does not hold us up.
    pub(crate) fn open_regular(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, name, flags, Mode::empty())?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("something else")) }
    }

    /// Whether there is anything of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Removes a name; true when it was there.
    pub(crate) fn remove(&self, name: &str) -> io::Result<bool> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Makes renames and removals last.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(fsync(&self.0)?)
    }

    /// Writes a small file so that it is there as a whole or not at all.
    pub(crate) fn write_whole(&self, temp: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
        let written = self.create(temp).and_then(|mut file| {
            io::Write::write_all(&mut file, bytes)?;
            fdatasync(&file)?;
            self.rename(temp, name)?;
            self.sync()
        });
        if written.is_err() {
            // The first error is the one to report.
            let _ = self.remove(temp);
        }
        written
    }
}

/// The lock of a folder, given back when its last holder is gone.
#[derive(Debug)]
pub(crate) struct FolderLock(OwnedFd);

impl FolderLock {
    /// Takes the lock; `None` when another process or another part of this one has it.
    pub(crate) fn take(folder: &Folder, name: &str) -> io::Result<Option<Arc<Self>>> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&folder.0, name, flags, Mode::from_raw_mode(0o600))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Arc::new(Self(file)))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // A child that is about to execute another program has a copy of the descriptor for a moment, which would keep
        // the lock. Closing follows in any case.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}
