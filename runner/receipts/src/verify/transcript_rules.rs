//! Step 5: each line by itself, and its place among the others.

use std::collections::HashSet;

use contract_ipc::{Envelope, MessageType, Sender, Session, Timestamp};
use contract_json::{Limits, Tape, Value};

use super::payload::{self, Broken, Checked, broken};
use super::receipt_file::first_different_byte;
use crate::names::TRANSCRIPT;
use crate::receipt::Counts;
use crate::verdict::{Finding, Stop};

/// R4 without its 64-bit rule; a few values more than a message may have, for the envelope around it.
const LINE_LIMITS: Limits = Limits { max_depth: 128, max_nodes: 4_194_304 + 64, wide_integers: true };

/// What the lines so far say, and what may come next.
#[derive(Debug)]
pub(super) struct TranscriptRules {
    sender: Sender,
    clock: Timestamp,
    tape: Tape,
    scratch: Vec<u8>,
    facts: Facts,
}

/// What the transcript says, apart from its form.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Number of the next line.
    next: u64,
    /// Canonical payload parts that the receipt repeats.
    pub(super) hello_session: Option<Vec<u8>>,
    pub(super) capabilities: Option<Vec<u8>>,
    pub(super) first_invoke: Option<FirstInvoke>,
    pub(super) last_result: Option<Vec<u8>>,
    offered: HashSet<String>,
    invoke: Option<CurrentInvoke>,
    /// An invoke without an end, or one that ended in `error`.
    pub(super) has_failed_invoke: bool,
    /// A `result` with `ok: false`.
    pub(super) has_no: bool,
    /// An `error` that answers no invoke: the last line.
    pub(super) is_over: bool,
    pub(super) counts: Counts,
    pub(super) wide_integers: bool,
}

#[derive(Debug)]
pub(super) struct FirstInvoke {
    pub(super) op: Vec<u8>,
    pub(super) args: Vec<u8>,
}

#[derive(Debug)]
struct CurrentInvoke {
    line: u64,
    next_seq: Option<u64>,
    ended: bool,
}

const HANDSHAKE: [MessageType; 4] =
    [MessageType::Hello, MessageType::HelloAck, MessageType::Capabilities, MessageType::CapabilitiesAck];

impl TranscriptRules {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            sender: Sender::new(session.seed.id_prefix("transcript"), session.clock),
            clock: session.clock,
            tape: Tape::new(),
            scratch: Vec::new(),
            facts: Facts::default(),
        }
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Judges the next line, its LF taken off.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), Stop> {
        let number = self.facts.next;
        self.facts.next += 1;
        self.judge(number, line).map_err(|Broken { pointer, expected, found }| {
            let mut finding = Finding::new(
                5,
                TRANSCRIPT,
                (!pointer.is_empty()).then_some(pointer.as_str()),
                expected,
                found.unwrap_or_else(|| "something else".to_owned()),
            );
            finding.line = Some(number + 1);
            Stop::mismatch(finding)
        })
    }

    fn judge(&mut self, number: u64, line: &[u8]) -> Checked<()> {
        let Self { sender, clock, tape, scratch, facts } = self;
        let fault = |expected: &str, found: String| Broken {
            pointer: String::new(),
            expected: expected.to_owned(),
            found: Some(found),
        };
        let value = tape
            .parse(line, &LINE_LIMITS)
            .map_err(|error| fault("strict JSON", format!("byte {}: {}", error.offset, error.kind)))?;
        scratch.clear();
        facts.wide_integers |= value.write_canonical(scratch).wide_integers;
        if let Some((at, expected, found)) = first_different_byte(scratch, line) {
            let expected = format!("the canonical form, `{expected}` at byte {at}");
            return Err(fault(&expected, format!("`{found}`")));
        }
        let envelope = Envelope::from_value(value).map_err(|error| fault("a valid envelope", error.what))?;
        if let Some(trace) = value.get("trace") {
            return Err(broken("/trace", "nothing", Some(trace)));
        }
        let id = sender.id(number);
        if envelope.id.as_bytes() != id {
            return Err(broken("/id", &String::from_utf8_lossy(&id), value.get("id")));
        }
        let ts = clock.plus_ms(number);
        if envelope.ts.as_bytes() != ts.to_bytes() {
            return Err(broken("/ts", &ts.to_string(), value.get("ts")));
        }
        let answered = facts.place(number, &envelope)?;
        let expected = answered.map(|line| sender.id(line));
        if envelope.reply_to.as_deref().map(str::as_bytes) != expected.as_ref().map(<[u8; 32]>::as_slice) {
            let expected = expected.map_or("nothing".into(), |id| String::from_utf8_lossy(&id).into_owned());
            let found = value.get("replyTo").map_or("nothing".to_owned(), crate::difference::shown);
            return Err(Broken { pointer: "/replyTo".to_owned(), expected, found: Some(found) });
        }
        facts.take(number, &envelope).map_err(|mut broken| {
            broken.pointer.insert_str(0, "/payload");
            broken
        })
    }
}

