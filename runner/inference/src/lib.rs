//! The model door: may this model be run for this request, by which way, and what is written down about it.
//!
//! ```text
//! LocalModelProfile -> Profile, Restrictions -> route() -> Binding -> egress::judge() -> (a run, elsewhere) -> Completion
//! -> Records::append(): inference-evidence.v0, InferenceReceipt
//! ```
//! Each arrow is one function. No clock is read and nothing is started here. A crate of its own, because one run needs neither
//! models nor a ledger. `docs/local-model-door.md` has the rules.

mod ask;
mod audit;
mod basis;
mod boundary;
mod completion;
pub mod egress;
mod endpoint;
mod evidence;
mod fallback;
mod finder;
mod gate;
mod judged;
mod loaded;
mod model_args;
mod profile;
mod receipt;
mod records;
mod restrictions;
mod route;
mod sha256;
mod shelf;
mod situation;
mod tracker;

pub use ask::{Ask, EMBED, GENERATE, Input, Message, MessageRole, Sampling};
pub use audit::{Audit, AuditOutcome};
pub use basis::Basis;
pub use boundary::Boundary;
pub use completion::{
    AdapterFacts, AgentClass, Caller, Completion, CompletionKind, Device, DigestSource, Ending, FinishReason,
    KeptTexts, Limits, Lora, Model, ModelDigest, RunPlace, RunRef, Timings, Usage, Why, chat_text,
};
pub use endpoint::{Endpoint, Place};
pub use evidence::{EgressFacts, Evidence, Outcome, Stored};
pub use fallback::{Chain, ChainEnd, Link, MAX_DEPTH, ProfileSet};
pub use finder::Finder;
pub use gate::{EgressPapers, Gate, Reading, Wanted};
pub use loaded::Loaded;
pub use model_args::ModelArgs;
pub use profile::{Address, Binding, ModelFile, Profile, Role, Runtime};
pub use receipt::receipt;
pub use records::{Appended, DEFAULT_FOLDER, EVIDENCE, RECEIPTS, Records, STORED, VerifiedRecords, verify};
pub use restrictions::Restrictions;
pub use route::{
    Candidate, CandidateFacts, Check, DigestFact, FileFact, Reason, RouteDecision, RouteRequest, route,
};
pub use sha256::Sha256;
pub use shelf::Shelf;
pub use situation::{Situation, SituationFacts, Standing, Way};
pub use tracker::{Finished, Heard, Stop, Tracker};
