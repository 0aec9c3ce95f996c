//! The SDK in a real process: pipes, signals of the other side's going away, memory, the broker.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

mod broker;
mod flow;
mod life;
mod process;
mod surroundings;
mod turns;
