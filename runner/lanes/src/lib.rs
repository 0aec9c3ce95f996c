//! What stands on top of single runs: the command words that adapters bring along, and lanes.
//!
//! A crate of its own, because one run needs neither: contract-engine runs one adapter, and knows no contracts.
//!
//! ```text
//! LaneRequest -> plan: Contract, Lane, Action, decide() for each run -> LanePlan -> run: one engine run after the other, evidence
//! -> LaneReceipt
//! ```

mod action;
mod catalogue;
mod contract;
mod evidence;
mod plan;
mod promise;
mod receipt;
mod request;
mod run;
mod table;
mod watcher;
mod words;

pub use action::Action;
pub use catalogue::{Catalogue, FoundVerb};
pub use contract::{Backend, Contract, ContractError, Lane, Step};
pub use plan::{LanePlan, LaneRefusal, PlannedRun, PlannedStep, StepFailure, plan};
pub use promise::{PlannedEvidence, Source};
pub use request::{LaneRequest, SANDBOX};
pub use run::{LaneOutcome, open, run};
pub use watcher::{LaneWatcher, Several, StepEnd};
pub use words::{Invocation, clap_command, invocation};
