//! Why a text was refused, and where.

use std::fmt;

/// A refused JSON text: what is wrong and the byte where it was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Byte offset into the text, from 0.
    pub offset: usize,
}

impl JsonError {
    pub(crate) fn new(kind: JsonErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// Line and column of the error in `text`, which must be the text that was parsed.
    #[must_use]
    pub fn position(&self, text: &[u8]) -> Position {
        Position::of(text, self.offset)
    }
}

/// The rules that a text can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The text is not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// The text starts with a byte order mark.
    #[error("a byte order mark, which JSON does not allow")]
    ByteOrderMark,
    /// There is no value at all.
    #[error("empty text where a JSON value is expected")]
    Empty,
    /// The text ends inside a value.
    #[error("unexpected end of text")]
    UnexpectedEnd,
    /// A character that cannot stand there.
    #[error("unexpected character")]
    UnexpectedCharacter,
    /// Something follows the value.
    #[error("text after the value")]
    TrailingText,
    /// A control character inside a string.
    #[error("control character in a string; write it as an escape")]
    ControlCharacter,
    /// An escape that JSON does not know.
    #[error("invalid escape in a string")]
    InvalidEscape,
    /// Half of a surrogate pair.
    #[error("lone surrogate in a string")]
    LoneSurrogate,
    /// A number that JSON does not allow, `NaN` and infinities included.
    #[error("invalid number")]
    InvalidNumber,
    /// An integer outside -2^63 .. 2^64-1.
    #[error("integer beyond 64 bits")]
    IntegerRange,
    /// A number that is infinite as a double.
    #[error("number too large for a double")]
    FloatRange,
    /// The second of two equal keys of one object.
    #[error("duplicate key")]
    DuplicateKey,
    /// More open arrays and objects than allowed.
    #[error("nested too deep")]
    TooDeep,
    /// More values than allowed, or a text beyond 4 GiB.
    #[error("too many values")]
    TooLarge,
}

/// A place in a text, for people: both numbers start at 1, the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The place of byte `offset` in `text`.
    #[must_use]
    pub fn of(text: &[u8], offset: usize) -> Self {
        let before = &text[..offset.min(text.len())];
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        Self {
            line: before.iter().filter(|&&b| b == b'\n').count() + 1,
            column: String::from_utf8_lossy(&before[line_start..]).chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
