//! Payloads, by message type (R10 to R26).

use std::borrow::Cow;

use contract_json::{Kind, Value};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::code::Code;
use crate::envelope::{kind_name, shown};
use crate::session::Session;
use crate::{Fault, PROTOCOL};

fn bad(what: impl Into<String>) -> Fault {
    Fault::new(Code::IpcBadEnvelope, what)
}

fn text<'a>(payload: Value<'a>, name: &str) -> Result<Option<Cow<'a, str>>, Fault> {
    payload
        .get(name)
        .map(|value| {
            value
                .as_str()
                .ok_or_else(|| bad(format!("`{name}` is {} instead of a string", kind_name(value.kind()))))
        })
        .transpose()
}

fn required_text<'a>(payload: Value<'a>, name: &str) -> Result<Cow<'a, str>, Fault> {
    text(payload, name)?.ok_or_else(|| bad(format!("`{name}` is missing in the payload")))
}

/// What an adapter reads from hello (R10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Seed and clock, when the runner gave both.
    pub session: Option<Session>,
}

impl Hello {
    pub(crate) fn from_payload(payload: Value<'_>) -> Result<Self, Fault> {
        let offered =
            payload.get("protocols").is_some_and(|list| list.items().any(|item| item.is_str(PROTOCOL)));
        if !offered {
            return Err(Fault::new(Code::IpcProtoMismatch, format!("hello does not offer `{PROTOCOL}`")));
        }
        let member = |name| payload.get("session")?.get(name)?.as_str();
        let seed = member("seed").and_then(|seed| seed.parse().ok());
        let clock = member("clock").and_then(|clock| clock.parse::<Timestamp>().ok());
        Ok(Self { session: seed.zip(clock).map(|(seed, clock)| Session::new(seed, clock)) })
    }
}

/// Checks hello_ack (R11): `selected` must be the one protocol that was offered.
pub(crate) fn check_hello_ack(payload: Value<'_>) -> Result<(), Fault> {
    match required_text(payload, "selected")? {
        selected if selected == PROTOCOL => Ok(()),
        selected => Err(Fault::new(
            Code::IpcProtoMismatch,
            format!("the adapter selected {}, which was not offered", shown(&selected)),
        )),
    }
}

/// What an adapter offers (R12).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Who it is.
    pub adapter: AdapterName,
    /// What it can do, each name once.
    pub capabilities: Vec<Capability>,
    /// Members this version does not know.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// Name and version of an adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdapterName {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One operation as it is offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capability {
    /// Name of the operation.
    pub name: String,
    /// What `args` must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<SchemaRef>,
    /// What `data` will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<SchemaRef>,
    /// Suggested deadlines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// What it does to the world; absent counts as none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side_effects: Option<SideEffects>,
    /// Members this version does not know.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl Capability {
    /// The declared side effects, `none` left out.
    #[must_use]
    pub fn side_effects(&self) -> Vec<SideEffect> {
        self.side_effects.iter().flat_map(SideEffects::declared).collect()
    }
}

/// A JSON Schema, or the `$id` of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SchemaRef {
    /// The `$id`; never fetched.
    Id(String),
    /// The schema itself.
    Inline(serde_json::Value),
}

/// Suggested deadlines of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeouts {
    /// Total time of one invoke, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_ms: Option<u64>,
    /// Members this version does not know.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// A string or a list of strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SideEffects {
    /// One effect.
    One(SideEffect),
    /// Several effects.
    Several(Vec<SideEffect>),
}

impl SideEffects {
    /// The effects, `none` left out.
    pub fn declared(&self) -> impl Iterator<Item = SideEffect> + '_ {
        let declared = match self {
            Self::One(effect) => std::slice::from_ref(effect),
            Self::Several(effects) => effects,
        };
        declared.iter().copied().filter(|&effect| effect != SideEffect::None)
    }
}

/// What an operation does to the world outside its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SideEffect {
    /// Nothing.
    None,
    /// It writes files.
    Filesystem,
    /// It talks to other hosts or sockets.
    Network,
    /// It changes state that is neither.
    MutableState,
}

impl SideEffect {
    /// The word in capability records and grants.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Filesystem => "filesystem",
            Self::Network => "network",
            Self::MutableState => "mutable_state",
        }
    }
}

