//! Which profile serves a request, and why each of the others does not.

mod print;

use std::collections::BTreeMap;

use contract_engine::show_bytes;
use contract_json::to_canonical_vec;
use serde::{Deserialize, Serialize};

use crate::boundary::Boundary;
use crate::fallback::ProfileSet;
use crate::profile::{Binding, Profile, Role};
use crate::situation::Standing;

/// What is asked for. With neither of the two every profile may be chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouteRequest<'a> {
    /// The class of the task.
    pub task: Option<Role>,
    /// The profile that the user names.
    pub profile: Option<&'a str>,
}

/// What is known of one profile on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CandidateFacts {
    /// The model file; only for a profile that needs one.
    pub file: FileFact,
    /// Whether the adapter is installed and, for a server, whether it listens. An error says why not.
    pub runtime: Option<Result<(), String>>,
    /// What it has to count as a fallback.
    pub standing: Standing,
}

/// What is known of a model file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FileFact {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// It is not there; the text says why.
    Absent(String),
    /// It is there.
    Present {
        /// Its length in bytes.
        bytes: u64,
        /// What is known of its content.
        digest: DigestFact,
    },
}

/// What is known of the content of a model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestFact {
    /// No digest is on record for it.
    NotOnRecord,
    /// It has the digest that is on record.
    AsRecorded,
    /// It has another one, in words: a hard stop.
    Differs(String),
}

/// The decision, as `route-decision.v0` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteDecision {
    v: Version,
    /// The class of the task that was asked for.
    pub task: Option<Role>,
    /// The profile that was asked for.
    pub profile: Option<String>,
    /// Memory that was available, in bytes.
    pub available_memory_bytes: Option<u64>,
    /// The profile that serves; none when none can.
    pub chosen: Option<String>,
    /// Every profile that was looked at, in the order of preference.
    pub candidates: Vec<Candidate>,
    /// Where a chain of fallbacks ends before its time.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "route-decision.v0")]
    V0,
}

/// One profile, and what speaks for and against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Candidate {
    /// Its reference.
    pub profile: String,
    /// Steps from the profile that it stands in for; 0 when it is no fallback.
    pub depth: usize,
    /// Whether it could serve.
    pub eligible: bool,
    /// Each thing that was looked at.
    pub reasons: Vec<Reason>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// What was looked at.
    pub check: Check,
    /// Whether it speaks for the profile.
    pub ok: bool,
    /// In words.
    pub text: String,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// The class of the task.
    Role,
    /// A boundary of the profile.
    Boundary,
    /// The runtime that it names, and whether it is there.
    Runtime,
    /// Presence of the model file.
    File,
    /// Its digest.
    Digest,
    /// Memory.
    Memory,
    /// Whether it counts as a fallback.
    Fallback,
}

/// A profile that is looked at, before it is judged.
#[derive(Clone, Copy)]
struct Looked<'a> {
    profile: &'a Profile,
    depth: usize,
}

/// Chooses. The same profiles and facts give the same decision, to the byte.
///
/// The order: the profile that was asked for and its fallbacks; otherwise the profiles with the role, those whose digest is on
/// record first, then those that need less memory, then by name; then their fallbacks.
pub fn route(
    request: RouteRequest<'_>,
    profiles: &ProfileSet,
    boundaries: &[Boundary],
    available_memory_bytes: Option<u64>,
    mut facts: impl FnMut(&Profile) -> CandidateFacts,
) -> RouteDecision {
    // Asked once for each profile: what is found out may change meanwhile.
    let known: BTreeMap<&str, CandidateFacts> =
        profiles.iter().map(|profile| (profile.reference.as_str(), facts(profile))).collect();
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for profile in profiles.iter() {
        let asked = match request.profile {
            Some(name) => profile.reference == name,
            None => request.task.is_none_or(|task| profile.roles.contains(&task)),
        };
        if asked { first.push(profile) } else { others.push(profile) }
    }
    first.sort_by_cached_key(|profile| preference(profile, &known[profile.reference.as_str()]));
    let mut looked: Vec<Looked<'_>> = first.iter().map(|profile| Looked { profile, depth: 0 }).collect();
    let mut notes = Vec::new();
    for profile in &first {
        let chain = profiles.chain(&profile.reference).expect("it is one of them");
        notes.extend(chain.ends.iter().map(ToString::to_string));
        for link in chain.links {
            if !looked.iter().any(|other| other.profile.reference == link.profile.reference) {
                looked.push(Looked { profile: link.profile, depth: link.depth });
            }
        }
    }
    if request.profile.is_none() {
        let rest = others
            .into_iter()
            .filter(|other| !looked.iter().any(|looked| looked.profile.reference == other.reference));
        looked.extend(rest.map(|profile| Looked { profile, depth: 0 }).collect::<Vec<_>>());
    }
    if let Some(name) = request.profile.filter(|_| first.is_empty()) {
        notes.push(format!("{name} is asked for, and there is no such profile"));
    }
    notes.sort();
    notes.dedup();
    let candidates: Vec<Candidate> = looked
        .iter()
        .map(|looked| {
            judge(
                *looked,
                request,
                boundaries,
                available_memory_bytes,
                &known[looked.profile.reference.as_str()],
            )
        })
        .collect();
    let chosen = candidates.iter().find(|candidate| candidate.eligible);
    RouteDecision {
        v: Version::V0,
        task: request.task,
        profile: request.profile.map(str::to_owned),
        available_memory_bytes,
        chosen: chosen.map(|candidate| candidate.profile.clone()),
        candidates,
        notes,
    }
}

