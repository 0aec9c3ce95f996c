//! Programs that are started by an adapter and not by the runner: what has to be executable for one to start.

use std::path::{Path, PathBuf};

use super::executable::{Executable, inspect};
use super::language;
use super::resolve::{env_line, is_executable, loader_of, not_found, real};
use crate::environment::Surroundings;
use crate::failure::Failure;

/// Scripts may name scripts; the kernel follows so many.
const MAX_SCRIPTS: usize = 4;

/// What has to be granted for a program to start.
#[derive(Debug, Default)]
pub struct ProgramFiles {
    /// The real paths of the program, of the interpreters of a script, and of their loader.
    pub exec: Vec<PathBuf>,
    /// Settings of the distribution without which an interpreter does not start.
    pub read: Vec<PathBuf>,
}

/// What the program at `path` needs. Nothing else is taken from it: no manifest, no language prefix, none of its arguments.
///
/// # Errors
/// `ADAPTER_NOT_FOUND` says what is missing.
pub fn program_files(path: &Path, around: &Surroundings) -> Result<ProgramFiles, Failure> {
    let mut files = ProgramFiles::default();
    let mut at = path.to_owned();
    for _ in 0..=MAX_SCRIPTS {
        let program = real(&at)?;
        let shown = at.display().to_string();
        if !is_executable(&program) {
            return Err(not_found(&shown, "it is no file that can be executed"));
        }
        files.exec.push(program.clone());
        files.read.extend(language::settings(&at));
        match inspect(&program).map_err(|error| not_found(&shown, &error.to_string()))? {
            Executable::Static => return Ok(files),
            Executable::Dynamic { loader } => {
                files.exec.extend(loader_of(&loader));
                return Ok(files);
            }
            Executable::Unknown => {
                return Err(not_found(&shown, "it is neither a 64-bit ELF program nor a script"));
            }
            Executable::Script { interpreter } => {
                let Some(first) = interpreter.first() else {
                    return Err(not_found(&shown, "its first line names no interpreter"));
                };
                at = PathBuf::from(first);
                if at.file_name().is_some_and(|name| name == "env") {
                    files.exec.extend(program_files(&at, around)?.exec);
                    at = env_line(interpreter.get(1).map_or("", String::as_str), &shown, around)?.0;
                }
            }
        }
    }
    Err(not_found(&path.display().to_string(), "scripts name scripts as their interpreters, too many times"))
}
