//! The folder of one run: whose it is, its lock, and what a launch clears away.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract_ipc::Session;
use rustix::fs::{AtFlags, Dir, FallocateFlags, FileType, fallocate, statat};
use rustix::io::Errno;

use crate::clear::remove_tree;
use crate::folder::{Folder, FolderLock};
use crate::marks::Marks;
use crate::names::{DENIED, DENIED_TEMP, LOCK, OUR_FILES, RECEIPT_TEMP, SCRATCH, TRANSCRIPT_TEMP, WIRE_TEMP};
use crate::receipt::Receipt;
use crate::recorder::{Files, Recorder};
use crate::redact::Redactor;

/// Room that is reserved for the receipt before anything runs.
const RECEIPT_RESERVE_BYTES: u64 = 256 * 1024;

/// A folder that holds, or will hold, the evidence of one run.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    folder: Folder,
    lock: Arc<FolderLock>,
}

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something in it is not of a run of ours (`CONTRACT_OUT_NOT_OURS`).
    #[error("it holds `{name}`, which no run of ours left")]
    NotOurs {
        /// The name that does not belong there.
        name: String,
    },
    /// Another run holds its lock (`CONTRACT_OUT_NOT_OURS`).
    #[error("another run is using it")]
    InUse,
    /// It cannot be made, read or written (`CONTRACT_OUT_UNWRITABLE`).
    #[error("{}: {source}", path.display())]
    Unwritable {
        /// What could not be made or written.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl RunFolder {
    /// Opens or makes `dir` and takes its lock. Nothing in it is changed beside the lock file.
    ///
    /// # Errors
    /// [`FolderError`]: it must be empty or ours, free, and writable.
    pub fn open(dir: &Path) -> Result<Self, FolderError> {
        let unwritable = |path: &Path, source| FolderError::Unwritable { path: path.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(|source| unwritable(dir, source))?;
        let path = dir.canonicalize().map_err(|source| unwritable(dir, source))?;
        let folder = Folder::open(&path).map_err(|source| unwritable(dir, source))?;
        // A foreign folder does not even get a lock file.
        refuse_foreign_names(&folder, dir)?;
        let lock = FolderLock::take(&folder, LOCK)
            .map_err(|source| unwritable(&dir.join(LOCK), source))?
            .ok_or(FolderError::InUse)?;
        refuse_foreign_names(&folder, dir)?;
        Ok(Self { path, folder, lock })
    }

    /// Its real path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock file: empty, ours, and there as long as the folder is used.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.path.join(LOCK)
    }

    /// The launch begins: what an older run left is removed (the scratch folder, too), room for the receipt is
    /// reserved, and the transcript is opened.
    ///
    /// # Errors
    /// [`FolderError::Unwritable`]: without room for evidence nothing may run.
    pub fn begin(
        &mut self,
        session: &Session,
        redactor: Redactor,
        marks: Marks,
        keep_wire: bool,
    ) -> Result<Recorder, FolderError> {
        self.make_files(keep_wire)
            .map(|files| Recorder::new(files, session, redactor, marks))
            .map_err(|(name, source)| FolderError::Unwritable { path: self.path.join(name), source })
    }

    fn make_files(&self, keep_wire: bool) -> Result<Files, (&'static str, io::Error)> {
        // First what may fail, so that an older receipt is not lost for nothing.
        remove_tree(&self.folder, SCRATCH).map_err(|source| (SCRATCH, source))?;
        let mut removed = false;
        for name in OUR_FILES {
            removed |= self.folder.remove(name).map_err(|source| (name, source))?;
        }
        if removed {
            // After a crash of the machine, too, no older receipt may stand beside newer files.
            self.folder.sync().map_err(|source| ("", source))?;
        }
        let create = |name| self.folder.create(name).map_err(|source| (name, source));
        let receipt = create(RECEIPT_TEMP)?;
        reserve(&receipt).map_err(|source| (RECEIPT_TEMP, source))?;
        Ok(Files {
            receipt,
            transcript: create(TRANSCRIPT_TEMP)?,
            wire: if keep_wire { Some(create(WIRE_TEMP)?) } else { None },
            lock: self.lock.clone(),
            folder: self.folder.clone(),
        })
    }

    /// Writes `denied-receipt.json`, with its digests filled in, and touches nothing else.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_denied(&mut self, receipt: &Receipt) -> io::Result<()> {
        let bytes = receipt.clone().sealed().to_bytes();
        self.folder.write_whole(DENIED_TEMP, DENIED, &bytes)
    }
}

fn refuse_foreign_names(folder: &Folder, shown: &Path) -> Result<(), FolderError> {
    let unwritable = |error: Errno| FolderError::Unwritable { path: shown.to_owned(), source: error.into() };
    for entry in Dir::read_from(folder.fd()).map_err(unwritable)? {
        let entry = entry.map_err(unwritable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let expected = match name.as_str() {
            "." | ".." => continue,
            SCRATCH => FileType::Directory,
            name if name == LOCK || OUR_FILES.contains(&name) => FileType::RegularFile,
            _ => return Err(FolderError::NotOurs { name }),
        };
        match statat(folder.fd(), entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == expected => {}
            // Gone since: another run cleared it away.
            Err(Errno::NOENT) => {}
            Ok(_) => return Err(FolderError::NotOurs { name }),
            Err(error) => return Err(unwritable(error)),
        }
    }
    Ok(())
}

/// Takes the room now, so that a receipt can be written on a full disk.
fn reserve(file: &File) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, RECEIPT_RESERVE_BYTES) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let zeros = vec![0; 64 * 1024];
            (0..RECEIPT_RESERVE_BYTES / zeros.len() as u64)
                .try_for_each(|_| io::Write::write_all(&mut &*file, &zeros))
        }
        Err(error) => Err(error.into()),
    }
}
