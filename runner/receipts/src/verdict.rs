//! What a verification found.

use std::fmt;

use contract_ipc::Exit;
use contract_json::Digest;

/// The answer of [`crate::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything fits, and so does the expected digest.
    Verified {
        /// Digest of the receipt.
        receipt: Digest,
    },
    /// Everything fits, but nothing outside the folder vouches for it.
    Consistent {
        /// Digest of the receipt.
        receipt: Digest,
    },
    /// The evidence contradicts itself, or what was expected.
    Mismatch(Box<Finding>),
    /// Something needed is missing, unreadable or unknown.
    Unverifiable(Box<Finding>),
}

/// The first step that failed, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Number of the step in docs/receipts.md.
    pub step: u8,
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: Option<u64>,
    /// JSON pointer into that file or line.
    pub pointer: Option<String>,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl Verdict {
    /// The words of the page.
    #[must_use]
    pub fn answer(&self) -> &'static str {
        match self {
            Self::Verified { .. } => "verified",
            Self::Consistent { .. } => "consistent (unsigned)",
            Self::Mismatch(_) => "mismatch",
            Self::Unverifiable(_) => "unverifiable",
        }
    }

    /// The exit status of `verify`.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Verified { .. } | Self::Consistent { .. } => Exit::Satisfied,
            Self::Mismatch(_) => Exit::Violated,
            Self::Unverifiable(_) => Exit::Unverifiable,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.answer())?;
        match self {
            Self::Verified { .. } | Self::Consistent { .. } => Ok(()),
            Self::Mismatch(finding) | Self::Unverifiable(finding) => write!(f, ": {finding}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(pointer) = &self.pointer {
            write!(f, " {pointer}")?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

/// Why a verification ends early.
#[derive(Debug, Clone)]
pub(crate) enum Stop {
    Mismatch(Box<Finding>),
    Unverifiable(Box<Finding>),
}

impl Stop {
    pub(crate) fn mismatch(finding: Finding) -> Self {
        Self::Mismatch(Box::new(finding))
    }

    pub(crate) fn unverifiable(finding: Finding) -> Self {
        Self::Unverifiable(Box::new(finding))
    }
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Mismatch(finding) => Self::Mismatch(finding),
            Stop::Unverifiable(finding) => Self::Unverifiable(finding),
        }
    }
}

impl Finding {
    pub(crate) fn new(
        step: u8,
        file: &str,
        pointer: Option<&str>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            step,
            file: file.to_owned(),
            line: None,
            pointer: pointer.map(str::to_owned),
            expected: expected.into(),
            found: found.into(),
        }
    }
}
