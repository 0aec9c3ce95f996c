//! Follows one request to its end and writes its receipt, whatever becomes of the client.

use std::sync::Arc;
use std::time::Instant;

use contract_engine::Failure;
use contract_inference::{Appended, Ask, Finished, RunPlace};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::desk::{Desk, Event, Taken};
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

/// Starts a request that was judged. The seat is given back as soon as its receipt is written.
///
/// # Errors
/// The session does not take it; nothing is on record yet.
pub(crate) fn begin(
    desk: &Arc<Desk>,
    ask: &Ask,
    place: RunPlace,
    seat: OwnedSemaphorePermit,
) -> Result<UnboundedReceiver<Piece>, Failure> {
    let taken = desk.call(ask)?;
    // A client that does not read must not keep its request from its end: a text has a bound, and waits here.
    let (client, pieces) = unbounded_channel();
    tokio::spawn(attend(desk.clone(), ask.clone(), place, taken, client, seat));
    Ok(pieces)
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
    let (finished, run) = loop {
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
            Some(Event::End(finished, run)) => break (finished, run),
            // The desk ends every call that it has taken.
            None => return,
        }
    };
    desk.metrics.completed(&ask, &finished, began.elapsed());
    let shared = desk.clone();
    let written = tokio::task::spawn_blocking(move || {
        let appended = shared.record(&ask, place, &finished, run);
        Recorded { finished: *finished, appended }
    });
    if let Ok(recorded) = written.await {
        if let Err(failure) = &recorded.appended {
            desk.metrics.record_lost();
            say(&format!(
                "error[{}]: a receipt could not be written: {}",
                failure.code_text(),
                failure.message
            ));
        }
        // What is left is the client's business: one that does not read must not keep others waiting.
        drop(seat);
        // It may have gone.
        let _ = client.send(Piece::End(Box::new(recorded)));
    }
}
