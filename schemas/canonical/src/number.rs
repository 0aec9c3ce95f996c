//! Numbers: the grammar of RFC 8259, the 64-bit rule for integers, and how ECMAScript prints a double.

use crate::error::{JsonError, JsonErrorKind as E};

/// The largest integer up to which every integer is a double: 2^53 - 1.
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

const MAX_SAFE_INTEGER_AS_DOUBLE: f64 = 9_007_199_254_740_991.0;
/// ECMAScript prints doubles from here on with an exponent.
const FIRST_DOUBLE_WITH_EXPONENT: f64 = 1e21;

/// End of the number that starts at `at`, and whether it has a fraction or an exponent.
pub(crate) fn scan_number(text: &[u8], start: usize, wide: bool) -> Result<(usize, bool), JsonError> {
    let invalid = |at| JsonError::new(E::InvalidNumber, at);
    let digits = |mut at: usize| {
        while matches!(text.get(at), Some(b'0'..=b'9')) {
            at += 1;
        }
        at
    };
    let first = start + usize::from(text[start] == b'-');
    let mut at = digits(first);
    if at == first || (text[first] == b'0' && at > first + 1) {
        return Err(invalid(start));
    }
    let mut float = false;
    if text.get(at) == Some(&b'.') {
        let fraction = at + 1;
        at = digits(fraction);
        if at == fraction {
            return Err(invalid(start));
        }
        float = true;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = at + 1;
        let exponent = sign + usize::from(matches!(text.get(sign), Some(b'+' | b'-')));
        at = digits(exponent);
        if at == exponent {
            return Err(invalid(start));
        }
        float = true;
    }
    let number = ascii(&text[start..at]);
    if float {
        if !parse_double(number).is_finite() {
            return Err(JsonError::new(E::FloatRange, start));
        }
    } else if !wide && at - start > 18 && number.parse::<u64>().is_err() && number.parse::<i64>().is_err() {
        return Err(JsonError::new(E::IntegerRange, start));
    }
    Ok((at, float))
}

pub(crate) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the reader has checked that the text is UTF-8")
}

pub(crate) fn parse_double(number: &str) -> f64 {
    number.parse().expect("every JSON number is a Rust float literal")
}

/// Appends the canonical form of an integer; true when it lies outside +-(2^53 - 1).
pub(crate) fn write_integer(out: &mut Vec<u8>, digits: &str) -> bool {
    if digits == "-0" {
        out.push(b'0');
        return false;
    }
    out.extend_from_slice(digits.as_bytes());
    digits.len() > 15 && digits.trim_start_matches('-').parse::<u64>().map_or(true, |n| n > MAX_SAFE_INTEGER)
}

/// Appends a finite double as ECMAScript prints it (RFC 8785, section 3.2.2.3); true when that is an integer outside +-(2^53 - 1).
pub(crate) fn write_double(out: &mut Vec<u8>, number: f64) -> bool {
    out.extend_from_slice(ryu_js::Buffer::new().format_finite(number).as_bytes());
    number.abs() > MAX_SAFE_INTEGER_AS_DOUBLE && number.abs() < FIRST_DOUBLE_WITH_EXPONENT
}
