//! The command: flags, printing, exit codes.
//!
//! stdout is for results, stderr for people. Nothing here decides anything: the engine does.

mod args;
mod commands;
mod early;
mod printer;
mod progress;
mod show;
mod style;
mod workflow;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use contract_ipc::Exit;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        style::say(&format!(
            "error[CONTRACT_INTERNAL]: a bug of ours: {panic}\n  do: Please report it with this message."
        ));
        std::process::exit(i32::from(Exit::Internal.status()));
    }));
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let exit =
        args::Arguments::try_parse_from(&words).map(commands::run).or_else(|error| match error.kind() {
            // Adapters bring commands along; reading their manifests costs time, so it is done when it matters.
            ErrorKind::InvalidSubcommand
            | ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => commands::verb::run(&words, error),
            _ => Err(error),
        });
    ExitCode::from(exit.unwrap_or_else(|error| error.exit()).status())
}
