use contract_receipts::{Other, ReceiptError, Redactor, SecretError, Status, Verdict, verify};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::json;

use crate::session::{Run, Setup, draft, read};

const SECRET: &str = "pä\"ss/wo\\rd\n+123?";

fn redactor() -> Redactor {
    Redactor::new([("TOKEN", SECRET), ("OTHER", "0123456789")]).unwrap()
}

/// Forms of the secret as an adapter may print them, each as a JSON string's content before it is escaped.
fn forms() -> Vec<String> {
    let json = serde_json::to_string(SECRET).unwrap();
    let ascii = r#"p\u00e4\"ss/wo\\rd\n+123?"#.to_owned();
    let php = r#"p\u00E4\"ss\/wo\\rd\n+123?"#.to_owned();
    let percent = "p%C3%A4%22ss%2Fwo%5Crd%0A%2B123%3F".to_owned();
    let mut forms = vec![SECRET.to_owned(), json, ascii, php, percent.to_lowercase(), percent];
    forms.push("p%c3%a4%22ss/wo%5crd%0a+123?".to_owned());
    for padding in ["", "a", "ab", "abc"] {
        for tail in ["", "z", "zy", "zyx"] {
            let text = format!("{padding}{SECRET}{tail}");
            forms.push(BASE64.encode(text.as_bytes()));
            forms.push(BASE64URL_NOPAD.encode(text.as_bytes()));
        }
    }
    forms
}

#[test]
fn every_form_is_found_in_payload_wire_and_receipt() {
    for form in forms() {
        let dir = tempfile::tempdir().unwrap();
        let mut run =
            Run::begin_with(dir.path(), Setup { redactor: redactor(), keep_wire: true, ..Setup::default() });
        run.handshake();
        let shown = json!({ "text": format!("<{form}>"), "nested": [{ format!("key {form}"): 1 }] });
        let one = run.invoke(&contract_json_text(&shown));
        run.reply(one, "progress", &json!({"seq": 0, "message": form}).to_string());
        run.reply(one, "result", &json!({"ok": true, "data": shown}).to_string());
        let mut receipt = draft();
        receipt.observed = json!({"stderr": form});
        run.finish_with(receipt);
        for name in ["ipc-transcript.ndjson", "ipc-wire.ndjson", "run-receipt.json"] {
            let text = read(dir.path(), name);
            assert!(text.contains("[redacted:TOKEN]"), "{form} in {name}:\n{text}");
            assert!(!text.contains(&form), "{form} in {name}:\n{text}");
            // Seven characters of base64 are five bytes of a secret.
            let core = form.get(4..form.len() - 4).filter(|core| core.is_ascii());
            assert!(core.is_none_or(|core| !text.contains(core)), "{form} in {name}:\n{text}");
        }
        assert!(
            matches!(verify(dir.path(), None), Verdict::Consistent { .. }),
            "{}",
            verify(dir.path(), None)
        );
    }
}

fn contract_json_text(value: &serde_json::Value) -> String {
    String::from_utf8(contract_json::to_canonical_vec(value)).unwrap()
}

#[test]
fn json_inside_json_is_found_up_to_three_levels() {
    let mut text = json!({ "password": SECRET }).to_string();
    for level in 1..=3 {
        let shown = redactor().text(&text).into_owned();
        assert!(shown.contains("[redacted:TOKEN]") && !shown.contains("+123?"), "level {level}: {shown}");
        text = json!({ "log": text }).to_string();
    }
    assert!(redactor().text(&text).contains("+123?"), "the limit that the page names");
}

