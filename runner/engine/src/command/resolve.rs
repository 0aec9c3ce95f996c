//! The command of an adapter, resolved.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use contract_ipc::Code;

use super::executable::{Executable, inspect};
use super::language;
use super::shim;
use crate::environment::Surroundings;
use crate::failure::Failure;
use crate::manifest::FoundManifest;

/// What will be executed, and what that alone needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The name in messages: that of the manifest, or the file name.
    pub name: String,
    /// The file to execute; may be a link, which some runtimes look at.
    pub program: PathBuf,
    /// The argument vector.
    pub argv: Vec<String>,
    /// Files that make up the adapter itself: its binary or its script.
    pub own: Vec<PathBuf>,
    /// Files that run it: interpreter and loader.
    pub runtime: Vec<PathBuf>,
    /// What must be executable: program, interpreter, loader.
    pub exec: Vec<PathBuf>,
    /// What must be readable: script, libraries, language prefix.
    pub read: Vec<PathBuf>,
    /// Language prefixes among `read`, for the message.
    pub prefixes: Vec<PathBuf>,
    /// The folder of the adapter, `${RUNTIME}` in receipts.
    pub folder: PathBuf,
    /// Its manifest, when there is one.
    pub manifest: Option<FoundManifest>,
}

/// Where shared libraries are. `ld.so.cache` tells the loader.
const LIBRARIES: &[&str] =
    &["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"];

/// Scripts may name scripts; the kernel follows so many.
const MAX_SCRIPTS: usize = 4;

/// What a program needs beside itself.
#[derive(Debug, Default)]
pub struct Needs {
    /// Its loader.
    pub loader: Option<PathBuf>,
    /// Where its libraries may be.
    pub libraries: Vec<PathBuf>,
}

/// What the program at `path` needs; nothing when it is static, a script, or a folder.
#[must_use]
pub fn needs_of(path: &Path) -> Needs {
    match inspect(path) {
        Ok(Executable::Dynamic { loader }) => {
            Needs { loader: loader_of(&loader), libraries: libraries().collect() }
        }
        _ => Needs::default(),
    }
}

fn libraries() -> impl Iterator<Item = PathBuf> {
    LIBRARIES.iter().filter_map(|path| Path::new(path).canonicalize().ok())
}

/// Resolves `adapter`: a name, a path (also of a folder or an `adapter.json`), or a command line.
///
/// # Errors
/// `ADAPTER_NOT_FOUND`, `ADAPTER_IS_SHIM`, `ADAPTER_MANIFEST_INVALID`.
pub fn find(adapter: &str, around: &Surroundings) -> Result<Command, Failure> {
    let words = shlex::split(adapter).ok_or_else(|| not_found(adapter, "its quotes do not match"))?;
    let Some(first) = words.first().filter(|word| !word.is_empty()) else {
        return Err(not_found(adapter, "it is empty"));
    };
    if words.len() == 1 {
        if first.contains('/') || matches!(first.as_str(), "." | "..") {
            let path = around.root.join(first);
            if path.is_dir() {
                return from_manifest(&path.join("adapter.json"), around);
            }
            if path.file_name().is_some_and(|name| name == "adapter.json") {
                return from_manifest(&path, around);
            }
        } else if let Some(manifest) = named_manifest(first, around) {
            return from_manifest(&manifest, around);
        } else if let Some(binary) = named_binary(first, around) {
            return resolve(&binary, &[], None, around);
        }
    }
    let program = if first.contains('/') {
        around.root.join(first)
    } else {
        on_path(first, around).ok_or_else(|| nowhere(first, around))?
    };
    resolve(&program, &words[1..], None, around)
}

pub(super) fn not_found(adapter: &str, why: &str) -> Failure {
    Failure::new(Code::AdapterNotFound, format!("adapter `{adapter}`: {why}"))
}

fn nowhere(name: &str, around: &Surroundings) -> Failure {
    let folders: Vec<_> = around.adapter_folders.iter().map(|folder| folder.display().to_string()).collect();
    not_found(name, &format!("no such adapter in {}, and no such program on PATH", folders.join(", ")))
}

/// `FOLDER/NAME/adapter.json`
fn named_manifest(name: &str, around: &Surroundings) -> Option<PathBuf> {
    around
        .adapter_folders
        .iter()
        .map(|folder| folder.join(name).join("adapter.json"))
        .find(|path| path.is_file())
}

/// `FOLDER/adapter-NAME`
fn named_binary(name: &str, around: &Surroundings) -> Option<PathBuf> {
    around
        .adapter_folders
        .iter()
        .map(|folder| folder.join(format!("adapter-{name}")))
        .find(|path| path.is_file())
}

fn on_path(name: &str, around: &Surroundings) -> Option<PathBuf> {
    around.path.iter().map(|folder| around.root.join(folder).join(name)).find(|path| is_executable(path))
}

