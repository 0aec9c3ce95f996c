//! Judges requests and writes their receipts, whatever becomes of the clients. On a thread of its own: it waits for the disk, and for
//! others who write to the same records.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use contract_engine::Failure;
use contract_inference::{Appended, Ask, Finished, Records, RunPlace};
use contract_ipc::Code;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;

use crate::desk::Desk;
use crate::fault::Fault;
use crate::line::{Delivery, Session, Ticket};
use crate::say;

/// Who asks after the records waits so long for them at most: somebody else may have their lock.
const LOOK: Duration = Duration::from_secs(1);

/// A receipt of a request that ran is worth waiting for a lock, also when the request's own time is over.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client gets.
#[derive(Debug)]
pub(crate) enum Piece {
    /// More text.
    Text(String),
    /// The end, and its receipt.
    End(Box<Recorded>),
    /// The end of a request that was refused.
    Refused(Fault),
}

/// A request that is over, and on record.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) finished: Finished,
    /// The receipt, or why it could not be written.
    pub(crate) appended: Result<Appended, Failure>,
    pub(crate) times: Times,
}

/// Where the time of a request went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// Until it was judged, the records were looked at, and the session was asked.
    pub(crate) judged: Duration,
    /// The session's: the wait for a turn, and the work.
    pub(crate) session: Duration,
    /// Until evidence and receipt were on the disk.
    pub(crate) recorded: Duration,
}

/// What the clerk is asked to do.
pub(crate) enum Job {
    /// Judge a request, and hand it to the session.
    Begin(Box<Begin>),
    /// Write the receipt of a request that ran.
    Record(Box<Ended>),
    /// Look whether a request could be put on record now.
    Look(oneshot::Sender<Result<(), Failure>>),
}

/// A request that ran.
pub(crate) struct Ended {
    pub(crate) ticket: Ticket,
    pub(crate) finished: Finished,
    /// The session that has answered it.
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) at: Instant,
}

/// A request that comes in.
pub(crate) struct Begin {
    ticket: Ticket,
    ask: Ask,
    delivery: Delivery,
    /// A client that does not read must not keep its request from its end: a text has a bound, and waits here.
    client: UnboundedSender<Piece>,
    /// Given back when the receipt is written.
    seat: OwnedSemaphorePermit,
    began: Instant,
}

/// The pieces of an answer. When nobody wants them any more, the request is to end.
pub(crate) struct Pieces {
    receiver: UnboundedReceiver<Piece>,
    desk: Arc<Desk>,
    ticket: Ticket,
}

impl Pieces {
    pub(crate) fn receiver(&mut self) -> &mut UnboundedReceiver<Piece> {
        &mut self.receiver
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        // Closed first: the clerk looks after it has handed the request on.
        self.receiver.close();
        self.desk.cancel(self.ticket);
    }
}

/// Hands a request to the clerk.
pub(crate) fn begin(desk: &Arc<Desk>, ask: Ask, delivery: Delivery, seat: OwnedSemaphorePermit) -> Pieces {
    let (client, receiver) = unbounded_channel();
    let (ticket, began) = (desk.ticket(), Instant::now());
    // Without a clerk the client's end closes, and that is told.
    let _ = desk.jobs.send(Job::Begin(Box::new(Begin { ticket, ask, delivery, client, seat, began })));
    Pieces { receiver, desk: desk.clone(), ticket }
}

/// Whether a request could be put on record now.
///
/// # Errors
/// Why not: what the records say, or that the clerk waits for the disk or for somebody else's lock.
pub(crate) async fn look(desk: &Desk) -> Result<(), Failure> {
    let (asker, answer) = oneshot::channel();
    // Without a clerk the answer's end closes.
    let _ = desk.jobs.send(Job::Look(asker));
    match timeout(LOOK, answer).await {
        Ok(Ok(looked)) => looked,
        Ok(Err(_)) | Err(_) => {
            let what = format!("{}: the records were not free within {LOOK:?}", desk.records_folder());
            Err(Failure::new(Code::InferenceRecordsUnwritable, what))
        }
    }
}

