//! Tests validators of documents, as black boxes, against the corpus of good and bad documents.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people")]

mod documents;
mod suite;
mod validator;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
}

fn main() -> ExitCode {
    let Command::Documents { suite, validator, verdict_only } = Arguments::parse().command;
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    let beside = beside.unwrap_or_default();
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
            ExitCode::from(u8::from(!faults.list.is_empty()))
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