pub(super) fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn from_manifest(path: &Path, around: &Surroundings) -> Result<Command, Failure> {
    let found = FoundManifest::read(path)?;
    let program = &found.manifest.command[0];
    let program = if program.contains('/') {
        let inside = crate::right::resolve(program, found.folder()).map_err(|why| {
            Failure::new(Code::AdapterManifestInvalid, format!("{}: /command/0: {why}", path.display()))
        })?;
        // Cargo puts binaries elsewhere; beside the runner is where a build tree has them.
        found.folder().join(inside)
    } else {
        named_binary(program.strip_prefix("adapter-").unwrap_or(program), around)
            .or_else(|| on_path(program, around))
            .ok_or_else(|| nowhere(program, around))?
    };
    let arguments = found.manifest.command[1..].to_vec();
    resolve(&program, &arguments, Some(found), around)
}

fn resolve(
    program: &Path,
    arguments: &[String],
    manifest: Option<FoundManifest>,
    around: &Surroundings,
) -> Result<Command, Failure> {
    let shown = program.display().to_string();
    if !program.is_file() {
        return Err(not_found(&shown, "no such file"));
    }
    if !is_executable(program) {
        return Err(not_found(&shown, "it is not executable")
            .hint(format!("Run it through its interpreter, or chmod +x {shown}.")));
    }
    refuse_shim(program, around)?;
    let by_manifest = manifest.is_some();
    let base = manifest.as_ref().map_or(around.root.as_path(), FoundManifest::folder).to_owned();
    let mut command = Command {
        name: String::new(),
        program: program.to_owned(),
        argv: Vec::new(),
        own: Vec::new(),
        runtime: Vec::new(),
        exec: Vec::new(),
        read: Vec::new(),
        prefixes: Vec::new(),
        folder: base.clone(),
        manifest,
    };
    let mut words = vec![text(program)?];
    words.extend_from_slice(arguments);
    follow_scripts(&mut command, &mut words, around)?;
    add_program(&mut command, around)?;
    let is_file = |word: &str| base.join(word).is_file();
    if let Some(at) = language::script(&command.program, &words[1..], is_file) {
        add_script(&mut command, &mut words[1 + at], &base)?;
    }
    if by_manifest {
        // Whatever it is to the interpreter, it is pinned with the rest.
        let named = words[1..].iter().map(|word| base.join(word)).filter(|path| path.is_file());
        for file in named.map(|path| real(&path)).collect::<Result<Vec<_>, _>>()? {
            if !command.own.contains(&file) && !command.runtime.contains(&file) {
                command.own.push(file);
            }
        }
    }
    if command.own.is_empty() {
        command.own.push(real(&command.program)?);
        command.runtime.retain(|path| !command.own.contains(path));
    }
    let own = &command.own[0];
    command.folder = own.parent().unwrap_or(Path::new("/")).to_owned();
    let file_name = own.file_name().unwrap_or_default().to_string_lossy();
    command.name = match &command.manifest {
        Some(found) => found.manifest.name.clone(),
        None => file_name.strip_prefix("adapter-").unwrap_or(&file_name).to_owned(),
    };
    if let Some(found) = &command.manifest {
        let folder = real(found.folder())?;
        // A manifest that lies in HOME or above does not give all of it away.
        let too_much =
            folder.parent().is_none() || around.home.as_deref().is_some_and(|home| home.starts_with(&folder));
        if !too_much {
            command.read.push(folder);
        }
    }
    command.argv = words;
    for list in [&mut command.exec, &mut command.read, &mut command.runtime] {
        list.sort();
        list.dedup();
    }
    Ok(command)
}

fn refuse_shim(program: &Path, around: &Surroundings) -> Result<(), Failure> {
    let Some(shim) = shim::detect(program, &around.root) else { return Ok(()) };
    let what =
        format!("{} is a shim of {}, which would start another program", program.display(), shim.manager);
    Err(Failure::new(Code::AdapterIsShim, what).hint(match shim.real {
        Some(real) => format!("Write {} instead.", real.display()),
        None => format!("Write the path of the real program instead (`{} which` tells it).", shim.manager),
    }))
}

