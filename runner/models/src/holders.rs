//! The files that hold the entries of a manifest. A manifest names content and no files; `docs/decisions/0010` has the rule by which a
//! file is looked for.

use std::path::{Path, PathBuf};

use crate::digest::Sha256Digest;
use crate::error::ModelError;
use crate::manifest::{Entry, Manifest};
use crate::reference::ModelRef;
use crate::store::Store;

/// What became of an entry.
#[derive(Debug)]
pub struct Held<'m> {
    /// The entry.
    pub entry: &'m Entry,
    /// The file that holds it, and its digest.
    pub file: Option<(PathBuf, Sha256Digest)>,
}

impl Held<'_> {
    /// Whether the file has the bytes that the entry names. An entry without a file is none of these.
    ///
    /// # Errors
    /// `MODEL_DIGEST_MISMATCH`: a hard stop.
    pub fn check(&self) -> Result<(), ModelError> {
        match &self.file {
            Some((path, found)) if *found != self.entry.content => Err(ModelError::Mismatch {
                what: format!("{} ({})", path.display(), self.entry.id),
                expected: self.entry.content,
                found: *found,
            }),
            _ => Ok(()),
        }
    }
}

/// Where the file of an entry would be: as its `modelRef` names it beside the manifest (`file:NAME`, `NAME`, `NAME.gguf`), in the folders
/// by the same names, or in folders and store under its digest.
fn candidates(entry: &Entry, beside: &Path, folders: &[PathBuf], store: Option<&Store>) -> Vec<PathBuf> {
    let name = entry.model.strip_prefix("file:").unwrap_or(&entry.model);
    let is_name = !name.is_empty() && !name.contains('/') && name != "." && name != "..";
    let mut paths = Vec::new();
    for folder in std::iter::once(beside).chain(folders.iter().map(PathBuf::as_path)) {
        if is_name {
            paths.extend([folder.join(name), folder.join(format!("{name}.gguf"))]);
        }
        paths.push(folder.join(format!("{}.gguf", entry.content)));
    }
    paths.extend(store.map(|store| store.model_path(ModelRef(entry.content))));
    paths
}

impl Manifest {
    /// Finds the file of each entry, and asks `digest` for its digest.
    ///
    /// # Errors
    /// Those of `digest`.
    pub fn holders(
        &self,
        beside: &Path,
        folders: &[PathBuf],
        store: Option<&Store>,
        digest: &mut dyn FnMut(&Path) -> Result<Sha256Digest, ModelError>,
    ) -> Result<Vec<Held<'_>>, ModelError> {
        let held = self.entries.iter().map(|entry| {
            let found = candidates(entry, beside, folders, store).into_iter().find(|path| path.is_file());
            let file = match found {
                Some(path) => {
                    let digest = digest(&path)?;
                    Some((path, digest))
                }
                None => None,
            };
            Ok(Held { entry, file })
        });
        held.collect()
    }
}
