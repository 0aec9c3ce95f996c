//! Documents that people write, against their schemas: the schema and the reader refuse the same.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod schemas;
