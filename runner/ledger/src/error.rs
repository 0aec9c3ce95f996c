//! What goes wrong with a ledger.

use std::io;
use std::path::{Path, PathBuf};

use contract_ipc::Code;

/// A ledger that cannot be read, written or believed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The ledger or its head cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// An entry, the record of a repair or the head cannot be written.
    #[error("{}: {error}", path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// An entry, the chain or the head does not fit.
    #[error("line {line}: {what}")]
    Mismatch {
        /// Line of the ledger, from 1.
        line: u64,
        /// What does not fit.
        what: String,
    },
    /// The expected hash is that of an earlier entry.
    #[error("the expected hash is that of line {line}; {more} were appended since")]
    Grown {
        /// Line of the ledger, from 1.
        line: u64,
        /// Entries after it.
        more: u64,
    },
    /// A writer was interrupted.
    #[error("line {line}: {what}")]
    Torn {
        /// Line of the ledger, from 1.
        line: u64,
        /// What is not there.
        what: String,
    },
    /// A receipt that is not valid.
    #[error("receipt {number}: {what}")]
    Invalid {
        /// Which of the receipts that were to be appended by this writer, from 1.
        number: u64,
        /// Every violation.
        what: String,
    },
    /// There is no head to judge the end by.
    #[error("{} has entries and no head", path.display())]
    NoHead {
        /// The ledger.
        path: PathBuf,
    },
}

impl LedgerError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => Code::ContractInputUnreadable,
            Self::Unwritable { .. } => Code::LedgerUnwritable,
            Self::Mismatch { .. } | Self::Grown { .. } => Code::LedgerMismatch,
            Self::Torn { .. } => Code::LedgerTorn,
            Self::Invalid { .. } => Code::LedgerEntryInvalid,
            Self::NoHead { .. } => Code::LedgerNoHead,
        }
    }

    pub(crate) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |error| Self::Unreadable { path: path.to_owned(), error }
    }

    pub(crate) fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |error| Self::Unwritable { path: path.to_owned(), error }
    }
}
