//! Foreign bytes into a typed document: strictly read first, then given to serde.

use serde::de::DeserializeOwned;

use crate::error::{JsonError, Position};
use crate::reader::{Limits, Tape};

/// A document that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The text is not strict JSON.
    #[error("{at}: {error}")]
    Json {
        /// What is wrong.
        error: JsonError,
        /// Where, for people.
        at: Position,
    },
    /// The text is JSON, but not this kind of document.
    #[error("{line}:{column}: {message}")]
    Shape {
        /// Line, from 1; 0 when serde knows no place.
        line: usize,
        /// Column, from 1; 0 when serde knows no place.
        column: usize,
        /// What serde says.
        message: String,
    },
}

/// Reads a document of type `T`.
///
/// # Errors
/// [`ReadError::Json`] when the strict reader refuses the text, [`ReadError::Shape`] when it is not a `T`.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, ReadError> {
    Tape::new()
        .parse(text, &Limits::default())
        .map_err(|error| ReadError::Json { at: error.position(text), error })?;
    serde_json::from_slice(text).map_err(|error| ReadError::Shape {
        line: error.line(),
        column: error.column(),
        message: message_alone(&error),
    })
}

/// serde_json ends its messages with the place, which [`ReadError`] prints first.
fn message_alone(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").map_or(text.clone(), |at| text[..at].to_owned())
}
