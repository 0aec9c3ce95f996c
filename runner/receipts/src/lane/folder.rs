//! The folder of one lane: whose it is, its lock, and what a new run clears away.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, mkdirat, statat};

use crate::clear::remove_tree;
use crate::folder::{Folder, FolderLock};
use crate::lane::{LaneEvidence, LaneReceipt};
use crate::names::{CONTRACT, CONTRACT_TEMP, EVIDENCE, LANE_RECEIPT, LANE_RECEIPT_TEMP, LOCK, LOGS, RUNS};
use crate::run_folder::FolderError;

/// A folder that holds, or will hold, the evidence of one lane.
#[derive(Debug)]
pub struct LaneFolder {
    path: PathBuf,
    folder: Folder,
    _lock: Arc<FolderLock>,
}

/// What may lie in it beside the lock.
const OURS: [(&str, FileType); 7] = [
    (LANE_RECEIPT, FileType::RegularFile),
    (LANE_RECEIPT_TEMP, FileType::RegularFile),
    (CONTRACT, FileType::RegularFile),
    (CONTRACT_TEMP, FileType::RegularFile),
    (RUNS, FileType::Directory),
    (LOGS, FileType::Directory),
    (EVIDENCE, FileType::Directory),
];

impl LaneFolder {
    /// Opens or makes `dir` and takes its lock. Nothing in it is changed beside the lock file.
    ///
    /// # Errors
    /// [`FolderError`]: it must be empty or a lane's, free, and writable.
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
        Ok(Self { path, folder, _lock: lock })
    }

    /// Its real path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the evidence of a run goes.
    #[must_use]
    pub fn run(&self, id: &str) -> PathBuf {
        self.path.join(RUNS).join(id)
    }

    /// The lane begins: what an older one left is removed, and the contract's text is kept.
    ///
    /// # Errors
    /// What the file system says.
    pub fn begin(&mut self, contract: &[u8]) -> Result<(), FolderError> {
        self.clear(contract)
            .map_err(|(name, source)| FolderError::Unwritable { path: self.path.join(name), source })
    }

    fn clear(&self, contract: &[u8]) -> Result<(), (&'static str, io::Error)> {
        // The old receipt goes first: it never stands beside newer files.
        for (name, kind) in OURS {
            match kind {
                FileType::Directory => remove_tree(&self.folder, name).map_err(|source| (name, source))?,
                _ => drop(self.folder.remove(name).map_err(|source| (name, source))?),
            }
        }
        for name in [RUNS, LOGS, EVIDENCE] {
            mkdirat(self.folder.fd(), name, Mode::from_raw_mode(0o755))
                .map_err(|error| (name, error.into()))?;
        }
        self.folder.write_whole(CONTRACT_TEMP, CONTRACT, contract).map_err(|source| (CONTRACT, source))
    }

    /// The log of a run, new and empty.
    ///
    /// # Errors
    /// What the file system says.
    pub fn log(&self, id: &str) -> io::Result<File> {
        Folder::open(&self.path.join(LOGS))?.create(&format!("{id}.log"))
    }

    /// Removes what a run left that has no receipt, as far as that is possible.
    pub fn forget(&self, id: &str) {
        if let Ok(runs) = Folder::open(&self.path.join(RUNS)) {
            let _ = remove_tree(&runs, id);
        }
        if let Ok(logs) = Folder::open(&self.path.join(LOGS)) {
            let _ = logs.remove(&format!("{id}.log"));
        }
    }

    /// Writes the documents of a key.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_evidence(&self, evidence: &LaneEvidence) -> io::Result<()> {
        let folder = Folder::open(&self.path.join(EVIDENCE))?;
        folder.write_whole(".new", &format!("{}.json", evidence.key), &evidence.to_bytes())
    }

    /// Writes the receipt, last of all.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_receipt(&self, receipt: &LaneReceipt) -> io::Result<()> {
        self.folder.write_whole(LANE_RECEIPT_TEMP, LANE_RECEIPT, &receipt.to_bytes())
    }
}

fn refuse_foreign_names(folder: &Folder, shown: &Path) -> Result<(), FolderError> {
    let unwritable =
        |error: rustix::io::Errno| FolderError::Unwritable { path: shown.to_owned(), source: error.into() };
    for entry in Dir::read_from(folder.fd()).map_err(unwritable)? {
        let entry = entry.map_err(unwritable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if matches!(name.as_str(), "." | ".." | LOCK) {
            continue;
        }
        let stat = statat(folder.fd(), entry.file_name(), AtFlags::SYMLINK_NOFOLLOW).map_err(unwritable)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if !OURS.contains(&(name.as_str(), kind)) {
            return Err(FolderError::NotOurs { name });
        }
    }
    Ok(())
}
