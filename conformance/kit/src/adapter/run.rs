//! A run as a black box: the runner is started, and what it prints and leaves is looked at.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::cases::{Call, File, Status};
use super::data::with_word;
use super::manifest::Manifest;

/// Stands for the work folder in a case.
const WORK: &str = "${WORK}";
/// What a runner leaves of a run.
const RECEIPT: &str = "run-receipt.json";
const TRANSCRIPT: &str = "ipc-transcript.ndjson";

/// A call with its files made and its words replaced.
#[derive(Debug)]
pub(crate) struct Scene {
    dir: tempfile::TempDir,
    call: Call,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Status,
    /// Null when there is none.
    pub(crate) data: Value,
    pub(crate) code: String,
    pub(crate) message: String,
    /// The digests of what is equal for equal plans and answers; nothing when there is no receipt.
    pub(crate) subject: Option<Value>,
    /// The folder of its evidence.
    pub(crate) out: PathBuf,
}

impl Scene {
    /// Makes the files.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn set(call: &Call) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        // Where the temporary folder is a link, rights and arguments have the real path.
        let real = dir.path().canonicalize().map_err(|error| error.to_string())?;
        let work = real.join("work");
        for folder in [&work, &real.join("home")] {
            std::fs::create_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        for (name, file) in &call.files {
            let path = work.join(name);
            make(&path, name, file).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let text = work.to_str().ok_or("the temporary folder is not UTF-8")?;
        let mut call = call.clone();
        for right in &mut call.allow {
            *right = right.replace(WORK, text);
        }
        for value in call.args.values_mut() {
            *value = with_word(value, WORK, text);
        }
        Ok(Self { dir, call })
    }

    /// The value of an expectation, with the work folder in it.
    pub(crate) fn value(&self, value: &Value) -> Value {
        with_word(value, WORK, &self.text(&self.work().display().to_string()))
    }

    /// The text of an expectation, with the work folder in it.
    pub(crate) fn text(&self, text: &str) -> String {
        text.replace(WORK, &self.work().display().to_string())
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    /// The rights of the call itself.
    pub(crate) fn allow(&self) -> &[String] {
        &self.call.allow
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap_or_else(|_| self.dir.path().to_owned())
    }

    /// An empty folder below that of the work folder.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.root().join(name);
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }

    /// Runs the call with `rights` and nothing else; the evidence is in a folder called `out`.
    ///
    /// # Errors
    /// When the runner does not start, or prints something else than an outcome.
    pub(crate) fn run(
        &self,
        runner: &Path,
        adapter: &Manifest,
        rights: &[String],
        out: &str,
    ) -> Result<Ended, String> {
        let out = self.root().join(out);
        let mut command = start(runner);
        // `--adapter` takes a command line: the folder is `.`, so that no character of its path has a meaning there.
        command.args(["--format", "json", "run", "--adapter", "."]).arg("--out").arg(&out);
        command.args(["--op", &self.call.op, "--args", &Value::Object(self.call.args.clone()).to_string()]);
        for right in rights {
            command.args(["--allow", right]);
        }
        command.current_dir(adapter.folder()).env("HOME", self.root().join("home"));
        let output = command.output().map_err(|error| format!("{}: {error}", runner.display()))?;
        ended(&output, out)
    }
}

fn make(path: &Path, name: &str, file: &File) -> std::io::Result<()> {
    if name.ends_with('/') {
        return std::fs::create_dir_all(path);
    }
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    match file {
        File::Text(text) => std::fs::write(path, text),
        File::Link { link } => std::os::unix::fs::symlink(link, path),
        File::Program { program } => {
            std::fs::write(path, program)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        }
    }
}

/// The runner with a clean environment.
fn start(runner: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the conformance kit starts what it tests")]
    let mut command = Command::new(runner);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").stdin(std::process::Stdio::null());
    command
}

fn ended(output: &Output, out: PathBuf) -> Result<Ended, String> {
    let outcome: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("the runner printed no outcome ({}): {error}; it said: {said}", output.status)
    })?;
    let status = match (outcome["status"].as_str(), output.status.code()) {
        (Some("satisfied"), _) => Status::Satisfied,
        (Some("violated"), _) => Status::Violated,
        (Some("denied"), _) | (None, Some(3)) => Status::Denied,
        (None, Some(2)) => Status::Refused,
        _ => Status::Failed,
    };
    let text = |member: &str| outcome["error"][member].as_str().unwrap_or_default().to_owned();
    Ok(Ended {
        status,
        code: text("code"),
        message: text("message"),
        data: outcome["data"].clone(),
        subject: outcome.get("subject").cloned(),
        out,
    })
}

impl Ended {
    /// A folder that the run could read, below which this path lies: what a program needs to be loaded is given to it unasked.
    pub(crate) fn readable_above(&self, path: &Path) -> Option<PathBuf> {
        let receipt: Value = serde_json::from_slice(&std::fs::read(self.out.join(RECEIPT)).ok()?).ok()?;
        let real = path.canonicalize().ok()?;
        let read = receipt["sandbox"]["profile"]["read"].as_array()?;
        let above = |folder: &&str| folder.starts_with('/') && real.starts_with(folder);
        read.iter().filter_map(Value::as_str).find(above).map(PathBuf::from)
    }

    pub(crate) fn transcript(&self) -> String {
        let bytes = std::fs::read(self.out.join(TRANSCRIPT)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Has the runner verify its evidence.
    ///
    /// # Errors
    /// What it said.
    pub(crate) fn verify(&self, runner: &Path) -> Result<(), String> {
        let output =
            start(runner).arg("verify").arg(&self.out).output().map_err(|error| error.to_string())?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{} {} {}", output.status, said(&output.stdout), said(&output.stderr))),
        }
    }
}
