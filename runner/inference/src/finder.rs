//! What can be found out about profiles on this machine without running anything, for a route.

use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use contract_engine::{Failure, Surroundings, find};
use contract_ipc::{Code, Timestamp};
use contract_models::{Documents, Keys, verify_signature};

use crate::endpoint::{Endpoint, Place};
use crate::gate::{Gate, Reading, Wanted, of_model};
use crate::profile::{Binding, Profile};
use crate::route::{CandidateFacts, DigestFact, FileFact, RouteDecision, RouteRequest, route};
use crate::shelf::Shelf;
use crate::situation::Standing;

/// How long a server on this machine may take to accept a connection.
const CONNECT: Duration = Duration::from_millis(300);

/// Looks at the profiles of a shelf.
pub struct Finder<'a> {
    shelf: &'a Shelf,
    around: &'a Surroundings,
    /// Whose signatures count; without them nothing is signed.
    keys: Option<Keys>,
    now: Timestamp,
}

impl<'a> Finder<'a> {
    /// `keys` is the folder of the keys that the user trusts.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub fn new(
        shelf: &'a Shelf,
        around: &'a Surroundings,
        keys: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let keys = keys.map(|folder| Keys::read(&around.root.join(folder))).transpose().map_err(of_model)?;
        Ok(Self { shelf, around, keys, now })
    }

    /// Decides which profile of the shelf serves. A file whose reading is given up counts as absent.
    #[must_use]
    pub fn decide(&self, request: RouteRequest<'_>, reading: Reading<'_>) -> RouteDecision {
        route(request, &self.shelf.profiles, &self.shelf.boundaries, available_memory(), |profile| {
            self.facts(profile, reading)
        })
    }

    /// What a profile has to count as a fallback.
    fn standing(&self, profile: &Profile, file: &FileFact) -> Standing {
        Standing {
            signed: self.shelf.path(&profile.reference).is_some_and(|path| self.is_signed(path)),
            pinned: matches!(file, FileFact::Present { digest: DigestFact::AsRecorded, .. }),
            // The boundary is what names the decision; who signed it vouches for that.
            approved: self.shelf.boundaries.iter().any(|boundary| {
                boundary.profile == profile.reference
                    && boundary.may_route_locally
                    && boundary.names_policy_decision
                    && self.shelf.path(&boundary.reference).is_some_and(|path| self.is_signed(path))
            }),
        }
    }

    fn facts(&self, profile: &Profile, reading: Reading<'_>) -> CandidateFacts {
        let Ok(binding) = profile.binding(None) else { return CandidateFacts::default() };
        let adapter = find(binding.adapter(), self.around).map(drop).map_err(|failure| failure.message);
        let (file, runtime) = match &binding {
            Binding::Llama { .. } => (self.file(profile, reading), adapter),
            Binding::Endpoint { at, .. } => (FileFact::Unknown, adapter.and_then(|()| listens(at))),
        };
        let standing = self.standing(profile, &file);
        CandidateFacts { file, runtime: Some(runtime), standing }
    }

    /// The file of a profile for llama.cpp, and whether its bytes are those on record.
    fn file(&self, profile: &Profile, reading: Reading<'_>) -> FileFact {
        let Ok(Binding::Llama { model }) = profile.binding(None) else { return FileFact::Unknown };
        let bytes = match model.metadata() {
            Ok(found) if found.is_file() => found.len(),
            Ok(_) => return FileFact::Absent(format!("{} is no file", model.display())),
            Err(error) => return FileFact::Absent(format!("{}: {error}", model.display())),
        };
        let wanted =
            Wanted { profile: self.shelf.path(&profile.reference).map(Path::to_owned), ..Wanted::default() };
        let digest = match Gate::open(&wanted, self.around, self.now, reading) {
            Ok(gate) if gate.is_pinned() => DigestFact::AsRecorded,
            Ok(_) => DigestFact::NotOnRecord,
            Err(failure) if failure.code == Code::ModelDigestMismatch => DigestFact::Differs(failure.message),
            Err(failure) => return FileFact::Absent(failure.message),
        };
        FileFact::Present { bytes, digest }
    }

    fn is_signed(&self, path: &Path) -> bool {
        let Some(keys) = &self.keys else { return false };
        let documents = Documents::default();
        let signed =
            documents.read_any(path).and_then(|document| verify_signature(&documents, &document, keys));
        signed.is_ok()
    }
}

/// Whether somebody accepts connections. Only this machine is asked: looking elsewhere would already tell somebody.
fn listens(at: &Endpoint) -> Result<(), String> {
    let Place::Loopback(address) = at.place() else {
        return Err(format!(
            "{at} is not this machine: it takes a lease, a grant and an escalation decision"
        ));
    };
    TcpStream::connect_timeout(&address, CONNECT).map(drop).map_err(|error| format!("{at}: {error}"))
}

/// `MemAvailable` of <https://man7.org/linux/man-pages/man5/proc_meminfo.5.html>
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
