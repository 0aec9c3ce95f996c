//! The session's bytes: lines in, replies out, and a look at what has come while an operation runs.

use std::collections::{BTreeMap, VecDeque};
use std::io::ErrorKind;

use contract_ipc::{
    AdapterEvent, AdapterSide, Capabilities, Code, Envelope, Fault, LineReader, LineTooLong, MessageType,
    Sender,
};
use contract_json::{Limits, Tape};

use crate::failure::Failure;
use crate::link::Link;

/// Replies are sent when they are this many bytes, even while more work waits: the runner reads them meanwhile.
const FLUSH_BYTES: usize = 2 * 1024;

/// Buffers keep at most this much memory between messages.
pub(crate) const KEEP_BYTES: usize = 1024 * 1024;

/// Reading ahead stops at this many messages; the pipe then holds the runner back.
const MAX_AHEAD: usize = 1024;

/// Exit status after a fault of the runner (R15, R17).
const STATUS_FAULT: u8 = 2;

/// Exit status when replies cannot be written: `EX_IOERR`.
const STATUS_OUTPUT: u8 = 74;

/// One message that came while an operation ran.
struct Ahead {
    line: Vec<u8>,
    /// Its id, when it is an invoke.
    invoke: Option<String>,
    cancelled: bool,
}

/// Both directions of one session.
pub(crate) struct Wire {
    link: Box<dyn Link>,
    reader: LineReader,
    side: AdapterSide,
    offer: Capabilities,
    ahead: VecDeque<Ahead>,
    ahead_tape: Tape,
    out: Vec<u8>,
    /// Payload of a progress message, before it is sent.
    payload: Vec<u8>,
    /// The invoke that runs was cancelled.
    cancelled: bool,
    /// The invokes of open tasks, and whether they were cancelled.
    tasks: BTreeMap<String, bool>,
    input_ended: bool,
    fault: Option<Fault>,
    /// Set when nothing more can be written: the exit status that follows.
    output_ended: Option<u8>,
}

impl Wire {
    pub(crate) fn new(
        link: Box<dyn Link>,
        fallback: Sender,
        offer: Capabilities,
        max_line_bytes: usize,
    ) -> Self {
        Self {
            link,
            reader: LineReader::new(max_line_bytes),
            side: AdapterSide::new(fallback),
            offer,
            ahead: VecDeque::new(),
            ahead_tape: Tape::new(),
            out: Vec::new(),
            payload: Vec::new(),
            cancelled: false,
            tasks: BTreeMap::new(),
            input_ended: false,
            fault: None,
            output_ended: None,
        }
    }

    /// Waits for input and takes it in.
    pub(crate) fn fill(&mut self) {
        match self.link.read(self.reader.space()) {
            Ok(count) if count > 0 => {
                self.input_ended = false;
                self.reader.filled(count);
            }
            // A read that fails tells nothing that its end would not.
            Ok(_) | Err(_) => {
                self.input_ended = true;
                if !self.reader.rest().is_empty() {
                    // The last message may lack its LF (R2).
                    self.reader.space()[0] = b'\n';
                    self.reader.filled(1);
                }
            }
        }
    }

    /// Takes in one block, when there is one.
    pub(crate) fn fill_when_ready(&mut self) {
        if self.link.is_ready() {
            self.fill();
        }
    }

    pub(crate) fn input_ended(&self) -> bool {
        self.input_ended
    }

    /// The exit status, when nothing more can be written.
    pub(crate) fn output_ended(&self) -> Option<u8> {
        self.output_ended
    }

