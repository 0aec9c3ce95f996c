//! What the evidence of a run claims, tried on real folders.
#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not what they call")]

mod compare;
mod crash;
mod disk;
mod folder;
mod marks;
mod order;
mod redaction;
mod schema;
mod session;
mod spill;
mod subject;
mod tampering;
mod transcript;
mod verify;
mod wire;
