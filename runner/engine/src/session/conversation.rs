//! What is said in a session: messages in, decisions, messages out. No pipes here, and no timer.

mod live;

use std::borrow::Cow;
use std::time::Duration;

use contract_ipc::{
    CancelReason, Code, Envelope, ErrorReply, Event, Fault, Invocation, MessageType, Progress, Reply,
    RunnerSide,
};
use contract_receipts::{OpIndex, Other, Recorder, Redactor, Slot};
use tokio::time::Instant;

use super::blame;
use super::offer::{self, Offered};
use super::watcher::{Answer, Note, Watcher};
use crate::calls::{Call, CallSource};
use crate::failure::Failure;
use crate::live::LiveCall;
use crate::plan::Plan;
use live::refusal;

/// Invokes are written ahead up to so many bytes.
const AHEAD_BYTES: usize = 256 * 1024;

/// One invoke without its end.
#[derive(Debug)]
struct Open {
    invocation: Invocation,
    call: u64,
    offered: usize,
    op: OpIndex,
    total_at: Instant,
    idle_at: Instant,
    /// It alone was cancelled: until when its end is waited for.
    ends_by: Option<Instant>,
}

impl Open {
    fn due(&self) -> Instant {
        self.ends_by.unwrap_or(self.idle_at.min(self.total_at))
    }
}

/// What was counted beside the transcript.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(crate) late: u64,
    pub(crate) ignored: u64,
    pub(crate) set_aside: u64,
    pub(crate) ended_with_cr: u64,
    pub(crate) unchecked_schemas: Vec<String>,
}

/// The conversation of one session.
pub(crate) struct Conversation<'p> {
    plan: &'p Plan,
    side: RunnerSide,
    pub(crate) recorder: Recorder,
    redactor: Redactor,
    calls: CallSource,
    /// The next call's number, from 0.
    next_call: u64,
    offered: Vec<(Offered, OpIndex)>,
    serving: bool,
    /// No more invokes are sent.
    closing: bool,
    open: Vec<Open>,
    /// Calls whose end does not count any more.
    given_up: Vec<u64>,
    /// Nothing of a line that is no message may be shown.
    has_private: bool,
    args_checked: bool,
    /// What waits to be written; `[..written]` was.
    out: Vec<u8>,
    written: usize,
    /// The first invoke that could not be done.
    pub(crate) first_error: Option<Failure>,
    /// The first answer that is no.
    pub(crate) rejected: bool,
    pub(crate) tally: Tally,
}

impl<'p> Conversation<'p> {
    pub(crate) fn new(plan: &'p Plan, calls: CallSource, recorder: Recorder, redactor: Redactor) -> Self {
        Self {
            plan,
            side: RunnerSide::new(plan.session.clone()),
            recorder,
            redactor,
            calls,
            next_call: 0,
            offered: Vec::new(),
            serving: false,
            closing: false,
            open: Vec::new(),
            given_up: Vec::new(),
            has_private: plan.marks().has_private(),
            args_checked: false,
            out: Vec::new(),
            written: 0,
            first_error: None,
            rejected: false,
            tally: Tally::default(),
        }
    }

    /// The first message (R10).
    pub(crate) fn hello(&mut self) {
        let start = self.out.len();
        let payload = self.side.hello(&self.plan.requested, &mut self.out);
        self.recorder.sent(MessageType::Hello, Slot::Session, &self.out[start..], &self.out[payload]);
    }

    /// What waits to be written.
    pub(crate) fn unwritten(&self) -> &[u8] {
        &self.out[self.written..]
    }

    /// So many bytes of [`Self::unwritten`] went out.
    pub(crate) fn wrote(&mut self, count: usize) {
        self.written += count;
        if self.written == self.out.len() {
            self.out.clear();
            self.written = 0;
        }
    }

    /// The adapter owes something: the handshake, or the end of an invoke.
    pub(crate) fn owes(&self) -> bool {
        !self.serving || !self.open.is_empty()
    }

    /// The handshake is done.
    pub(crate) fn is_serving(&self) -> bool {
        self.serving
    }

