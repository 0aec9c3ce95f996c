//! What an operation gives back.

use serde::Serialize;

use crate::failure::Failure;

/// Data with a verdict, for operations whose answer can be no.
///
/// `No` is not an error: the operation was done, and found against. An operation that returns plain data answers yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// `ok: true`
    Yes(T),
    /// `ok: false`
    No(T),
}

/// What an operation may return: any serialisable struct or map (an answer of yes), or an [`Answer`] of one.
pub trait Output {
    /// Appends the data as one JSON object and says whether the answer is yes.
    ///
    /// # Errors
    /// `ADAPTER_BAD_OUTPUT` when the value cannot be written as JSON.
    fn write(self, data: &mut Vec<u8>) -> Result<bool, Failure>;
}

impl<T: Serialize> Output for T {
    fn write(self, data: &mut Vec<u8>) -> Result<bool, Failure> {
        write_json(&self, data)?;
        Ok(true)
    }
}

impl<T: Serialize> Output for Answer<T> {
    fn write(self, data: &mut Vec<u8>) -> Result<bool, Failure> {
        let (ok, value) = match self {
            Self::Yes(value) => (true, value),
            Self::No(value) => (false, value),
        };
        write_json(&value, data)?;
        Ok(ok)
    }
}

pub(crate) fn write_json<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), Failure> {
    serde_json::to_writer(out, value).map_err(|error| Failure::bad_output(error.to_string()))
}
