//! What adapter-mount-plan promises.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]
#![expect(clippy::print_stderr, reason = "tests say when they are skipped")]

mod forms;
mod machine;
mod manifest;
mod plans;
mod process;
mod refusals;
mod table;
mod units;
