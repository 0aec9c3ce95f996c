//! Write an IPC v0 adapter: describe it, write its operations, call [`serve`].
//!
//! An adapter is a process that a runner starts and talks to over stdin and stdout. This crate does the talking: the
//! handshake, ids and times, replies, progress, cancelling, panics, and a stdout that a stray `println!` cannot spoil.
//! One thread, no runtime; operations run one after another, or step by step in turns ([`Offer::stepped_operation`]).
//!
//! ```
//! use contract_adapter::{Adapter, Answer, Context, Failure, Harness, Offer, Operation, Progress, SideEffect};
//! use serde::{Deserialize, Serialize};
//! use serde_json::json;
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Search {
//!     word: String,
//!     lines: Vec<String>,
//! }
//!
//! #[derive(Serialize)]
//! struct Found {
//!     count: usize,
//! }
//!
//! struct Finder;
//!
//! impl Finder {
//!     fn find(&mut self, search: Search, context: &mut Context<'_>) -> Result<Answer<Found>, Failure> {
//!         if search.word.is_empty() {
//!             return Err(Failure::bad_input("`word` is empty"));
//!         }
//!         let mut count = 0;
//!         for (index, line) in search.lines.iter().enumerate() {
//!             count += line.matches(&search.word).count();
//!             // Leaves the operation when the runner has cancelled it.
//!             context.progress(Progress::new().fraction((index + 1) as f64 / search.lines.len() as f64))?;
//!         }
//!         // Done in both cases; "no" tells the runner that the answer is a negative one.
//!         Ok(if count > 0 { Answer::Yes(Found { count }) } else { Answer::No(Found { count }) })
//!     }
//! }
//!
//! impl Adapter for Finder {
//!     fn offer(&self) -> Offer<Self> {
//!         let find = Operation::new("text.find")
//!             .input(json!({"type": "object", "required": ["word", "lines"]}))
//!             .output(json!({"type": "object", "required": ["count"]}))
//!             .side_effects([SideEffect::None])
//!             .timeout_ms(10_000);
//!         Offer::new("finder", "0.1.0").operation(find, Self::find)
//!     }
//! }
//!
//! // The program is `fn main() -> std::process::ExitCode { contract_adapter::serve(Finder) }`.
//! // Its tests need no process:
//! let mut finder = Harness::new(Finder);
//! let called = finder.call("text.find", json!({"word": "a", "lines": ["a b", "a a"]}));
//! assert_eq!(called.data(), &json!({"count": 3}));
//! assert_eq!(called.progress.len(), 2);
//! assert_eq!(finder.call("text.find", json!({"word": 1, "lines": []})).code(), "ADAPTER_BAD_INPUT");
//! ```
//!
//! # What the process does
//! | when | what |
//! |---|---|
//! | no task is open | it waits for stdin |
//! | a task is open | it does one step after the other, in turns, and takes in what is there between any two |
//! | stdin ends | it exits with status 0, after the operation that runs and all open tasks |
//! | the runner closes stdout | it drops open tasks and exits with status 0, quietly |
//! | a line on stdin is no valid message, or of another protocol | it drops open tasks, sends `error` and exits with status 2 |
//! | its own offer is wrong | it sends `error` `ADAPTER_MANIFEST_INVALID` and exits with status 2 |
//! | stdout cannot be written for another reason | it exits with status 74 |
//!
//! # Codes that this crate sends for you
//! `ADAPTER_NO_SUCH_OP`, `ADAPTER_BAD_INPUT`, `ADAPTER_PANIC`, `ADAPTER_CANCELLED`, `ADAPTER_IO` (an [`std::io::Error`]
//! that an operation returned with `?`) and `ADAPTER_BAD_OUTPUT` (what the operation gave back cannot be sent).

mod answer;
mod broker;
mod clock;
mod context;
mod errno;
mod failure;
mod harness;
mod link;
mod manifest;
mod memory;
mod offer;
mod operation;
mod operations;
mod pipes;
mod progress;
mod serve;
mod session;
mod task;
mod wire;

pub use answer::{Answer, Output};
pub use context::Context;
pub use failure::Failure;
pub use harness::{Called, End, Harness, Raw, SeenProgress, Started};
pub use offer::{Adapter, Offer};
pub use operation::Operation;
pub use progress::Progress;
pub use serve::serve;
pub use task::{Step, Task};

/// What an operation does to the world; see [`Operation::side_effects`].
pub use contract_ipc::SideEffect;
/// The arguments of a raw operation: a view into the line that came; see [`Offer::raw_operation`].
pub use contract_json::Value;
