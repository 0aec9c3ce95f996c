//! Each rule has an example that shows it: `good` breaks nothing, `bad` breaks this rule and no other.

use std::collections::BTreeSet;

use contract_check::{Rule, kinds, rules};

use crate::{broken, check_lines, checker, conformance, told};

fn with(rule: &Rule, value: &str) -> Vec<Vec<u8>> {
    let path = conformance().join("good").join(rule.example.base);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {}: {error}", rule.id, path.display()));
    let documents = rule.example.documents(&text, value).unwrap_or_else(|why| panic!("{}: {why}", rule.id));
    documents.iter().map(|document| serde_json::to_vec_pretty(document).expect("it serialises")).collect()
}

#[test]
fn every_good_example_is_clean_and_every_bad_one_breaks_its_rule_alone() {
    let checker = checker();
    let mut faults = Vec::new();
    for rule in rules() {
        let good = check_lines(&checker, &with(rule, rule.example.good));
        if !good.is_empty() {
            faults.push(format!("{}: the good example is not clean\n{}", rule.id, told(&good)));
        }
        let bad = check_lines(&checker, &with(rule, rule.example.bad));
        if broken(&bad) != [rule.id] {
            faults.push(format!("{}: the bad example breaks\n{}", rule.id, told(&bad)));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), rules().count(), faults.join("\n"));
}

#[test]
fn ids_are_unique_and_well_formed_and_texts_are_sentences() {
    let mut seen = BTreeSet::new();
    let names: BTreeSet<&str> = kinds().map(|kind| kind.name).collect();
    for rule in rules() {
        assert!(seen.insert(rule.id), "{} twice", rule.id);
        assert!(
            rule.id.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_')) && rule.id.contains('_'),
            "{}",
            rule.id
        );
        for text in [rule.what, rule.why, rule.mend] {
            assert!(text.ends_with(['.', ')']) && text.len() >= 8, "{}: `{text}` is no sentence", rule.id);
        }
        assert!(!rule.source.is_empty(), "{}: no source", rule.id);
        for kind in rule.kinds {
            assert!(names.contains(kind), "{}: there is no kind {kind}", rule.id);
        }
    }
}
