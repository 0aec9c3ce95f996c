//! Results on stdout, in the order of the calls.

use std::io::{self, BufWriter, Stdout, Write};

use contract_engine::{Answer, Note, Watcher};
use contract_json::write_canonical_string;

use crate::early::EarlyLines;
use crate::progress::Spinner;
use crate::style;

/// Prints what a run answers, and shows its progress.
pub(crate) struct Printer {
    out: BufWriter<Stdout>,
    /// One call: its data is printed alone, and only when the run ended well. Several: a line for each, as they end.
    single: bool,
    held: Option<Vec<u8>>,
    early: EarlyLines,
    /// The call whose line is written next.
    next: u64,
    /// One more than the highest call that has ended.
    end: u64,
    line: Vec<u8>,
    spinner: Option<Spinner>,
    verbose: bool,
    /// Why stdout takes nothing any more.
    closed: Option<io::Error>,
}

impl Printer {
    pub(crate) fn new(single: bool, spinner: Option<Spinner>, verbose: bool) -> Self {
        Self {
            out: BufWriter::with_capacity(64 * 1024, std::io::stdout()),
            single,
            held: None,
            early: EarlyLines::default(),
            next: 0,
            end: 0,
            line: Vec::new(),
            spinner,
            verbose,
            closed: None,
        }
    }

    /// The data of a single call.
    pub(crate) fn take_single(&mut self) -> Option<Vec<u8>> {
        self.held.take()
    }

    /// The spinner goes, and everything is written.
    pub(crate) fn finish(&mut self) {
        self.spinner = None;
        // Calls that never ended leave gaps.
        while let Ok(Some(call)) = self.early.next_from(self.next, self.end) {
            self.next = call;
            self.write_early();
        }
        self.flush();
    }

    /// One line.
    pub(crate) fn print(&mut self, line: &[u8]) {
        self.write(line);
        self.write(b"\n");
        self.flush();
    }

    /// Lines whose turn has come.
    fn write_early(&mut self) {
        loop {
            match self.early.take(self.next) {
                Ok(Some(line)) => self.write(&line),
                Ok(None) => break,
                Err(error) => {
                    self.closed = Some(not_held(&error));
                    break;
                }
            }
            self.next += 1;
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.closed.is_none() {
            self.closed = self.out.write_all(&style::json_for_stdout(bytes)).err();
        }
    }

    fn flush(&mut self) {
        if self.closed.is_none() {
            self.closed = self.out.flush().err();
        }
    }

    /// Whether everything was printed.
    pub(crate) fn end(self) -> io::Result<()> {
        self.closed.map_or(Ok(()), Err)
    }
}

fn not_held(error: &io::Error) -> io::Error {
    io::Error::other(format!("later results cannot be held for their turn: {error}"))
}

/// `{"ok":true,"data":{...}}` or `{"error":{"code":...,"message":...}}`
fn write_line(line: &mut Vec<u8>, answer: &Answer<'_>) {
    line.clear();
    match answer {
        Answer::Result { ok, data } => {
            line.extend_from_slice(if *ok { b"{\"ok\":true" } else { b"{\"ok\":false" });
            if let Some(data) = data {
                line.extend_from_slice(b",\"data\":");
                line.extend_from_slice(data);
            }
            line.extend_from_slice(b"}\n");
        }
        Answer::Error { code, message } => {
            line.extend_from_slice(b"{\"error\":{\"code\":");
            write_canonical_string(line, code);
            line.extend_from_slice(b",\"message\":");
            write_canonical_string(line, message);
            line.extend_from_slice(b"}}\n");
        }
    }
}

impl Watcher for Printer {
    fn serving(&mut self, calls: u64) {
        if let Some(spinner) = &self.spinner {
            spinner.serving(calls);
        }
    }

    fn progress(&mut self, call: u64, note: &Note<'_>) {
        let message = note.message.as_deref().unwrap_or_default();
        if let Some(spinner) = &self.spinner {
            spinner.note(note.fraction, message);
        } else if self.verbose && !message.is_empty() {
            style::say(&style::dim(&format!("  call {call}: {}", style::tame(message))));
        }
    }

    fn answer(&mut self, call: u64, answer: &Answer<'_>) {
        if let Some(spinner) = &self.spinner {
            spinner.answered();
        }
        if self.single {
            if let Answer::Result { data: Some(data), .. } = answer {
                self.held = Some(data.to_vec());
            }
            return;
        }
        let mut line = std::mem::take(&mut self.line);
        write_line(&mut line, answer);
        self.end = self.end.max(call + 1);
        if call == self.next {
            self.write(&line);
            self.next += 1;
            self.write_early();
        } else if self.closed.is_none()
            && let Err(error) = self.early.keep(call, &line)
        {
            self.closed = Some(not_held(&error));
        }
        self.line = line;
    }
}
