use contract_check::{Checker, Options, kind};
use contract_inference::{
    Boundary, CandidateFacts, Check, DigestFact, FileFact, Profile, ProfileSet, Role, RouteDecision,
    RouteRequest, Standing, route,
};
use serde_json::json;

use crate::{document, read, reference};

/// Name, roles, fallbacks, memory in MiB.
type Made<'a> = (&'a str, &'a [&'a str], &'a [&'a str], u64);

fn set(profiles: &[Made<'_>]) -> ProfileSet {
    let mut set = ProfileSet::default();
    for (name, roles, fallbacks, memory) in profiles {
        let mut written = document(name);
        written["roles"] = json!(roles);
        written["policy"]["fallbackProfileRefs"] = fallbacks.iter().map(|name| reference(name)).collect();
        written["model"]["memoryHintMb"] = json!(memory);
        set.add(read(&written).unwrap()).unwrap();
    }
    set
}

fn there(digest: DigestFact) -> CandidateFacts {
    let file = FileFact::Present { bytes: 1 << 20, digest };
    CandidateFacts { file, runtime: Some(Ok(())), standing: Standing::default() }
}

fn for_triage(set: &ProfileSet, facts: impl Fn(&Profile) -> CandidateFacts) -> RouteDecision {
    let request = RouteRequest { task: Some(Role::Triage), profile: None };
    let decision = route(request, set, &[], Some(1 << 30), facts);
    valid(&decision);
    decision
}

/// Its document is one that contract-check takes.
fn valid(decision: &RouteDecision) {
    let bytes = decision.to_bytes();
    let checked = Checker::new(Options::default())
        .check(&mut contract_json::Tape::new(), &bytes, kind("route-decision.v0"))
        .unwrap();
    assert_eq!(checked.violations, []);
    let again: RouteDecision = contract_json::from_slice(&bytes).unwrap();
    assert_eq!(again, *decision);
}

fn against(decision: &RouteDecision, name: &str) -> Vec<Check> {
    let candidate =
        decision.candidates.iter().find(|candidate| candidate.profile == reference(name)).unwrap();
    candidate.reasons.iter().filter(|reason| !reason.ok).map(|reason| reason.check).collect()
}

#[test]
fn the_role_decides_then_the_digest_on_record_then_memory_then_the_name() {
    let set = set(&[
        ("d-small", &["triage"], &[], 10),
        ("c-small", &["triage"], &[], 10),
        ("b-recorded", &["triage"], &[], 500),
        ("a-other", &["rewrite"], &[], 1),
    ]);
    let decision = for_triage(&set, |profile| {
        let recorded = profile.display_name == "b-recorded";
        there(if recorded { DigestFact::AsRecorded } else { DigestFact::NotOnRecord })
    });
    let order: Vec<&str> = decision.candidates.iter().map(|candidate| candidate.profile.as_str()).collect();
    assert_eq!(order, ["b-recorded", "c-small", "d-small", "a-other"].map(reference));
    assert_eq!(decision.chosen, Some(reference("b-recorded")));
    assert_eq!(against(&decision, "a-other"), [Check::Role]);
    let again = for_triage(&set, |profile| {
        let recorded = profile.display_name == "b-recorded";
        there(if recorded { DigestFact::AsRecorded } else { DigestFact::NotOnRecord })
    });
    assert_eq!(again.to_bytes(), decision.to_bytes());
}

#[test]
fn each_fact_can_speak_against_a_profile() {
    let set = set(&[("tiny", &["triage"], &[], 64)]);
    let with = |facts: CandidateFacts| against(&for_triage(&set, |_| facts.clone()), "tiny");
    assert_eq!(with(there(DigestFact::NotOnRecord)), []);
    assert_eq!(with(CandidateFacts::default()), [Check::File]);
    let absent =
        CandidateFacts { file: FileFact::Absent("no such file".to_owned()), ..CandidateFacts::default() };
    assert_eq!(with(absent), [Check::File]);
    let differs = DigestFact::Differs("the digest is another".to_owned());
    assert_eq!(with(there(differs)), [Check::Digest]);
    let down =
        CandidateFacts { runtime: Some(Err("no adapter".to_owned())), ..there(DigestFact::AsRecorded) };
    assert_eq!(with(down), [Check::Runtime]);
    let large = FileFact::Present { bytes: 2 << 30, digest: DigestFact::AsRecorded };
    assert_eq!(with(CandidateFacts { file: large, ..there(DigestFact::AsRecorded) }), [Check::Memory]);
}

#[test]
fn a_fallback_is_chosen_only_when_it_counts() {
    let set = set(&[("large", &["triage"], &["small"], 4096), ("small", &["router"], &["large"], 16)]);
    let with = |standing| for_triage(&set, |_| CandidateFacts { standing, ..there(DigestFact::AsRecorded) });
    let lacking = with(Standing { signed: true, pinned: true, approved: false });
    assert_eq!((lacking.chosen(), against(&lacking, "small")), (None, vec![Check::Fallback]));
    assert_eq!(against(&lacking, "large"), [Check::Memory]);
    let counting = with(Standing { signed: true, pinned: true, approved: true });
    assert_eq!(
        counting.chosen().map(|chosen| (chosen.profile.clone(), chosen.depth)),
        Some((reference("small"), 1))
    );
    let (a, b) = (reference("large"), reference("small"));
    assert_eq!(counting.notes, [format!("{a} names {b}, {b} names {a}, a cycle; it ends there")]);
}

#[test]
fn the_profile_that_is_asked_for_is_tried_alone_with_its_fallbacks() {
    let set = set(&[("a", &["triage"], &[], 1), ("b", &["triage"], &[], 1)]);
    let b = reference("b");
    let request = RouteRequest { task: None, profile: Some(&b) };
    let decision = route(request, &set, &[], None, |_| there(DigestFact::NotOnRecord));
    valid(&decision);
    assert_eq!((decision.chosen.as_ref(), decision.candidates.len()), (Some(&b), 1));
    let gone = reference("gone");
    let request = RouteRequest { task: None, profile: Some(&gone) };
    let decision = route(request, &set, &[], None, |_| there(DigestFact::NotOnRecord));
    valid(&decision);
    assert_eq!((decision.chosen(), decision.candidates.len()), (None, 0));
    assert!(decision.to_string().contains("there is no such profile"), "{decision}");
}

#[test]
fn a_boundary_and_a_runtime_without_an_adapter_keep_a_profile_out() {
    let mut written = document("tiny");
    written["runtime"] = json!({"kind": "mlx"});
    let mut set = ProfileSet::default();
    set.add(read(&written).unwrap()).unwrap();
    let boundary = Boundary {
        reference: "urn:srcos:model-carry-boundary:x".to_owned(),
        profile: reference("tiny"),
        may_route_locally: false,
        names_policy_decision: false,
    };
    let decision = route(RouteRequest::default(), &set, &[boundary], None, |_| there(DigestFact::AsRecorded));
    valid(&decision);
    assert_eq!(against(&decision, "tiny"), [Check::Boundary, Check::Runtime]);
}

#[test]
fn people_read_each_reason() {
    let set = set(&[("large", &["triage"], &[], 4096), ("tiny", &["triage"], &[], 64)]);
    let decision = for_triage(&set, |_| there(DigestFact::NotOnRecord));
    let expected = "\
urn:srcos:model-profile:tiny

urn:srcos:model-profile:tiny (chosen)
  + is for triage
  + llama is there
  + the model file is there, 1 MiB
  + no digest is on record; it is computed before the first token
  + takes 64 MiB, 1 GiB are available

urn:srcos:model-profile:large (no)
  + is for triage
  + llama is there
  + the model file is there, 1 MiB
  + no digest is on record; it is computed before the first token
  - takes 4 GiB, 1 GiB are available";
    assert_eq!(decision.to_string(), expected);
}
