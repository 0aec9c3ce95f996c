//! What is heard of one request while it runs.

use std::io::Write as _;

use contract_engine::{Answer, Caller as Calling, Failure, Note, Watcher};
use contract_inference::{Finished, Gate, Heard, Stop, Tracker};

use super::super::printed;
use super::CALL;
use crate::progress::Spinner;
use crate::style;

/// Prints what the model says, and ends it when its file is another one.
pub(super) struct Listener<'g> {
    pub(super) tracker: Option<Tracker>,
    /// The session ends when this is gone.
    pub(super) calling: Option<Calling>,
    pub(super) gate: &'g Gate,
    pub(super) finished: Option<Finished>,
    pub(super) streams: bool,
    pub(super) printed: Result<(), Failure>,
    pub(super) spinner: Option<Spinner>,
}

impl Listener<'_> {
    fn print(&mut self, text: &str) {
        if self.streams && self.printed.is_ok() {
            let mut out = std::io::stdout().lock();
            self.printed =
                printed(out.write_all(style::text_for_stdout(text).as_bytes()).and_then(|()| out.flush()));
        }
    }
}

impl Watcher for Listener<'_> {
    fn progress(&mut self, _: u64, said: &Note<'_>) {
        let Some(tracker) = &mut self.tracker else { return };
        match tracker.hear(said, self.gate) {
            Some(Heard::Loading(fraction)) => {
                if let Some(spinner) = &self.spinner {
                    spinner.note(fraction, "loading the model");
                }
            }
            Some(Heard::Text { text, .. }) => {
                self.spinner = None;
                self.print(&text);
            }
            Some(Heard::Broken) => {
                if let Some(calling) = &self.calling {
                    calling.cancel(CALL);
                }
            }
            None => {}
        }
    }

    fn expired(&mut self, _: u64) {
        if let Some(tracker) = &mut self.tracker {
            tracker.stop(Stop::Expired);
        }
    }

    fn answer(&mut self, _: u64, answer: &Answer<'_>) {
        self.spinner = None;
        let Some(tracker) = self.tracker.take() else { return };
        let any = tracker.has_begun();
        self.finished = Some(tracker.end(answer, self.gate));
        if any {
            self.print("\n");
        }
        self.calling = None;
    }
}