    /// Whether everything was asked and answered.
    pub(crate) fn is_done(&self) -> bool {
        self.serving && self.open.is_empty() && (self.closing || self.calls.left() == 0)
    }

    /// When the next invoke, or call that waits, expires.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let waiting = match &self.calls {
            CallSource::Live(calls) => calls.next_deadline().map(Instant::from_std),
            CallSource::Repeat { .. } | CallSource::Batch { .. } => None,
        };
        self.open.iter().map(Open::due).chain(waiting).min()
    }

    /// The first invoke that has expired. In a live session it is cancelled alone, once.
    pub(crate) fn expired(&mut self, now: Instant, watcher: &mut dyn Watcher) -> Option<Failure> {
        if let CallSource::Live(_) = self.calls {
            while let Some(at) = self.open.iter().position(|open| open.ends_by.is_none() && open.due() <= now)
            {
                watcher.expired(self.open[at].call);
                self.cancel_one(at, CancelReason::Timeout, now);
            }
        }
        let open = self.open.iter().find(|open| open.due() <= now)?;
        let offered = &self.offered[open.offered].0;
        Some(if open.ends_by.is_some() {
            let idle_ms = self.plan.budget.idle_ms;
            let what = format!("{} did not end in {idle_ms} ms after its cancel (idle)", offered.name);
            Failure::new(Code::IpcTimeout, what).hint(
                "Look for a cancel between any two steps of the work, in the adapter, or raise it with --limit idle=TIME.",
            )
        } else if open.total_at <= now {
            let hint = if offered.total_ms < self.plan.budget.total_ms {
                "The operation itself asks for no more time (timeouts.defaultMs); raise it there.".to_owned()
            } else {
                "Raise it with --limit total=TIME.".to_owned()
            };
            Failure::new(
                Code::IpcTimeout,
                format!("{} gave no answer in {} ms (total)", offered.name, offered.total_ms),
            )
            .hint(hint)
        } else {
            let idle_ms = self.plan.budget.idle_ms;
            Failure::new(
                Code::IpcTimeout,
                format!("{} gave no sign of life in {idle_ms} ms (idle)", offered.name),
            )
            .hint("Send progress messages, or raise it with --limit idle=TIME.")
        })
    }

    /// Asks every open invoke to end, and sends no more.
    pub(crate) fn cancel_all(&mut self, reason: CancelReason) {
        self.closing = true;
        for at in 0..self.open.len() {
            if self.open[at].ends_by.is_none() {
                self.send_cancel(at, reason);
            }
        }
    }

    fn send_cancel(&mut self, at: usize, reason: CancelReason) {
        let open = &self.open[at];
        let start = self.out.len();
        let payload = self.side.cancel(open.invocation, reason, &mut self.out);
        let slot = Slot::Invoke(open.invocation.0, open.op);
        self.recorder.sent(MessageType::Cancel, slot, &self.out[start..], &self.out[payload]);
    }

    fn cancel_one(&mut self, at: usize, reason: CancelReason, now: Instant) {
        self.send_cancel(at, reason);
        // A step of a large model takes long on a small machine, and the other calls of the session go on after it.
        self.open[at].ends_by = Some(now + Duration::from_millis(self.plan.budget.idle_ms));
    }

    /// No end counts any more.
    pub(crate) fn give_up(&mut self) {
        self.closing = true;
        for open in self.open.drain(..) {
            self.side.give_up(open.invocation);
            self.given_up.push(open.call);
        }
    }

    /// Writes invokes ahead, as many as may be open and as fit.
    ///
    /// # Errors
    /// A call that does not fit the input schema, or a batch file that changed under us. A call of a live session that does not fit
    /// is answered alone.
    pub(crate) fn fill(&mut self, now: Instant, watcher: &mut dyn Watcher) -> Result<(), Failure> {
        while self.serving
            && !self.closing
            && self.open.len() < self.plan.request.in_flight
            && self.out.len() - self.written < AHEAD_BYTES
        {
            if let CallSource::Live(calls) = &mut self.calls {
                let Some(LiveCall { number, call, until }) = calls.next() else { break };
                if let Err(failure) = self.send(&call, number, until.map(Instant::from_std), now) {
                    watcher.answer(number, &refusal(&failure));
                }
                continue;
            }
            let Some(call) = self.calls.next()? else { break };
            self.send(&call, self.next_call, None, now)?;
            self.next_call += 1;
        }
        Ok(())
    }

    fn send(
        &mut self,
        call: &Call,
        number: u64,
        until: Option<Instant>,
        now: Instant,
    ) -> Result<(), Failure> {
        let name = call.op.as_ref().or(self.plan.op.as_ref());
        let at = match name {
            Some(name) => self.offered.iter().position(|(offered, _)| offered.name == *name),
            None => Some(0),
        };
        let Some((at, (offered, op))) = at.and_then(|at| Some((at, self.offered.get(at)?))) else {
            let what = format!("this session does not offer `{}`", name.map_or("", String::as_str));
            return Err(Failure::new(Code::ContractOpNotOffered, what));
        };
        if !self.args_checked {
            offered.input.check(&call.args, "args", Code::ContractArgsInvalid)?;
            self.args_checked = matches!(self.calls, CallSource::Repeat { .. });
        }
        let left_ms = until.map(|until| until.saturating_duration_since(now).as_millis());
        let left_ms = left_ms.map_or(u64::MAX, |left| u64::try_from(left).unwrap_or(u64::MAX));
        let total_ms = offered.total_ms.min(left_ms.max(1));
        let start = self.out.len();
        let (invocation, payload) = self.side.invoke(&offered.name, &call.args, total_ms, &mut self.out);
        let slot = Slot::Invoke(invocation.0, *op);
        self.recorder.sent(MessageType::Invoke, slot, &self.out[start..], &self.out[payload]);
        self.open.push(Open {
            invocation,
            call: number,
            offered: at,
            op: *op,
            total_at: now + Duration::from_millis(total_ms),
            idle_at: now + Duration::from_millis(self.plan.budget.idle_ms),
            ends_by: None,
        });
        Ok(())
    }

    /// A line that is a message.
    ///
    /// # Errors
    /// The session cannot go on.
    pub(crate) fn receive(
        &mut self,
        line: &[u8],
        message: &Envelope<'_>,
        now: Instant,
        watcher: &mut dyn Watcher,
    ) -> Result<(), Failure> {
        let event = match self.side.receive(message) {
            Ok(event) => event,
            Err(fault) => {
                let failure = self.refuse(line, fault);
                // It is a message, so it is no print that is to blame.
                return Err(match failure.code {
                    Code::IpcBadEnvelope => {
                        failure.hint("Mend this message in the adapter; see docs/ipc-v0.md.")
                    }
                    _ => failure,
                });
            }
        };
        match event {
            Event::HelloAck => self.recorder.received(message.kind, Slot::Session, line, message.payload),
            Event::Capabilities(offered) => {
                self.recorder.received(message.kind, Slot::Session, line, message.payload);
                let accepted = offer::judge(self.plan, self.calls.left(), &offered)?;
                self.accept(accepted);
                watcher.serving(self.calls.left());
                self.fill(now, watcher)?;
            }
            Event::Progress(invocation, progress) => {
                self.progress(line, message, invocation, &progress, now, watcher);
            }
            Event::End(invocation, reply) => self.end(line, message, invocation, &reply, watcher),
            Event::SessionError(error) => {
                self.recorder.received(message.kind, Slot::Session, line, message.payload);
                return Err(self.session_error(&error));
            }
            Event::Late => {
                self.tally.late += 1;
                self.recorder.received_other(line, Other::Late);
            }
            Event::Ignored => self.ignore(line),
        }
        Ok(())
    }

    /// A line that is no message ends the session, unless such lines are set aside (R5).
    ///
    /// # Errors
    /// The broken rule.
    pub(crate) fn receive_other(&mut self, line: &[u8], fault: Fault) -> Result<(), Failure> {
        if self.plan.request.lax_stdout && fault.code == Code::IpcBadEnvelope {
            self.tally.set_aside += 1;
            self.recorder.received_other(line, Other::SetAside);
            return Ok(());
        }
        Err(self.refuse(line, fault))
    }

    /// A line after the session has failed.
    pub(crate) fn ignore(&mut self, line: &[u8]) {
        self.tally.ignored += 1;
        self.recorder.received_other(line, Other::Ignored);
    }

    fn refuse(&mut self, line: &[u8], fault: Fault) -> Failure {
        self.recorder.received_other(line, Other::Refused);
        let mut failure = Failure::from(fault);
        failure.last_frame = Some(match self.has_private {
            true => format!("{} bytes, which may be private", line.len()),
            false => blame::shown_frame(line),
        });
        failure
    }

    fn accept(&mut self, accepted: Vec<Offered>) {
        let names: Vec<String> = accepted.iter().map(|offered| offered.name.clone()).collect();
        let start = self.out.len();
        let payload = self.side.accept(&names, &mut self.out);
        self.recorder.sent(
            MessageType::CapabilitiesAck,
            Slot::Session,
            &self.out[start..],
            &self.out[payload],
        );
        for offered in accepted {
            for schema in [&offered.input, &offered.output] {
                if let crate::schema::Schema::Unknown(id) = schema {
                    self.tally.unchecked_schemas.push(id.clone());
                }
            }
            let op = self.recorder.operation(&offered.name);
            self.offered.push((offered, op));
        }
        self.serving = true;
    }

    fn progress(
        &mut self,
        line: &[u8],
        message: &Envelope<'_>,
        invocation: Invocation,
        progress: &Progress<'_>,
        now: Instant,
        watcher: &mut dyn Watcher,
    ) {
        let Some(open) = self.open.iter_mut().find(|open| open.invocation == invocation) else { return };
        open.idle_at = now + Duration::from_millis(self.plan.budget.idle_ms);
        self.recorder.received(message.kind, Slot::Invoke(invocation.0, open.op), line, message.payload);
        let said = progress.message.as_deref().map(|text| self.redactor.text(text));
        let data = progress.data.map(|data| self.redactor.bytes(data.raw().as_bytes()));
        watcher.progress(open.call, &Note { fraction: progress.fraction, message: said, data });
    }

    fn end(
        &mut self,
        line: &[u8],
        message: &Envelope<'_>,
        invocation: Invocation,
        reply: &Reply<'_>,
        watcher: &mut dyn Watcher,
    ) {
        let Some(at) = self.open.iter().position(|open| open.invocation == invocation) else { return };
        let open = self.open.remove(at);
        self.recorder.received(message.kind, Slot::Invoke(invocation.0, open.op), line, message.payload);
        let failure = match reply {
            Reply::Result { ok, data } => {
                let output = &self.offered[open.offered].0.output;
                let checked = match (ok, data) {
                    (true, Some(data)) => output.check_value(*data, "data", Code::ContractResultInvalid),
                    _ => Ok(()),
                };
                match checked {
                    Ok(()) => {
                        self.rejected |= !ok;
                        let mut text = Vec::new();
                        let data = data.map(|data| {
                            data.write_canonical(&mut text);
                            self.redactor.bytes(&text)
                        });
                        watcher.answer(open.call, &Answer::Result { ok: *ok, data });
                        return;
                    }
                    Err(failure) => failure,
                }
            }
            Reply::Error(error) => blame::adapter_error(error),
        };
        watcher.answer(
            open.call,
            &Answer::Error {
                code: self.redactor.text(failure.code_text()),
                message: self.redactor.text(&failure.message),
            },
        );
        self.first_error.get_or_insert(failure);
    }

    /// In the handshake it is the adapter's own refusal; later it breaks a rule (R14, R21).
    fn session_error(&self, error: &ErrorReply<'_>) -> Failure {
        let own = blame::adapter_error(error);
        if !self.serving {
            return own;
        }
        let what = "an error that names no invoke ended the session";
        Failure {
            cause: Some(format!("{}: {}", own.code_text(), own.message)),
            details: own.details,
            ..Failure::new(Code::IpcState, what)
        }
    }
}

/// What the redactor leaves of `text`.
pub(crate) fn redacted(redactor: &Redactor, text: &str) -> String {
    match redactor.text(text) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    }
}