impl Capabilities {
    pub(crate) fn from_payload(payload: Value<'_>) -> Result<Self, Fault> {
        let offered: Self =
            serde_json::from_str(payload.raw()).map_err(|error| bad(format!("capabilities: {error}")))?;
        for (index, capability) in offered.capabilities.iter().enumerate() {
            if offered.capabilities[..index].iter().any(|other| other.name == capability.name) {
                return Err(bad(format!("operation {} is offered twice", shown(&capability.name))));
            }
            for schema in [&capability.input_schema, &capability.output_schema].into_iter().flatten() {
                if matches!(schema, SchemaRef::Inline(value) if !value.is_object() && !value.is_boolean()) {
                    return Err(bad(format!(
                        "operation {}: a schema is neither an object nor an `$id`",
                        shown(&capability.name)
                    )));
                }
            }
        }
        Ok(offered)
    }

    /// The operation called `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Capability> {
        self.capabilities.iter().find(|capability| capability.name == name)
    }
}

/// The end of an invoke.
#[derive(Debug, Clone)]
pub enum Reply<'a> {
    /// It was done (R22).
    Result {
        /// Whether the answer is yes.
        ok: bool,
        /// An object, when there is one; always with `ok: true`.
        data: Option<Value<'a>>,
    },
    /// It could not be done (R23).
    Error(ErrorReply<'a>),
}

/// Payload of an `error` (R23).
#[derive(Debug, Clone)]
pub struct ErrorReply<'a> {
    /// Upper-case, with a namespace.
    pub code: Cow<'a, str>,
    /// For people.
    pub message: Cow<'a, str>,
    /// Anything.
    pub details: Option<Value<'a>>,
    /// Whether trying again may help.
    pub retryable: bool,
}

/// Reads the payload of a `result`.
///
/// # Errors
/// `IPC_BAD_ENVELOPE` when it has the wrong shape.
pub fn check_result(payload: Value<'_>) -> Result<Reply<'_>, Fault> {
    let ok = match payload.get("ok") {
        None => return Err(bad("`ok` is missing in the result")),
        Some(value) => value
            .as_bool()
            .ok_or_else(|| bad(format!("`ok` is {} instead of a boolean", kind_name(value.kind()))))?,
    };
    match payload.get("data") {
        None if ok => Err(bad("`data` is missing in a result with `ok: true`")),
        None => Ok(Reply::Result { ok, data: None }),
        Some(data) if data.kind() == Kind::Object => Ok(Reply::Result { ok, data: Some(data) }),
        Some(data) => Err(bad(format!("`data` is {} instead of an object", kind_name(data.kind())))),
    }
}

impl<'a> ErrorReply<'a> {
    pub(crate) fn from_payload(payload: Value<'a>) -> Result<Self, Fault> {
        let code = required_text(payload, "code")?;
        if !is_error_code(&code) {
            return Err(bad(format!(
                "{} is no error code: upper-case letters and digits, with `_` after the namespace",
                shown(&code)
            )));
        }
        let retryable = match payload.get("retryable") {
            None => false,
            Some(value) => value.as_bool().ok_or_else(|| bad("`retryable` is no boolean"))?,
        };
        Ok(Self {
            code,
            message: required_text(payload, "message")?,
            details: payload.get("details"),
            retryable,
        })
    }
}

/// Whether `text` can be the code of an `error` (R23): at most 128 upper-case letters, digits and `_`, with a namespace.
#[must_use]
pub fn is_error_code(text: &str) -> bool {
    let mut words = text.split('_');
    text.len() <= 128
        && text.contains('_')
        && words.all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        })
        && text.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Payload of a `progress` (R24).
#[derive(Debug, Clone)]
pub struct Progress<'a> {
    /// One higher than that of the progress before.
    pub seq: u64,
    /// 0 to 1.
    pub fraction: Option<f64>,
    /// For people.
    pub message: Option<Cow<'a, str>>,
    /// A piece of a stream.
    pub data: Option<Value<'a>>,
}

/// Reads the payload of a `progress`.
///
/// # Errors
/// `IPC_BAD_ENVELOPE` when it has the wrong shape.
pub fn check_progress(payload: Value<'_>) -> Result<Progress<'_>, Fault> {
    let seq = payload
        .get("seq")
        .and_then(Value::as_u64)
        .ok_or_else(|| bad("`seq` is no whole number of 0 or more"))?;
    let fraction = match payload.get("fraction") {
        None => None,
        Some(value) => match value.as_f64() {
            Some(fraction) if (0.0..=1.0).contains(&fraction) => Some(fraction),
            _ => return Err(bad("`fraction` is no number from 0 to 1")),
        },
    };
    Ok(Progress { seq, fraction, message: text(payload, "message")?, data: payload.get("data") })
}

/// Why an invoke is cancelled (R26).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// A deadline passed.
    Timeout,
    /// A person or a signal asked for it.
    Interrupted,
    /// The session ends.
    Shutdown,
}

impl CancelReason {
    /// The word in the payload.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Shutdown => "shutdown",
        }
    }
}
