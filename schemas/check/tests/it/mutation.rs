//! Each good document, with each of its members dropped, retyped, extended or corrupted in turn: every mutant is refused, or
//! `conformance/mutants.toml` says why it is right to take it. A line there that no mutant needs any more is a fault too.

use std::collections::{BTreeMap, BTreeSet};

use contract_damage::places;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{check, checker, conformance, documents, files};

/// What is done to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    Drop,
    Null,
    Retype,
    Extend,
    Corrupt,
}

/// What a kind may take.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    /// Members that a document of the kind may lack.
    #[serde(default)]
    optional: BTreeSet<String>,
    /// Members whose value may be null.
    #[serde(default)]
    nullable: BTreeSet<String>,
    /// Members whose value may be of more than one type, or which are any text.
    #[serde(default)]
    several: BTreeSet<String>,
    /// Objects to which their format lets anyone add members.
    #[serde(default)]
    extensible: BTreeSet<String>,
    /// Objects and lists of others: what is in them is not ours to judge.
    #[serde(default)]
    open: BTreeSet<String>,
}

impl Listed {
    fn is_inside_open(&self, place: &str) -> bool {
        self.open.iter().any(|open| {
            place == open || place.strip_prefix(open.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

/// A place with its indices left out: one entry for all items of a list.
pub(crate) fn general(pointer: &str) -> String {
    let steps = pointer.split('/').map(|step| if step.parse::<usize>().is_ok() { "*" } else { step });
    steps.collect::<Vec<_>>().join("/")
}

/// Every mutant that one change at one place makes.
pub(crate) fn mutants(document: &Value, pointer: &str) -> Vec<(Change, Value)> {
    let value = document.pointer(pointer).expect("the place exists");
    let replaced = |new: Value| {
        let mut mutant = document.clone();
        *mutant.pointer_mut(pointer).expect("the place exists") = new;
        mutant
    };
    let mut made = Vec::new();
    if let Some((parent, name)) = pointer.rsplit_once('/') {
        let mut mutant = document.clone();
        if let Some(members) = mutant.pointer_mut(parent).and_then(Value::as_object_mut) {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
            made.push((Change::Drop, mutant));
        }
    }
    if !value.is_null() {
        made.push((Change::Null, replaced(Value::Null)));
    }
    let others = [json!(true), json!(-7.5), json!("\u{7}"), json!([[]]), json!({"\u{7}": 1})];
    for other in others {
        if std::mem::discriminant(&other) != std::mem::discriminant(value) {
            made.push((Change::Retype, replaced(other)));
        }
    }
    match value {
        Value::Object(members) => {
            let mut more = members.clone();
            more.insert("unknownMember".to_owned(), json!("x"));
            made.push((Change::Extend, replaced(Value::Object(more))));
        }
        Value::String(text) => {
            made.push((Change::Corrupt, replaced(json!(format!("{text}\u{7}")))));
            made.push((Change::Corrupt, replaced(json!(format!("\u{202e}{text}")))));
        }
        Value::Number(_) => made.push((Change::Corrupt, replaced(json!(-1e300)))),
        Value::Array(items) => {
            let mut more = items.clone();
            more.push(json!({"unknownMember": null}));
            made.push((Change::Corrupt, replaced(Value::Array(more))));
        }
        Value::Null | Value::Bool(_) => {}
    }
    made
}

/// What was taken, by kind, list and place.
type Taken = BTreeMap<(&'static str, &'static str, String), u32>;

/// Mutants of all good documents outside of what is open: how many there are, and which are taken.
fn taken(listed: &BTreeMap<String, Listed>) -> (u32, Taken) {
    let checker = checker();
    let nothing = Listed::default();
    let (mut all, mut taken) = (0, Taken::new());
    for path in files(&conformance().join("good")) {
        for text in documents(&path) {
            let kind = check(&checker, &text).kind.expect("a good document is recognised").name;
            let list = listed.get(kind).unwrap_or(&nothing);
            let document: Value = serde_json::from_slice(&text).expect("it is JSON");
            for pointer in places(&document) {
                let place = general(&pointer);
                for (change, mutant) in mutants(&document, &pointer) {
                    let into = if change == Change::Drop { parent(&place) } else { &place };
                    if list.is_inside_open(into) {
                        continue;
                    }
                    all += 1;
                    let text = serde_json::to_vec(&mutant).expect("it serialises");
                    if check(&checker, &text).is_valid() {
                        let list = match change {
                            Change::Drop => "optional",
                            Change::Null => "nullable",
                            Change::Extend => "extensible",
                            Change::Retype | Change::Corrupt => "several",
                        };
                        *taken.entry((kind, list, place.clone())).or_default() += 1;
                    }
                }
            }
        }
    }
    (all, taken)
}

fn parent(place: &str) -> &str {
    place.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[test]
fn every_mutant_of_a_good_document_is_refused_or_listed() {
    let text = std::fs::read_to_string(conformance().join("mutants.toml")).expect("mutants.toml can be read");
    let listed: BTreeMap<String, Listed> = toml::from_str(&text).expect("mutants.toml is well-formed");
    let (all, taken) = taken(&listed);
    let is_listed = |kind: &str, name: &str, place: &str| {
        listed.get(kind).is_some_and(|list| match name {
            "optional" => list.optional.contains(place),
            "nullable" => list.nullable.contains(place),
            "extensible" => list.extensible.contains(place),
            _ => list.several.contains(place),
        })
    };
    let unlisted: Vec<_> = taken.keys().filter(|(kind, list, place)| !is_listed(kind, list, place)).collect();
    let told: Vec<_> =
        unlisted.iter().map(|(kind, list, place)| format!("{kind}\t{list}\t{place}")).collect();
    assert!(told.is_empty(), "{} unlisted:\n{}", told.len(), told.join("\n"));
    let mut idle = Vec::new();
    for (kind, list) in &listed {
        let lists = [
            ("optional", &list.optional),
            ("nullable", &list.nullable),
            ("several", &list.several),
            ("extensible", &list.extensible),
        ];
        for (name, place) in
            lists.iter().flat_map(|(name, places)| places.iter().map(move |place| (*name, place)))
        {
            if !taken.keys().any(|(other, list, taken)| other == kind && *list == name && taken == place) {
                idle.push(format!("{kind} {name} {place}"));
            }
        }
    }
    assert!(idle.is_empty(), "listed, and refused:\n{}", idle.join("\n"));
    let wrong: u32 =
        taken.iter().filter(|((_, list, _), _)| *list == "several").map(|(_, count)| count).sum();
    assert!(wrong * 100 <= all, "{wrong} of {all} mutants are taken with another value");
}