#[test]
fn a_secret_number_becomes_a_string_and_other_numbers_stay() {
    let dir = tempfile::tempdir().unwrap();
    let redactor = Redactor::new([("PIN", "12345678")]).unwrap();
    let mut run = Run::begin_with(dir.path(), Setup { redactor, ..Setup::default() });
    run.handshake();
    let one = run.invoke(r#"{"a":12345678,"b":1234567}"#);
    run.reply(one, "result", r#"{"ok":true,"data":{"c":-9123456780,"d":0.12345678,"e":1.5}}"#);
    run.finish(Status::Satisfied);
    let text = read(dir.path(), "ipc-transcript.ndjson");
    assert!(text.contains(r#"{"a":"[redacted:PIN]","b":1234567}"#), "{text}");
    assert!(text.contains(r#"{"c":"[redacted:PIN]","d":"[redacted:PIN]","e":1.5}"#), "{text}");
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn replaced_names_are_sorted_anew_and_stay_apart() {
    let dir = tempfile::tempdir().unwrap();
    let redactor = Redactor::new([("KEY", "aaaaaaaa"), ("KEY2", "zzzzzzzz")]).unwrap();
    let mut run = Run::begin_with(dir.path(), Setup { redactor, ..Setup::default() });
    run.handshake();
    let one = run.invoke("{}");
    let names = r#"{"zzzzzzzz":1,"B":2,"[redacted:KEY]":3,"aaaaaaaa":4,"YWFhYWFhYWE=":5}"#;
    run.reply(one, "result", &format!(r#"{{"ok":true,"data":{names}}}"#));
    run.finish(Status::Satisfied);
    let text = read(dir.path(), "ipc-transcript.ndjson");
    let expected =
        r#"{"B":2,"[redacted:KEY2]":1,"[redacted:KEY]":3,"[redacted:KEY]#2":4,"[redacted:KEY]#3":5}"#;
    assert!(text.contains(expected), "{text}");
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn overlapping_secrets_leave_no_rest() {
    let redactor = Redactor::new([("A", "abcdefgh"), ("B", "efghijkl"), ("C", "aaaaaaaa")]).unwrap();
    assert_eq!(redactor.text("<abcdefghijkl>"), "<[redacted:A]>");
    assert_eq!(redactor.text("<efghijklabcdefgh>"), "<[redacted:B][redacted:A]>");
    assert_eq!(redactor.text("<aaaaaaaaaaa>"), "<[redacted:C]>");
    assert_eq!(redactor.text("abcdefg efghijk aaaaaaa"), "abcdefg efghijk aaaaaaa");
}

#[test]
fn a_secret_is_found_wherever_a_block_ends() {
    let padding = "x".repeat(65_536 - 40);
    for shift in 0..80 {
        let text = format!("{padding}{}{SECRET}tail", "y".repeat(shift));
        let dir = tempfile::tempdir().unwrap();
        let mut run =
            Run::begin_with(dir.path(), Setup { redactor: redactor(), keep_wire: true, ..Setup::default() });
        run.handshake();
        let one = run.invoke("{}");
        run.reply(one, "result", &json!({"ok": true, "data": {"text": text}}).to_string());
        run.finish(Status::Satisfied);
        for name in ["ipc-transcript.ndjson", "ipc-wire.ndjson", "run-receipt.json"] {
            let text = read(dir.path(), name);
            assert!(text.contains("[redacted:TOKEN]tail") && !text.contains("+123?"), "{name} {shift}");
        }
    }
}

#[test]
fn messages_of_the_receipt_are_redacted_and_its_own_words_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let redactor = Redactor::new([("WORD", "airgapped"), ("STATE", "satisfied"), ("S", SECRET)]).unwrap();
    let run = Run::begin_with(dir.path(), Setup { redactor, ..Setup::default() });
    let mut receipt = draft();
    receipt.status = Status::Failed;
    receipt.adapter.push(SECRET.to_owned());
    receipt.invocation.args = json!({ "x": SECRET });
    receipt.error = Some(ReceiptError {
        code: "ADAPTER_EXITED".to_owned(),
        message: format!("said {SECRET}"),
        cause: Some(SECRET.to_owned()),
        last_frame: Some(SECRET.to_owned()),
        details: Some(json!([SECRET])),
        ..ReceiptError::default()
    });
    let written = run.finish_with(receipt);
    let text = read(dir.path(), "run-receipt.json");
    assert_eq!(text.matches("[redacted:S]").count(), 6, "{text}");
    assert!(text.contains(r#""status":"failed""#));
    assert_eq!(written.to_bytes(), text.into_bytes());
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn a_secret_across_the_cut_of_a_tail_is_replaced_as_a_whole() {
    let redactor = Redactor::new([("A", "abcdefgh")]).unwrap();
    assert!(redactor.longest_bytes() >= 8);
    let stream = b"before abcdefgh after";
    for keep in 0..=stream.len() {
        let shown = redactor.tail(stream, keep);
        let shown = std::str::from_utf8(&shown).unwrap();
        let expected = match keep {
            0..=6 => &" after"[6 - keep..],
            7..=14 => "[redacted:A] after",
            _ => &"before [redacted:A] after"[21 - keep..],
        };
        assert_eq!(shown, expected, "{keep}");
    }
    assert_eq!(&*Redactor::none().tail(stream, 5), b"after");
}

#[test]
fn a_short_secret_is_refused_by_name_and_no_secret_costs_nothing() {
    assert_eq!(
        Redactor::new([("LONG", "12345678"), ("SHORT", "1234567")]).unwrap_err(),
        SecretError::TooShort { name: "SHORT".to_owned() }
    );
    assert!(Redactor::new(Vec::<(String, Vec<u8>)>::new()).unwrap().is_empty());
    assert!(matches!(Redactor::none().text("12345678"), std::borrow::Cow::Borrowed(_)));
}

#[test]
fn a_secret_that_is_no_utf8_is_found_raw_and_as_a_reader_shows_it() {
    let secret = b"\xff\xfe12345\xff678";
    let redactor = Redactor::new([("BYTES", secret)]).unwrap();
    let mut line = b"<".to_vec();
    line.extend_from_slice(secret);
    assert_eq!(&*redactor.bytes(&line), b"<[redacted:BYTES]");
    assert_eq!(redactor.text(&format!("<{}", String::from_utf8_lossy(secret))), "<[redacted:BYTES]");
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin_with(dir.path(), Setup { redactor, ..Setup::default() });
    run.other(&line, Other::Refused);
    run.finish(Status::Failed);
    assert!(read(dir.path(), "ipc-wire.ndjson").contains(r#""text":"<[redacted:BYTES]""#));
}
