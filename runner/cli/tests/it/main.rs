//! The command as a user sees it: real adapters, the real sandbox, exit status, output and files.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and start the command"
)]

mod adapters;
mod attempts;
mod bad_input;
mod carry;
mod command;
mod determinism;
mod endpoint;
mod evidence;
mod examples;
mod hostile;
mod infer;
mod infer_damaged;
mod interrupts;
mod killed;
mod lane;
mod lane_authority;
mod lane_ends;
mod lane_evidence;
mod lane_reports;
mod lanes;
mod languages;
mod ledger;
mod long;
mod model_route;
mod models;
mod pages;
mod pages_tools;
mod prefix;
mod results;
mod secrets;
mod trust;
mod upstream;
mod validate;
mod verbs;
