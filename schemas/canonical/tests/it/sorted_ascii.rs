//! Vectors of upstream formats, and Python itself as the judge.

use contract_json::{Limits, SortedAscii, Tape, sha256_text};

fn form(text: &str) -> String {
    let mut tape = Tape::new();
    let value =
        tape.parse(text.as_bytes(), &Limits::evidence()).expect("the vector is JSON, and its form ASCII");
    String::from_utf8(SortedAscii::of(value).as_bytes().to_vec())
        .expect("the vector is JSON, and its form ASCII")
}

fn digest(text: &str) -> String {
    let mut tape = Tape::new();
    SortedAscii::of(
        tape.parse(text.as_bytes(), &Limits::evidence()).expect("the vector is JSON, and its form ASCII"),
    )
    .sha256()
}

#[test]
fn the_ledger_vector_is_reproduced() {
    let text = r#"{"b":1,"a":"\u00e9\u007f/","c":[null,true],"Z":0.94,"z":1e-7,"y":1e16,"x":100.0}"#;
    let canonical = r#"{"Z":0.94,"a":"\u00e9\u007f/","b":1,"c":[null,true],"x":100.0,"y":1e+16,"z":1e-07}"#;
    assert_eq!(form(text), canonical);
    assert_eq!(digest(text), "sha256:4ddf56f01c1da92e3f9e459aade0b9e96db7c74b8d86c5128a908a83b1ae099e");
}

#[test]
fn stable_digests_are_reproduced() {
    for (text, hex) in [
        (r#"{"b":2,"a":1}"#, "43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777"),
        ("{}", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
        ("[]", "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"),
        (
            r#"{"\uffff":2,"\ud83d\ude00":1}"#,
            "2204ec0be7004471f9ce721cb8533058509667d01b0f91a273851ac663efeab2",
        ),
    ] {
        assert_eq!(digest(text), format!("sha256:{hex}"), "{text}");
    }
    assert_eq!(
        sha256_text(b"agent-machine"),
        "sha256:7b1de874e14851f16b48984570155c454e8afb7325ba08e6257aeee8ef5c3875"
    );
    assert_eq!(
        sha256_text(b"user: q"),
        "sha256:97299e6078f8f6fbbf3a979bbf7978e7123f42517deb9ad03a7f65b318748c67"
    );
}

#[test]
fn numbers_are_written_as_python_writes_them() {
    for (text, written) in [
        ("100000000000000000000.0", "1e+20"),
        ("100000000000000000000", "100000000000000000000"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1e-7", "1e-07"),
        ("-0.0", "-0.0"),
        ("-0", "0"),
        ("1E3", "1000.0"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("9999999999999998.0", "9999999999999998.0"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("5e-324", "5e-324"),
    ] {
        assert_eq!(form(text), written, "{text}");
    }
}

#[test]
fn it_is_not_rfc_8785() {
    let text = "{\"\u{ffff}\":1.0,\"\u{1f600}\":2}";
    let mut tape = Tape::new();
    let value = tape.parse(text.as_bytes(), &Limits::default()).unwrap();
    let mut other = Vec::new();
    value.write_canonical(&mut other);
    assert_eq!(String::from_utf8(other).unwrap(), "{\"\u{1f600}\":2,\"\u{ffff}\":1}");
    assert_eq!(form(text), r#"{"\uffff":1.0,"\ud83d\ude00":2}"#);
}
