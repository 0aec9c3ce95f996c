//! `contract-serve`: a local model for programs that speak the OpenAI API.
//!
//! ```text
//! connection -> guard (host, origin, token) -> api (a request) -> clerk (judges it) -> desk -> keeper (a sandboxed session on the main thread)
//!            <- pieces and an end <- clerk (writes the receipt, also when the client has gone) <-
//! ```

mod answer;
mod api;
mod args;
mod clerk;
mod connection;
mod desk;
mod fault;
mod guard;
mod keeper;
mod line;
mod listener;
mod metrics;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use contract_engine::{Failure, Surroundings};
use contract_ipc::Exit;

use crate::args::ServeArgs;
use crate::desk::Desk;

fn main() -> ExitCode {
    let args = ServeArgs::parse();
    let exit = serve(&args).unwrap_or_else(|failure| {
        say(&format!("error[{}]: {}", failure.code_text(), failure.message));
        say(&format!("  help: {}", failure.cure()));
        failure.code.exit()
    });
    ExitCode::from(exit.status())
}

fn serve(args: &ServeArgs) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    // A receipt that cannot be written refuses its request, and no more.
    contract_engine::survive_full_files()?;
    let (desk, clerk) = Desk::open(args, &around)?;
    let desk = Arc::new(desk);
    let guard = guard::Guard::open(args, &around)?;
    let listener = listener::Listener::bind(args, &around)?;
    let address = listener.address();
    clerk.start(desk.clone())?;
    let server = connection::Server::start(listener, desk.clone(), guard, args)?;
    // The first line, for scripts: where to connect.
    let _ = writeln!(std::io::stdout(), "{address}");
    say(&format!("serving {} on {address}; receipts go to {}", desk.model_name(), desk.records_folder()));
    let ended = keeper::keep(&desk, args, &around);
    server.stop();
    ended
}

/// One line to stderr. Nobody may be there to read it.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
