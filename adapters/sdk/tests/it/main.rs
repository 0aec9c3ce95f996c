//! What contract-adapter promises, in memory; processes are tested with the adapters.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

mod cancel;
mod lines;
mod offer;
mod operations;
mod page;
mod room;
mod tasks;
mod workshop;
