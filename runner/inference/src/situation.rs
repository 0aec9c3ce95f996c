//! The five situations of a service, told apart in one place.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::egress::EgressPermit;

/// In which situation a request was answered, or was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Situation {
    /// Beyond this machine, with a lease and an escalation decision.
    OnlineGoverned,
    /// On this machine, by the model that was asked for.
    Local,
    /// On this machine, by a fallback that counts.
    CachedFallback,
    /// There is no model that could answer.
    Unavailable,
    /// A policy says no.
    RefusedByPolicy,
}

/// What makes a fallback count: all three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its reference has a signature that was verified.
    pub signed: bool,
    /// The digest of its model is on record, and the file has it.
    pub pinned: bool,
    /// A policy approves of it as a fallback.
    pub approved: bool,
}

impl Standing {
    /// Of a fallback that counts: a route chooses no other.
    pub const FULL: Self = Self { signed: true, pinned: true, approved: true };

    /// Whether a fallback counts: only when signed, pinned and approved by policy.
    #[must_use]
    pub fn counts(self) -> bool {
        self.signed && self.pinned && self.approved
    }

    /// What it lacks, in words; empty when it counts.
    #[must_use]
    pub fn lacks(self) -> String {
        let parts = [(self.signed, "signed"), (self.pinned, "pinned"), (self.approved, "approved by policy")];
        let missing: Vec<&str> = parts.iter().filter(|(has, _)| !has).map(|(_, name)| *name).collect();
        if missing.is_empty() { String::new() } else { format!("not {}", missing.join(", not ")) }
    }
}

/// The way that a request takes.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// A runtime on this machine.
    OnDevice,
    /// A runtime elsewhere, and the permit for it. There is no such way without one.
    OffDevice(&'a EgressPermit),
}

/// What is known when the situation is told.
#[derive(Debug, Clone, Copy)]
pub struct SituationFacts<'a> {
    /// A policy refused the request.
    pub refused: bool,
    /// The way to a model that can be reached; none when there is none.
    pub way: Option<Way<'a>>,
    /// What the model has to stand in for the one that was asked for; none when it is that one.
    pub fallback: Option<Standing>,
}

impl Situation {
    /// The situation that the facts make.
    #[must_use]
    pub fn of(facts: SituationFacts<'_>) -> Self {
        match facts {
            SituationFacts { refused: true, .. } => Self::RefusedByPolicy,
            SituationFacts { way: None, .. } => Self::Unavailable,
            // What may not count is not there.
            SituationFacts { fallback: Some(standing), .. } if !standing.counts() => Self::Unavailable,
            SituationFacts { way: Some(Way::OffDevice(_)), .. } => Self::OnlineGoverned,
            SituationFacts { way: Some(Way::OnDevice), fallback: Some(_), .. } => Self::CachedFallback,
            SituationFacts { way: Some(Way::OnDevice), fallback: None, .. } => Self::Local,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnlineGoverned => "online-governed",
            Self::Local => "local",
            Self::CachedFallback => "cached-fallback",
            Self::Unavailable => "unavailable",
            Self::RefusedByPolicy => "refused-by-policy",
        }
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
