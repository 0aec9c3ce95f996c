//! The sandbox, tried: nothing here believes what the sandbox says of itself.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests fail by panicking, start the launcher and the attacker, and say what they skip"
)]

mod attacks;
mod filter;
mod judge;
mod launcher;
mod modes;
mod outer;
mod rows;
mod stage;
mod start;
mod supervisor;
