//! Profiles that stand in for others: in which order they are tried, and where that ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use contract_engine::Failure;
use contract_ipc::Code;

use crate::profile::Profile;

/// Most steps from the profile that was asked for to one that stands in.
pub const MAX_DEPTH: usize = 4;

/// Profiles by reference.
#[derive(Debug, Clone, Default)]
pub struct ProfileSet {
    profiles: BTreeMap<String, Profile>,
}

/// One profile of a chain.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// Steps from the one that was asked for, which has 0.
    pub depth: usize,
}

/// Why a chain does not go on at some place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainEnd {
    /// The names lead back to where they came from; the first and the last are the same.
    Cycle(Vec<String>),
    /// `from` names `to`, which nobody has.
    Missing {
        /// The profile that names it.
        from: String,
        /// What it names.
        to: String,
    },
    /// `from` names `to`, which would be more than [`MAX_DEPTH`] steps away.
    TooDeep {
        /// The profile that names it.
        from: String,
        /// What it names.
        to: String,
    },
}

/// A profile and what stands in for it, in the order in which they are tried.
#[derive(Debug, Clone)]
pub struct Chain<'a> {
    /// The profiles, each once.
    pub links: Vec<Link<'a>>,
    /// Where it ends before its time.
    pub ends: Vec<ChainEnd>,
}

impl ProfileSet {
    /// Adds a profile.
    ///
    /// # Errors
    /// `INFERENCE_PROFILE_INVALID` when another one has its reference.
    pub fn add(&mut self, profile: Profile) -> Result<(), Failure> {
        match self.profiles.get(&profile.reference) {
            Some(other) if other.digest != profile.digest => Err(Failure::new(
                Code::InferenceProfileInvalid,
                format!("two different profiles are called {}", profile.reference),
            )
            .hint("Remove one of the two, or give it a name of its own.")),
            _ => {
                self.profiles.insert(profile.reference.clone(), profile);
                Ok(())
            }
        }
    }

    /// The profile with this reference.
    #[must_use]
    pub fn get(&self, reference: &str) -> Option<&Profile> {
        self.profiles.get(reference)
    }

    /// All of them, by reference.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values()
    }

    /// The profile called `reference` and its fallbacks: first those that it names itself, in its order, then those that they
    /// name. `None` when there is no such profile.
    #[must_use]
    pub fn chain(&self, reference: &str) -> Option<Chain<'_>> {
        let first = self.get(reference)?;
        let mut chain = Chain { links: vec![Link { profile: first, depth: 0 }], ends: Vec::new() };
        let mut met = BTreeSet::from([first.reference.as_str()]);
        let mut open = VecDeque::from([vec![first.reference.as_str()]]);
        while let Some(way) = open.pop_front() {
            let from = way.last().expect("a way has a start");
            let named = self.get(from).map(|profile| profile.fallbacks.as_slice()).unwrap_or_default();
            for to in named {
                if let Some(at) = way.iter().position(|step| step == to) {
                    let round = way[at..].iter().copied().chain([to.as_str()]);
                    chain.ends.push(ChainEnd::Cycle(round.map(str::to_owned).collect()));
                    continue;
                }
                let names = || (String::from(*from), to.clone());
                let Some(profile) = self.get(to) else {
                    let (from, to) = names();
                    chain.ends.push(ChainEnd::Missing { from, to });
                    continue;
                };
                if way.len() > MAX_DEPTH {
                    let (from, to) = names();
                    chain.ends.push(ChainEnd::TooDeep { from, to });
                    continue;
                }
                // Two ways to one profile are no cycle; it is tried once, where it comes first.
                if met.insert(&profile.reference) {
                    chain.links.push(Link { profile, depth: way.len() });
                    open.push_back(way.iter().copied().chain([profile.reference.as_str()]).collect());
                }
            }
        }
        Some(chain)
    }
}

impl fmt::Display for ChainEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle(round) => {
                for pair in round.windows(2) {
                    write!(f, "{} names {}, ", pair[0], pair[1])?;
                }
                f.write_str("a cycle; it ends there")
            }
            Self::Missing { from, to } => write!(f, "{from} names {to}, which is not there"),
            Self::TooDeep { from, to } => {
                write!(f, "{from} names {to}, which is more than {MAX_DEPTH} steps away")
            }
        }
    }
}
