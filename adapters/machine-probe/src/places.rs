//! The folders of Agent Machine, and which of the two sets applies.

use serde::Serialize;

use crate::fact::Fact;
use crate::people::People;
use crate::tree::{Meta, Tree};

/// A folder of Agent Machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Settings.
    Config,
    /// What has to survive.
    State,
    /// Model files.
    Models,
    /// Caches of providers.
    Cache,
    /// Receipts.
    Evidence,
    /// Sockets and what goes away with a reboot.
    Runtime,
}

/// All of them, in the order in which they are told.
pub const PLACES: [Place; 6] =
    [Place::Config, Place::State, Place::Models, Place::Cache, Place::Evidence, Place::Runtime];

impl Place {
    /// Its key in documents.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::State => "state",
            Self::Models => "models",
            Self::Cache => "cache",
            Self::Evidence => "evidence",
            Self::Runtime => "runtime",
        }
    }

    /// Where it is for the system.
    #[must_use]
    pub fn system(self) -> &'static str {
        match self {
            Self::Config => "/etc/agent-machine",
            Self::State => "/var/lib/agent-machine",
            Self::Models => "/var/lib/agent-machine/models",
            Self::Cache => "/var/lib/agent-machine/cache",
            Self::Evidence => "/var/lib/agent-machine/evidence",
            Self::Runtime => "/run/agent-machine",
        }
    }

    /// Where it is for one user, by the defaults of the XDG base directory specification.
    #[must_use]
    pub fn user(self, home: &str, uid: u32) -> String {
        match self {
            Self::Config => format!("{home}/.config/agent-machine"),
            Self::State => format!("{home}/.local/state/agent-machine"),
            Self::Models => format!("{home}/.local/share/agent-machine/models"),
            Self::Cache => format!("{home}/.cache/agent-machine"),
            Self::Evidence => format!("{home}/.local/state/agent-machine/evidence"),
            Self::Runtime => format!("/run/user/{uid}/agent-machine"),
        }
    }

    /// Whether what is kept there must not leak: then what is not known counts as unsafe.
    #[must_use]
    pub fn is_sensitive(self) -> bool {
        self != Self::Config
    }

    /// Whether it has to be encrypted at rest.
    #[must_use]
    pub fn needs_encryption(self) -> bool {
        matches!(self, Self::State | Self::Models | Self::Cache | Self::Evidence)
    }

    /// Whether it needs an upper bound of its own.
    #[must_use]
    pub fn needs_quota(self) -> bool {
        matches!(self, Self::Cache | Self::Runtime)
    }
}

/// Which set applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The folders of the system.
    System,
    /// Those of one user.
    User,
}

/// The set that applies, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// The set.
    pub scope: Scope,
    /// Why.
    pub because: &'static str,
}

/// Decides which set applies.
#[must_use]
pub fn choose(tree: &Tree, people: &People) -> Chosen {
    let (scope, because) = if people.uid == 0 {
        (Scope::System, "the user is root")
    } else if people.home.is_none() {
        (Scope::System, "the user has no home folder")
    } else {
        match tree.meta(Place::State.system()) {
            Fact::Known(meta) if may_write(people, meta) => {
                (Scope::System, "the user may write /var/lib/agent-machine")
            }
            Fact::Known(_) => (Scope::User, "the user may not write /var/lib/agent-machine"),
            Fact::Unknown(_) => (Scope::User, "/var/lib/agent-machine is not there"),
        }
    };
    Chosen { scope, because }
}

/// By owner, group and mode. A list of access rights could say more; asking the kernel would be about this process alone.
fn may_write(people: &People, meta: Meta) -> bool {
    let bit = if meta.uid == people.uid {
        0o200
    } else if people.groups.contains(&meta.gid) {
        0o020
    } else {
        0o002
    };
    meta.mode & bit != 0
}

/// Where `place` is in the set that applies.
#[must_use]
pub fn path_of(place: Place, scope: Scope, people: &People) -> String {
    match (scope, &people.home) {
        (Scope::User, Some(home)) => place.user(home, people.uid),
        _ => place.system().to_owned(),
    }
}
