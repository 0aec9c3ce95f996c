//! The one place where the process environment is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use contract_engine::{Failure, Surroundings};
use contract_ipc::{Code, Timestamp};

/// Seconds since 1970 for the run clock.
const CLOCK: &str = "SOURCE_DATE_EPOCH";
/// Folders with adapters, like PATH.
const ADAPTERS: &str = "CONTRACT_RUNNER_ADAPTERS";

/// What this process finds around it.
///
/// # Errors
/// A variable that is set and cannot be used, or no working directory.
pub(crate) fn look() -> Result<Surroundings, Failure> {
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
    let launchers = [beside.join("contract-launch"), prefix.join("libexec/contract-runner/contract-launch")];
    let launcher = launchers.iter().find(|path| path.is_file()).unwrap_or(&launchers[0]).clone();
    Ok(Surroundings {
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

/// Whether colours are wanted (<https://no-color.org>).
pub(crate) fn no_color() -> bool {
    std::env::vars_os().any(|(name, value)| name == "NO_COLOR" && !value.is_empty())
}
