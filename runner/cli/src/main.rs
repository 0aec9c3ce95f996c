//! The command: flags, printing, exit codes.
//!
//! stdout is for results, stderr for people. Nothing here decides anything: the engine does.

mod args;
mod around;
mod commands;
mod early;
mod printer;
mod progress;
mod show;
mod style;

use std::process::ExitCode;

use clap::Parser as _;
use contract_ipc::Exit;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        style::say(&format!(
            "error[CONTRACT_INTERNAL]: a bug of ours: {panic}\n  do: Please report it with this message."
        ));
        std::process::exit(i32::from(Exit::Internal.status()));
    }));
    let arguments = args::Arguments::parse();
    ExitCode::from(commands::run(arguments).status())
}
