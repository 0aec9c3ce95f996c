//! Starting the command, and looking at what it left.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A folder to work in, and the command in it.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
}

/// How a command ended.
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The Python that is no shim of a version manager.
pub(crate) fn python() -> &'static str {
    "/usr/bin/python3"
}

/// The command line of an adapter of the conformance kit.
pub(crate) fn hostile(name: &str) -> String {
    format!("{} {}/conformance/hostile/adapters/{name}.py", python(), repository().display())
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub(crate) fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The command, with nothing of the test's environment but PATH.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contract-runner"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Done {
        done(&self.command(arguments).output().unwrap())
    }

    /// `run` with the adapters' folder granted (they share a module) and the evidence in `out`.
    pub(crate) fn run_hostile(&self, name: &str, more: &str) -> Done {
        let adapters = repository().join("conformance/hostile/adapters");
        let mut arguments: Vec<String> =
            ["run", "--adapter", &hostile(name), "--op", "x.y", "--out", "out", "--allow"]
                .map(str::to_owned)
                .into();
        arguments.push(format!("read={}", adapters.display()));
        arguments.extend(more.split_whitespace().map(str::to_owned));
        self.run(arguments)
    }

    pub(crate) fn receipt(&self, folder: &str) -> Value {
        let path = self.path(folder).join("run-receipt.json");
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&bytes).unwrap()
    }

    pub(crate) fn text(&self, below: &str) -> String {
        String::from_utf8(std::fs::read(self.path(below)).unwrap()).unwrap()
    }
}

pub(crate) fn done(output: &Output) -> Done {
    use std::os::unix::process::ExitStatusExt;
    Done {
        status: output.status.code().unwrap_or_else(|| -output.status.signal().unwrap()),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Done {
    /// The exit status, or everything that was said.
    #[track_caller]
    pub(crate) fn expect(&self, status: i32) -> &Self {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.stderr.contains(words), "`{words}` is not in: {}", self.stderr);
        self
    }
}

/// A test that cannot be made here says so.
#[expect(clippy::print_stderr, reason = "the notice is what tells a skipped test from one that passed")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Processes whose command line or environment names `folder`.
pub(crate) fn processes_naming(folder: &Path) -> Vec<String> {
    let wanted = folder.to_str().unwrap().as_bytes().to_owned();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()))
        .filter_map(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            let names = |text: &[u8]| text.windows(wanted.len()).any(|part| part == wanted);
            (names(&line) || names(&environment)).then(|| {
                format!(
                    "{} {}",
                    entry.file_name().to_string_lossy(),
                    String::from_utf8_lossy(&line).replace('\0', " ")
                )
            })
        })
        .collect()
}