/// Puts the interpreter of a script in front, as the kernel would, so that only real programs are executed.
fn follow_scripts(
    command: &mut Command,
    words: &mut Vec<String>,
    around: &Surroundings,
) -> Result<(), Failure> {
    for _ in 0..=MAX_SCRIPTS {
        let kind = inspect(&command.program)
            .map_err(|error| not_found(&command.program.display().to_string(), &error.to_string()))?;
        let Executable::Script { interpreter } = kind else { return Ok(()) };
        let script = command.program.clone();
        let shown = script.display().to_string();
        let Some(first) = interpreter.first() else {
            return Err(not_found(&shown, "its first line names no interpreter"));
        };
        let (program, options) = if Path::new(first).file_name().is_some_and(|name| name == "env") {
            env_line(interpreter.get(1).map_or("", String::as_str), &shown, around)?
        } else {
            (PathBuf::from(first), interpreter[1..].to_vec())
        };
        if !is_executable(&program) {
            return Err(not_found(
                &shown,
                &format!("its interpreter {} does not exist or is not executable", program.display()),
            ));
        }
        refuse_shim(&program, around).map_err(|failure| {
            let cure = format!("In the first line of {shown}: {}", failure.cure());
            failure.hint(cure)
        })?;
        if command.own.is_empty() {
            let own = real(&script)?;
            command.read.push(own.clone());
            command.own.push(own);
        }
        let mut line = vec![text(&program)?];
        line.extend(options);
        line.push(text(&script)?);
        line.extend(words.drain(1..));
        *words = line;
        command.program = program;
    }
    Err(not_found(
        &command.program.display().to_string(),
        "scripts name scripts as their interpreters, too many times",
    ))
}

/// `#!/usr/bin/env NAME` and `#!/usr/bin/env -S NAME OPTION...`
pub(super) fn env_line(
    argument: &str,
    script: &str,
    around: &Surroundings,
) -> Result<(PathBuf, Vec<String>), Failure> {
    let words: Vec<String> = match argument.strip_prefix("-S") {
        Some(rest) => shlex::split(rest).unwrap_or_default(),
        None => vec![argument.to_owned()],
    };
    let Some(name) =
        words.first().filter(|name| !name.is_empty() && !name.starts_with('-') && !name.contains('='))
    else {
        return Err(not_found(script, &format!("its first line `env {argument}` names no program")));
    };
    let program = on_path(name, around)
        .ok_or_else(|| not_found(script, &format!("its interpreter `{name}` is not on PATH")))?;
    Ok((program, words[1..].to_vec()))
}

fn add_program(command: &mut Command, around: &Surroundings) -> Result<(), Failure> {
    let program = real(&command.program)?;
    command.exec.push(program.clone());
    command.runtime.push(program.clone());
    match inspect(&program).map_err(|error| not_found(&program.display().to_string(), &error.to_string()))? {
        Executable::Dynamic { loader } => {
            let shown = program.display().to_string();
            let loader = loader_of(&loader).ok_or_else(|| {
                not_found(&shown, &format!("its loader {} is not there, or is no loader", loader.display()))
            })?;
            let loader = real(&loader)?;
            command.exec.push(loader.clone());
            command.runtime.push(loader);
            command.read.extend(libraries());
        }
        Executable::Static => {}
        Executable::Script { .. } | Executable::Unknown => {
            return Err(not_found(
                &program.display().to_string(),
                "it is neither a 64-bit ELF program nor a script",
            ));
        }
    }
    command.prefixes = language::prefixes(&command.program, around.home.as_deref());
    command.read.extend(command.prefixes.iter().cloned());
    command.read.extend(language::settings(&command.program));
    Ok(())
}

/// Grants a script itself; its folder only where a manifest lies in it, which is then the adapter's folder.
fn add_script(command: &mut Command, word: &mut String, base: &Path) -> Result<(), Failure> {
    let path = base.join(&*word);
    let by_manifest = command.manifest.is_some();
    let Ok(script) = path.canonicalize() else {
        return Err(not_found(word, &format!("the script {} does not exist", path.display())));
    };
    *word = text(&path)?;
    if command.manifest.is_none() {
        let manifest =
            script.parent().map(|folder| folder.join("adapter.json")).filter(|path| path.is_file());
        command.manifest = manifest.map(|path| FoundManifest::read(&path)).transpose()?;
    }
    if command.own.is_empty() {
        // A manifest grants nothing: a script elsewhere must be asked for. One that was typed was meant.
        if !by_manifest || script.starts_with(real(base)?) {
            command.read.push(script.clone());
        }
        command.own.push(script);
    }
    Ok(())
}

/// The loader that an ELF file names, when it is one: any file can be named there, and a loader is granted.
pub(super) fn loader_of(path: &Path) -> Option<PathBuf> {
    let loader = path.canonicalize().ok().filter(|loader| is_executable(loader))?;
    matches!(inspect(&loader), Ok(Executable::Static)).then_some(loader)
}

pub(super) fn real(path: &Path) -> Result<PathBuf, Failure> {
    let real =
        path.canonicalize().map_err(|error| not_found(&path.display().to_string(), &error.to_string()))?;
    text(&real).map(PathBuf::from)
}

fn text(path: &Path) -> Result<String, Failure> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| not_found(&path.display().to_string(), "its path is not UTF-8"))
}
