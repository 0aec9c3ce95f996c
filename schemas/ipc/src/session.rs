//! What makes a session reproducible: a seed and a clock (R50 to R52).

use std::fmt;
use std::str::FromStr;

use contract_json::Digest;

use crate::clock::Timestamp;

/// 32 lower-case hex digits from which all ids of a run follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed(String);

/// A seed that is not 32 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no seed; write 32 lower-case hex digits")]
pub struct ParseSeedError(String);

impl FromStr for Seed {
    type Err = ParseSeedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseSeedError(text.to_owned()))
        }
    }
}

impl Seed {
    /// The seed of a plan: the first half of the SHA-256 of its canonical bytes.
    #[must_use]
    pub fn of_plan(canonical: &[u8]) -> Self {
        Self(Digest::of(canonical).sha256[..32].to_owned())
    }

    /// The hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first hex digits of SHA-256(`role` LF seed).
    fn derive(&self, role: &str) -> String {
        Digest::of(format!("{role}\n{}", self.0).as_bytes()).sha256
    }

    /// The first 16 digits of every id that `role` (`runner`, `adapter` or `transcript`) makes.
    #[must_use]
    pub fn id_prefix(&self, role: &str) -> [u8; 16] {
        self.derive(role).as_bytes()[..16].try_into().expect("a SHA-256 has 64 digits")
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One session: what the runner tells the adapter in hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Follows from the seed (R52).
    pub id: String,
    /// Where ids come from.
    pub seed: Seed,
    /// The time of message number 0.
    pub clock: Timestamp,
}

impl Session {
    /// The session of `seed`, starting at `clock`.
    #[must_use]
    pub fn new(seed: Seed, clock: Timestamp) -> Self {
        Self { id: seed.derive("session")[..32].to_owned(), seed, clock }
    }
}
