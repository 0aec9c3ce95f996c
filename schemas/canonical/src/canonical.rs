//! RFC 8785, the JSON Canonicalization Scheme, with one addition: wide integers are written exactly.

use std::cmp::Ordering;

use serde::Serialize;

use crate::number::{parse_double, write_double, write_integer};
use crate::reader::{Limits, Tag, Tape};
use crate::string::{unescape, write_canonical_string};
use crate::value::Value;

/// What was met while a canonical form was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Canonical {
    /// The form has an integer outside +-(2^53 - 1): digits that a reader with doubles alone rounds.
    pub wide_integers: bool,
}

impl Value<'_> {
    /// Appends the canonical form of this value to `out`.
    pub fn write_canonical(self, out: &mut Vec<u8>) -> Canonical {
        let mut met = Canonical::default();
        self.write_into(out, &mut met);
        met
    }

    /// Whether `text`, the whole text of this value, is its own canonical form.
    #[must_use]
    pub fn is_canonical(self) -> bool {
        let mut out = Vec::with_capacity(self.text.len());
        self.write_canonical(&mut out);
        out == self.text.as_bytes()
    }

    // Recursion is bounded by `Limits::max_depth` of the reader.
    fn write_into(self, out: &mut Vec<u8>, met: &mut Canonical) {
        match self.node().tag {
            Tag::Integer => met.wide_integers |= write_integer(out, self.raw()),
            Tag::Float => met.wide_integers |= write_double(out, parse_double(self.raw())),
            Tag::EscapedString => write_canonical_string(out, &unescape(self.raw().as_bytes())),
            Tag::Null | Tag::True | Tag::False | Tag::PlainString => {
                out.extend_from_slice(self.raw().as_bytes())
            }
            Tag::Array => {
                out.push(b'[');
                for (index, item) in self.items().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write_into(out, met);
                }
                out.push(b']');
            }
            Tag::Object => self.write_object(out, met),
        }
    }

    fn write_object(self, out: &mut Vec<u8>, met: &mut Canonical) {
        out.push(b'{');
        let mut sorted = true;
        let mut previous: Option<Value<'_>> = None;
        for (key, _) in self.entries() {
            sorted &= previous.is_none_or(|before| compare_keys(before, key) == Ordering::Less);
            previous = Some(key);
        }
        if sorted {
            for (index, (key, value)) in self.entries().enumerate() {
                write_member(out, met, index, key, value);
            }
        } else {
            let mut members: Vec<_> = self.entries().collect();
            members.sort_unstable_by(|a, b| compare_keys(a.0, b.0));
            for (index, (key, value)) in members.into_iter().enumerate() {
                write_member(out, met, index, key, value);
            }
        }
        out.push(b'}');
    }
}

fn write_member(out: &mut Vec<u8>, met: &mut Canonical, index: usize, key: Value<'_>, value: Value<'_>) {
    if index > 0 {
        out.push(b',');
    }
    key.write_into(out, met);
    out.push(b':');
    value.write_into(out, met);
}

fn compare_keys(a: Value<'_>, b: Value<'_>) -> Ordering {
    let (a, b) = (a.as_str().unwrap_or_default(), b.as_str().unwrap_or_default());
    if a.is_ascii() && b.is_ascii() { a.cmp(&b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

/// The canonical form of a value of our own.
///
/// # Panics
/// When `value` serialises to something that is no JSON (a map with keys that are no strings), which is a bug of its type.
#[must_use]
pub fn to_canonical_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let text = serde_json::to_vec(value).expect("our own types serialise");
    let mut tape = Tape::new();
    let limits = Limits::evidence();
    let mut out = Vec::with_capacity(text.len());
    tape.parse(&text, &limits)
        .expect("serde_json writes valid JSON, and our types have no duplicate keys")
        .write_canonical(&mut out);
    out
}
