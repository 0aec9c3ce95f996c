//! The adapter in memory and as a process: documents made here, and documents made to do harm.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

mod bench;
mod damaged;
mod hostile;
mod inspect;
mod manifest;
mod office_file;
mod pdf_file;
mod plans;
mod process;
mod upstream;
