//! Language runtimes: where an interpreter keeps its library, and which argument is the script.

use std::path::{Path, PathBuf};

use crate::document::read_text;

/// Folders that an interpreter must be able to read.
pub(super) fn prefixes(program: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    // A virtual environment is known by the file beside its `bin`; its library stands there, the rest in its home.
    if let Some(prefix) = program.parent().and_then(Path::parent)
        && let Ok(text) = read_text(&prefix.join("pyvenv.cfg"))
    {
        add(&mut found, prefix, home);
        let base = text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == "home").then(|| PathBuf::from(value.trim()))
        });
        // The file may be the adapter's, and name any folder.
        if let Some(prefix) = base.as_deref().and_then(Path::parent)
            && holds_library(prefix, program)
        {
            add(&mut found, prefix, home);
        }
    }
    if let Ok(real) = program.canonicalize()
        && let Some(prefix) = real.parent().and_then(Path::parent)
        && holds_library(prefix, &real)
    {
        add(&mut found, prefix, home);
    }
    found
}

fn add(found: &mut Vec<PathBuf>, prefix: &Path, home: Option<&Path>) {
    let Ok(prefix) = prefix.canonicalize() else { return };
    let too_much = prefix.parent().is_none() || home.is_some_and(|home| home.starts_with(&prefix));
    if !too_much && !found.contains(&prefix) {
        found.push(prefix);
    }
}

/// Whether the language of `program` is installed at `prefix`: its standard library stands there. A folder such as
/// `~/.local`, where packages are put, is no such prefix, and there is more in it than a language needs.
fn holds_library(prefix: &Path, program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let lib = prefix.join("lib");
    if name.starts_with("node") {
        return lib.join("node_modules/npm/package.json").is_file();
    }
    let Ok(entries) = std::fs::read_dir(&lib) else { return false };
    (name.starts_with("python") || name.starts_with("pypy"))
        && entries.flatten().any(|entry| {
            let folder = entry.file_name();
            let folder = folder.to_string_lossy();
            (folder.starts_with("python") || folder.starts_with("pypy"))
                && entry.path().join("os.py").is_file()
        })
}

/// What an interpreter of the distribution reads in /etc: Debian keeps `sitecustomize` of its Python there, and Node does not
/// start without the settings of its TLS library.
pub(super) fn settings(program: &Path) -> Option<PathBuf> {
    let real = program.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?;
    match name {
        "node" | "nodejs" => Path::new("/etc/ssl/openssl.cnf").canonicalize().ok(),
        _ => {
            let folder = Path::new("/etc").join(name);
            (name.starts_with("python3.") && real.starts_with("/usr/bin") && folder.is_dir())
                .then_some(folder)
        }
    }
}

/// Index of the script among `arguments`, for interpreters that take one: the first that is no option and that `is_file`. When
/// none is a file, the first that is no option, to be named in a message.
pub(super) fn script(program: &Path, arguments: &[String], is_file: impl Fn(&str) -> bool) -> Option<usize> {
    let name = program.file_name()?.to_str()?;
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !matches!(
        stem,
        "python"
            | "pypy"
            | "node"
            | "sh"
            | "bash"
            | "dash"
            | "ksh"
            | "zsh"
            | "perl"
            | "ruby"
            | "lua"
            | "deno"
            | "php"
    ) {
        return None;
    }
    let mut first = None;
    let mut skipped = 0;
    for (index, argument) in arguments.iter().enumerate() {
        match argument.as_str() {
            _ if index < skipped => {}
            // The program text or module follows, not a file.
            "-c" | "-e" | "-m" | "--eval" | "-" if first.is_none() => return None,
            // Options of Python with a value of their own.
            "-W" | "-X" => skipped = index + 2,
            option if option.starts_with('-') => {}
            file if is_file(file) => return Some(index),
            _ => first = first.or(Some(index)),
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_the_first_argument_that_is_no_option() {
        for (line, expected) in [
            ("python3 a.py b", Some(0)),
            ("python3.11 -u -X dev a.py", Some(3)),
            ("python3 -m http.server", None),
            ("node --no-warnings x.js", Some(1)),
            ("perl -I /folder x.pl", Some(2)),
            ("perl gone", Some(0)),
            ("sh -c true", None),
            ("cat a.py", None),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let is_file = |word: &str| word.contains('.');
            assert_eq!(script(Path::new(&words[0]), &words[1..], is_file), expected, "{line}");
        }
    }

    #[test]
    fn home_is_never_a_prefix() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(home.join("bin")).unwrap();
        std::fs::create_dir_all(home.join("lib/python3.11")).unwrap();
        std::fs::write(home.join("bin/python3"), "").unwrap();
        assert_eq!(prefixes(&home.join("bin/python3"), None), Vec::<PathBuf>::new(), "no standard library");
        std::fs::write(home.join("lib/python3.11/os.py"), "").unwrap();
        let program = home.join("bin/python3");
        assert_eq!(prefixes(&program, None), vec![home.clone()]);
        assert_eq!(prefixes(&program, Some(&home)), Vec::<PathBuf>::new());
        assert_eq!(prefixes(&program, Some(&home.join("user"))), Vec::<PathBuf>::new());
        assert_eq!(prefixes(&program, Some(Path::new("/somewhere/else"))), vec![home]);
    }
}
