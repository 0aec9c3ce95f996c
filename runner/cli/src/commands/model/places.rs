//! Where models, digests and machines' facts are found.

use std::path::{Path, PathBuf};

use contract_engine::{Failure, Surroundings};
use contract_models::{ModelRef, Store};

use super::super::usage;
use super::failure;
use crate::args::Places;

/// How the name of a reference begins; anything else is a file.
const URN: &str = "urn:";

/// The store that is named, or the user's own.
pub(in crate::commands) fn store(named: Option<&Path>, around: &Surroundings) -> Result<Store, Failure> {
    let folder = match named {
        Some(folder) => around.root.join(folder),
        None => around.data_folder().map(|folder| folder.join("models")).ok_or_else(|| {
            usage("neither XDG_DATA_HOME nor HOME says where the store is")
                .hint("Name it with --store FOLDER.")
        })?,
    };
    Ok(Store::new(&folder))
}

/// A model as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// By its bytes.
    Reference(ModelRef),
    /// By its file.
    File(PathBuf),
}

impl Named {
    pub(super) fn parse(text: &str, around: &Surroundings) -> Result<Self, Failure> {
        if text.starts_with(URN) {
            return text.parse().map(Self::Reference).map_err(|error| usage(format!("{error}")));
        }
        Ok(Self::File(around.root.join(text)))
    }

    /// Its file; that of a reference is in the store.
    pub(super) fn path(&self, places: &Places, around: &Surroundings) -> Result<PathBuf, Failure> {
        match self {
            Self::File(path) => Ok(path.clone()),
            Self::Reference(reference) => {
                let store = store(places.store.as_deref(), around)?;
                let documents = contract_models::Documents::default();
                Ok(store.get(&documents, *reference).map_err(failure)?.path)
            }
        }
    }
}

/// Folders as they are written, from where the command was given.
pub(super) fn folders(places: &Places, around: &Surroundings) -> Vec<PathBuf> {
    places.models.iter().map(|folder| around.root.join(folder)).collect()
}
