//! SIGINT, SIGTERM and SIGHUP to the runner.

use std::io;
use std::task::{Context, Poll};

use contract_ipc::Code;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::signals;

/// From now on these signals do not end the runner: they end the run.
#[derive(Debug)]
pub(crate) struct Interrupts {
    signals: [(Signal, Code); 3],
    /// One that came before there was anybody to listen.
    early: Option<Code>,
}

impl Interrupts {
    /// Must be called inside the runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        let signals = [
            (signal(SignalKind::interrupt())?, Code::ContractInterrupted),
            (signal(SignalKind::terminate())?, Code::ContractTerminated),
            (signal(SignalKind::hangup())?, Code::ContractTerminated),
        ];
        // After the handlers are in place: a signal is seen by these or by those.
        Ok(Self { signals, early: signals::came() })
    }

    /// The code for the signal that came.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Code> {
        if let Some(code) = self.early.take() {
            return Poll::Ready(code);
        }
        for (signal, code) in &mut self.signals {
            if let Poll::Ready(Some(())) = signal.poll_recv(context) {
                return Poll::Ready(*code);
            }
        }
        Poll::Pending
    }
}
