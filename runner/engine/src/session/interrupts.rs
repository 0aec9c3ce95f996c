//! SIGINT, SIGTERM and SIGHUP to the runner.

use std::io;
use std::task::{Context, Poll};

use contract_ipc::Code;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// From now on these signals do not end the runner: they end the run.
#[derive(Debug)]
pub(crate) struct Interrupts([(Signal, Code); 3]);

impl Interrupts {
    /// Must be called inside the runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self([
            (signal(SignalKind::interrupt())?, Code::ContractInterrupted),
            (signal(SignalKind::terminate())?, Code::ContractTerminated),
            (signal(SignalKind::hangup())?, Code::ContractTerminated),
        ]))
    }

    /// The code for the signal that came.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Code> {
        for (signal, code) in &mut self.0 {
            if let Poll::Ready(Some(())) = signal.poll_recv(context) {
                return Poll::Ready(*code);
            }
        }
        Poll::Pending
    }
}
