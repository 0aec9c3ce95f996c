//! Follows one request to its end and writes its receipt, whatever becomes of the client.

use std::sync::Arc;
use std::time::Instant;

use contract_engine::Failure;
use contract_inference::{Appended, Ask, Finished, RunPlace};
use contract_ipc::Code;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::desk::{Desk, Taken};
use crate::fault::Fault;
use crate::line::Event;
use crate::say;

/// What a client gets.
#[derive(Debug)]
pub(crate) enum Piece {
    /// More text.
    Text(String),
    /// The end, and its receipt.
    End(Box<Recorded>),
}

/// A request that is over, and on record.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) finished: Finished,
    /// The receipt, or why it could not be written.
    pub(crate) appended: Result<Appended, Failure>,
}

/// Follows a request that the session has taken. The seat is given back as soon as its receipt is written.
pub(crate) fn begin(
    desk: Arc<Desk>,
    ask: Ask,
    place: RunPlace,
    taken: Taken,
    seat: OwnedSemaphorePermit,
) -> UnboundedReceiver<Piece> {
    // A client that does not read must not keep its request from its end: a text has a bound, and waits here.
    let (client, pieces) = unbounded_channel();
    tokio::spawn(attend(desk, ask, place, taken, client, seat));
    pieces
}

/// Writes the receipt of a request that was refused; where it cannot be written, that is what is told.
pub(crate) fn refuse(desk: &Desk, ask: &Ask, failure: &Failure) -> Fault {
    desk.metrics.refused(ask);
    match desk.record_refusal(ask, failure) {
        Ok(appended) => Fault::of(failure).with_receipt(&appended),
        Err(unwritable) => {
            lose(desk, &unwritable);
            Fault::of(&unwritable)
        }
    }
}

fn lose(desk: &Desk, failure: &Failure) {
    desk.metrics.record_lost();
    let (code, message) = (failure.code_text(), &failure.message);
    say(&format!("error[{code}]: a receipt could not be written: {message}"));
}

async fn attend(
    desk: Arc<Desk>,
    ask: Ask,
    place: RunPlace,
    mut taken: Taken,
    client: UnboundedSender<Piece>,
    seat: OwnedSemaphorePermit,
) {
    let began = Instant::now();
    let mut gone = false;
    let (finished, session) = loop {
        let event = tokio::select! {
            event = taken.events.recv() => event,
            () = client.closed(), if !gone => {
                gone = true;
                desk.cancel(taken.ticket);
                continue;
            }
        };
        match event {
            Some(Event::Text(text)) if !gone => {
                if client.send(Piece::Text(text)).is_err() {
                    gone = true;
                    desk.cancel(taken.ticket);
                }
            }
            Some(Event::Text(_)) => {}
            Some(Event::End(finished, session)) => break (finished, session),
            // The desk ends every call that it has taken.
            None => return,
        }
    };
    desk.metrics.completed(&ask, &finished, began.elapsed());
    let shared = desk.clone();
    let written = tokio::task::spawn_blocking(move || {
        let appended = shared.record(&ask, place, &finished, session.as_deref());
        Recorded { finished: *finished, appended }
    });
    let recorded = match written.await {
        Ok(recorded) => recorded,
        Err(broken) => {
            lose(&desk, &Failure::new(Code::ContractInternal, broken.to_string()));
            return;
        }
    };
    if let Err(failure) = &recorded.appended {
        lose(&desk, failure);
    }
    // What is left is the client's business: one that does not read must not keep others waiting.
    drop(seat);
    // It may have gone.
    let _ = client.send(Piece::End(Box::new(recorded)));
}
