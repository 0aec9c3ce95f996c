//! What stands on top of single runs: the command words that adapters bring along, and lanes.
//!
//! A crate of its own, because one run needs neither: contract-engine runs one adapter, and knows no contracts.

mod catalogue;
mod words;

pub use catalogue::{Catalogue, FoundVerb};
pub use words::{Invocation, clap_command, invocation};
