//! Why an operation cannot be done, with what to do about it.

use std::io;

use contract_adapter::Failure;
use serde_json::json;

use crate::artifact::ArtifactType;
use crate::format::{Format, names};

/// What is wrong with the arguments or with a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(
        "only dry runs exist here: nothing is generated or converted; add --dry-run (`dryRun: true`) to get the plan"
    )]
    DryRunOnly,
    #[error("a {artifact} is not written as {format}; formats that fit: {fitting}", fitting = names(artifact.formats()))]
    Misfit { artifact: ArtifactType, format: Format },
    #[error("{path}: it is {format} already; choose another format")]
    SameFormat { path: String, format: Format },
    #[error("{what} {why}")]
    BadText { what: &'static str, why: &'static str },
    #[error("{path}: the path does not begin with /; write it in full")]
    NotAbsolute { path: String },
    #[error(
        "{path}: it leads to {what}; raw data of applications and of the system is never read; export a document and name that"
    )]
    ApplicationData { path: String, what: String },
    #[error("{path}: there is no such file")]
    Missing { path: String },
    #[error("{path}: it is a symbolic link; name the file that it leads to")]
    Link { path: String },
    #[error("{path}: it is {what}, and only regular files are read")]
    NotAFile { path: String, what: &'static str },
    #[error("{path}: the file is empty")]
    Empty { path: String },
    #[error("{path}: it may not be read; grant it with --allow read={path}")]
    NotGranted { path: String },
    #[error("{path}: it has {bytes} bytes, and no more than {most} are read")]
    TooLarge { path: String, bytes: u64, most: u64 },
    #[error(
        "{path}: its content is of no kind that is read here ({what}); docx, xlsx, pptx, odt, ods, odp and pdf are"
    )]
    Unknown { path: String, what: &'static str },
    #[error("{path}: its content is {kind}, and its name says .{extension}; name it as what it is")]
    Misnamed { path: String, kind: &'static str, extension: String },
    #[error("{path}: it is damaged: {what}; get an intact copy")]
    Damaged { path: String, what: String },
    #[error(
        "{path}: it is encrypted ({what}), and nothing of it can be read; store it without a password first"
    )]
    Encrypted { path: String, what: &'static str },
    #[error("{path}: it is built to exhaust a reader: {what}; it was not read further")]
    Bomb { path: String, what: String },
    #[error("{path}: {error}")]
    Io { path: String, error: io::Error },
}

impl Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::DryRunOnly => "ADAPTER_DRY_RUN_ONLY",
            Self::Misfit { .. } | Self::SameFormat { .. } => "ADAPTER_FORMAT_MISFIT",
            Self::BadText { .. } | Self::NotAbsolute { .. } => "ADAPTER_BAD_INPUT",
            Self::ApplicationData { .. } => "ADAPTER_INPUT_APP_DATA",
            Self::Missing { .. } => "ADAPTER_INPUT_MISSING",
            Self::Link { .. } => "ADAPTER_INPUT_LINK",
            Self::NotAFile { .. } => "ADAPTER_INPUT_NOT_A_FILE",
            Self::Empty { .. } => "ADAPTER_INPUT_EMPTY",
            Self::NotGranted { .. } => "ADAPTER_INPUT_NOT_GRANTED",
            Self::TooLarge { .. } => "ADAPTER_INPUT_TOO_LARGE",
            Self::Unknown { .. } => "ADAPTER_DOCUMENT_UNKNOWN",
            Self::Misnamed { .. } => "ADAPTER_DOCUMENT_MISNAMED",
            Self::Damaged { .. } => "ADAPTER_DOCUMENT_DAMAGED",
            Self::Encrypted { .. } => "ADAPTER_DOCUMENT_ENCRYPTED",
            Self::Bomb { .. } => "ADAPTER_DOCUMENT_BOMB",
            Self::Io { .. } => "ADAPTER_IO",
        }
    }

    fn path(&self) -> Option<&str> {
        match self {
            Self::DryRunOnly | Self::Misfit { .. } | Self::BadText { .. } => None,
            Self::SameFormat { path, .. }
            | Self::NotAbsolute { path }
            | Self::ApplicationData { path, .. }
            | Self::Missing { path }
            | Self::Link { path }
            | Self::NotAFile { path, .. }
            | Self::Empty { path }
            | Self::NotGranted { path }
            | Self::TooLarge { path, .. }
            | Self::Unknown { path, .. }
            | Self::Misnamed { path, .. }
            | Self::Damaged { path, .. }
            | Self::Encrypted { path, .. }
            | Self::Bomb { path, .. }
            | Self::Io { path, .. } => Some(path),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let failure = Self::new(fault.code(), fault.to_string());
        match fault.path() {
            Some(path) => failure.details(json!({ "path": path })),
            None => failure,
        }
    }
}
