//! The schema and the types say the same.

use contract_receipts::{GrantInfo, GrantSubject, NotCovered, Receipt, ReceiptError};
use serde_json::{Map, Value, json};

use crate::session::{draft, small_run};

fn schema_text() -> Value {
    serde_json::from_str(include_str!("../../../../schemas/json/receipt/run-receipt.v0.schema.json")).unwrap()
}

/// A receipt in which every list and every optional member has something.
fn full() -> Value {
    let dir = tempfile::tempdir().unwrap();
    let mut receipt = small_run(dir.path());
    let digest = format!("blake3:{}", "cd".repeat(32));
    receipt.digests.wire = receipt.digests.transcript.clone();
    receipt.runner.digest = Some(digest.clone());
    receipt.authority.budget.run_ms = Some(5);
    receipt.authority.delegation.grants.push(GrantInfo {
        digest: digest.clone(),
        issuer: "ops".to_owned(),
        subject: GrantSubject { adapter: Some("caps".to_owned()), digest: Some(digest) },
        expires: "2030-01-01T00:00:00+01:00".to_owned(),
    });
    receipt.sandbox.requested.push("read".to_owned());
    receipt.sandbox.enforced.push(json!({"property": "read"}));
    receipt.sandbox.not_covered.push(NotCovered { what: "x".to_owned(), why: "y".to_owned() });
    receipt.error = Some(ReceiptError {
        code: "CONTRACT_REJECTED".to_owned(),
        message: "m".to_owned(),
        cause: Some("c".to_owned()),
        hint: Some("h".to_owned()),
        last_frame: Some("l".to_owned()),
        details: Some(json!([1])),
    });
    serde_json::to_value(receipt).unwrap()
}

/// Every pointer to a value, but nothing below members with any content.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    const ANY: [&str; 7] = [
        "/capabilities",
        "/invocation/args",
        "/result",
        "/observed",
        "/sandbox/profile",
        "/sandbox/enforced/0",
        "/error/details",
    ];
    out.push(at.to_owned());
    if ANY.contains(&at) {
        return;
    }
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), out));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), out));
        }
        _ => {}
    }
}

/// Receipts that differ from `good` in one place.
fn mutants(good: &Value) -> Vec<(String, Value)> {
    let replacements = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!([]),
        json!([1]),
        json!({}),
        json!("ADAPTER_X"),
        json!("A__B"),
        json!("a_b"),
        json!("2026-02-30T00:00:00.000Z"),
        json!("2026-01-01T00:00:00Z"),
        json!("2026-01-01T24:00:00.000Z"),
        json!("0".repeat(32)),
        json!("F".repeat(64)),
        json!("0".repeat(64)),
        json!(format!("blake3:{}", "0".repeat(64))),
        json!(format!("sha256:{}", "0".repeat(64))),
        json!("run-receipt.json"),
        json!("denied-receipt.json"),
        json!("ipc-transcript.ndjson"),
        json!("grant"),
        json!("denied"),
        json!(2_147_483_648_u64),
        json!("A_B\n"),
        json!("2026-01-01T00:00:00.000Z\n"),
    ];
    let mut places = Vec::new();
    pointers(good, "", &mut places);
    let mut mutants = Vec::new();
    for place in places {
        for replacement in &replacements {
            let mut mutant = good.clone();
            *mutant.pointer_mut(&place).unwrap() = replacement.clone();
            mutants.push((format!("{place} = {replacement}"), mutant));
        }
        let mut added = good.clone();
        if let Some(Value::Object(members)) = added.pointer_mut(&place) {
            members.insert("added".to_owned(), Value::Null);
            mutants.push((format!("{place} with one member more"), added));
        }
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        let mut removed = good.clone();
        if let Some(Value::Object(members)) = removed.pointer_mut(parent)
            && members.remove(name).is_some()
        {
            mutants.push((format!("without {place}"), removed));
        }
    }
    mutants
}

#[test]
fn types_and_schema_take_and_refuse_the_same_receipts() {
    let schema = jsonschema::options().should_validate_formats(true).build(&schema_text()).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for good in [full(), serde_json::to_value(draft().sealed()).unwrap()] {
        assert!(
            schema.is_valid(&good),
            "{:?}",
            schema.iter_errors(&good).map(|e| e.to_string()).collect::<Vec<_>>()
        );
        for (what, mutant) in mutants(&good) {
            let typed = Receipt::from_bytes(&contract_json::to_canonical_vec(&mutant));
            assert_eq!(schema.is_valid(&mutant), typed.is_ok(), "{what}: {typed:?}");
            *if typed.is_ok() { &mut taken } else { &mut refused } += 1;
        }
    }
    assert!(taken > 200 && refused > 2000, "{taken} {refused}");
}

#[test]
fn a_receipt_survives_reading_and_writing() {
    let good = full();
    let bytes = contract_json::to_canonical_vec(&good);
    assert_eq!(Receipt::from_bytes(&bytes).unwrap().to_bytes(), bytes);
}

#[test]
fn every_object_of_the_schemas_is_closed_or_meant_to_be_open_and_everything_is_described() {
    fn walk(value: &Value, at: &str, open: &mut Vec<String>) {
        let Value::Object(members) = value else { return };
        let is_schema = |m: &Map<String, Value>| {
            ["type", "const", "enum", "oneOf", "$ref"].iter().any(|k| m.contains_key(*k))
        };
        if is_schema(members) && !at.contains("oneOf") && !at.contains("items") {
            assert!(
                members.contains_key("title") && members.contains_key("description"),
                "{at} is not described"
            );
        }
        if members.get("type").is_some_and(|kind| {
            kind == "object" || kind.as_array().is_some_and(|k| k.contains(&json!("object")))
        }) && members.get("additionalProperties") != Some(&json!(false))
        {
            open.push(at.to_owned());
        }
        for (name, member) in members {
            match member {
                Value::Array(items) => items
                    .iter()
                    .enumerate()
                    .for_each(|(i, item)| walk(item, &format!("{at}/{name}/{i}"), open)),
                member => walk(member, &format!("{at}/{name}"), open),
            }
        }
    }
    let mut open = Vec::new();
    walk(&schema_text(), "", &mut open);
    open.sort();
    assert_eq!(
        open,
        [
            "/$defs/sandbox/properties/profile",
            "/properties/capabilities",
            "/properties/invocation/properties/args",
            "/properties/observed",
            "/properties/result",
        ]
    );
}
