//! Texts of PDF: UTF-16 or UTF-8 with a mark, or PDFDocEncoding (ISO 32000-1, annex D; ISO 32000-2, 7.9.2).

/// 0x80 to 0xA0 of PDFDocEncoding; all other bytes are as in Latin-1.
const FROM_0X80: &[char; 33] = &[
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ',
    'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{fffd}', '€',
];

pub(super) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let (pairs, _) = rest.as_chunks::<2>();
            let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
            char::decode_utf16(units).map(|character| character.unwrap_or('\u{fffd}')).collect()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => bytes
            .iter()
            .map(|byte| match byte {
                0x80..=0xa0 => FROM_0X80[usize::from(byte - 0x80)],
                byte => char::from(*byte),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_three_encodings() {
        assert_eq!(decode(b"A\x84B\xe9\xa0"), "A—Bé€");
        assert_eq!(decode(b"\xfe\xff\x00A\x26\x03\xd8"), "A☃");
        assert_eq!(decode("\u{feff}é☃".as_bytes()), "é☃");
    }
}
