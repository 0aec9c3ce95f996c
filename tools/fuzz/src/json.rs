//! The strict reader and the canonical form.

use contract_json::{Limits, Tape};
use serde::Deserialize as _;

/// What we take serde_json takes, too, with the same values; what we refuse has its place within the text.
pub(crate) fn reads_as_serde_does_or_refuses(bytes: &[u8]) {
    let mut tape = Tape::new();
    match tape.parse(bytes, &Limits::default()) {
        Ok(value) => {
            let mut theirs = serde_json::Deserializer::from_slice(bytes);
            // Ours takes one level more than theirs would.
            theirs.disable_recursion_limit();
            let theirs = serde_json::Value::deserialize(&mut theirs);
            let theirs = theirs.expect("what the strict reader takes is JSON");
            assert_eq!(value.to_serde(), theirs);
        }
        Err(error) => assert!(error.offset <= bytes.len(), "the place lies outside of the text"),
    }
}

/// The canonical form of a canonical form is itself, and means the same.
pub(crate) fn canonical_form_is_a_fixed_point(bytes: &[u8]) {
    let mut tape = Tape::new();
    let Ok(value) = tape.parse(bytes, &Limits::default()) else { return };
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    value.write_canonical(&mut once);
    let mut again = Tape::new();
    // RFC 8785 prints doubles below 1e21 as plain digits.
    let reread = again.parse(&once, &Limits::evidence()).expect("a canonical form is JSON");
    assert!(reread.is_canonical(), "{}", String::from_utf8_lossy(&once));
    reread.write_canonical(&mut twice);
    assert_eq!(once, twice);
}
