//! The command and its adapters as they are installed: adapters of that place bring their verbs and rights along.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::command::{Bench, Done, done, repository};

/// The adapters that are installed.
pub(crate) const ADAPTERS: [&str; 6] =
    ["machine-probe", "mount-plan", "office", "openai-endpoint", "process", "text-caps"];
/// The one that takes C++ tools to build, and is left out where nobody needs it.
const LLAMA: &str = "llama";

/// An installation, gone with its value.
pub(crate) struct Prefix {
    dir: tempfile::TempDir,
}

impl Prefix {
    /// Everything as it is.
    pub(crate) fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// The same with the adapter for local models.
    pub(crate) fn with_llama() -> Self {
        Self::of(ADAPTERS.into_iter().chain([LLAMA]), |_, _| {})
    }

    /// The usual adapters with changed manifests.
    pub(crate) fn with(edit: impl Fn(&str, &mut Value)) -> Self {
        Self::of(ADAPTERS, edit)
    }

    fn of<'n>(adapters: impl IntoIterator<Item = &'n str>, edit: impl Fn(&str, &mut Value)) -> Self {
        // Below the build folder, where the binaries can be linked instead of copied.
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let built = Path::new(env!("CARGO_BIN_EXE_contract-runner")).parent().unwrap();
        let link = |name: &str, to: PathBuf| {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::hard_link(built.join(name), to)
                .unwrap_or_else(|error| panic!("{name} is not built: {error}"));
        };
        let private = dir.path().join("libexec/contract-runner");
        link("contract-runner", dir.path().join("bin/contract-runner"));
        link("contract-launch", private.join("contract-launch"));
        for name in adapters {
            let (program, folder) = (format!("adapter-{name}"), private.join("adapters").join(name));
            link(&program, folder.join(&program));
            let text = std::fs::read(repository().join("adapters").join(name).join("adapter.json")).unwrap();
            let mut manifest: Value = serde_json::from_slice(&text).unwrap();
            edit(name, &mut manifest);
            std::fs::write(folder.join("adapter.json"), manifest.to_string()).unwrap();
        }
        Self { dir }
    }

    /// The command itself.
    pub(crate) fn runner(&self) -> PathBuf {
        self.dir.path().join("bin/contract-runner")
    }

    /// The folder of an adapter.
    pub(crate) fn adapter(&self, name: &str) -> PathBuf {
        self.dir.path().join("libexec/contract-runner/adapters").join(name)
    }

    /// The command, with nothing of the test's environment but PATH, and a home of its own.
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        bench: &Bench,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        std::fs::create_dir_all(bench.path("home")).unwrap();
        let mut command = Command::new(self.runner());
        command
            .args(arguments)
            .current_dir(bench.path(""))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", bench.path("home"))
            .stdin(std::process::Stdio::null());
        command
    }

    /// A script in which the command is found, with the same environment.
    pub(crate) fn shell(&self, bench: &Bench, script: &str) -> Command {
        std::fs::create_dir_all(bench.path("home")).unwrap();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script])
            .current_dir(bench.path(""))
            .env_clear()
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", self.dir.path().join("bin").display()))
            .env("HOME", bench.path("home"))
            .stdin(std::process::Stdio::null());
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, bench: &Bench, arguments: impl IntoIterator<Item = S>) -> Done {
        done(&self.command(bench, arguments).output().unwrap())
    }
}

#[test]
fn every_adapter_is_installed() {
    let script = std::fs::read_to_string(repository().join("tools/lib/build.sh")).unwrap();
    let list =
        script.lines().find_map(|line| line.strip_prefix("RELEASE_ADAPTERS=(")?.strip_suffix(')')).unwrap();
    assert_eq!(list.split(' ').collect::<Vec<_>>(), ADAPTERS);
    let folders = std::fs::read_dir(repository().join("adapters")).unwrap();
    let mut found: Vec<String> = folders
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("adapter.json").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    found.sort();
    let mut known: Vec<&str> = ADAPTERS.into_iter().chain([LLAMA]).collect();
    known.sort_unstable();
    assert_eq!(found, known);
}
