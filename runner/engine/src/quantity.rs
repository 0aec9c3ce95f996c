//! Amounts as people write them: `512MiB`, `10s`.

const BYTES: &[(&str, u64)] = &[
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
    ("", 1),
];

const TIMES: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("", 1)];

fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// Bytes from `4096`, `64KiB`, `512MiB`, `2GB`.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<u64> {
    amount(text, BYTES)
}

/// Milliseconds from `1500`, `1500ms`, `10s`, `5min`, `1h`.
#[must_use]
pub fn parse_ms(text: &str) -> Option<u64> {
    amount(text, TIMES)
}

/// Bytes for people: the largest unit that leaves a whole number.
#[must_use]
pub fn show_bytes(bytes: u64) -> String {
    let (unit, factor) = BYTES[..4]
        .iter()
        .rev()
        .find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor))
        .unwrap_or(&("B", 1));
    format!("{} {unit}", bytes / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_their_units() {
        for (text, bytes) in
            [("0", 0), ("4096", 4096), ("64KiB", 65_536), ("512MiB", 536_870_912), ("2GB", 2_000_000_000)]
        {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for (text, ms) in [("1500", 1500), ("10s", 10_000), ("5min", 300_000), ("1h", 3_600_000)] {
            assert_eq!(parse_ms(text), Some(ms), "{text}");
        }
        for bad in ["", "MiB", "-1", "1.5s", "1 s", "1m", "99999999999999999999", "18446744073709551615KiB"] {
            assert_eq!((parse_bytes(bad), parse_ms(bad)), (None, None), "{bad}");
        }
    }

    #[test]
    fn bytes_are_shown_in_the_largest_whole_unit() {
        assert_eq!([show_bytes(1 << 30), show_bytes(1536), show_bytes(1_000)], ["1 GiB", "1536 B", "1000 B"]);
    }
}
