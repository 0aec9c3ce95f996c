//! Tests validators of documents against the corpus of good and bad documents, and adapters against what they claim; both as black boxes.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people")]

mod adapter;
mod documents;
mod suite;
mod validator;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::adapter::Adapter;
use crate::suite::Suite;
use crate::validator::Validator;

/// Tests other programs against what the contracts promise.
#[derive(Debug, Parser)]
#[command(name = "contract-conformance", version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Every good document passes, every bad one is refused for its reason; a crash is no refusal
    Documents {
        /// The folder with good/, bad/ and cases.toml [default: as installed, else ./conformance]
        #[arg(long, value_name = "FOLDER")]
        suite: Option<PathBuf>,
        /// The validator; it is called as VALIDATOR validate --format json FILE [default: contract-runner beside this program]
        #[arg(long, value_name = "VALIDATOR")]
        validator: Option<PathBuf>,
        /// Compare exit statuses only (0 valid, 1 invalid): for a validator with rule ids of its own
        #[arg(long)]
        verdict_only: bool,
    },
    /// Every case of an adapter ends as it says, twice the same; each right that it asks for is needed, and no other helps
    Adapter {
        /// Its folder, with adapter.json and its program
        folder: PathBuf,
        /// The file with its cases [default: cases.toml in its folder]
        #[arg(long, value_name = "FILE")]
        cases: Option<PathBuf>,
        /// The runner [default: contract-runner beside this program]
        #[arg(long, value_name = "RUNNER")]
        runner: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    let beside = beside.unwrap_or_default();
    match Arguments::parse().command {
        Command::Documents { suite, validator, verdict_only } => {
            documents(&beside, suite, validator, verdict_only)
        }
        Command::Adapter { folder, cases, runner } => {
            let cases = cases.unwrap_or_else(|| folder.join("cases.toml"));
            let runner = runner.unwrap_or_else(|| beside.join("contract-runner"));
            adapter(&Adapter { folder, cases, runner })
        }
    }
}

fn documents(
    beside: &Path,
    suite: Option<PathBuf>,
    validator: Option<PathBuf>,
    verdict_only: bool,
) -> ExitCode {
    let folder = suite.unwrap_or_else(|| {
        let installed = beside.join("../share/contract-runner/conformance");
        if installed.is_dir() { installed } else { PathBuf::from("conformance") }
    });
    let validator =
        Validator { program: validator.unwrap_or_else(|| beside.join("contract-runner")), verdict_only };
    let tested = Suite::read(&folder)
        .map_err(|error| error.to_string())
        .and_then(|suite| documents::test(&suite, &validator).map_err(|error| error.to_string()));
    match tested {
        Ok(faults) => {
            faults.list.iter().for_each(|fault| println!("{fault}"));
            println!("{} documents, {} faults", faults.tested, faults.list.len());
            exit(&faults.list)
        }
        Err(error) => unusable(&error),
    }
}

fn adapter(adapter: &Adapter) -> ExitCode {
    match adapter::test(adapter) {
        Ok(faults) => {
            faults.skipped.iter().for_each(|what| println!("skipped: {what}"));
            faults.list.iter().for_each(|fault| println!("{fault}"));
            println!("{} cases and rights, {} faults", faults.tested, faults.list.len());
            exit(&faults.list)
        }
        Err(error) => unusable(&error),
    }
}

fn exit(faults: &[String]) -> ExitCode {
    ExitCode::from(u8::from(!faults.is_empty()))
}

fn unusable(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}
