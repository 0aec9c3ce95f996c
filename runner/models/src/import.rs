//! Importing a model that the operator brings: its bytes go into the store under their own name, with a pack and a record.

use std::fs::{File, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, ioctl_ficlone};
use serde::Serialize;

use crate::digest::{FileIdentity, Hasher, Progress, Sha256Digest, digest_open, open_regular};
use crate::document::{Document, Documents};
use crate::error::ModelError;
use crate::pack::PACK;
use crate::record::{Conditions, IMPORT_EVIDENCE, ImportRecord, ImportedFile};
use crate::reference::ModelRef;
use crate::statement::Statement;
use crate::store::Store;

/// The first bytes of every GGUF file.
const MAGIC: &[u8; 4] = b"GGUF";
/// Copied at a time.
const BLOCK_BYTES: usize = 1 << 20;
/// How the names of files begin that are not finished.
const UNFINISHED: &str = ".import-";

/// What an import has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// How a router names the model.
    pub reference: ModelRef,
    /// Its file in the store.
    pub path: PathBuf,
    /// Its record.
    pub record: ImportRecord,
}

/// Copies a model into the store. Where the file system can, the copy shares its blocks with the original. `ts` is the time for the record.
///
/// # Errors
/// `MODEL_STATEMENT_INVALID`, `CONTRACT_INPUT_UNREADABLE`, `MODEL_NOT_GGUF`, `MODEL_CHANGED`, `MODEL_STORE_UNWRITABLE`.
pub fn import(
    store: &Store,
    documents: &Documents,
    path: &Path,
    statement: &Statement,
    ts: &str,
    progress: &mut Progress<'_>,
) -> Result<Imported, ModelError> {
    statement.check()?;
    let unreadable = ModelError::unreadable(path);
    let mut source = open_regular(path).map_err(&unreadable)?;
    check_magic(&source, path)?;
    let folder = store.folder();
    std::fs::create_dir_all(folder).map_err(ModelError::unwritable(folder))?;
    // Held until the end: two imports of one model would write one record.
    let _lock = lock(folder).map_err(ModelError::unwritable(folder))?;
    let (copy, sha256, bytes) = copy_in(&mut source, path, folder, progress)?;
    let reference = ModelRef(sha256);

    let pack = judged(documents, store.pack_path(reference), PACK, &statement.pack(sha256, bytes))?;
    let conditions = Conditions {
        file_present: true,
        hash_on_record: true,
        origin_noted: !statement.origin.is_empty(),
        licence_explicit: true,
        tasks_chosen: !statement.tasks.is_empty(),
        // The pack was judged: its rules refuse every other default.
        egress_and_tools_denied: true,
        reference_not_path: true,
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file = ImportedFile { name: plain(&name), bytes, sha256 };
    let record = ImportRecord::of(statement, file, pack.digest(), conditions, ts.to_owned());
    let evidence = judged(documents, store.import_path(reference), IMPORT_EVIDENCE, &record)?;

    let target = store.model_path(reference);
    copy.persist(&target).map_err(|error| ModelError::unwritable(&target)(error.error))?;
    write_whole(&pack.path, &[pack.canonical(), b"\n"].concat())?;
    append_line(&evidence)?;
    sync_folder(folder).map_err(ModelError::unwritable(folder))?;
    Ok(Imported { reference, path: target, record })
}

fn check_magic(source: &File, path: &Path) -> Result<(), ModelError> {
    let mut magic = [0; 4];
    let read = source.read_at(&mut magic, 0).map_err(ModelError::unreadable(path))?;
    if magic == *MAGIC {
        return Ok(());
    }
    let found = format!("\"{}\"", magic[..read].escape_ascii());
    Err(ModelError::NotGguf { path: path.to_owned(), found })
}

fn lock(folder: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = rustix::fs::open(folder.join(".lock"), flags, Mode::from_raw_mode(0o600))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    // Nobody else is at work, so what is not finished never will be.
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(File::from(lock))
}

/// The copy without its name yet, its digest and its size.
fn copy_in(
    source: &mut File,
    path: &Path,
    folder: &Path,
    progress: &mut Progress<'_>,
) -> Result<(tempfile::NamedTempFile, Sha256Digest, u64), ModelError> {
    let unreadable = ModelError::unreadable(path);
    let unwritable = ModelError::unwritable(folder);
    let before = FileIdentity::of(source).map_err(&unreadable)?;
    let mut copy = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder).map_err(&unwritable)?;
    let sha256 = if ioctl_ficlone(copy.as_file(), &*source).is_ok() {
        let file = copy.as_file_mut();
        file.rewind().map_err(&unwritable)?;
        let cloned = FileIdentity::of(file).map_err(&unwritable)?;
        digest_open(file, &cloned, path, progress)?
    } else {
        let mut hasher = Hasher::new(before.bytes);
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let read = match source.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            copy.write_all(&block[..read]).map_err(&unwritable)?;
            hasher.update(&block[..read], path, progress)?;
        }
        hasher.finish()
    };
    if FileIdentity::of(source).map_err(&unreadable)? != before {
        return Err(ModelError::Changed { path: path.to_owned() });
    }
    // Nothing here writes to a model again; that others do not is what its digest is for.
    let file = copy.as_file();
    file.set_permissions(Permissions::from_mode(0o444)).map_err(&unwritable)?;
    file.sync_all().map_err(&unwritable)?;
    let bytes = file.metadata().map_err(&unwritable)?.len();
    // What was copied is what is judged; the check before it only saves time.
    check_magic(file, path)?;
    let _ = progress(bytes, bytes);
    Ok((copy, sha256, bytes))
}

/// A document of ours is held against its own schema and rules before it is written.
fn judged<T: Serialize>(
    documents: &Documents,
    path: PathBuf,
    kind: &str,
    value: &T,
) -> Result<Document, ModelError> {
    let text = contract_json::to_canonical_vec(value);
    documents
        .judge(&path, text, Some(kind))
        .map_err(|refused| ModelError::Statement(refused.faults.join("; ")))
}

/// A name of a file without what cannot be printed, or changes the direction of writing: no document of ours holds that.
fn plain(name: &str) -> String {
    let acts = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect()
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    let write = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(ModelError::unwritable(path))
}

/// Adds a record to those that were there: an import never removes what was said before.
fn append_line(evidence: &Document) -> Result<(), ModelError> {
    let mut text = match std::fs::read(&evidence.path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(ModelError::unreadable(&evidence.path)(error)),
    };
    text.extend_from_slice(evidence.canonical());
    text.push(b'\n');
    write_whole(&evidence.path, &text)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
