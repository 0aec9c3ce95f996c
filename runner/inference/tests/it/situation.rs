use contract_inference::{Situation, SituationFacts, Standing, Way};

use crate::egress::permit;

const WHOLE: Standing = Standing { signed: true, pinned: true, approved: true };

#[test]
fn the_five_situations_are_told_apart() {
    let permit = permit();
    let of = |refused, way, fallback| Situation::of(SituationFacts { refused, way, fallback });
    assert_eq!(of(false, Some(Way::OnDevice), None), Situation::Local);
    assert_eq!(of(false, Some(Way::OnDevice), Some(WHOLE)), Situation::CachedFallback);
    assert_eq!(of(false, Some(Way::OffDevice(&permit)), None), Situation::OnlineGoverned);
    assert_eq!(of(false, None, None), Situation::Unavailable);
    for way in [None, Some(Way::OnDevice), Some(Way::OffDevice(&permit))] {
        assert_eq!(of(true, way, None), Situation::RefusedByPolicy);
    }
    let all = [
        Situation::OnlineGoverned,
        Situation::Local,
        Situation::CachedFallback,
        Situation::Unavailable,
        Situation::RefusedByPolicy,
    ];
    for situation in all {
        assert_eq!(serde_json::to_value(situation).unwrap(), situation.as_str());
    }
}

#[test]
fn a_fallback_counts_only_when_signed_pinned_and_approved() {
    for bits in 0..8 {
        let standing = Standing { signed: bits & 1 != 0, pinned: bits & 2 != 0, approved: bits & 4 != 0 };
        let facts = SituationFacts { refused: false, way: Some(Way::OnDevice), fallback: Some(standing) };
        let expected = if bits == 7 { Situation::CachedFallback } else { Situation::Unavailable };
        assert_eq!(Situation::of(facts), expected, "{standing:?}");
        assert_eq!(standing.lacks().is_empty(), bits == 7);
    }
}
