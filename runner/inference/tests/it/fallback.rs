use contract_inference::{Chain, ChainEnd, MAX_DEPTH, ProfileSet};
use contract_ipc::Code;

use crate::{document, read, reference, with_fallbacks};

fn set(profiles: &[(&str, &[&str])]) -> ProfileSet {
    let mut set = ProfileSet::default();
    for (name, fallbacks) in profiles {
        set.add(with_fallbacks(name, fallbacks)).unwrap();
    }
    set
}

fn names(chain: &Chain<'_>) -> Vec<(String, usize)> {
    chain.links.iter().map(|link| (link.profile.display_name.clone(), link.depth)).collect()
}

fn expected(links: &[(&str, usize)]) -> Vec<(String, usize)> {
    links.iter().map(|(name, depth)| ((*name).to_owned(), *depth)).collect()
}

#[test]
fn two_profiles_that_name_each_other_are_both_tried_and_the_cycle_is_told() {
    let set = set(&[("a", &["b"]), ("b", &["a"])]);
    let chain = set.chain(&reference("a")).unwrap();
    assert_eq!(names(&chain), expected(&[("a", 0), ("b", 1)]));
    assert_eq!(chain.ends, [ChainEnd::Cycle(vec![reference("a"), reference("b"), reference("a")])]);
    let told = chain.ends[0].to_string();
    let (a, b) = (reference("a"), reference("b"));
    assert_eq!(told, format!("{a} names {b}, {b} names {a}, a cycle; it ends there"));
}

#[test]
fn what_a_profile_names_itself_comes_before_what_those_name() {
    let set = set(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d", "e"]), ("d", &[]), ("e", &[])]);
    let chain = set.chain(&reference("a")).unwrap();
    assert_eq!(names(&chain), expected(&[("a", 0), ("b", 1), ("c", 1), ("d", 2), ("e", 2)]));
    // Two ways to `d` are no cycle.
    assert_eq!(chain.ends, []);
}

#[test]
fn a_chain_ends_after_four_steps() {
    let set = set(&[
        ("p0", &["p1"]),
        ("p1", &["p2"]),
        ("p2", &["p3"]),
        ("p3", &["p4"]),
        ("p4", &["p5"]),
        ("p5", &[]),
    ]);
    let chain = set.chain(&reference("p0")).unwrap();
    assert_eq!(chain.links.iter().map(|link| link.depth).max(), Some(MAX_DEPTH));
    assert_eq!(chain.ends, [ChainEnd::TooDeep { from: reference("p4"), to: reference("p5") }]);
}

#[test]
fn what_nobody_has_is_told() {
    let set = set(&[("a", &["gone", "b"]), ("b", &[])]);
    let chain = set.chain(&reference("a")).unwrap();
    assert_eq!(names(&chain), expected(&[("a", 0), ("b", 1)]));
    assert_eq!(chain.ends, [ChainEnd::Missing { from: reference("a"), to: reference("gone") }]);
    assert!(set.chain(&reference("gone")).is_none());
}

#[test]
fn many_profiles_that_all_name_each_other_end_soon() {
    let names: Vec<String> = (0..60).map(|number| format!("p{number}")).collect();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut set = ProfileSet::default();
    for name in &all {
        let others: Vec<&str> = all.iter().copied().filter(|other| other != name).collect();
        set.add(with_fallbacks(name, &others)).unwrap();
    }
    let chain = set.chain(&reference("p0")).unwrap();
    assert_eq!(chain.links.len(), 60);
    assert!(chain.ends.iter().all(|end| matches!(end, ChainEnd::Cycle(_))));
}

#[test]
fn two_different_profiles_cannot_have_one_name() {
    let mut set = set(&[("a", &[])]);
    set.add(with_fallbacks("a", &[])).unwrap();
    let mut other = document("a");
    other["displayName"] = "another".into();
    assert_eq!(set.add(read(&other).unwrap()).unwrap_err().code, Code::InferenceProfileInvalid);
}
