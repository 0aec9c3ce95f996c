//! conformance/ has something for every kind and every rule. That each document is judged as it should be is the work of
//! contract-conformance.

use std::collections::BTreeSet;

use contract_check::{kinds, rules};
use serde::Deserialize;

use crate::{check, checker, conformance, documents, files};

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    rules: Vec<String>,
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(conformance().join("cases.toml")).expect("cases.toml can be read");
    toml::from_str::<Cases>(&text).expect("cases.toml is well-formed").case
}

#[test]
fn every_kind_has_a_good_document_that_is_recognised_as_it() {
    let checker = checker();
    let mut met = BTreeSet::new();
    for path in files(&conformance().join("good")) {
        for text in documents(&path) {
            let kind = check(&checker, &text).kind.map(|kind| kind.name);
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            assert!(
                kind.is_some_and(|kind| name.starts_with(kind)),
                "{} is recognised as {kind:?}",
                path.display()
            );
            met.extend(kind);
        }
    }
    let missing: Vec<_> = kinds().map(|kind| kind.name).filter(|name| !met.contains(name)).collect();
    assert!(missing.is_empty(), "no good document for {missing:?}");
}

#[test]
fn every_rule_has_a_bad_document_that_breaks_it_alone() {
    let alone: BTreeSet<String> =
        cases().into_iter().filter(|case| case.rules.len() == 1).flat_map(|case| case.rules).collect();
    let missing: Vec<_> = rules().map(|rule| rule.id).filter(|id| !alone.contains(*id)).collect();
    assert!(missing.is_empty(), "no bad document for {missing:?}; `cargo xtask corpus` writes them");
}