impl RouteDecision {
    /// Its canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_canonical_vec(self)
    }

    /// The candidate that was chosen.
    #[must_use]
    pub fn chosen(&self) -> Option<&Candidate> {
        let name = self.chosen.as_deref()?;
        self.candidates.iter().find(|candidate| candidate.profile == name)
    }
}

/// What is preferred comes first.
fn preference(profile: &Profile, facts: &CandidateFacts) -> (bool, u64, String) {
    let recorded = matches!(facts.file, FileFact::Present { digest: DigestFact::AsRecorded, .. });
    (!recorded, needed_memory(profile, facts).unwrap_or(u64::MAX), profile.reference.clone())
}

/// Memory that it will take: the hint, or the length of the file when it is more.
fn needed_memory(profile: &Profile, facts: &CandidateFacts) -> Option<u64> {
    let file = match facts.file {
        FileFact::Present { bytes, .. } => Some(bytes),
        _ => None,
    };
    profile.memory_hint_bytes.max(file)
}

fn judge(
    looked: Looked<'_>,
    request: RouteRequest<'_>,
    boundaries: &[Boundary],
    available: Option<u64>,
    facts: &CandidateFacts,
) -> Candidate {
    let Looked { profile, depth } = looked;
    let mut reasons = Vec::new();
    let mut add = |check, ok, text: String| reasons.push(Reason { check, ok, text });
    if let Some(task) = request.task {
        match (profile.roles.contains(&task), depth) {
            (true, _) => add(Check::Role, true, format!("is for {task}")),
            (false, 0) => add(Check::Role, false, format!("is not for {task}")),
            (false, _) => add(Check::Role, true, format!("stands in for one that is for {task}")),
        }
    }
    if let Err(refused) = Boundary::judge(boundaries, &profile.reference) {
        add(Check::Boundary, false, refused.message);
    }
    match profile.binding(None) {
        Err(failure) => add(Check::Runtime, false, failure.message),
        Ok(binding) => {
            let adapter = binding.adapter();
            match &facts.runtime {
                None => add(Check::Runtime, true, format!("{adapter}; nobody has tried whether it is there")),
                Some(Ok(())) => add(Check::Runtime, true, format!("{adapter} is there")),
                Some(Err(why)) => add(Check::Runtime, false, why.clone()),
            }
            if let Binding::Llama { .. } = binding {
                judge_file(&facts.file, &mut add);
            }
        }
    }
    judge_memory(needed_memory(profile, facts), available, &mut add);
    if depth > 0 {
        let lacks = facts.standing.lacks();
        let text = if lacks.is_empty() { "signed, pinned, approved by policy".to_owned() } else { lacks };
        add(Check::Fallback, facts.standing.counts(), format!("a fallback, {text}"));
    }
    let eligible = reasons.iter().all(|reason| reason.ok);
    Candidate { profile: profile.reference.clone(), depth, eligible, reasons }
}

fn judge_file(file: &FileFact, add: &mut impl FnMut(Check, bool, String)) {
    let digest = match file {
        FileFact::Unknown => {
            return add(Check::File, false, "nobody has looked for the model file".to_owned());
        }
        FileFact::Absent(why) => return add(Check::File, false, why.clone()),
        FileFact::Present { bytes, digest } => {
            add(Check::File, true, format!("the model file is there, {}", show_bytes(*bytes)));
            digest
        }
    };
    match digest {
        DigestFact::AsRecorded => add(Check::Digest, true, "its digest is as recorded".to_owned()),
        DigestFact::NotOnRecord => {
            add(
                Check::Digest,
                true,
                "no digest is on record; it is computed before the first token".to_owned(),
            );
        }
        DigestFact::Differs(why) => add(Check::Digest, false, why.clone()),
    }
}

fn judge_memory(needed: Option<u64>, available: Option<u64>, add: &mut impl FnMut(Check, bool, String)) {
    let (ok, text) = match (needed, available) {
        (None, _) => (true, "nobody says how much memory it takes".to_owned()),
        (Some(needed), None) => {
            (true, format!("takes {}; available memory is not known", show_bytes(needed)))
        }
        (Some(needed), Some(available)) => (
            needed <= available,
            format!("takes {}, {} are available", show_bytes(needed), show_bytes(available)),
        ),
    };
    add(Check::Memory, ok, text);
}
