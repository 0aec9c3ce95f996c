//! A folder with profiles and boundaries.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use contract_engine::{Failure, open_regular};
use contract_ipc::Code;
use contract_json::{Limits, Tape};

use crate::boundary::Boundary;
use crate::fallback::ProfileSet;
use crate::profile::Profile;

/// The largest profile.
const MAX_BYTES: u64 = 4 << 20;
/// Most files of a folder that are looked at.
const MAX_FILES: usize = 4096;

/// What a folder has.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// Its profiles.
    pub profiles: ProfileSet,
    /// Its boundaries.
    pub boundaries: Vec<Boundary>,
    /// Names of files that are no JSON, and why.
    pub passed_over: Vec<String>,
    /// Where each of them is, by its reference.
    paths: BTreeMap<String, PathBuf>,
}

impl Shelf {
    /// Reads the files of a folder that end in `.json`, not those of folders below. Documents of other kinds are passed over.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE`; `INFERENCE_PROFILE_INVALID` names the file and every violation.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let unreadable = |path: &Path, error: io::Error| {
            Failure::new(Code::ContractInputUnreadable, format!("{}: {error}", path.display()))
        };
        let mut shelf = Self::default();
        for path in names(folder).map_err(|error| unreadable(folder, error))? {
            let text = text_of(&path).map_err(|error| unreadable(&path, error))?;
            shelf.put(&path, &text).map_err(|failure| {
                let message = format!("{}: {}", path.display(), failure.message);
                Failure { message, ..failure }
            })?;
        }
        Ok(shelf)
    }

    /// The file of a profile or boundary.
    #[must_use]
    pub fn path(&self, reference: &str) -> Option<&Path> {
        self.paths.get(reference).map(PathBuf::as_path)
    }

    /// Puts a profile beside those of the folder; `path` is its file.
    ///
    /// # Errors
    /// `INFERENCE_PROFILE_INVALID` when another one has its reference.
    pub fn add(&mut self, path: &Path, profile: Profile) -> Result<(), Failure> {
        self.paths.insert(profile.reference.clone(), path.to_owned());
        self.profiles.add(profile)
    }

    fn put(&mut self, path: &Path, text: &[u8]) -> Result<(), Failure> {
        let mut tape = Tape::new();
        let kind = match tape.parse(text, &Limits::default()) {
            Ok(document) => {
                document.get("kind").and_then(|kind| kind.as_str().map(std::borrow::Cow::into_owned))
            }
            Err(error) => {
                self.passed_over.push(format!("{}: {}: {error}", path.display(), error.position(text)));
                return Ok(());
            }
        };
        match kind.as_deref() {
            Some("LocalModelProfile") => {
                let folder = path.parent().unwrap_or(Path::new("."));
                self.add(path, Profile::read(text, folder)?)
            }
            Some("ModelCarryAuthorizationBoundary") => {
                let boundary = Boundary::read(text)?;
                self.paths.insert(boundary.reference.clone(), path.to_owned());
                self.boundaries.push(boundary);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// In the order of their names, so that the first fault is always the same one.
fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") && path.is_file() {
            found.push(path);
        }
        if found.len() > MAX_FILES {
            return Err(io::Error::other(format!("more than {MAX_FILES} files end in .json")));
        }
    }
    found.sort();
    Ok(found)
}

fn text_of(path: &Path) -> io::Result<Vec<u8>> {
    let (file, _): (File, u64) = open_regular(path)?;
    let mut text = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("more than {MAX_BYTES} bytes")));
    }
    Ok(text)
}
