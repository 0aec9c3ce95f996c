//! What adapter-openai-endpoint promises, against servers of the tests' own, in memory and through the real process.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

mod broken;
mod call;
mod cancel;
mod embed;
mod generate;
mod inspect;
mod manifest;
mod peer;
mod privacy;
mod real;
mod refused;
mod several;
mod slow;
mod tokenize;
