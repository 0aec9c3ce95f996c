//! Paths in receipts, with what differs from machine to machine replaced by tokens.

use std::path::{Path, PathBuf};

/// Folders and the tokens that stand for them, the longest path first.
#[derive(Debug, Clone, Default)]
pub struct Tokens(Vec<(PathBuf, &'static str)>);

impl Tokens {
    /// Tokens for these folders. Of two equal folders the first names it.
    #[must_use]
    pub fn new(folders: impl IntoIterator<Item = (PathBuf, &'static str)>) -> Self {
        let mut tokens: Vec<(PathBuf, &'static str)> = Vec::new();
        for (folder, token) in folders {
            // The root of the file system and /usr are the same everywhere.
            if folder.parent().is_some()
                && folder != Path::new("/usr")
                && !tokens.iter().any(|(known, _)| *known == folder)
            {
                tokens.push((folder, token));
            }
        }
        tokens.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.components().count()));
        Self(tokens)
    }

    /// `path` with its longest known folder replaced.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.0
            .iter()
            .find_map(|(folder, token)| {
                let rest = path.strip_prefix(folder).ok()?;
                Some(if rest.as_os_str().is_empty() {
                    PathBuf::from(token)
                } else {
                    Path::new(token).join(rest)
                })
            })
            .unwrap_or_else(|| path.to_owned())
    }

    /// A word of a command line: a path is replaced, anything else stays.
    #[must_use]
    pub fn word(&self, word: &str) -> String {
        if word.starts_with('/') {
            self.path(Path::new(word)).to_string_lossy().into_owned()
        } else {
            word.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_folder_wins_and_names_are_whole() {
        let tokens = Tokens::new([
            (PathBuf::from("/w"), "${ROOT}"),
            (PathBuf::from("/w/out"), "${OUT}"),
            (PathBuf::from("/usr"), "${RUNTIME}"),
            (PathBuf::from("/w"), "${SCRATCH}"),
        ]);
        for (path, expected) in [
            ("/w/out/x", "${OUT}/x"),
            ("/w/outer", "${ROOT}/outer"),
            ("/w", "${ROOT}"),
            ("/usr/bin/x", "/usr/bin/x"),
            ("/", "/"),
        ] {
            assert_eq!(tokens.word(path), expected);
        }
        assert_eq!(tokens.word("w/out"), "w/out");
    }
}
