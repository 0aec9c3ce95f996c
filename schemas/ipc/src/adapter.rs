//! The adapter's side of a session.

use std::borrow::Cow;

use contract_json::{Kind, Value, write_canonical_string};

use crate::code::Code;
use crate::envelope::{Envelope, MessageType, shown};
use crate::message::{Capabilities, Hello};
use crate::recent::RecentIds;
use crate::sender::Sender;
use crate::{Fault, PROTOCOL};

/// What a message from the runner means.
#[derive(Debug)]
pub enum AdapterEvent<'a> {
    /// hello came and was answered; the caller sends its offer.
    Hello,
    /// Work.
    Invoke(Incoming<'a>),
    /// The invoke with this id should end soon.
    Cancel(Cow<'a, str>),
    /// Nothing to do: an acknowledgement, an unknown type (R27), or a message that was answered already (R16).
    Nothing,
}

/// One invoke as it arrives.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// Its id; replies name it.
    pub id: Cow<'a, str>,
    /// The operation.
    pub op: Cow<'a, str>,
    /// An object, or nothing, which counts as an empty object.
    pub args: Option<Value<'a>>,
    /// How long the runner will wait, in milliseconds.
    pub timeout_ms: Option<u64>,
}

/// What an `error` message says (R23).
#[derive(Debug, Clone, Copy)]
pub struct ErrorText<'a> {
    /// Upper-case, with a namespace; see [`crate::is_error_code`].
    pub code: &'a str,
    /// For people.
    pub message: &'a str,
    /// Anything.
    pub details: Option<&'a serde_json::Value>,
    /// Whether trying again may help.
    pub retryable: bool,
}

impl<'a> ErrorText<'a> {
    fn plain(code: Code, message: &'a str) -> Self {
        Self { code: code.as_str(), message, details: None, retryable: false }
    }
}

/// The state of one session, as the adapter sees it.
#[derive(Debug)]
pub struct AdapterSide {
    sender: Sender,
    recent: RecentIds,
    greeted: bool,
}

impl AdapterSide {
    /// A session that has not begun. `fallback` numbers the messages when the runner gives no seed and clock.
    #[must_use]
    pub fn new(fallback: Sender) -> Self {
        Self { sender: fallback, recent: RecentIds::default(), greeted: false }
    }

    /// What a message means. Answers that the protocol itself gives are written to `out`.
    ///
    /// # Errors
    /// The broken rule. The caller writes it with [`AdapterSide::refuse`] and exits with status 2 (R15).
    pub fn receive<'a>(
        &mut self,
        message: &Envelope<'a>,
        out: &mut Vec<u8>,
    ) -> Result<AdapterEvent<'a>, Fault> {
        if !self.recent.insert(&message.id) {
            return Err(Fault::new(
                Code::IpcBadEnvelope,
                format!("id {} was used before", shown(&message.id)),
            ));
        }
        match message.kind {
            MessageType::Hello => {
                let hello = Hello::from_payload(message.payload)?;
                if let (Some(session), false) = (hello.session, self.greeted) {
                    self.sender = Sender::new(session.seed.id_prefix("adapter"), session.clock);
                }
                self.greeted = true;
                self.sender.write(out, "hello_ack", Some(&message.id), |out| {
                    out.extend_from_slice(b"{\"role\":\"adapter\",\"selected\":\"");
                    out.extend_from_slice(PROTOCOL.as_bytes());
                    out.extend_from_slice(b"\"}");
                });
                Ok(AdapterEvent::Hello)
            }
            MessageType::Invoke => Ok(self.invoke(message, out)),
            MessageType::Cancel => {
                Ok(message.reply_to.clone().map_or(AdapterEvent::Nothing, AdapterEvent::Cancel))
            }
            _ => Ok(AdapterEvent::Nothing),
        }
    }

    fn invoke<'a>(&mut self, message: &Envelope<'a>, out: &mut Vec<u8>) -> AdapterEvent<'a> {
        if !self.greeted {
            self.error(&message.id, ErrorText::plain(Code::IpcState, "invoke before hello"), out);
            return AdapterEvent::Nothing;
        }
        let op = message.payload.get("op").and_then(Value::as_str);
        let args = message.payload.get("args");
        match (op, args) {
            (Some(op), args) if args.is_none_or(|args| args.kind() == Kind::Object) => {
                AdapterEvent::Invoke(Incoming {
                    id: message.id.clone(),
                    op,
                    args,
                    timeout_ms: message.payload.get("timeoutMs").and_then(Value::as_u64),
                })
            }
            (op, _) => {
                let what = if op.is_none() { "`op` is no string" } else { "`args` is no object" };
                self.error(&message.id, ErrorText::plain(Code::AdapterBadInput, what), out);
                AdapterEvent::Nothing
            }
        }
    }

    /// Writes the capabilities message (R12).
    pub fn offer(&mut self, capabilities: &Capabilities, out: &mut Vec<u8>) {
        let payload = message_text(capabilities);
        self.sender.write(out, "capabilities", None, |out| out.extend_from_slice(&payload));
    }

    /// Writes a progress message (R24). `payload` is a JSON object without LF.
    pub fn progress(&mut self, invoke: &str, payload: &[u8], out: &mut Vec<u8>) {
        self.sender.write(out, "progress", Some(invoke), |out| out.extend_from_slice(payload));
    }

    /// Writes a result (R22). `data` is a JSON object without LF.
    pub fn result(&mut self, invoke: &str, ok: bool, data: &[u8], out: &mut Vec<u8>) {
        self.sender.write(out, "result", Some(invoke), |out| {
            out.extend_from_slice(b"{\"data\":");
            out.extend_from_slice(data);
            out.extend_from_slice(if ok { b",\"ok\":true}" } else { b",\"ok\":false}" });
        });
    }

    /// Writes an error that ends an invoke (R23).
    pub fn error(&mut self, invoke: &str, error: ErrorText<'_>, out: &mut Vec<u8>) {
        self.write_error(Some(invoke), error, out);
    }

    /// Writes an error that ends the session (R15, R17).
    pub fn refuse(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.write_error(None, ErrorText::plain(fault.code, &fault.what), out);
    }

    fn write_error(&mut self, reply_to: Option<&str>, error: ErrorText<'_>, out: &mut Vec<u8>) {
        self.sender.write(out, "error", reply_to, |out| {
            out.extend_from_slice(b"{\"code\":");
            write_canonical_string(out, error.code);
            if let Some(details) = error.details {
                out.extend_from_slice(b",\"details\":");
                out.extend_from_slice(&message_text(details));
            }
            out.extend_from_slice(b",\"message\":");
            write_canonical_string(out, error.message);
            out.extend_from_slice(if error.retryable {
                b",\"retryable\":true}"
            } else {
                b",\"retryable\":false}"
            });
        });
    }
}

/// Sorted members, and doubles with an exponent: the canonical form of 1e20 is an integer that R4 forbids.
fn message_text<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_value(value)
        .and_then(|value| serde_json::to_vec(&value))
        .expect("our types have text keys only")
}
