use contract_json::{JsonErrorKind as E, Kind, Limits, Tape};
use proptest::prelude::*;

fn refused(text: impl AsRef<[u8]>) -> (E, usize) {
    let error = Tape::new().parse(text.as_ref(), &Limits::default()).expect_err("this text must be refused");
    (error.kind, error.offset)
}

#[test]
fn refuses_each_broken_rule_at_its_place() {
    let deep = "[".repeat(129);
    let table: &[(&[u8], E, usize)] = &[
        (b"", E::Empty, 0),
        (b"  ", E::Empty, 2),
        (b"\xef\xbb\xbf{}", E::ByteOrderMark, 0),
        (b"{\"a\":\"\xff\"}", E::InvalidUtf8, 6),
        (b"{", E::UnexpectedEnd, 1),
        (b"[1,]", E::UnexpectedCharacter, 3),
        (b"{\"a\":1,}", E::UnexpectedCharacter, 7),
        (b"{a:1}", E::UnexpectedCharacter, 1),
        (b"{\"a\" 1}", E::UnexpectedCharacter, 5),
        (b"[1}", E::UnexpectedCharacter, 2),
        (b"]", E::UnexpectedCharacter, 0),
        (b"{} {}", E::TrailingText, 3),
        (b"\"a\nb\"", E::ControlCharacter, 2),
        (b"\"\\x\"", E::InvalidEscape, 1),
        (b"\"\\u12g4\"", E::InvalidEscape, 1),
        (b"\"\\ud800\"", E::LoneSurrogate, 1),
        (b"\"\\ud800\\u0041\"", E::LoneSurrogate, 1),
        (b"\"\\udc00\"", E::LoneSurrogate, 1),
        (b"\"abc", E::UnexpectedEnd, 4),
        (b"NaN", E::InvalidNumber, 0),
        (b"Infinity", E::InvalidNumber, 0),
        (b"-Infinity", E::InvalidNumber, 0),
        (b"01", E::InvalidNumber, 0),
        (b"1.", E::InvalidNumber, 0),
        (b".5", E::UnexpectedCharacter, 0),
        (b"1e", E::InvalidNumber, 0),
        (b"-", E::InvalidNumber, 0),
        (b"1e400", E::FloatRange, 0),
        (b"18446744073709551616", E::IntegerRange, 0),
        (b"-9223372036854775809", E::IntegerRange, 0),
        (b"{\"a\":1,\"a\":2}", E::DuplicateKey, 7),
        (b"{\"a\":1,\"\\u0061\":2}", E::DuplicateKey, 7),
        (b"[{\"x\":{\"k\":1,\"j\":2,\"k\":3}}]", E::DuplicateKey, 19),
        (b"tru", E::UnexpectedCharacter, 0),
        (deep.as_bytes(), E::TooDeep, 128),
    ];
    for (text, kind, offset) in table {
        assert_eq!(refused(text), (*kind, *offset), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn finds_a_duplicate_among_many_keys() {
    let mut members: Vec<String> = (0..100).map(|n| format!("\"key{n}\":{n}")).collect();
    let unique = format!("{{{}}}", members.join(","));
    assert!(Tape::new().parse(unique.as_bytes(), &Limits::default()).is_ok());
    members.push("\"key50\":0".into());
    assert_eq!(refused(format!("{{{}}}", members.join(","))).0, E::DuplicateKey);
}

#[test]
fn takes_the_ends_of_the_integer_range() {
    for text in ["18446744073709551615", "-9223372036854775808", "0", "-0"] {
        let mut tape = Tape::new();
        assert_eq!(
            tape.parse(text.as_bytes(), &Limits::default()).map(|v| v.kind()),
            Ok(Kind::Integer),
            "{text}"
        );
    }
}

#[test]
fn takes_wide_integers_only_where_it_reads_evidence() {
    assert!(Tape::new().parse(b"100000000000000000000", &Limits::evidence()).is_ok());
    assert_eq!(refused("100000000000000000000").0, E::IntegerRange);
}

#[test]
fn bounds_the_number_of_values() {
    let limits = Limits { max_nodes: 10, ..Limits::default() };
    assert!(Tape::new().parse(b"[1,2,3,4,5,6,7,8,9]", &limits).is_ok());
    let error = Tape::new().parse(b"[1,2,3,4,5,6,7,8,9,10]", &limits).expect_err("eleven values");
    assert_eq!(error.kind, E::TooLarge);
}

#[test]
fn gives_members_items_pointers_and_spans() {
    let text = br#"{"a": [10, {"b/c": "x\ty", "d~": true}], "n": -1.5e2}"#;
    let mut tape = Tape::new();
    let value = tape.parse(text, &Limits::default()).unwrap();
    assert_eq!(value.pointer("/a/1/b~1c").and_then(|v| v.as_str()).unwrap(), "x\ty");
    assert_eq!(value.pointer("/a/1/d~0").and_then(|v| v.as_bool()), Some(true));
    assert_eq!(value.pointer("/a/0").and_then(|v| v.as_u64()), Some(10));
    assert_eq!(value.pointer("/a/01").map(|v| v.raw()), None);
    assert_eq!(value.get("n").and_then(|v| v.as_f64()), Some(-150.0));
    assert_eq!(&text[value.get("n").unwrap().span()], b"-1.5e2");
    assert_eq!(value.get("missing").map(|v| v.raw()), None);
}

#[test]
fn names_line_and_column_in_characters() {
    let text = "{\n \"ä\": ?}".as_bytes();
    let error = Tape::new().parse(text, &Limits::default()).expect_err("a question mark");
    assert_eq!(error.position(text).to_string(), "2:7");
}

#[test]
fn a_tape_is_as_good_as_new_after_an_error() {
    let mut tape = Tape::new();
    assert!(tape.parse(b"[[[", &Limits::default()).is_err());
    assert_eq!(tape.parse(b"[1]", &Limits::default()).unwrap().items().count(), 1);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..12)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in any_json()) {
        for text in [serde_json::to_vec(&value).unwrap(), serde_json::to_vec_pretty(&value).unwrap()] {
            let mut tape = Tape::new();
            let read = tape.parse(&text, &Limits::default()).unwrap().to_serde();
            prop_assert_eq!(&read, &serde_json::from_slice::<serde_json::Value>(&text).unwrap());
        }
    }

    #[test]
    fn never_panics_and_never_takes_what_serde_json_refuses(text in prop::collection::vec(
        prop::sample::select(&b"{}[]\",:\\u0123456789eE+-.tfnrulasd8 \n\xc3\xa9"[..]), 0..40)) {
        if Tape::new().parse(&text, &Limits::default()).is_ok() {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok());
        }
    }
}

#[test]
fn what_the_reader_takes_serde_json_takes_too() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let max = Limits::default().max_depth;
    let text = deep(max);
    assert!(Tape::new().parse(text.as_bytes(), &Limits::default()).unwrap().to_serde().is_array());
    Tape::new().parse(deep(max + 1).as_bytes(), &Limits::default()).unwrap_err();
    let text = deep(Limits::evidence().max_depth);
    assert!(Tape::new().parse(text.as_bytes(), &Limits::evidence()).unwrap().to_serde().is_array());
    let text = "9".repeat(400);
    assert!(Tape::new().parse(text.as_bytes(), &Limits::evidence()).unwrap().to_serde().is_number());
}
