//! What each root is for, as data.

use serde::{Deserialize, Serialize};

/// Whether the agent may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It may only read.
    ReadOnly,
    /// It may read and write.
    ReadWrite,
}

/// Who shares the SELinux label of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// All containers: option `z`.
    Shared,
    /// The one container: option `Z`.
    Private,
    /// The folder keeps the label that it has.
    None,
}

impl Label {
    /// The option of a volume, as podman-run(1) names it; empty for none.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Self::Shared => "z",
            Self::Private => "Z",
            Self::None => "",
        }
    }
}

/// How the folder of one root is mounted, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Purpose {
    /// Whether the agent may write.
    pub mode: Mode,
    /// The class of the mount in a contract of version 0.2.
    pub class: &'static str,
    /// The class of the volume in a pod.
    pub volume_class: &'static str,
    /// Why it is mounted this way.
    pub reason: &'static str,
    /// The label that fits, when the user names none.
    pub label: Label,
    /// Why that label fits.
    pub label_reason: &'static str,
}

/// The folder below which the agent machine sees all of them.
pub const TARGETS: &str = "/agent";

/// The roots that have an argument of their own, by name.
pub const NAMED: &[(&str, Purpose)] = &[
    (
        "dev",
        Purpose {
            mode: Mode::ReadWrite,
            class: "mutable_state",
            volume_class: "agent-artifacts",
            reason: "The agent changes code there.",
            label: Label::Shared,
            label_reason: "The user and other containers work in the folder, too.",
        },
    ),
    (
        "docs",
        Purpose {
            mode: Mode::ReadWrite,
            class: "mutable_state",
            volume_class: "agent-artifacts",
            reason: "The agent leaves documents there.",
            label: Label::Private,
            label_reason: "No other container has to see the folder.",
        },
    ),
    (
        "downloads",
        Purpose {
            mode: Mode::ReadWrite,
            class: "mutable_state",
            volume_class: "agent-artifacts",
            reason: "The agent leaves downloads there.",
            label: Label::Private,
            label_reason: "No other container has to see the folder.",
        },
    ),
];

/// Any other root. Bind mounts are read-only unless writing is the purpose.
pub static OTHER: Purpose = Purpose {
    mode: Mode::ReadOnly,
    class: "immutable_input",
    volume_class: "agent-artifacts",
    reason: "Nothing says that the agent has to write there.",
    label: Label::Shared,
    label_reason: "Others read the folder, too.",
};
