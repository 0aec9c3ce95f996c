//! Authority, plan, session and outcome of one adapter run.
//!
//! ```text
//! Request -> prepare: Draft::read, Draft::decide -> Prepared (a Plan, a folder) -> run: launch, session -> Outcome (a Receipt)
//! ```
//! Each arrow is one function, and nothing flows back. All user input is judged in [`Draft`]; [`decide`] is the one
//! place between well-formed and permitted.

mod binaries;
mod broker;
mod budget;
mod calls;
mod canary;
mod clock;
mod command;
mod decide;
mod document;
mod environment;
mod evidence;
mod failure;
mod grant;
mod judge;
mod launch;
mod live;
mod lock;
mod manifest;
mod marks;
mod plan;
mod quantity;
mod replay;
mod request;
mod right;
mod run;
mod schema;
mod session;
mod signals;
mod tokens;
mod verb;

pub use budget::{Budget, LimitTexts};
pub use clock::{now, run_id};
pub use command::{Command, ProgramFiles, find, program_files};
pub use decide::{Decision, Given, LOCAL_PROFILE, NETWORK_PROFILE, Source, decide, quoted};
pub use document::open_regular;
pub use environment::Surroundings;
pub use failure::Failure;
pub use grant::{FoundGrant, Grant};
pub use live::{Caller, LiveCalls, live_calls};
pub use lock::{Lock, LockVersion, Pin, digest_capabilities, digest_command, digest_file};
pub use manifest::{FoundManifest, Manifest, Operation, Private};
pub use plan::{Draft, Plan, profile_digest, profile_json};
pub use quantity::{parse_bytes, parse_ms, show_bytes};
pub use replay::{Recorded, ReplayAuthority, own_files, replay_of};
pub use request::{Calls, Request};
pub use right::{Right, RightError};
pub use run::{Outcome, Prepared, Refusal, prepare};
pub use session::{Answer, Nobody, Note, Watcher};
pub use signals::{EarlySignals, survive_full_files};
pub use verb::{COMMON_FLAGS, PathUse, RunnerFact, VARIABLES, Verb, flag_name};
