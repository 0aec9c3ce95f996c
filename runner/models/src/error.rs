//! What goes wrong with models and their papers.

use std::io;
use std::path::{Path, PathBuf};

use contract_ipc::Code;

use crate::digest::Sha256Digest;

/// A model, a document about models, or a signature that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file is another one than when its digest was taken.
    #[error("{}: it changed while its digest was taken, or since", path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// Whoever watched did not want it to be read to its end.
    #[error("{}: reading it was interrupted", path.display())]
    Interrupted {
        /// Which file.
        path: PathBuf,
    },
    /// The bytes are not those that a document names.
    #[error("{what}: expected sha256:{expected}, found sha256:{found}")]
    Mismatch {
        /// Which file, and who expects something else.
        what: String,
        /// What the document says.
        expected: Sha256Digest,
        /// What the file has.
        found: Sha256Digest,
    },
    /// A document that is no JSON, of another kind, or breaks a rule.
    #[error("{}: {what}", path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Every violation.
        what: String,
    },
    /// There is no such model.
    #[error("{0}")]
    NotFound(String),
    /// The file does not begin as a GGUF file does.
    #[error("{}: it does not begin with GGUF, but with {found}", path.display())]
    NotGguf {
        /// Which file.
        path: PathBuf,
        /// Its first bytes, escaped.
        found: String,
    },
    /// A manifest does not follow the one before it.
    #[error("{0}")]
    Chain(String),
    /// An adapter was made for another base.
    #[error("{adapter}: it was made for the base sha256:{pinned}; the model is sha256:{base}")]
    OtherBase {
        /// Which adapter.
        adapter: String,
        /// The base that it pins.
        pinned: Sha256Digest,
        /// The base that was to be used.
        base: Sha256Digest,
    },
    /// No entry of a manifest is meant for this machine.
    #[error("{0}")]
    NoTarget(String),
    /// Several entries are meant for this machine, and none more than the other.
    #[error("{0}")]
    TargetTie(String),
    /// A part of a portable kit does not lie on it.
    #[error("{name}: {why}")]
    OutsideRoot {
        /// Which member of the root document.
        name: String,
        /// How it leaves the kit.
        why: String,
    },
    /// The store cannot be written.
    #[error("{}: {error}", path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What the operator says about a model makes no valid record.
    #[error("{0}")]
    Statement(String),
    /// A document has no signature where one is required.
    #[error("{}: not signed; {} is not there", document.display(), signature.display())]
    Unsigned {
        /// The document.
        document: PathBuf,
        /// Where its signature would be.
        signature: PathBuf,
    },
    /// A signature that is not one of these bytes by this key.
    #[error("{}: {what}", signature.display())]
    BadSignature {
        /// The signature.
        signature: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A signature by a key that the user has not named.
    #[error("{}: signed by the key {key_id}, which is not among {known} keys given", signature.display())]
    UnknownKey {
        /// The signature.
        signature: PathBuf,
        /// Its key.
        key_id: String,
        /// How many keys were given.
        known: usize,
    },
    /// A file that holds no key.
    #[error("{}: {what}", path.display())]
    BadKey {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl ModelError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => Code::ContractInputUnreadable,
            Self::Changed { .. } => Code::ModelChanged,
            Self::Interrupted { .. } => Code::ContractInterrupted,
            Self::Mismatch { .. } => Code::ModelDigestMismatch,
            Self::Invalid { .. } => Code::ModelDocumentInvalid,
            Self::NotFound(_) => Code::ModelNotFound,
            Self::NotGguf { .. } => Code::ModelNotGguf,
            Self::Chain(_) => Code::ModelChainBroken,
            Self::OtherBase { .. } => Code::ModelAdapterBase,
            Self::NoTarget(_) => Code::ModelTargetNone,
            Self::TargetTie(_) => Code::ModelTargetTie,
            Self::OutsideRoot { .. } => Code::ModelRootOutside,
            Self::Unwritable { .. } => Code::ModelStoreUnwritable,
            Self::Statement(_) => Code::ModelStatementInvalid,
            Self::Unsigned { .. } => Code::CarrySignatureMissing,
            Self::BadSignature { .. } => Code::CarrySignatureInvalid,
            Self::UnknownKey { .. } => Code::CarryKeyUnknown,
            Self::BadKey { .. } => Code::CarryKeyInvalid,
        }
    }

    pub(crate) fn unreadable(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |error| Self::Unreadable { path: path.to_owned(), error }
    }

    pub(crate) fn unwritable(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |error| Self::Unwritable { path: path.to_owned(), error }
    }
}