    /// Moves the next whole line into `line`; says whether it was cancelled meanwhile, or nothing when there is none.
    ///
    /// # Errors
    /// A line over the limit, or a fault that was seen while an operation ran.
    pub(crate) fn next_line(&mut self, line: &mut Vec<u8>) -> Result<Option<bool>, Fault> {
        if let Some(ahead) = self.ahead.pop_front() {
            *line = ahead.line;
            return Ok(Some(ahead.cancelled));
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let Some(next) = self.reader.next_line().map_err(too_long)? else { return Ok(None) };
        line.clear();
        line.extend_from_slice(next.text);
        Ok(Some(false))
    }

    /// What a message means; the protocol's own answers are written.
    ///
    /// # Errors
    /// The broken rule.
    pub(crate) fn receive<'a>(&mut self, message: &Envelope<'a>) -> Result<AdapterEvent<'a>, Fault> {
        // A task may be open for longer than its id is remembered (R8).
        if self.tasks.contains_key(&*message.id) {
            let what = format!("id {:?} was used before, by an invoke that is open", message.id);
            return Err(Fault { code: Code::IpcBadEnvelope, what });
        }
        let event = self.side.receive(message, &mut self.out)?;
        match &event {
            AdapterEvent::Hello => self.side.offer(&self.offer, &mut self.out),
            AdapterEvent::Cancel(target) => self.cancel_task(target),
            AdapterEvent::Invoke(_) | AdapterEvent::Nothing => {}
        }
        Ok(event)
    }

    /// Starts an invoke.
    pub(crate) fn begin(&mut self, cancelled: bool) {
        self.cancelled = cancelled;
    }

    /// The invoke that runs goes on as a task.
    pub(crate) fn keep_open(&mut self, invoke: &str) {
        self.tasks.insert(invoke.to_owned(), self.cancelled);
    }

    /// Goes on with the invoke of a task.
    pub(crate) fn resume(&mut self, invoke: &str) {
        self.cancelled = self.tasks.get(invoke).is_some_and(|&cancelled| cancelled);
    }

    /// The invoke of a task has ended.
    pub(crate) fn close(&mut self, invoke: &str) {
        self.tasks.remove(invoke);
    }

    fn cancel_task(&mut self, invoke: &str) {
        if let Some(cancelled) = self.tasks.get_mut(invoke) {
            *cancelled = true;
        }
    }

    pub(crate) fn cancelled(&self) -> bool {
        self.cancelled
    }

    /// Takes in what has come, without waiting. `invoke` is the one that runs.
    pub(crate) fn look(&mut self, invoke: &str) {
        loop {
            self.set_aside(invoke);
            let full = self.ahead.len() >= MAX_AHEAD || self.fault.is_some();
            if full || self.input_ended || !self.link.is_ready() {
                return;
            }
            self.fill();
        }
    }

    /// Waits until `invoke` is cancelled or the runner will say nothing more that counts.
    pub(crate) fn wait_for_cancel(&mut self, invoke: &str) {
        self.flush();
        loop {
            self.set_aside(invoke);
            if self.cancelled || self.input_ended || self.fault.is_some() || self.output_ended.is_some() {
                return;
            }
            // Invokes beyond the limit are a fault here: with the limit, the cancel behind them would never be read.
            if self.ahead.len() >= MAX_AHEAD {
                let what = format!("more than {MAX_AHEAD} messages wait while an operation runs");
                self.fault = Some(Fault { code: Code::IpcState, what });
                return;
            }
            self.fill();
        }
    }

    /// Keeps whole lines for later; only a cancel is seen at once.
    fn set_aside(&mut self, invoke: &str) {
        while self.ahead.len() < MAX_AHEAD && self.fault.is_none() {
            match self.reader.next_line() {
                Ok(None) => return,
                Err(error) => self.fault = Some(too_long(error)),
                Ok(Some(line)) => {
                    let line = line.text.to_vec();
                    let mut tape = std::mem::take(&mut self.ahead_tape);
                    self.set_aside_line(invoke, line, &mut tape);
                    self.ahead_tape = tape;
                }
            }
        }
    }

    fn set_aside_line(&mut self, invoke: &str, line: Vec<u8>, tape: &mut Tape) {
        let mut id = None;
        if let Ok(message) = Envelope::parse(tape, &line, &Limits::default()) {
            match message.kind {
                MessageType::Cancel => {
                    match self.receive(&message) {
                        Ok(AdapterEvent::Cancel(target)) => self.cancel(invoke, &target),
                        Ok(_) => {}
                        Err(fault) => self.fault = Some(fault),
                    }
                    return;
                }
                MessageType::Invoke => id = Some(message.id.clone().into_owned()),
                _ => {}
            }
        }
        // A line that is no envelope waits too: its fault comes after the replies to what came before it.
        self.ahead.push_back(Ahead { line, invoke: id, cancelled: false });
    }

    fn cancel(&mut self, running: &str, target: &str) {
        if target == running {
            self.cancelled = true;
        } else if let Some(ahead) =
            self.ahead.iter_mut().find(|ahead| ahead.invoke.as_deref() == Some(target))
        {
            ahead.cancelled = true;
        }
    }

    /// Sends a progress message; `write` appends its payload, a JSON object.
    ///
    /// # Errors
    /// What `write` says.
    pub(crate) fn progress(
        &mut self,
        invoke: &str,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.payload.clear();
        write(&mut self.payload)?;
        self.side.progress(invoke, &self.payload, &mut self.out);
        self.flush();
        self.payload.shrink_to(KEEP_BYTES);
        Ok(())
    }

    pub(crate) fn result(&mut self, invoke: &str, ok: bool, data: &[u8]) {
        self.side.result(invoke, ok, data, &mut self.out);
    }

    pub(crate) fn error(&mut self, invoke: &str, failure: Failure) {
        self.side.error(invoke, failure.with_valid_code().text(), &mut self.out);
    }

    /// Ends the session for a fault; returns the exit status.
    pub(crate) fn refuse(&mut self, fault: &Fault) -> u8 {
        self.side.refuse(fault, &mut self.out);
        self.flush();
        STATUS_FAULT
    }

    /// Sends what has gathered, when it is much.
    pub(crate) fn flush_when_full(&mut self) {
        if self.out.len() >= FLUSH_BYTES {
            self.flush();
        }
    }

    /// Sends what has gathered.
    pub(crate) fn flush(&mut self) {
        if self.output_ended.is_none()
            && !self.out.is_empty()
            && let Err(error) = self.link.write(&self.out)
        {
            let runner_left = error.kind() == ErrorKind::BrokenPipe;
            self.output_ended = Some(if runner_left { 0 } else { STATUS_OUTPUT });
        }
        self.out.clear();
        self.out.shrink_to(KEEP_BYTES);
    }
}

fn too_long(error: LineTooLong) -> Fault {
    Fault { code: Code::IpcLineTooLong, what: error.to_string() }
}
