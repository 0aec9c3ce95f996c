//! The canonical form of upstream receipts, ledgers and digests: members sorted by code point, ASCII only, numbers as Python prints them.
//!
//! It is what Python's `json.dumps(value, sort_keys=True, separators=(",", ":"))` writes. It is not RFC 8785: members are sorted by
//! code point and not by UTF-16 unit, text is escaped, `1.0` stays `1.0`, and integers of any size are written in full.

use sha2::{Digest as _, Sha256};

use crate::number::parse_double;
use crate::reader::Tag;
use crate::value::Value;

/// The bytes of a value in this form. A type of its own, so that no digest is taken over the wrong form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SortedAscii(Vec<u8>);

impl SortedAscii {
    /// The form of `value`.
    #[must_use]
    pub fn of(value: Value<'_>) -> Self {
        let mut form = Self(Vec::with_capacity(value.span().len()));
        form.push(value);
        form
    }

    /// Replaces what it holds by the form of `value`, in the same memory.
    pub fn set(&mut self, value: Value<'_>) {
        self.0.clear();
        self.push(value);
    }

    /// The bytes, without a final line feed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `sha256:` and the SHA-256 of the bytes in lower-case hex.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_text(&self.0)
    }

    // Recursion is bounded by `Limits::max_depth` of the reader.
    fn push(&mut self, value: Value<'_>) {
        match value.node().tag {
            Tag::Null | Tag::True | Tag::False => self.0.extend_from_slice(value.raw().as_bytes()),
            // The integer -0 is 0 in Python; the float -0.0 keeps its sign.
            Tag::Integer if value.raw() == "-0" => self.0.push(b'0'),
            Tag::Integer => self.0.extend_from_slice(value.raw().as_bytes()),
            Tag::Float => push_float(&mut self.0, parse_double(value.raw())),
            Tag::PlainString | Tag::EscapedString => self.push_string(value),
            Tag::Array => {
                self.0.push(b'[');
                for (index, item) in value.items().enumerate() {
                    if index > 0 {
                        self.0.push(b',');
                    }
                    self.push(item);
                }
                self.0.push(b']');
            }
            Tag::Object => self.push_object(value),
        }
    }

    fn push_object(&mut self, value: Value<'_>) {
        // The order of UTF-8 bytes is the order of code points.
        let name = |key: Value<'_>| key.as_str().unwrap_or_default().into_owned();
        self.0.push(b'{');
        if value.entries().is_sorted_by(|a, b| a.0.as_str() <= b.0.as_str()) {
            value.entries().enumerate().for_each(|(index, (key, value))| self.push_member(index, key, value));
        } else {
            let mut members: Vec<_> = value.entries().collect();
            members.sort_by_cached_key(|(key, _)| name(*key));
            members
                .into_iter()
                .enumerate()
                .for_each(|(index, (key, value))| self.push_member(index, key, value));
        }
        self.0.push(b'}');
    }

    fn push_member(&mut self, index: usize, key: Value<'_>, value: Value<'_>) {
        if index > 0 {
            self.0.push(b',');
        }
        self.push_string(key);
        self.0.push(b':');
        self.push(value);
    }

    fn push_string(&mut self, string: Value<'_>) {
        let raw = string.raw().as_bytes();
        // Most strings are their own form.
        if string.node().tag == Tag::PlainString && raw.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            self.0.extend_from_slice(raw);
        } else {
            push_escaped(&mut self.0, &string.as_str().unwrap_or_default());
        }
    }
}

/// `sha256:` and the SHA-256 of `bytes` in lower-case hex: how upstream writes the digest of a text.
#[must_use]
pub fn sha256_text(bytes: &[u8]) -> String {
    format!("sha256:{}", data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)))
}

fn push_escaped(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            ' '..='~' => out.push(c as u8),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out.push(b'"');
}

/// As Python's `repr` of a float: the shortest digits that read back, with an exponent below 1e-4 and from 1e16 on.
fn push_float(out: &mut Vec<u8>, number: f64) {
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("Rust writes an exponent");
    let exponent: i32 = exponent.parse().expect("Rust writes a decimal exponent");
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        out.extend_from_slice(plain.as_bytes());
        if !plain.contains('.') {
            out.extend_from_slice(b".0");
        }
        return;
    }
    out.extend_from_slice(mantissa.as_bytes());
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("e{sign}{:02}", exponent.unsigned_abs()).as_bytes());
}
