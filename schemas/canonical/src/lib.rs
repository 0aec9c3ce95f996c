//! The one strict JSON reader of this project, two canonical forms (RFC 8785 for our own documents, [`SortedAscii`] for those of
//! upstream), and digests.
//!
//! Foreign bytes are read here and nowhere else: `serde_json` keeps the last of two equal keys and turns 2^64 into a
//! float without a word. [`Tape::parse`] refuses both, keeps the byte span of every value, and allocates nothing once warm.
//!
//! ```
//! let mut tape = contract_json::Tape::new();
//! let value = tape.parse(br#"{"b": 1.0, "a": "\u0041"}"#, &contract_json::Limits::default())?;
//! let mut out = Vec::new();
//! value.write_canonical(&mut out);
//! assert_eq!(out, br#"{"a":"A","b":1}"#);
//! # Ok::<(), contract_json::JsonError>(())
//! ```

mod canonical;
mod digest;
mod error;
mod number;
mod read;
mod reader;
mod sorted_ascii;
mod string;
mod value;

pub use canonical::{Canonical, to_canonical_vec};
pub use digest::{Digest, Digester, FileDigest, ParseDigestError, split_digest};
pub use error::{JsonError, JsonErrorKind, Position};
pub use read::{ReadError, from_slice};
pub use reader::{Limits, Tape};
pub use sorted_ascii::{SortedAscii, sha256_text};
pub use string::write_canonical_string;
pub use value::{Entries, Items, Kind, Value};
