//! What adapter-process promises, in memory and through the real process.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

mod ending;
mod input;
mod manifest;
mod output;
mod program;
mod real;
mod starting;
