//! The runner's side of a session: what may come when, and what it means.

use std::ops::Range;

use contract_json::write_canonical_string;

use crate::code::Code;
use crate::envelope::{Envelope, MessageType, shown};
use crate::message::{
    CancelReason, Capabilities, ErrorReply, Progress, Reply, check_hello_ack, check_progress, check_result,
};
use crate::recent::RecentIds;
use crate::sender::Sender;
use crate::session::Session;
use crate::{Fault, PROTOCOL};

/// What a message from the adapter means.
#[derive(Debug)]
pub enum Event<'a> {
    /// The protocol is agreed.
    HelloAck,
    /// The offer; the caller decides and calls [`RunnerSide::accept`].
    Capabilities(Capabilities),
    /// An open invoke goes on.
    Progress(Invocation, Progress<'a>),
    /// An open invoke ended.
    End(Invocation, Reply<'a>),
    /// An `error` that names no invoke: it ends the session (R14, R21).
    SessionError(ErrorReply<'a>),
    /// For an invoke that was given up: counted and ignored (R26).
    Late,
    /// Of an unknown type: counted and ignored (R27).
    Ignored,
}

/// An invoke, named by the number of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Invocation(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    AwaitHelloAck,
    AwaitCapabilities,
    /// `capabilities` came, `capabilities_ack` has not been sent.
    Offered,
    Ready,
}

#[derive(Debug)]
struct Open {
    invocation: Invocation,
    next_seq: Option<u64>,
    given_up: bool,
}

/// The state of one session, as the runner sees it.
#[derive(Debug)]
pub struct RunnerSide {
    state: State,
    session: Session,
    sender: Sender,
    capabilities_id: String,
    open: Vec<Open>,
    recent: RecentIds,
}

impl RunnerSide {
    /// A session that has not begun.
    #[must_use]
    pub fn new(session: Session) -> Self {
        let sender = Sender::new(session.seed.id_prefix("runner"), session.clock);
        Self {
            state: State::Start,
            session,
            sender,
            capabilities_id: String::new(),
            open: Vec::new(),
            recent: RecentIds::default(),
        }
    }

    /// Writes hello (R10) and returns where its payload stands. `requested` is empty when the runner will take what is offered.
    pub fn hello(&mut self, requested: &[String], out: &mut Vec<u8>) -> Range<usize> {
        self.state = State::AwaitHelloAck;
        let session = &self.session;
        self.sender.write(out, "hello", None, |out| {
            out.extend_from_slice(b"{\"protocols\":[\"");
            out.extend_from_slice(PROTOCOL.as_bytes());
            out.extend_from_slice(b"\"],\"requestedCapabilities\":");
            write_names(out, requested);
            out.extend_from_slice(b",\"role\":\"runner\",\"session\":{\"clock\":\"");
            out.extend_from_slice(&session.clock.to_bytes());
            out.extend_from_slice(b"\",\"id\":\"");
            out.extend_from_slice(session.id.as_bytes());
            out.extend_from_slice(b"\",\"seed\":\"");
            out.extend_from_slice(session.seed.as_str().as_bytes());
            out.extend_from_slice(b"\"}}");
        })
    }

    /// Writes capabilities_ack (R13); from now on invokes may be sent.
    ///
    /// # Panics
    /// Before [`Event::Capabilities`] came.
    pub fn accept(&mut self, operations: &[String], out: &mut Vec<u8>) -> Range<usize> {
        assert_eq!(self.state, State::Offered, "accept() answers Event::Capabilities");
        self.state = State::Ready;
        let reply_to = std::mem::take(&mut self.capabilities_id);
        self.sender.write(out, "capabilities_ack", Some(&reply_to), |out| {
            out.extend_from_slice(b"{\"accepted\":");
            write_names(out, operations);
            out.push(b'}');
        })
    }

    /// Writes an invoke (R20). `args` is a JSON object without LF.
    ///
    /// # Panics
    /// Before [`RunnerSide::accept`].
    pub fn invoke(
        &mut self,
        op: &str,
        args: &[u8],
        timeout_ms: u64,
        out: &mut Vec<u8>,
    ) -> (Invocation, Range<usize>) {
        assert_eq!(self.state, State::Ready, "invokes follow accept()");
        let invocation = Invocation(self.sender.next_number());
        let payload = self.sender.write(out, "invoke", None, |out| {
            out.extend_from_slice(b"{\"args\":");
            out.extend_from_slice(args);
            out.extend_from_slice(b",\"op\":");
            write_canonical_string(out, op);
            out.extend_from_slice(b",\"timeoutMs\":");
            out.extend_from_slice(timeout_ms.to_string().as_bytes());
            out.push(b'}');
        });
        self.open.push(Open { invocation, next_seq: None, given_up: false });
        (invocation, payload)
    }

    /// Writes a cancel (R26) for an open invoke.
    pub fn cancel(
        &mut self,
        invocation: Invocation,
        reason: CancelReason,
        out: &mut Vec<u8>,
    ) -> Range<usize> {
        let id = self.sender.id(invocation.0);
        let id = std::str::from_utf8(&id).expect("ids are hex digits");
        self.sender.write(out, "cancel", Some(id), |out| {
            out.extend_from_slice(b"{\"reason\":\"");
            out.extend_from_slice(reason.as_str().as_bytes());
            out.extend_from_slice(b"\"}");
        })
    }

    /// No end of this invoke counts any more; a late one is ignored.
    pub fn give_up(&mut self, invocation: Invocation) {
        if let Some(open) = self.open.iter_mut().find(|open| open.invocation == invocation) {
            open.given_up = true;
        }
    }

    /// How many invokes wait for their end.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.open.iter().filter(|open| !open.given_up).count()
    }

    /// What a message means.
    ///
    /// # Errors
    /// The broken rule; the session cannot go on.
    pub fn receive<'a>(&mut self, message: &Envelope<'a>) -> Result<Event<'a>, Fault> {
        if !self.recent.insert(&message.id) {
            return Err(Fault::new(
                Code::IpcBadEnvelope,
                format!("id {} was used before", shown(&message.id)),
            ));
        }
        match (self.state, message.kind) {
            (State::Start, _) => Err(unexpected(message, "before hello was sent")),
            (_, MessageType::Unknown) => Ok(Event::Ignored),
            (State::AwaitHelloAck, MessageType::HelloAck) => {
                if message.reply_to.as_deref().and_then(|id| self.sender.number(id)) != Some(0) {
                    return Err(Fault::new(Code::IpcState, "hello_ack does not reply to hello"));
                }
                check_hello_ack(message.payload)?;
                self.state = State::AwaitCapabilities;
                Ok(Event::HelloAck)
            }
            (State::AwaitCapabilities, MessageType::Capabilities) => {
                let offered = Capabilities::from_payload(message.payload)?;
                self.capabilities_id = message.id.clone().into_owned();
                self.state = State::Offered;
                Ok(Event::Capabilities(offered))
            }
            (State::AwaitHelloAck | State::AwaitCapabilities, MessageType::Error) => {
                Ok(Event::SessionError(ErrorReply::from_payload(message.payload)?))
            }
            (State::AwaitHelloAck, _) => Err(unexpected(message, "where hello_ack is expected")),
            (State::AwaitCapabilities, _) => Err(unexpected(message, "where capabilities is expected")),
            (State::Offered | State::Ready, kind) => self.receive_in_session(message, kind),
        }
    }

    fn receive_in_session<'a>(
        &mut self,
        message: &Envelope<'a>,
        kind: MessageType,
    ) -> Result<Event<'a>, Fault> {
        if kind == MessageType::Error && message.reply_to.is_none() {
            return Ok(Event::SessionError(ErrorReply::from_payload(message.payload)?));
        }
        if !matches!(kind, MessageType::Result | MessageType::Error | MessageType::Progress) {
            return Err(unexpected(message, "after the handshake"));
        }
        let Some(reply_to) = message.reply_to.as_deref() else {
            return Err(Fault::new(Code::IpcState, format!("{} has no replyTo", message.type_name)));
        };
        let number = self.sender.number(reply_to);
        let Some(at) = self.open.iter().position(|open| Some(open.invocation.0) == number) else {
            let what =
                format!("{} replies to {}, which is no open invoke", message.type_name, shown(reply_to));
            return Err(Fault::new(Code::IpcState, what));
        };
        let open = &mut self.open[at];
        let (invocation, given_up) = (open.invocation, open.given_up);
        if kind == MessageType::Progress {
            let progress = check_progress(message.payload)?;
            if open.next_seq.is_some_and(|expected| expected != progress.seq) {
                return Err(Fault::new(
                    Code::IpcState,
                    format!(
                        "progress has seq {} where {} is expected",
                        progress.seq,
                        open.next_seq.unwrap_or(0)
                    ),
                ));
            }
            open.next_seq = Some(progress.seq.wrapping_add(1));
            return Ok(if given_up { Event::Late } else { Event::Progress(invocation, progress) });
        }
        let reply = match kind {
            MessageType::Result => check_result(message.payload)?,
            _ => Reply::Error(ErrorReply::from_payload(message.payload)?),
        };
        self.open.swap_remove(at);
        Ok(if given_up { Event::Late } else { Event::End(invocation, reply) })
    }
}

fn unexpected(message: &Envelope<'_>, place: &str) -> Fault {
    Fault::new(Code::IpcState, format!("{} {place}", message.type_name))
}

fn write_names(out: &mut Vec<u8>, names: &[String]) {
    out.push(b'[');
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_canonical_string(out, name);
    }
    out.push(b']');
}
