//! Shims of version managers: small programs that start another one. The sandbox would have to let them read half of HOME.

use std::path::{Path, PathBuf};

use crate::document::{read_document, read_text};

/// What is known about the shim at `path`, when it is one.
pub(super) struct Shim {
    pub(super) manager: &'static str,
    /// The program that it would start, when that can be told.
    pub(super) real: Option<PathBuf>,
}

pub(super) fn detect(path: &Path, root: &Path) -> Option<Shim> {
    let folder = path.parent()?;
    if folder.file_name()? != "shims" {
        return None;
    }
    let base = folder.parent()?;
    let name = path.file_name()?;
    let text = read_document(path).ok()?;
    let mentions = |word: &str| text.windows(word.len()).any(|window| window == word.as_bytes());
    if mentions("pyenv") {
        let version = version_from(root, &[".python-version"]).or_else(|| first_word(&base.join("version")));
        Some(Shim {
            manager: "pyenv",
            real: version
                .and_then(|version| existing(base.join("versions").join(version).join("bin").join(name))),
        })
    } else if mentions("asdf") {
        let tool = text.split(|&b| b == b'\n').find_map(|line| {
            let line = std::str::from_utf8(line).ok()?.strip_prefix("# asdf-plugin: ")?;
            Some(line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        });
        let real = tool.and_then(|words| {
            let (plugin, version) = (words.first()?, words.get(1)?);
            existing(base.join("installs").join(plugin).join(version).join("bin").join(name))
        });
        Some(Shim { manager: "asdf", real })
    } else if mentions("nodenv") || mentions("rbenv") {
        Some(Shim { manager: "a version manager", real: None })
    } else {
        None
    }
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

fn first_word(file: &Path) -> Option<String> {
    read_text(file).ok()?.split_whitespace().next().map(str::to_owned)
}

/// The version that a file in `root` or a folder above it names.
fn version_from(root: &Path, names: &[&str]) -> Option<String> {
    root.ancestors().find_map(|folder| names.iter().find_map(|name| first_word(&folder.join(name))))
}
