//! What contract-json promises.

mod canonical;
mod digest;
mod reader;
mod sorted_ascii;
