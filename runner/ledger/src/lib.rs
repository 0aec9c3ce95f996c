//! The chain of receipts: an append-only NDJSON file in which each entry holds the hash of the one before, and a head that
//! makes a change of the last entry and a cut tail visible. `docs/ledger.md` has the bytes.
//!
//! The lines are those of upstream ledgers: [`contract_json::SortedAscii`], `ledgerSeq` from 0, `ledgerPrevHash`.

mod entry;
mod error;
mod head;
mod repair;
mod tail;
mod verify;
mod writer;

pub use error::LedgerError;
pub use head::Head;
pub use repair::Repair;
pub use tail::Tail;
pub use verify::{Verified, verify};
pub use writer::Ledger;
