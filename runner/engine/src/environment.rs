//! What the runner's surroundings are: the one place where the environment of the process is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use contract_ipc::{Code, Timestamp};

use crate::failure::Failure;

/// Seconds since 1970 for the run clock.
const CLOCK: &str = "SOURCE_DATE_EPOCH";
/// Folders with adapters, like PATH.
const ADAPTERS: &str = "CONTRACT_RUNNER_ADAPTERS";

/// Everything outside the request that decides what a run does.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where the command was given; relative paths start here.
    pub root: PathBuf,
    /// The user's home, which is never granted as a whole.
    pub home: Option<PathBuf>,
    /// Where programs are looked for.
    pub path: Vec<PathBuf>,
    /// Where adapters are looked for by name, in this order.
    pub adapter_folders: Vec<PathBuf>,
    /// The one of them that came with the runner: typing the verb of such an adapter gives it what its manifest asks for.
    pub installed: PathBuf,
    /// The `contract-launch` binary.
    pub launcher: PathBuf,
    /// The runner's own binary, for its digest.
    pub runner: PathBuf,
    /// The run clock (`SOURCE_DATE_EPOCH`, else 1970).
    pub clock: Timestamp,
    /// The runner's environment; only variables that a right names are looked up.
    pub variables: BTreeMap<String, String>,
}

impl Surroundings {
    /// What this user keeps: `$XDG_DATA_HOME/contract-runner`, by the XDG base directory specification. None without a home.
    #[must_use]
    pub fn data_folder(&self) -> Option<PathBuf> {
        self.xdg("XDG_DATA_HOME", ".local/share")
    }

    /// What can be lost: `$XDG_CACHE_HOME/contract-runner`. None without a home.
    #[must_use]
    pub fn cache_folder(&self) -> Option<PathBuf> {
        self.xdg("XDG_CACHE_HOME", ".cache")
    }

    /// A relative path does not count, says the specification.
    fn xdg(&self, variable: &str, below: &str) -> Option<PathBuf> {
        let given = self.variables.get(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        Some(given.or_else(|| Some(self.home.as_ref()?.join(below)))?.join("contract-runner"))
    }

    /// What this process finds around it.
    ///
    /// # Errors
    /// A variable that is set and cannot be used, or no working directory.
    pub fn of_process() -> Result<Self, Failure> {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let root = std::env::current_dir().map_err(|error| {
            Failure::new(Code::ContractUsage, format!("the working directory cannot be read: {error}"))
                .hint("Change to a folder that exists.")
        })?;
        let runner = std::env::current_exe().map_err(|error| {
            Failure::new(Code::ContractInternal, format!("the runner's own path cannot be read: {error}"))
        })?;
        let beside = runner.parent().unwrap_or(std::path::Path::new("/")).to_owned();
        let prefix = beside.parent().unwrap_or(std::path::Path::new("/")).to_owned();
        let list = |name: &str| -> Vec<PathBuf> {
            variables.get(name).map(|value| std::env::split_paths(value).collect()).unwrap_or_default()
        };
        let installed = prefix.join("libexec/contract-runner/adapters");
        let mut adapter_folders = list(ADAPTERS);
        adapter_folders.extend([installed.clone(), beside.clone()]);
        let launchers =
            [beside.join("contract-launch"), prefix.join("libexec/contract-runner/contract-launch")];
        let launcher = launchers.iter().find(|path| path.is_file()).unwrap_or(&launchers[0]).clone();
        Ok(Self {
            clock: clock(variables.get(CLOCK))?,
            home: variables.get("HOME").map(PathBuf::from),
            path: list("PATH"),
            root,
            adapter_folders,
            installed,
            launcher,
            runner,
            variables,
        })
    }
}

fn clock(value: Option<&String>) -> Result<Timestamp, Failure> {
    let seconds = match value {
        None => 0,
        Some(text) => text.parse::<u32>().map_err(|_| {
            Failure::new(Code::ContractUsage, format!("{CLOCK}={text}: not a number of seconds since 1970"))
                .hint(format!("Unset {CLOCK}, or write whole seconds."))
        })?,
    };
    Ok(Timestamp::from_unix_ms(i64::from(seconds) * 1000))
}
