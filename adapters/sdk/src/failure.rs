//! Why an operation could not be done.

use std::borrow::Cow;

use contract_ipc::{Code, ErrorText, is_error_code};
use serde_json::json;

use crate::errno::errno_name;

/// An `error` message in the making.
///
/// `?` turns an [`std::io::Error`] into one with code `ADAPTER_IO`. When the operation was done and the answer is
/// merely negative, return [`Answer::No`](crate::Answer::No) instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    code: Cow<'static, str>,
    message: String,
    details: Option<serde_json::Value>,
    retryable: bool,
}

impl Failure {
    /// A failure with a code of your own, best `ADAPTER_` and upper-case words: `ADAPTER_DISK_FULL`.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), details: None, retryable: false }
    }

    /// `ADAPTER_BAD_INPUT`: the arguments fit the schema, and still cannot be used.
    #[must_use]
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Code::AdapterBadInput.as_str(), message)
    }

    /// `ADAPTER_CANCELLED`: the runner asked for the end.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(Code::AdapterCancelled.as_str(), "the invoke was cancelled")
    }

    /// Adds details for machines.
    #[must_use]
    pub fn details(self, details: serde_json::Value) -> Self {
        Self { details: Some(details), ..self }
    }

    /// Says that trying again may help.
    #[must_use]
    pub fn retryable(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// The code that it is sent with.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn bad_output(message: impl Into<String>) -> Self {
        Self::new(Code::AdapterBadOutput.as_str(), message)
    }

    pub(crate) fn no_such_op(op: &str) -> Self {
        Self::new(Code::AdapterNoSuchOp.as_str(), format!("there is no operation `{op}`"))
            .details(json!({ "op": op }))
    }

    pub(crate) fn panicked(message: &str) -> Self {
        Self::new(Code::AdapterPanic.as_str(), message)
    }

    /// The same, sendable: a code that the protocol forbids would end the whole session.
    pub(crate) fn with_valid_code(self) -> Self {
        if is_error_code(&self.code) {
            return self;
        }
        let message = format!("`{}` is no error code; the message was: {}", self.code, self.message);
        Self { code: Code::AdapterBadOutput.as_str().into(), message, ..self }
    }

    pub(crate) fn text(&self) -> ErrorText<'_> {
        ErrorText {
            code: &self.code,
            message: &self.message,
            details: self.details.as_ref(),
            retryable: self.retryable,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let failure = Self::new(Code::AdapterIo.as_str(), error.to_string());
        match error.raw_os_error() {
            Some(number) => failure.details(json!({ "errno": errno_name(number) })),
            None => failure,
        }
    }
}
