//! The life of an adapter's process.

use std::io::Write as _;
use std::process::ExitCode;

use crate::broker::Broker;
use crate::clock::random_sender;
use crate::offer::Adapter;
use crate::pipes::Pipes;
use crate::session::Session;

/// Exit status when the process cannot begin: `EX_OSERR`.
const STATUS_NO_START: u8 = 71;

/// Talks to the runner until stdin ends: `fn main() -> ExitCode { serve(MyAdapter) }`.
///
/// From here on stdout belongs to the protocol; what operations print goes to stderr. The exit status is 0 at the end of
/// stdin or when the runner closes stdout, 2 after a fault of the protocol or a wrong offer, 71 when stdout or stderr was
/// closed from the start, 74 when stdout cannot be written.
#[must_use]
pub fn serve<A: Adapter>(adapter: A) -> ExitCode {
    let started = Pipes::take().and_then(|pipes| Ok((pipes, random_sender()?)));
    match started {
        Ok((pipes, fallback)) => {
            ExitCode::from(Session::new(adapter, Box::new(pipes), fallback, Broker::Inherited).run())
        }
        Err(error) => {
            // stderr may be what is missing.
            let _ = writeln!(std::io::stderr(), "the adapter cannot start: {error}");
            ExitCode::from(STATUS_NO_START)
        }
    }
}
