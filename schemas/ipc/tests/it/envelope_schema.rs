//! The code of the envelope against the schema of the envelope.

use contract_ipc::{Code, Envelope};
use contract_json::{Limits, Tape};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) fn schema() -> Validator {
    let text = include_str!("../../../json/ipc/envelope.v0.schema.json");
    validator(text)
}

pub(crate) fn validator(text: &str) -> Validator {
    let schema: Value = serde_json::from_str(text).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn any_string() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9é\u{1f600}]{0,12}",
        (prop_oneof![Just(7_usize), Just(8), Just(127), Just(128), Just(129)], "[aé\u{1f600}]")
            .prop_map(|(count, character)| character.repeat(count)),
        Just("ipc.v0".to_owned()),
        Just("2026-01-31T12:00:00Z".to_owned()),
        Just("2026-02-29T12:00:00Z".to_owned()),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any_string().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(any_name(), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    let names =
        ["v", "id", "ts", "type", "replyTo", "trace", "payload", "traceId", "spanId", "parentSpanId", "x"];
    prop::sample::select(names.to_vec()).prop_map(str::to_owned)
}

#[derive(Debug, Clone)]
enum Change {
    Remove(String),
    Set(String, Value),
    SetText(String, String),
    SetInTrace(String, Value),
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any_name().prop_map(Change::Remove),
        (any_name(), any_value()).prop_map(|(name, value)| Change::Set(name, value)),
        (any_name(), any_string()).prop_map(|(name, text)| Change::SetText(name, text)),
        (any_name(), any_value()).prop_map(|(name, value)| Change::SetInTrace(name, value)),
    ]
}

fn changed(changes: Vec<Change>) -> Value {
    let mut envelope = json!({
        "v": "ipc.v0", "id": "abcdefgh", "ts": "2026-01-31T12:00:00Z", "type": "result", "replyTo": "12345678",
        "trace": {"traceId": "t"}, "payload": {"ok": true}
    });
    for change in changes {
        let members = envelope.as_object_mut().unwrap();
        match change {
            Change::Remove(name) => drop(members.remove(&name)),
            Change::Set(name, value) => drop(members.insert(name, value)),
            Change::SetText(name, text) => drop(members.insert(name, text.into())),
            Change::SetInTrace(name, value) => {
                if let Some(trace) = members.get_mut("trace").and_then(Value::as_object_mut) {
                    trace.insert(name, value);
                }
            }
        }
    }
    envelope
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_code_and_the_schema_take_the_same_envelopes(changes in prop::collection::vec(any_change(), 0..3)) {
        thread_local!(static SCHEMA: Validator = schema());
        let mut envelope = changed(changes);
        let line = envelope.to_string();
        let mut tape = Tape::new();
        let read = Envelope::parse(&mut tape, line.as_bytes(), &Limits::default()).map(|message| message.type_name.len());
        let valid = SCHEMA.with(|schema| schema.is_valid(&envelope));
        prop_assert_eq!(read.is_ok(), valid, "{}: {:?}", line, read);
        // R7: a mismatch is an envelope in all but its version.
        if let Err(fault) = read {
            let is_text = envelope["v"].is_string();
            envelope["v"] = "ipc.v0".into();
            let but_for_v = is_text && SCHEMA.with(|schema| schema.is_valid(&envelope));
            prop_assert_eq!(fault.code == Code::IpcProtoMismatch, but_for_v, "{}: {}", line, fault);
        }
    }
}

#[test]
fn the_schema_itself_is_valid_and_asserts_formats() {
    let text = include_str!("../../../json/ipc/envelope.v0.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    assert_eq!(schema["$id"], "urn:contract-runner:schema:envelope.v0");
    assert!(self::schema().is_valid(&changed(vec![])));
    assert!(!self::schema().is_valid(&changed(vec![Change::SetText("ts".into(), "yesterday".into())])));
}
