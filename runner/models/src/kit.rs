//! PortableAIRoot: a kit on a stick. Its folders lie on it, also after every link was followed.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;
use serde::Deserialize;

use crate::document::Documents;
use crate::error::ModelError;
use crate::pack::{PACK, Pack};

/// The kind of document.
pub const ROOT: &str = "portable-ai-root";

/// A kit whose folders all lie on it.
#[derive(Debug)]
pub struct Kit {
    /// Its name.
    pub id: String,
    /// Its name for people.
    pub display_name: String,
    /// The folder in which its document lies.
    pub root: PathBuf,
    /// Its folders and those of its evidence, by the name of the member.
    pub places: Vec<Place>,
    /// The packs that it names, in the order written.
    pub packs: Vec<KitPack>,
}

/// A folder of a kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Member of the document, such as `models`.
    pub name: String,
    /// Below the root.
    pub path: PathBuf,
    /// Whether it is there.
    pub present: bool,
}

/// A pack that a kit names.
#[derive(Debug)]
pub struct KitPack {
    /// How the kit names it.
    pub reference: String,
    /// The pack, and where it was found; none when no document in the folder of manifests is it.
    pub found: Option<(PathBuf, Pack)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    root_id: String,
    display_name: String,
    directories: std::collections::BTreeMap<String, PathBuf>,
    model_pack_refs: Vec<String>,
    evidence: WrittenEvidence,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenEvidence {
    preflight_dir: PathBuf,
    materialization_dir: PathBuf,
    activation_dir: PathBuf,
    wipe_dir: PathBuf,
}

impl Kit {
    /// Reads the document of a kit, and looks at its folders. A path that is absolute or has a parent step breaks a rule of the document;
    /// here every link on the way is followed, too.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE`, `MODEL_DOCUMENT_INVALID`, `MODEL_ROOT_OUTSIDE`.
    pub fn read(documents: &Documents, path: &Path) -> Result<Self, ModelError> {
        let written: Written = documents.read(path, ROOT)?.parse()?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let root = parent.unwrap_or(Path::new(".")).to_owned();
        let folder = open_folder(&root).map_err(|error| ModelError::unreadable(&root)(error.into()))?;
        let evidence = [
            ("preflightDir", written.evidence.preflight_dir),
            ("materializationDir", written.evidence.materialization_dir),
            ("activationDir", written.evidence.activation_dir),
            ("wipeDir", written.evidence.wipe_dir),
        ];
        let named = written.directories.into_iter();
        let places = named
            .chain(evidence.map(|(name, path)| (name.to_owned(), path)))
            .map(|(name, path)| look(&folder, name, path))
            .collect::<Result<Vec<_>, _>>()?;
        let mut kit =
            Self { id: written.root_id, display_name: written.display_name, root, places, packs: Vec::new() };
        kit.packs = kit.find_packs(documents, written.model_pack_refs)?;
        Ok(kit)
    }

    /// A folder of the kit as a path that can be opened; none when it is not there.
    #[must_use]
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        let place = self.places.iter().find(|place| place.name == name && place.present)?;
        Some(self.root.join(&place.path))
    }

    fn find_packs(&self, documents: &Documents, references: Vec<String>) -> Result<Vec<KitPack>, ModelError> {
        let mut packs = Vec::new();
        if let Some(folder) = self.folder("manifests") {
            for path in crate::folder::json_files(&folder)? {
                // Other documents lie there too, and one that is broken is not the pack that is looked for.
                if let Ok(document) = documents.read_any(&path)
                    && document.kind == PACK
                {
                    packs.push((path, Pack::of(&document)?));
                }
            }
        }
        let found = |reference: &String| packs.iter().find(|(_, pack)| pack.id == *reference).cloned();
        Ok(references.into_iter().map(|reference| KitPack { found: found(&reference), reference }).collect())
    }
}

fn open_folder(path: &Path) -> Result<File, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty()).map(File::from)
}

/// Follows every link, and lets the kernel refuse one that leads outside: a walk by hand could be overtaken by a change of a link.
/// <https://man7.org/linux/man-pages/man2/openat2.2.html>, RESOLVE_BENEATH.
fn look(root: &File, name: String, path: PathBuf) -> Result<Place, ModelError> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let outside = |name: String, why: &str| {
        Err(ModelError::OutsideRoot { name, why: format!("{}: {why}", path.display()) })
    };
    match openat2(root, &path, flags, Mode::empty(), resolve) {
        Ok(found) => {
            let is_folder = File::from(found).metadata().is_ok_and(|found| found.is_dir());
            if is_folder { Ok(Place { name, path, present: true }) } else { outside(name, "it is no folder") }
        }
        Err(Errno::NOENT) => Ok(Place { name, path, present: false }),
        Err(Errno::XDEV) => outside(name, "a link on the way leads out of the kit"),
        Err(Errno::LOOP) => outside(name, "links on the way lead in a circle"),
        Err(error) => outside(name, &error.to_string()),
    }
}
