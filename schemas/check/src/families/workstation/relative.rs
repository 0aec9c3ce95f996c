//! Paths that must stay inside the repository.

/// Whether a path is absolute, starts in a home, or climbs with `..`. A path that says `..` at all is taken to climb:
/// where it ends depends on links that nobody can see in the document.
pub(in crate::families) fn leaves_repository(path: &str) -> bool {
    let is_drive =
        path.as_bytes().get(1) == Some(&b':') && path.starts_with(|c: char| c.is_ascii_alphabetic());
    is_drive || path.starts_with(['/', '\\', '~']) || path.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for path in ["a", "./a/b", "a/..b", "...", "logs/**", ""] {
            assert!(!leaves_repository(path), "{path}");
        }
        for path in ["/a", "~/a", "..", "a/../b", "a\\..\\b", "C:\\a", "\\\\host\\share"] {
            assert!(leaves_repository(path), "{path}");
        }
    }
}
