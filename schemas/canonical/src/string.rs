//! Strings: scanning, reading escapes, and the shortest escapes of RFC 8785.

use std::borrow::Cow;

use crate::error::{JsonError, JsonErrorKind as E};
use crate::number::ascii;

fn needs_care(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Marks the bytes of a little-endian word that need care; only the lowest mark is exact.
fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (control | zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')))) & (ONES * 0x80)
}

/// Index of the first quote, backslash or control character at or after `at`.
fn next_special(text: &[u8], mut at: usize) -> usize {
    // Most strings are short: a few words first, then whole blocks without a branch inside, which become vector instructions.
    for _ in 0..4 {
        let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk()) else { break };
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(block) = text.get(at..at + 32) {
        if block.iter().fold(false, |found, &byte| found | needs_care(byte)) {
            break;
        }
        at += 32;
    }
    text[at.min(text.len())..]
        .iter()
        .position(|&byte| needs_care(byte))
        .map_or(text.len(), |found| at + found)
}

/// End of the string whose quote is at `start` (one past its closing quote), and whether it has escapes.
pub(crate) fn scan_string(text: &[u8], start: usize) -> Result<(usize, bool), JsonError> {
    let mut at = start + 1;
    let mut escaped = false;
    loop {
        at = next_special(text, at);
        match text.get(at) {
            None => return Err(JsonError::new(E::UnexpectedEnd, at)),
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = scan_escape(text, at)?;
            }
            Some(_) => return Err(JsonError::new(E::ControlCharacter, at)),
        }
    }
}

fn scan_escape(text: &[u8], at: usize) -> Result<usize, JsonError> {
    match text.get(at + 1) {
        None => Err(JsonError::new(E::UnexpectedEnd, at + 1)),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match hex4(text, at + 2) {
            Some(0xd800..=0xdbff) => match (text.get(at + 6..at + 8), hex4(text, at + 8)) {
                (Some(b"\\u"), Some(0xdc00..=0xdfff)) => Ok(at + 12),
                _ => Err(JsonError::new(E::LoneSurrogate, at)),
            },
            Some(0xdc00..=0xdfff) => Err(JsonError::new(E::LoneSurrogate, at)),
            Some(_) => Ok(at + 6),
            None => Err(JsonError::new(E::InvalidEscape, at)),
        },
        Some(_) => Err(JsonError::new(E::InvalidEscape, at)),
    }
}

fn hex4(text: &[u8], at: usize) -> Option<u32> {
    text.get(at..at + 4)?.iter().try_fold(0, |value, &byte| Some(value * 16 + char::from(byte).to_digit(16)?))
}

/// The characters of a scanned string token, quotes included in `token`.
pub(crate) fn unescape(token: &[u8]) -> Cow<'_, str> {
    let inner = &token[1..token.len() - 1];
    let Some(first) = inner.iter().position(|&byte| byte == b'\\') else {
        return Cow::Borrowed(ascii(inner));
    };
    let mut out = String::with_capacity(inner.len());
    out.push_str(ascii(&inner[..first]));
    let mut at = first;
    while at < inner.len() {
        if inner[at] != b'\\' {
            let end =
                inner[at..].iter().position(|&byte| byte == b'\\').map_or(inner.len(), |found| at + found);
            out.push_str(ascii(&inner[at..end]));
            at = end;
            continue;
        }
        let (character, length) = escape(inner, at);
        out.push(character);
        at += length;
    }
    Cow::Owned(out)
}

fn escape(inner: &[u8], at: usize) -> (char, usize) {
    let simple = match inner[at + 1] {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let high = hex4(inner, at + 2).expect("scanned");
            if !(0xd800..0xdc00).contains(&high) {
                return (char::from_u32(high).expect("scanned: no lone surrogate"), 6);
            }
            let low = hex4(inner, at + 8).expect("scanned: a pair");
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return (char::from_u32(code).expect("a surrogate pair names a character"), 12);
        }
        other => char::from(other),
    };
    (simple, 2)
}

/// Appends `text` as a JSON string with the escapes of RFC 8785, quotes included.
pub fn write_canonical_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut at = 0;
    loop {
        let special = next_special(bytes, at);
        out.extend_from_slice(&bytes[at..special]);
        let Some(&byte) = bytes.get(special) else { break };
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
        at = special + 1;
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{needs_care, next_special};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn finds_the_first_byte_that_needs_care(
            text in prop::collection::vec(prop_oneof![60 => 0x20..=0xff_u8, 1 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\')], 0..200),
            start in 0..40_usize,
        ) {
            let start = start.min(text.len());
            let slow = text[start..].iter().position(|&byte| needs_care(byte)).map_or(text.len(), |at| start + at);
            prop_assert_eq!(next_special(&text, start), slow);
        }
    }
}
