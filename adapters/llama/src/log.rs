//! What llama.cpp logs: nothing of it goes to stderr, and its last complaints are kept for the message of a failure.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::{Debug, Write as _};

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};

/// How many lines are kept.
const MOST_LINES: usize = 4;
/// How much of a line.
const LONGEST_LINE: usize = 300;

thread_local! {
    /// llama.cpp complains in the thread that called it.
    static LAST: RefCell<VecDeque<String>> = const { RefCell::new(VecDeque::new()) };
}

/// Sends the logs of llama.cpp here. Before its backend starts, and once.
pub(crate) fn keep() {
    // Only fails when there is one already, which then was set by this line.
    let _ = dispatcher::set_global_default(Dispatch::new(Complaints));
    llama_cpp_2::send_logs_to_tracing(llama_cpp_2::LogOptions::default());
}

/// Forgets what was said in this thread about something else.
pub(crate) fn forget() {
    LAST.with_borrow_mut(VecDeque::clear);
}

/// The last complaints in this thread, the newest last; a text of one line.
pub(crate) fn last_complaints() -> Option<String> {
    let lines = LAST.with_borrow_mut(std::mem::take);
    (!lines.is_empty()).then(|| lines.into_iter().collect::<Vec<_>>().join("; "))
}

struct Complaints;

impl Subscriber for Complaints {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let line = line.0.trim().chars().take(LONGEST_LINE).collect::<String>();
        LAST.with_borrow_mut(|last| {
            if !line.is_empty() && last.back() != Some(&line) {
                last.push_back(line);
                if last.len() > MOST_LINES {
                    last.pop_front();
                }
            }
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The member `message` of an event.
struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.0.push_str(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing to a String does not fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
