//! The verbs of all adapters that can be found by name.

use std::path::Path;

use contract_engine::{Failure, FoundManifest, Operation, Surroundings, Verb};

/// A verb, and whose it is.
#[derive(Debug, Clone)]
pub struct FoundVerb {
    /// The manifest that it stands in.
    pub manifest: FoundManifest,
    /// The verb.
    pub verb: Verb,
}

impl FoundVerb {
    /// What it invokes.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        self.manifest.manifest.operation(&self.verb.op).expect("the manifest was checked when it was read")
    }
}

/// Every verb, the first adapter in the order of the folders first: as PATH does for programs.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// The verbs; no two have the same words.
    pub verbs: Vec<FoundVerb>,
    /// Manifests that could not be read. Their adapters have no verbs.
    pub faults: Vec<Failure>,
}

impl Catalogue {
    /// Reads `FOLDER/*/adapter.json` of all folders with adapters.
    #[must_use]
    pub fn read(around: &Surroundings) -> Self {
        let mut catalogue = Self::default();
        for folder in &around.adapter_folders {
            catalogue.read_folder(folder);
        }
        catalogue
    }

    fn read_folder(&mut self, folder: &Path) {
        let mut manifests: Vec<_> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("adapter.json"))
            .filter(|path| path.is_file())
            .collect();
        manifests.sort();
        for path in manifests {
            match FoundManifest::read(&path) {
                Ok(found) => self.add(&found),
                Err(failure) => self.faults.push(failure),
            }
        }
    }

    fn add(&mut self, found: &FoundManifest) {
        for verb in &found.manifest.verbs {
            let taken = |known: &FoundVerb| {
                known.verb.words.starts_with(&verb.words) || verb.words.starts_with(&known.verb.words)
            };
            if !self.verbs.iter().any(taken) {
                self.verbs.push(FoundVerb { manifest: found.clone(), verb: verb.clone() });
            }
        }
    }

    /// The verb that `words` begin with, and the rest of them.
    #[must_use]
    pub fn find<'w>(&self, words: &'w [String]) -> Option<(&FoundVerb, &'w [String])> {
        let found = self.verbs.iter().find(|found| words.starts_with(&found.verb.words))?;
        Some((found, &words[found.verb.words.len()..]))
    }
}