/// A request that runs.
struct Running {
    ask: Ask,
    place: RunPlace,
    client: UnboundedSender<Piece>,
    seat: OwnedSemaphorePermit,
    began: Instant,
    asked: Instant,
}

/// The clerk of a desk, before its work begins.
pub(crate) struct Clerk {
    records: Records,
    jobs: Receiver<Job>,
    running: HashMap<Ticket, Running>,
}

impl Clerk {
    pub(crate) fn new(records: Records) -> (Sender<Job>, Self) {
        let (sender, jobs) = channel();
        (sender, Self { records, jobs, running: HashMap::new() })
    }

    /// Begins to work, as long as the process lives.
    ///
    /// # Errors
    /// No thread.
    pub(crate) fn start(mut self, desk: Arc<Desk>) -> Result<(), Failure> {
        let work = move || {
            while let Ok(job) = self.jobs.recv() {
                match job {
                    Job::Begin(begin) => self.begin(&desk, *begin),
                    Job::Record(ended) => self.record(&desk, *ended),
                    Job::Look(asker) => self.look(asker),
                }
            }
        };
        let started = std::thread::Builder::new().name("clerk".to_owned()).spawn(work);
        started
            .map(drop)
            .map_err(|error| Failure::new(Code::ContractInternal, format!("no thread for records: {error}")))
    }

    fn begin(&mut self, desk: &Desk, begin: Begin) {
        let Begin { ticket, ask, delivery, client, seat, began } = begin;
        let until = Some(desk.until(began));
        let place = desk.judge(&ask).and_then(|place| self.records.reserve_until(until).map(|()| place));
        let begun = place.and_then(|place| {
            // The session may have begun with it before this thread goes on.
            let asked = Instant::now();
            desk.call(ticket, &ask, began, delivery, client.clone())?;
            Ok((place, asked))
        });
        match begun {
            Ok((place, asked)) => {
                if client.is_closed() {
                    desk.cancel(ticket);
                }
                self.running.insert(ticket, Running { ask, place, client, seat, began, asked });
            }
            Err(failure) => {
                let fault = self.refuse(desk, &ask, &failure, until);
                drop(seat);
                // It may have gone.
                let _ = client.send(Piece::Refused(fault));
            }
        }
    }

    fn look(&mut self, asker: oneshot::Sender<Result<(), Failure>>) {
        // Who asked has given up meanwhile, or does now.
        if !asker.is_closed() {
            let _ = asker.send(self.records.reserve_until(Some(Instant::now() + LOOK)));
        }
    }

    /// A refusal is on record, too; where it cannot be, that is what is told.
    fn refuse(&mut self, desk: &Desk, ask: &Ask, failure: &Failure, until: Option<Instant>) -> Fault {
        desk.metrics.refused(ask);
        match self.records.append_until(&desk.refused(ask, failure), contract_engine::now(), until) {
            Ok(appended) => Fault::of(failure).with_receipt(&appended),
            Err(unwritable) => {
                lose(desk, &unwritable);
                Fault::of(&unwritable)
            }
        }
    }

    fn record(&mut self, desk: &Desk, ended: Ended) {
        let Ended { ticket, finished, session, at } = ended;
        let running = self.running.remove(&ticket).expect("a call runs until its only end");
        let Running { ask, place, client, seat, began, asked } = running;
        desk.metrics.completed(&ask, &finished, began.elapsed());
        let completion = desk.completion(&ask, place, &finished, session.as_deref());
        let until = Some(at + PATIENCE);
        let appended = self.records.append_until(&completion, contract_engine::now(), until);
        if let Err(failure) = &appended {
            lose(desk, failure);
        }
        let times = Times { judged: asked - began, session: at - asked, recorded: at.elapsed() };
        // What is left is the client's business: one that does not read must not keep others waiting.
        drop(seat);
        // It may have gone.
        let _ = client.send(Piece::End(Box::new(Recorded { finished, appended, times })));
    }
}

fn lose(desk: &Desk, failure: &Failure) {
    desk.metrics.record_lost();
    let (code, message) = (failure.code_text(), &failure.message);
    say(&format!("error[{code}]: a receipt could not be written: {message}"));
}
