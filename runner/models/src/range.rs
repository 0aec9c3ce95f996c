//! Versions, and ranges of them: `>=1.2 <2`, `>=1.0.0`, `=1.4.0, <9`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Numbers in a version.
const MAX_NUMBERS: usize = 8;
/// Comparators in a range.
const MAX_COMPARATORS: usize = 16;

/// Numbers separated by dots. `1.2` and `1.2.0` are equal.
#[derive(Debug, Clone)]
pub struct Version(Vec<u64>);

/// A text that is no version or no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RangeError(String);

impl FromStr for Version {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || RangeError(format!("`{}` is no version; write numbers with dots", text.escape_debug()));
        let number = |part: &str| {
            // u64's own parser takes a plus sign.
            if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
        };
        let numbers: Vec<u64> =
            text.split('.').take(MAX_NUMBERS + 1).map(number).collect::<Option<_>>().ok_or_else(wrong)?;
        if numbers.len() > MAX_NUMBERS { Err(wrong()) } else { Ok(Self(numbers)) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
    }
}

impl Version {
    fn numbers(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied().chain(std::iter::repeat(0)).take(MAX_NUMBERS)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers().cmp(other.numbers())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    AtLeast,
    Above,
    AtMost,
    Below,
    Equal,
}

/// Comparators that must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(Vec<(Comparator, Version)>);

impl Range {
    /// Whether a version is in it.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().all(|(comparator, bound)| match comparator {
            Comparator::AtLeast => version >= bound,
            Comparator::Above => version > bound,
            Comparator::AtMost => version <= bound,
            Comparator::Below => version < bound,
            Comparator::Equal => version == bound,
        })
    }
}

impl FromStr for Range {
    type Err = RangeError;

    /// Comparators `>=`, `>`, `<=`, `<`, `=`, each with a version, separated by blanks or commas. Blanks may stand between a
    /// comparator and its version.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut found = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let signs = [
                (">=", Comparator::AtLeast),
                ("<=", Comparator::AtMost),
                (">", Comparator::Above),
                ("<", Comparator::Below),
                ("=", Comparator::Equal),
            ];
            let Some((sign, comparator)) = signs.into_iter().find(|(sign, _)| rest.starts_with(sign)) else {
                let shown: String = rest.chars().take(40).collect();
                return Err(RangeError(format!(
                    "`{}`: write >=, >, <=, < or = before each version",
                    shown.escape_debug()
                )));
            };
            rest = rest[sign.len()..].trim_start();
            let end = rest.find([' ', '\t', ',', '<', '>', '=']).unwrap_or(rest.len());
            found.push((comparator, rest[..end].parse()?));
            rest = rest[end..].trim_start();
            rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
        }
        if found.is_empty() || found.len() > MAX_COMPARATORS {
            return Err(RangeError(format!("a range has 1 to {MAX_COMPARATORS} comparators")));
        }
        Ok(Self(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, version: &str) -> bool {
        range.parse::<Range>().unwrap().contains(&version.parse().unwrap())
    }

    #[test]
    fn all_comparators_must_hold() {
        let table = [
            (">=1.0.0", "1.0.0", true),
            (">=1.0.0", "1", true),
            (">=1.0.0", "0.9.9", false),
            (">=1.2 <2", "1.10", true),
            (">=1.2, < 2", "2.0", false),
            (">1.2,<=1.4", "1.2.0", false),
            (">1.2,<=1.4", "1.4.0.0", true),
            ("=3.1", "3.1.0", true),
            ("=3.1", "3.1.1", false),
            (">=1<2", "1.5", true),
        ];
        for (range, version, expected) in table {
            assert_eq!(holds(range, version), expected, "{version} in {range}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let long = ">=1 ".repeat(17);
        let wrong = [
            "",
            " ",
            "1.0",
            "~1",
            "^1.2",
            ">=",
            ">=1.x",
            ">=1..2",
            ">=+1",
            ">=1.0-rc1",
            ">= ,1",
            "1 >=2",
            "==1",
            ">=1,,<2",
            ">=99999999999999999999",
            "*",
            ">=1.2.3.4.5.6.7.8.9",
            &long,
        ];
        for text in wrong {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }
}