impl Facts {
    /// Whether the message may stand here; the line that it answers.
    fn place(&mut self, number: u64, message: &Envelope<'_>) -> Checked<Option<u64>> {
        let misplaced = |expected: &str| {
            Err(Broken {
                pointer: "/type".to_owned(),
                expected: expected.to_owned(),
                found: Some(message.type_name.clone().into_owned()),
            })
        };
        if self.is_over {
            return misplaced("no line after an `error` that answers no invoke");
        }
        if message.kind == MessageType::Error && message.reply_to.is_none() && number > 0 {
            self.is_over = true;
            return Ok(None);
        }
        let handshake = usize::try_from(number).ok().and_then(|number| HANDSHAKE.get(number));
        if let Some(&kind) = handshake {
            return if message.kind == kind {
                Ok([None, Some(0), None, Some(2)][number as usize])
            } else {
                misplaced(crate::transcript::type_name(kind))
            };
        }
        match (message.kind, &self.invoke) {
            (MessageType::Invoke, _) => Ok(None),
            (
                MessageType::Progress | MessageType::Cancel | MessageType::Result | MessageType::Error,
                Some(invoke),
            ) if !invoke.ended => Ok(Some(invoke.line)),
            _ => misplaced("an invoke, or a message of an invoke that has no end yet"),
        }
    }

    /// Looks at the payload and keeps what it says.
    fn take(&mut self, number: u64, message: &Envelope<'_>) -> Checked<()> {
        let payload = message.payload;
        match message.kind {
            MessageType::Hello => {
                payload::hello(payload)?;
                self.hello_session = payload.get("session").map(bytes);
            }
            MessageType::HelloAck => payload::hello_ack(payload)?,
            MessageType::Capabilities => {
                payload::capabilities(payload)?;
                let records = payload.get("capabilities").into_iter().flat_map(Value::items);
                self.offered =
                    records.filter_map(|record| Some(record.get("name")?.as_str()?.into_owned())).collect();
                self.capabilities = Some(bytes(payload));
            }
            MessageType::CapabilitiesAck => payload::capabilities_ack(payload)?,
            MessageType::Invoke => self.take_invoke(number, payload)?,
            MessageType::Progress => {
                self.counts.progress += 1;
                let seq = payload::progress(payload)?;
                let next = self.invoke.as_mut().map(|invoke| &mut invoke.next_seq);
                if let Some(next) = next {
                    if let Some(expected) = next.filter(|&expected| expected != seq) {
                        return Err(broken("/seq", &expected.to_string(), payload.get("seq")));
                    }
                    *next = Some(seq.wrapping_add(1));
                }
            }
            MessageType::Cancel => payload::cancel(payload)?,
            MessageType::Result => {
                self.counts.results += 1;
                self.has_no |= !payload::result(payload)?;
                self.end_invoke(Some(payload));
            }
            MessageType::Error => {
                self.counts.errors += 1;
                payload::error(payload)?;
                if !self.is_over {
                    self.has_failed_invoke = true;
                    self.end_invoke(None);
                }
            }
            MessageType::Unknown => return Err(broken("", "a message of ipc.v0", None)),
        }
        Ok(())
    }

    fn take_invoke(&mut self, number: u64, payload: Value<'_>) -> Checked<()> {
        payload::invoke(payload)?;
        let op = payload.get("op").and_then(Value::as_str).unwrap_or_default();
        if !self.offered.contains(&*op) {
            return Err(broken("/op", "an operation that was offered", payload.get("op")));
        }
        self.counts.invokes += 1;
        self.has_failed_invoke |= self.invoke.as_ref().is_some_and(|before| !before.ended);
        self.invoke = Some(CurrentInvoke { line: number, next_seq: None, ended: false });
        self.last_result = None;
        if let (None, Some(op), Some(args)) = (&self.first_invoke, payload.get("op"), payload.get("args")) {
            self.first_invoke = Some(FirstInvoke { op: bytes(op), args: bytes(args) });
        }
        Ok(())
    }

    fn end_invoke(&mut self, result: Option<Value<'_>>) {
        if let Some(invoke) = &mut self.invoke {
            invoke.ended = true;
        }
        self.last_result = result.map(bytes);
    }

    /// Whether every invoke has ended in a `result`, and there was one.
    pub(super) fn has_results_only(&self) -> bool {
        !self.has_failed_invoke && self.invoke.as_ref().is_some_and(|last| last.ended)
    }
}

/// The text of a value, which is canonical because its line is.
fn bytes(value: Value<'_>) -> Vec<u8> {
    value.raw().as_bytes().to_vec()
}
