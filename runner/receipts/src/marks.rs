//! Values that the canonical layer does not hold, by the manifest's word: volatile ones, which may differ from run to run,
//! and private ones, of which only a digest is kept.

use std::ops::Range;

use contract_ipc::MessageType;
use contract_json::{Limits, Tape, Value};

use crate::normalise::Normaliser;
use crate::redact::Redactor;

/// What stands in the transcript in the place of a volatile value.
pub const VOLATILE_MARK: &str = "${VOLATILE}";

/// What stands in the transcript before and after the digest of a private value.
const PRIVATE_MARK: (&str, &str) = ("${PRIVATE ", "}");

/// The text that stands in the transcript in the place of a private value with this digest, `sha256:` and hex digits.
#[must_use]
pub fn private_mark(sha256_uri: &str) -> String {
    let (before, after) = PRIVATE_MARK;
    format!("{before}{sha256_uri}{after}")
}

/// Whether a text is [`private_mark`] of some digest.
#[must_use]
pub fn is_private_mark(text: &str) -> bool {
    let digest = text
        .strip_prefix(PRIVATE_MARK.0)
        .and_then(|rest| rest.strip_suffix(PRIVATE_MARK.1))
        .and_then(|uri| uri.strip_prefix("sha256:"));
    digest.is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The marked values of one operation, as JSON pointers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationMarks {
    /// Volatile values in the `data` of its results and of its progress messages.
    pub volatile: Vec<String>,
    /// Private values in its arguments.
    pub private_args: Vec<String>,
    /// Private values in the `data` of its results.
    pub private_data: Vec<String>,
    /// Private values in the `data` of its progress messages.
    pub private_progress: Vec<String>,
}

impl OperationMarks {
    /// Nothing is marked but these values of its results and progress.
    #[must_use]
    pub fn volatile(pointers: Vec<String>) -> Self {
        Self { volatile: pointers, ..Self::default() }
    }

    fn has_private(&self) -> bool {
        [&self.private_args, &self.private_data, &self.private_progress].iter().any(|list| !list.is_empty())
    }
}

/// Why a value is not written as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Volatile,
    Private,
}

/// The marked values of each operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    operations: Vec<(String, OperationMarks)>,
    has_private: bool,
}

/// An operation, as [`Marks`] numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpIndex(u32);

impl OpIndex {
    /// An operation without marked values.
    pub const PLAIN: Self = Self(u32::MAX);
}

impl Marks {
    /// Nothing is marked.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Names of operations, each with its marked values.
    #[must_use]
    pub fn new(operations: impl IntoIterator<Item = (String, OperationMarks)>) -> Self {
        let operations: Vec<_> =
            operations.into_iter().filter(|(_, marks)| *marks != OperationMarks::default()).collect();
        let has_private = operations.iter().any(|(_, marks)| marks.has_private());
        Self { operations, has_private }
    }

    /// The number of the operation called `name`; look it up once per operation, not once per message.
    #[must_use]
    pub fn operation(&self, name: &str) -> OpIndex {
        let found = self.operations.iter().position(|(operation, _)| operation == name);
        found.and_then(|at| u32::try_from(at).ok()).map_or(OpIndex::PLAIN, OpIndex)
    }

    /// Whether any operation has private values: then nothing is kept of a line that could not be read.
    #[must_use]
    pub fn has_private(&self) -> bool {
        self.has_private
    }

    /// Arguments of the operation called `name`, a canonical JSON object, as the transcript has them.
    #[must_use]
    pub fn args(&self, name: &str, args: &[u8], redactor: &Redactor) -> Vec<u8> {
        let OpIndex(at) = self.operation(name);
        let Some((_, marks)) = self.operations.get(at as usize) else { return args.to_vec() };
        let mut tape = Tape::new();
        let Ok(value) = tape.parse(args, &Limits::evidence()) else { return args.to_vec() };
        let marked = spans(&marks.private_args, value, Mark::Private).collect();
        let mut out = Vec::new();
        Normaliser { redactor, marked }.write(value, &mut out);
        out
    }

    /// Where in the text of `payload` marked values stand.
    pub(crate) fn spans(
        &self,
        operation: OpIndex,
        kind: MessageType,
        payload: Value<'_>,
    ) -> Vec<(Range<usize>, Mark)> {
        let Some((_, marks)) = self.operations.get(operation.0 as usize) else { return Vec::new() };
        let member = |name| payload.get(name);
        match kind {
            MessageType::Invoke => {
                member("args").map(|args| spans(&marks.private_args, args, Mark::Private).collect())
            }
            MessageType::Result => member("data").map(|data| {
                let private = spans(&marks.private_data, data, Mark::Private);
                private.chain(spans(&marks.volatile, data, Mark::Volatile)).collect()
            }),
            MessageType::Progress => member("data").map(|data| {
                let private = spans(&marks.private_progress, data, Mark::Private);
                private.chain(spans(&marks.volatile, data, Mark::Volatile)).collect()
            }),
            _ => None,
        }
        .unwrap_or_default()
    }
}

fn spans<'v>(
    pointers: &'v [String],
    value: Value<'v>,
    mark: Mark,
) -> impl Iterator<Item = (Range<usize>, Mark)> + 'v {
    let found = pointers.iter().filter(|pointer| !pointer.is_empty());
    found.filter_map(move |pointer| Some((value.pointer(pointer)?.span(), mark)))
}
