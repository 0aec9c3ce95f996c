//! Instants as documents write them: RFC 3339, of any precision.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::{DateTime, date};

/// An instant. Two spellings of one instant are equal, and no digit of a fraction is dropped.
#[derive(Debug, Clone, Copy)]
pub struct Time<'a> {
    /// As it is written.
    text: &'a str,
    /// Since 1970-01-01T00:00:00Z.
    second: i64,
    /// Digits of the second's fraction without zeros at the end, which sort as they count.
    fraction: &'a str,
}

impl<'a> Time<'a> {
    /// Reads a date-time with offset, as RFC 3339 section 5.6 writes it. A leap second is the second after :59.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (day, rest) = text.split_at_checked(10)?;
        let rest = rest.strip_prefix(['T', 't'])?;
        let (clock, rest) = rest.split_at_checked(8)?;
        let (fraction, offset) = match rest.strip_prefix('.') {
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                (digits > 0).then(|| rest.split_at(digits))?
            }
            None => ("", rest),
        };
        let [year, month, day] = numbers(day, [4, 2, 2], '-')?;
        let [hour, minute, second] = numbers(clock, [2, 2, 2], ':')?;
        let leap = second == 60;
        let local = DateTime::new(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
            i8::try_from(hour).ok()?,
            i8::try_from(minute).ok()?,
            i8::try_from(if leap { 59 } else { second }).ok()?,
            0,
        )
        .ok()?;
        let second = local.duration_since(date(1970, 1, 1).at(0, 0, 0, 0)).as_secs() - shift(offset)?;
        // A leap second ends a day of UTC.
        if leap && second.rem_euclid(86_400) != 86_399 {
            return None;
        }
        Some(Self { text, second: second + i64::from(leap), fraction: fraction.trim_end_matches('0') })
    }
}

impl Time<'_> {
    fn key(&self) -> (i64, &str) {
        (self.second, self.fraction)
    }
}

impl PartialEq for Time<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Time<'_> {}

impl PartialOrd for Time<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Time<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In UTC, so that two of them can be compared by eye.
        match Timestamp::from_second(self.second) {
            Ok(second) if self.fraction.is_empty() => write!(f, "{second}"),
            Ok(second) => write!(f, "{}.{}Z", second.to_string().trim_end_matches('Z'), self.fraction),
            Err(_) => f.write_str(self.text),
        }
    }
}

/// Seconds that a local time is ahead of UTC.
fn shift(offset: &str) -> Option<i64> {
    if matches!(offset, "Z" | "z") {
        return Some(0);
    }
    let [hours, minutes] = numbers(offset.get(1..)?, [2, 2], ':')?;
    let seconds = (hours < 24 && minutes < 60).then_some(i64::from(hours * 3600 + minutes * 60))?;
    match offset.as_bytes()[0] {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// Numbers with exactly so many digits each.
fn numbers<const N: usize>(text: &str, digits: [usize; N], between: char) -> Option<[u32; N]> {
    let mut parts = text.split(between);
    let mut found = [0; N];
    for (number, digits) in found.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn instants_are_compared_and_not_texts() {
        for (earlier, later) in [
            ("2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z"),
            ("2026-01-01T09:30:00.1234567891Z", "2026-01-01T09:30:00.1234567892Z"),
            ("2026-01-01T09:30:00.9Z", "2026-01-01T09:30:01Z"),
            ("2026-01-01T09:30:00.09Z", "2026-01-01T09:30:00.1Z"),
            ("9999-12-31T23:59:58Z", "9999-12-31T23:59:59Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.5Z"),
            ("0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z"),
        ] {
            assert!(Time::parse(earlier) < Time::parse(later) && Time::parse(earlier).is_some(), "{earlier}");
        }
        for (one, other) in [
            ("2026-01-01T00:00:00Z", "2025-12-31T16:00:00.000-08:00"),
            ("2026-01-01t00:00:00z", "2026-01-01T00:00:00-00:00"),
        ] {
            assert_eq!(Time::parse(one), Time::parse(other));
        }
    }

    #[test]
    fn what_rfc_3339_does_not_write_is_no_instant() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+0100",
            "2026-1-01T00:00:00Z",
            "2026-01-01 00:00:00Z",
            "+2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z ",
            "2026-01-01T00:00:00\u{665}Z",
            "é026-01-01T00:00:00Z",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }
}
