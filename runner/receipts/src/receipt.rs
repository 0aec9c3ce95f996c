//! `run-receipt.json`: what was allowed, what happened, and the digests of the rest.

use contract_json::{Digest, FileDigest, Tape, to_canonical_vec};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::authority::Authority;
use crate::shape::{self, ShapeError};
use crate::subject;

/// The receipt of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// `run-receipt.v0`
    pub v: ReceiptVersion,
    /// The run clock.
    pub ts: String,
    /// The command, paths tokenised.
    pub adapter: Vec<String>,
    /// Payload of the `capabilities` line.
    #[serde(deserialize_with = "nullable")]
    pub capabilities: Option<Value>,
    /// The first invoke, or what was asked for.
    pub invocation: Invoked,
    /// Payload of the end of the last invoke when that is a `result`.
    #[serde(deserialize_with = "nullable")]
    pub result: Option<Value>,
    /// Exit status of the adapter; minus the signal number when a signal ended it.
    #[serde(deserialize_with = "nullable")]
    pub exit_code: Option<i32>,
    /// `ipc-transcript.ndjson`, or null when nothing started.
    #[serde(deserialize_with = "nullable")]
    pub transcript: Option<String>,
    /// How it ended.
    pub status: Status,
    /// Why, when there is a why.
    #[serde(deserialize_with = "nullable")]
    pub error: Option<ReceiptError>,
    /// False for timed out and cancelled runs.
    pub reproducible: bool,
    /// The transcript has an integer outside +-(2^53 - 1).
    pub wide_integers: bool,
    /// Who allowed what.
    pub authority: Authority,
    /// What was enforced.
    pub sandbox: Sandbox,
    /// `blake3:` and the digest of the manifest's canonical form.
    #[serde(deserialize_with = "nullable")]
    pub manifest: Option<String>,
    /// Where ids and times come from.
    pub session: SessionInfo,
    /// How many messages of each kind the transcript has.
    pub counts: Counts,
    /// The program that wrote this.
    pub runner: RunnerInfo,
    /// Digests of the files, of the subject, and of this receipt.
    pub digests: Digests,
    /// What may differ from run to run.
    pub observed: Value,
}

/// Version tag of a receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptVersion {
    /// The first version.
    #[default]
    #[serde(rename = "run-receipt.v0")]
    V0,
}

/// What was invoked first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoked {
    /// The operation.
    pub op: String,
    /// Its arguments, an object.
    pub args: Value,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Done, and the answer is yes.
    Satisfied,
    /// Done, and the answer is no.
    Violated,
    /// Not allowed; nothing started.
    Denied,
    /// The adapter or the protocol failed.
    Failed,
    /// A deadline or a budget ended it.
    TimedOut,
    /// A signal or a person ended it.
    Cancelled,
}

impl Status {
    /// The word in the receipt.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Violated => "violated",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the same plan gives the same transcript again.
    #[must_use]
    pub fn is_reproducible(self) -> bool {
        !matches!(self, Self::TimedOut | Self::Cancelled)
    }
}

/// Why a run did not end well.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptError {
    /// A code of docs/errors.md, or of the adapter's own.
    pub code: String,
    /// What happened, where.
    pub message: String,
    /// Why.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What to do next.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The last line of the adapter, cut.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub last_frame: Option<String>,
    /// What the adapter said beside code and message.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// What the sandbox was asked for, holds, and leaves open.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sandbox {
    /// The profile with tokens for paths; null when there was none.
    pub profile: Value,
    /// The properties that the profile needs.
    pub requested: Vec<String>,
    /// The properties that hold, each with what holds it.
    pub enforced: Vec<Value>,
    /// What is open, and why.
    pub not_covered: Vec<NotCovered>,
}

/// Something that the sandbox leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotCovered {
    /// What is open.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What made the ids and times of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionInfo {
    /// Follows from the seed.
    pub id: String,
    /// 32 hex digits.
    pub seed: String,
    /// The time of message number 0.
    pub clock: String,
}

impl From<&contract_ipc::Session> for SessionInfo {
    fn from(session: &contract_ipc::Session) -> Self {
        Self { id: session.id.clone(), seed: session.seed.to_string(), clock: session.clock.to_string() }
    }
}

/// Messages in the transcript.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// `invoke` lines.
    pub invokes: u64,
    /// `result` lines.
    pub results: u64,
    /// `error` lines, one that ends the session included.
    pub errors: u64,
    /// `progress` lines.
    pub progress: u64,
}

/// The program that ran the adapter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunnerInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `blake3:` and the digest of its executable, when it could be read.
    #[serde(deserialize_with = "nullable")]
    pub digest: Option<String>,
}

/// Digests of all that belongs to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// Of `ipc-transcript.ndjson`.
    #[serde(deserialize_with = "nullable")]
    pub transcript: Option<FileDigest>,
    /// Of `ipc-wire.ndjson`.
    #[serde(deserialize_with = "nullable")]
    pub wire: Option<FileDigest>,
    /// Equal on every machine for the same plan and answers.
    pub subject: Digest,
    /// Of the receipt without this member.
    pub receipt: Digest,
}

impl Digests {
    /// Not known yet: `finish` and `write_denied` fill them in.
    #[must_use]
    pub fn pending() -> Self {
        let none = || Digest { blake3: String::new(), sha256: String::new() };
        Self { transcript: None, wire: None, subject: none(), receipt: none() }
    }
}

impl Receipt {
    /// Reads a receipt: strict JSON, no unknown member, every text of the form that the schema asks for.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ShapeError> {
        let mut tape = Tape::new();
        let value = tape
            .parse(bytes, &shape::RECEIPT_LIMITS)
            .map_err(|error| ShapeError::new("", format!("{}: {error}", error.position(bytes))))?;
        shape::read_hollow(value)?;
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        // The strict reader has bounded the depth, at one level more than serde_json does.
        deserializer.disable_recursion_limit();
        Self::deserialize(&mut deserializer).map_err(|error| ShapeError::new("", error.to_string()))
    }

    /// The bytes of the file: canonical JSON, no LF.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_canonical_vec(self)
    }

    /// The same with the digests of subject and receipt filled in.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        let bytes = self.to_bytes();
        let mut tape = Tape::new();
        let value = tape.parse(&bytes, &shape::RECEIPT_LIMITS_OWN).expect("a receipt of ours is strict JSON");
        self.digests.subject = subject::subject_digest(value);
        let bytes = self.to_bytes();
        let value = tape.parse(&bytes, &shape::RECEIPT_LIMITS_OWN).expect("a receipt of ours is strict JSON");
        self.digests.receipt = subject::receipt_digest(value);
        self
    }
}

/// A member that must be there, and may be null.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// A member that may be absent, and is not null.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
