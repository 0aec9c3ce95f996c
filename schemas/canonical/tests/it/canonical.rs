use contract_json::{Limits, Tape, to_canonical_vec};
use proptest::prelude::*;

fn canonical(text: &str) -> (String, bool) {
    let mut tape = Tape::new();
    let mut out = Vec::new();
    let met = tape.parse(text.as_bytes(), &Limits::default()).expect("valid").write_canonical(&mut out);
    (String::from_utf8(out).expect("UTF-8"), met.wide_integers)
}

#[test]
fn numbers_are_printed_as_ecmascript_prints_doubles() {
    for (text, expected) in [
        ("1.0", "1"),
        ("-0.0", "0"),
        ("-0", "0"),
        ("1E2", "100"),
        ("1e21", "1e+21"),
        ("1e-6", "0.000001"),
        ("1e-7", "1e-7"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("333333333.33333329", "333333333.3333333"),
        ("4.50", "4.5"),
        ("2e-3", "0.002"),
        ("9007199254740991", "9007199254740991"),
    ] {
        assert_eq!(canonical(text), (expected.to_owned(), false), "{text}");
    }
}

#[test]
fn wide_integers_are_exact_and_reported() {
    for text in ["9007199254740992", "-9007199254740992", "18446744073709551615", "-9223372036854775808"] {
        assert_eq!(canonical(text), (text.to_owned(), true));
    }
    assert!(canonical("[{\"a\":9007199254740993}]").1);
    assert_eq!(
        canonical("1e20"),
        ("100000000000000000000".to_owned(), true),
        "a double that is printed as digits counts"
    );
    assert!(!canonical("1e21").1 && !canonical("0.5").1);
    assert!(!canonical("-9007199254740991").1);
}

#[test]
fn keys_are_sorted_by_utf16_code_units() {
    // U+1F600 is D83D DE00 in UTF-16 and so stands before U+FB33, although its UTF-8 bytes are greater.
    let text = "{\"\u{fb33}\":1,\"\u{1f600}\":2,\"b\":3,\"\\u0061\":4,\"\":5,\"\u{e9}\":6}";
    assert_eq!(canonical(text).0, "{\"\":5,\"a\":4,\"b\":3,\"\u{e9}\":6,\"\u{1f600}\":2,\"\u{fb33}\":1}");
}

#[test]
fn strings_have_the_shortest_escapes() {
    let text = r#""\u0008\u0009\u000a\u000c\u000d\u0000\u001f\u0022\u005c\u002f\/\u007f\u2028\ud83d\ude00""#;
    assert_eq!(canonical(text).0, "\"\\b\\t\\n\\f\\r\\u0000\\u001f\\\"\\\\//\u{7f}\u{2028}\u{1f600}\"");
}

#[test]
fn long_strings_with_a_special_character_at_any_place_survive() {
    for length in 0..80 {
        for place in 0..=length {
            let mut text = "x".repeat(length);
            text.insert(place, '\n');
            let token = serde_json::to_string(&text).unwrap();
            assert_eq!(canonical(&token).0, token);
        }
    }
}

proptest! {
    #[test]
    fn canonical_form_is_a_fixed_point_with_the_same_meaning(map in prop::collection::btree_map(any::<String>(), any::<(f64, i32, String)>(), 0..12)) {
        let map: std::collections::BTreeMap<_, _> = map.into_iter().filter(|(_, (f, ..))| f.is_finite()).collect();
        let once = to_canonical_vec(&map);
        let mut tape = Tape::new();
        let value = tape.parse(&once, &Limits::evidence()).unwrap();
        prop_assert!(value.is_canonical());
        let back: std::collections::BTreeMap<String, (f64, i32, String)> = serde_json::from_slice(&once).unwrap();
        prop_assert_eq!(back, map);
    }

    #[test]
    fn the_note_about_wide_integers_is_the_same_for_a_text_and_its_canonical_form(number in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
        let (once, wide) = canonical(&format!("{number:e}"));
        let mut out = Vec::new();
        let met = Tape::new().parse(once.as_bytes(), &Limits::evidence()).unwrap().write_canonical(&mut out);
        prop_assert_eq!((out, met.wide_integers), (once.into_bytes(), wide));
    }
}
