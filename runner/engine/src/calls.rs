//! The calls of a run, one after the other, in bounded memory.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};

use contract_ipc::Code;
use contract_json::{Kind, Limits, Tape, Value};

use crate::document::open_regular;
use crate::failure::Failure;
use crate::live::LiveCalls;

/// One call: the operation, and its arguments in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Call {
    /// The operation, when the call names one.
    pub op: Option<String>,
    /// A JSON object.
    pub args: Vec<u8>,
}

/// A checked source of calls.
#[derive(Debug)]
pub enum CallSource {
    /// The same call again and again.
    Repeat {
        /// The call.
        call: Call,
        /// How many are left.
        left: u64,
    },
    /// Lines of a file.
    Batch {
        /// Its path, for messages.
        path: PathBuf,
        /// The file, at the next line.
        file: BufReader<File>,
        /// Number of the last line that was read.
        line: u64,
        /// Memory for one line.
        text: Vec<u8>,
        /// How many calls are left.
        left: u64,
    },
    /// Calls that come while the session runs.
    Live(LiveCalls),
}

fn unreadable(message: String) -> Failure {
    Failure::new(Code::ContractInputUnreadable, message)
}

/// The canonical form of `text`, which must be a JSON object.
///
/// # Errors
/// `CONTRACT_INPUT_UNREADABLE` with `name`, line and column.
pub fn canonical_object(text: &[u8], name: &str) -> Result<Vec<u8>, Failure> {
    let mut tape = Tape::new();
    let value = tape
        .parse(text, &Limits::default())
        .map_err(|error| unreadable(format!("{name}:{}: {}", error.position(text), error.kind)))?;
    if value.kind() != Kind::Object {
        return Err(unreadable(format!("{name}: not a JSON object")));
    }
    canonical_args(value, name)
}

/// The canonical form of arguments, as they are sent and recorded.
fn canonical_args(value: Value<'_>, place: &str) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(value.raw().len());
    let met = value.write_canonical(&mut out);
    // RFC 8785 prints doubles below 1e21 without exponent, which R4 forbids beyond 64 bits.
    if met.wide_integers && Tape::new().parse(&out, &Limits::default()).is_err() {
        return Err(unreadable(format!(
            "{place}: a number that is a whole one in canonical form, and larger than 64 bits; send it as a string"
        )));
    }
    Ok(out)
}

impl CallSource {
    /// No call at all.
    #[must_use]
    pub fn none() -> Self {
        Self::Repeat { call: Call::default(), left: 0 }
    }

    /// Opens a batch and reads it once, so that a bad line is found before anything starts. `check` judges each call.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE` with file, line and column, or what `check` says.
    pub fn batch(path: &Path, mut check: impl FnMut(&Call) -> Result<(), Failure>) -> Result<Self, Failure> {
        let open = |error: std::io::Error| unreadable(format!("{}: {error}", path.display()));
        // It is read twice.
        let (file, _) = open_regular(path).map_err(open)?;
        let mut source = Self::Batch {
            path: path.to_owned(),
            file: BufReader::new(file),
            line: 0,
            text: Vec::new(),
            left: u64::MAX,
        };
        let mut count = 0;
        while let Some(call) = source.next()? {
            check(&call).map_err(|failure| match &source {
                Self::Batch { line, .. } => {
                    Failure { message: format!("{}:{line}: {}", path.display(), failure.message), ..failure }
                }
                Self::Repeat { .. } | Self::Live(_) => failure,
            })?;
            count += 1;
        }
        if let Self::Batch { file, line, left, .. } = &mut source {
            file.rewind().map_err(open)?;
            *line = 0;
            *left = count;
        }
        Ok(source)
    }

    /// How many calls are left; of those that come while the session runs, whether there may be one.
    #[must_use]
    pub fn left(&self) -> u64 {
        match self {
            Self::Repeat { left, .. } | Self::Batch { left, .. } => *left,
            Self::Live(calls) => u64::from(calls.may_come()),
        }
    }

    /// The next call. Blank lines of a batch are skipped.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE` with file, line and column.
    pub fn next(&mut self) -> Result<Option<Call>, Failure> {
        match self {
            Self::Live(calls) => Ok(calls.next().map(|live| live.call)),
            Self::Repeat { left: 0, .. } => Ok(None),
            Self::Repeat { call, left } => {
                *left -= 1;
                Ok(Some(call.clone()))
            }
            Self::Batch { path, file, line, text, left } => loop {
                text.clear();
                let read = file
                    .read_until(b'\n', text)
                    .map_err(|error| unreadable(format!("{}: {error}", path.display())))?;
                if read == 0 {
                    return Ok(None);
                }
                *line += 1;
                if !text.trim_ascii().is_empty() {
                    *left = left.saturating_sub(1);
                    return parse_call(text.trim_ascii(), &format!("{}:{line}", path.display())).map(Some);
                }
            },
        }
    }
}

fn parse_call(text: &[u8], place: &str) -> Result<Call, Failure> {
    let mut tape = Tape::new();
    let value = tape
        .parse(text, &Limits::default())
        .map_err(|error| unreadable(format!("{place}:{}: {}", error.offset + 1, error.kind)))?;
    let mut call = Call { op: None, args: b"{}".to_vec() };
    if value.kind() != Kind::Object {
        return Err(unreadable(format!("{place}: a call is an object with `op` and `args`")));
    }
    for (key, member) in value.entries() {
        match (key.as_str().as_deref(), member.kind()) {
            (Some("op"), Kind::String) => call.op = member.as_str().map(std::borrow::Cow::into_owned),
            (Some("args"), Kind::Object) => {
                call.args = canonical_args(member, place)?;
            }
            _ => {
                return Err(unreadable(format!(
                    "{place}: member {} is unknown or of the wrong type; a call is {{\"op\": string, \"args\": object}}",
                    key.raw()
                )));
            }
        }
    }
    Ok(call)
}
