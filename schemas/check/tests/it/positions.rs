//! Where a violation is said to be.

use contract_json::Position;

use crate::{check, checker};

#[test]
fn a_violation_names_line_column_pointer_and_bytes() {
    let text = "{\n  \"v\": \"grant.v0\",\n  \"é\": 1, \"issuer\": 7,\n  \"subject\": {\"adapter\": \"a\"}, \"rights\": [], \"expires\": \"2026-01-01T00:00:00Z\"\n}";
    let checked = check(&checker(), text.as_bytes());
    let places: Vec<_> = checked
        .violations
        .iter()
        .map(|violation| {
            (violation.rule.id, violation.pointer.as_str(), violation.at, &text[violation.span.clone()])
        })
        .collect();
    assert_eq!(
        places,
        [
            ("SCHEMA_UNKNOWN_MEMBER", "/é", Position { line: 3, column: 3 }, "\"é\""),
            ("SCHEMA_TYPE", "/issuer", Position { line: 3, column: 21 }, "7"),
        ]
    );
}

#[test]
fn all_violations_of_a_document_are_told_at_once() {
    let text = br#"{"v":"grant.v0","issuer":1,"subject":{},"rights":["x"],"expires":"y","more":2}"#;
    assert_eq!(check(&checker(), text).violations.len(), 5);
}

#[test]
fn a_misspelt_name_gets_the_name_that_was_meant() {
    let text = br#"{"v":"grant.v0","isuer":"me","subject":{"adapter":"a"},"rights":[],"expires":"2026-01-01T00:00:00Z"}"#;
    let checked = check(&checker(), text);
    assert!(checked.violations.iter().any(|violation| violation.message.contains("did you mean `issuer`?")));
}

#[test]
fn names_with_slashes_and_tildes_are_pointed_at_as_rfc_6901_says() {
    let text = br#"{"v":"grant.v0","issuer":"me","subject":{"adapter":"a"},"rights":[],"expires":"2026-01-01T00:00:00Z","a/b~c":1}"#;
    assert_eq!(check(&checker(), text).violations[0].pointer, "/a~1b~0c");
}
