//! What contract-ipc promises, as literal bytes. R numbers are those of docs/ipc-v0.md.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

mod adapter_side;
mod code;
mod envelope;
mod envelope_schema;
mod handshake;
mod invokes;
mod line;
mod payload;
mod peer;
mod sender;
mod timestamp;
