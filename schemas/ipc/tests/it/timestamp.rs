use contract_ipc::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use crate::envelope_schema::validator;

fn unix_ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().unix_ms()
}

#[test]
fn reads_offsets_fractions_and_leap_seconds() {
    assert_eq!(unix_ms("1970-01-01T00:00:00Z"), 0);
    assert_eq!(unix_ms("1970-01-01t00:00:00.001z"), 1);
    assert_eq!(unix_ms("1970-01-01T00:00:00.0019Z"), 1, "cut, not rounded");
    assert_eq!(unix_ms("1970-01-01T00:00:00.5Z"), 500);
    assert_eq!(unix_ms("1970-01-01T01:30:00+01:30"), 0);
    assert_eq!(unix_ms("1969-12-31T23:59:59-00:00"), -1000);
    assert_eq!(unix_ms("2016-12-31T23:59:60Z"), unix_ms("2017-01-01T00:00:00Z"));
    assert_eq!(unix_ms("2017-01-01T00:59:60+01:00"), unix_ms("2017-01-01T00:00:00Z"));
    assert_eq!(unix_ms("2000-02-29T12:00:00Z"), 951_825_600_000);
    assert_eq!(unix_ms("2026-08-02T10:11:12.131415Z"), 1_785_665_472_131);
}

#[test]
fn refuses_what_is_no_date_time() {
    for text in [
        "",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z",
        "2026-01-31T12:00:60Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+01:60",
        "2026-01-31T12:00:00+0100",
        "2026-01-31T12:00:00Zx",
        "+2026-01-31T12:00:00Z",
        "026-01-31T12:00:00Z",
        "2026-01-31T12:00:00z ",
        "２026-01-31T12:00:00Z",
    ] {
        assert!(!Timestamp::is_valid(text), "{text}");
        let error = text.parse::<Timestamp>().unwrap_err().to_string();
        assert_eq!(error, format!("`{text}` is no RFC 3339 date-time such as 2026-01-31T12:00:00Z"));
    }
}

#[test]
fn stays_within_the_years_that_can_be_written() {
    let last = Timestamp::from_unix_ms(i64::MAX);
    assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
    assert_eq!(last.plus_ms(u64::MAX), last);
    assert_eq!(Timestamp::from_unix_ms(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    assert_eq!(Timestamp::from_unix_ms(0).plus_ms(86_400_001).to_string(), "1970-01-02T00:00:00.001Z");
}

proptest! {
    #[test]
    fn reads_back_what_it_writes(unix_ms in -62_167_219_200_000..=253_402_300_799_999_i64) {
        let time = Timestamp::from_unix_ms(unix_ms);
        prop_assert_eq!(time.unix_ms(), unix_ms);
        prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
    }
}

/// A date-time with each part now and then out of its range.
fn nearly_a_time() -> impl Strategy<Value = String> {
    let fraction = prop_oneof![Just(String::new()), "\\.[0-9]{0,7}"];
    let offset = prop_oneof![
        Just("Z".to_owned()),
        Just("z".to_owned()),
        Just(String::new()),
        (any::<bool>(), 0..25_u8, 0..61_u8).prop_map(|(plus, hours, minutes)| format!(
            "{}{hours:02}:{minutes:02}",
            if plus { '+' } else { '-' }
        )),
    ];
    let time = (0..25_u8, 0..61_u8, prop_oneof![0..62_u8, Just(60)]);
    let time = prop_oneof![time, Just((23, 59, 60))];
    let date = (0..10_000_u16, 0..14_u8, prop_oneof![0..33_u8, 28..32_u8]);
    (date, "[Tt ]", time, fraction, offset).prop_map(
        |((year, month, day), separator, (hour, minute, second), fraction, offset)| {
            format!(
                "{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}{fraction}{offset}"
            )
        },
    )
}

/// The same with one character changed.
fn spoilt() -> impl Strategy<Value = String> {
    (nearly_a_time(), any::<prop::sample::Index>(), "[0-9TtZz:+. é-]").prop_map(|(text, at, character)| {
        let mut characters: Vec<_> = text.chars().map(String::from).collect();
        let at = at.index(characters.len());
        characters[at] = character;
        characters.concat()
    })
}

/// Whether only digits stand where RFC 3339 has digits. jsonschema 0.60 takes `+`, `-` and `.` there as well.
fn digits_in_their_places(text: &str) -> bool {
    let bytes = text.as_bytes();
    let fixed = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18];
    let offset = match bytes {
        [.., b'z' | b'Z'] => &[][..],
        [.., b'+' | b'-', a, b, b':', c, d] => &[*a, *b, *c, *d],
        _ => return false,
    };
    fixed.iter().all(|&at| bytes.get(at).is_some_and(u8::is_ascii_digit))
        && offset.iter().all(u8::is_ascii_digit)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn agrees_with_a_json_schema_validator(text in prop_oneof![nearly_a_time(), spoilt()]) {
        thread_local!(static FORMAT: jsonschema::Validator = validator(r#"{"format":"date-time"}"#));
        let theirs = FORMAT.with(|format| format.is_valid(&json!(text))) && digits_in_their_places(&text);
        prop_assert_eq!(Timestamp::is_valid(&text), theirs, "{}", text);
    }
}
