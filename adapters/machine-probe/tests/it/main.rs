//! The probe on recorded machines, on this one, and through its process.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

mod documents;
mod golden;
mod hanging;
mod live;
mod manifest;
mod names;
mod process;
mod recorded;
mod safety;
