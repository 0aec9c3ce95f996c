//! Dates of PDF: `D:20260131120000+01'00'` (ISO 32000-1, 7.9.4).

/// The same as RFC 3339 writes it; without a zone where it has none.
pub(super) fn rfc3339(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("D:").unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count().min(14);
    let (date, zone) = text.split_at(digits);
    let part = |from: usize, to: usize, least: u32, most: u32, default: &str| match date.get(from..to) {
        Some(part) => {
            part.parse().is_ok_and(|number: u32| (least..=most).contains(&number)).then(|| part.to_owned())
        }
        None => Some(default.to_owned()),
    };
    let year = date.get(..4)?;
    let (month, day) = (part(4, 6, 1, 12, "01")?, part(6, 8, 1, 31, "01")?);
    let (hour, minute) = (part(8, 10, 0, 23, "00")?, part(10, 12, 0, 59, "00")?);
    let second = part(12, 14, 0, 59, "00")?;
    let zone = self::zone(zone)?;
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:{second}{zone}"))
}

fn zone(text: &str) -> Option<String> {
    let sign = match text.as_bytes().first() {
        None => return Some(String::new()),
        Some(b'Z') => return Some("Z".to_owned()),
        Some(b'+') => '+',
        Some(b'-') => '-',
        Some(_) => return None,
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = (digits.get(..2)?, digits.get(2..4).unwrap_or("00"));
    Some(format!("{sign}{hours}:{minutes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_whole_and_cut() {
        for (text, date) in [
            ("D:20260131120000+01'00'", "2026-01-31T12:00:00+01:00"),
            ("D:20260131120000Z", "2026-01-31T12:00:00Z"),
            ("D:2026", "2026-01-01T00:00:00"),
            ("20260131", "2026-01-31T00:00:00"),
        ] {
            assert_eq!(rfc3339(text).as_deref(), Some(date), "{text}");
        }
        for text in ["", "D:", "D:20261301", "D:20260131990000", "yesterday", "D:2026é"] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }
}
