//! Transcript, receipt, verification and comparison.
