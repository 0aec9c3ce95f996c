//! Why a run was refused or failed: a code, what, where, why, and what to do next.

use std::fmt;

use contract_ipc::{Code, Fault};

/// One failure, ready to be shown and recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code that ends the run, and with it the exit status.
    pub code: Code,
    /// A code of the adapter's own, which the receipt shows instead.
    pub adapter_code: Option<String>,
    /// What happened, where.
    pub message: String,
    /// Why, when it is known.
    pub cause: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// The last line that the adapter wrote, cut at 200 bytes.
    pub last_frame: Option<String>,
    /// What the adapter said beside code and message.
    pub details: Option<serde_json::Value>,
    /// The sandbox is the likely cause: the profile is worth showing.
    pub refused_by_sandbox: bool,
}

impl Failure {
    /// A failure with the hint of the table.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            adapter_code: None,
            message: message.into(),
            cause: None,
            hint: None,
            last_frame: None,
            details: None,
            refused_by_sandbox: false,
        }
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with why.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The code as the receipt shows it.
    #[must_use]
    pub fn code_text(&self) -> &str {
        self.adapter_code.as_deref().unwrap_or(self.code.as_str())
    }

    /// What to do next: the hint, or the cure of the code's table.
    #[must_use]
    pub fn cure(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.code.cure())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code_text(), self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(fault.code, fault.what)
    }
}
