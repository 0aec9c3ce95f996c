//! The envelope: what every message has (R4 to R7).

use std::borrow::Cow;

use contract_json::{Kind, Limits, Tape, Value};

use crate::clock::Timestamp;
use crate::code::Code;
use crate::{Fault, PROTOCOL};

/// The type of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// runner to adapter, first
    Hello,
    /// adapter to runner
    HelloAck,
    /// adapter to runner
    Capabilities,
    /// runner to adapter
    CapabilitiesAck,
    /// runner to adapter
    Invoke,
    /// adapter to runner, ends an invoke
    Result,
    /// either way, ends an invoke or the session
    Error,
    /// runner to adapter
    Cancel,
    /// adapter to runner, while an invoke is open
    Progress,
    /// Not of this protocol version: counted and ignored (R27).
    Unknown,
}

impl MessageType {
    fn parse(text: &str) -> Self {
        match text {
            "hello" => Self::Hello,
            "hello_ack" => Self::HelloAck,
            "capabilities" => Self::Capabilities,
            "capabilities_ack" => Self::CapabilitiesAck,
            "invoke" => Self::Invoke,
            "result" => Self::Result,
            "error" => Self::Error,
            "cancel" => Self::Cancel,
            "progress" => Self::Progress,
            _ => Self::Unknown,
        }
    }
}

/// A valid envelope. Its payload is an object, and not yet looked at.
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    /// 8 to 128 characters.
    pub id: Cow<'a, str>,
    /// An RFC 3339 date-time.
    pub ts: Cow<'a, str>,
    /// What kind of message it is.
    pub kind: MessageType,
    /// The type as it was written.
    pub type_name: Cow<'a, str>,
    /// The message that this one answers.
    pub reply_to: Option<Cow<'a, str>>,
    /// An object.
    pub payload: Value<'a>,
}

const ID_CHARACTERS: std::ops::RangeInclusive<usize> = 8..=128;
const TYPE_CHARACTERS: std::ops::RangeInclusive<usize> = 1..=128;

fn bad(what: impl Into<String>) -> Fault {
    Fault::new(Code::IpcBadEnvelope, what)
}

impl<'a> Envelope<'a> {
    /// Reads one line, its end taken off.
    ///
    /// # Errors
    /// `IPC_BAD_ENVELOPE`, or `IPC_PROTO_MISMATCH` when only `v` is wrong.
    pub fn parse(tape: &'a mut Tape, line: &'a [u8], limits: &Limits) -> Result<Self, Fault> {
        let value = tape.parse(line, limits).map_err(|error| {
            bad(if line.is_empty() {
                "an empty line where a message is expected".to_owned()
            } else {
                error.to_string()
            })
        })?;
        Self::from_value(value)
    }

    /// Reads an envelope from a parsed value.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub fn from_value(value: Value<'a>) -> Result<Self, Fault> {
        if value.kind() != Kind::Object {
            return Err(bad(format!("{} where an object is expected", kind_name(value.kind()))));
        }
        let (mut version, mut id, mut ts, mut type_name, mut reply_to, mut payload) =
            (None, None, None, None, None, None);
        for (key, member) in value.entries() {
            match key.as_str().as_deref() {
                Some("v") => version = Some(string(member, "v")?),
                Some("id") => id = Some(bounded(member, "id", ID_CHARACTERS)?),
                Some("ts") => ts = Some(string(member, "ts")?),
                Some("type") => type_name = Some(bounded(member, "type", TYPE_CHARACTERS)?),
                Some("replyTo") => reply_to = Some(bounded(member, "replyTo", ID_CHARACTERS)?),
                Some("trace") => check_trace(member)?,
                Some("payload") if member.kind() == Kind::Object => payload = Some(member),
                Some("payload") => {
                    return Err(bad(format!(
                        "`payload` is {} instead of an object",
                        kind_name(member.kind())
                    )));
                }
                _ => return Err(bad(format!("unknown member {}", shown(key.raw())))),
            }
        }
        let missing = |name: &str| bad(format!("`{name}` is missing"));
        let version = version.ok_or_else(|| missing("v"))?;
        let id = id.ok_or_else(|| missing("id"))?;
        let ts = ts.ok_or_else(|| missing("ts"))?;
        let type_name = type_name.ok_or_else(|| missing("type"))?;
        let payload = payload.ok_or_else(|| missing("payload"))?;
        if !Timestamp::is_valid(&ts) {
            return Err(bad(format!("`ts` is {}, which is no RFC 3339 date-time", shown(&ts))));
        }
        if version != PROTOCOL {
            return Err(Fault::new(
                Code::IpcProtoMismatch,
                format!("`v` is {} instead of `{PROTOCOL}`", shown(&version)),
            ));
        }
        Ok(Self { id, ts, kind: MessageType::parse(&type_name), type_name, reply_to, payload })
    }
}

fn string<'a>(value: Value<'a>, name: &str) -> Result<Cow<'a, str>, Fault> {
    value.as_str().ok_or_else(|| bad(format!("`{name}` is {} instead of a string", kind_name(value.kind()))))
}

fn bounded<'a>(
    value: Value<'a>,
    name: &str,
    characters: std::ops::RangeInclusive<usize>,
) -> Result<Cow<'a, str>, Fault> {
    let text = string(value, name)?;
    let count = if text.is_ascii() { text.len() } else { text.chars().count() };
    if characters.contains(&count) {
        Ok(text)
    } else {
        Err(bad(format!(
            "`{name}` has {count} characters instead of {} to {}",
            characters.start(),
            characters.end()
        )))
    }
}

fn check_trace(trace: Value<'_>) -> Result<(), Fault> {
    if trace.kind() != Kind::Object {
        return Err(bad(format!("`trace` is {} instead of an object", kind_name(trace.kind()))));
    }
    for (key, member) in trace.entries() {
        match key.as_str().as_deref() {
            Some("traceId" | "spanId" | "parentSpanId") => string(member, "trace")?,
            _ => return Err(bad(format!("unknown member {} in `trace`", shown(key.raw())))),
        };
    }
    Ok(())
}

pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Integer | Kind::Float => "a number",
        Kind::String => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}

/// A short, printable form of what the other side sent.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push_str("...");
    }
    format!("`{short}`")
}
