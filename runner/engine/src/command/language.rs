//! Language runtimes: where an interpreter keeps its library, and which argument is the script.

use std::path::{Path, PathBuf};

/// Folders that an interpreter must be able to read.
pub(super) fn prefixes(program: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    // A virtual environment is known by the file beside its `bin`; its library stands there, the rest in its home.
    if let Some(prefix) = program.parent().and_then(Path::parent)
        && let Ok(text) = std::fs::read_to_string(prefix.join("pyvenv.cfg"))
    {
        add(&mut found, prefix, home);
        let base = text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == "home").then(|| PathBuf::from(value.trim()))
        });
        if let Some(prefix) = base.as_deref().and_then(Path::parent) {
            add(&mut found, prefix, home);
        }
    }
    if let Ok(real) = program.canonicalize()
        && let Some(prefix) = real.parent().and_then(Path::parent)
        && holds_library(prefix)
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

/// Whether `prefix` is where a language is installed: it holds `lib/pythonX.Y` or `lib/node_modules`.
fn holds_library(prefix: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(prefix.join("lib")) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let python = name.strip_prefix("python").is_some_and(|version| version.contains('.'));
        python || name == "node_modules"
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

/// Index of the script among `arguments`, for interpreters that take one.
pub(super) fn script(program: &Path, arguments: &[String]) -> Option<usize> {
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
    for (index, argument) in arguments.iter().enumerate() {
        match argument.as_str() {
            // The program text or module follows, not a file.
            "-c" | "-e" | "-m" | "--eval" | "-" => return None,
            // Options of Python with a value of their own.
            "-W" | "-X" => return script(program, arguments.get(index + 2..)?).map(|at| at + index + 2),
            option if option.starts_with('-') => {}
            _ => return Some(index),
        }
    }
    None
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
            ("sh -c true", None),
            ("cat a.py", None),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(script(Path::new(&words[0]), &words[1..]), expected, "{line}");
        }
    }

    #[test]
    fn home_is_never_a_prefix() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(home.join("bin")).unwrap();
        std::fs::create_dir_all(home.join("lib/python3.11")).unwrap();
        std::fs::write(home.join("bin/python3"), "").unwrap();
        let program = home.join("bin/python3");
        assert_eq!(prefixes(&program, None), vec![home.clone()]);
        assert_eq!(prefixes(&program, Some(&home)), Vec::<PathBuf>::new());
        assert_eq!(prefixes(&program, Some(&home.join("user"))), Vec::<PathBuf>::new());
        assert_eq!(prefixes(&program, Some(Path::new("/somewhere/else"))), vec![home]);
    }
}
