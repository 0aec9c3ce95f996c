use contract_inference::Boundary;
use contract_ipc::Code;
use serde_json::{Value, json};

const MEMBERS: [&str; 7] = [
    "authorizesPromptEgress",
    "authorizesNetworkAccess",
    "authorizesToolUse",
    "authorizesModelDownload",
    "authorizesTrainingOnUserData",
    "authorizesModelPromotion",
    "authorizesLifecycleMutation",
];

fn document(bits: u32, may_route_locally: bool) -> Value {
    let mut written = json!({
        "schemaVersion": "v0.1",
        "kind": "ModelCarryAuthorizationBoundary",
        "boundaryId": "urn:srcos:model-carry-boundary:tiny",
        "profileRef": "urn:srcos:model-profile:tiny",
        "profileKind": "LocalModelProfile",
        "carryScope": {
            "mayCarryProfile": true, "mayCarryServiceRef": true, "mayEmitEvidence": true, "mayRouteLocally": may_route_locally
        },
        "authorizationBoundary": {},
        "decisionRefs": {
            "policyDecisionRefs": [], "routerDecisionRefs": [], "governanceLedgerRefs": [], "explicitPullRefs": []
        },
        "evidenceRefs": ["evidence://tiny"]
    });
    for (index, member) in MEMBERS.iter().enumerate() {
        written["authorizationBoundary"][member] = json!(bits >> index & 1 == 1);
    }
    written
}

fn read(written: &Value) -> Result<Boundary, Code> {
    Boundary::read(written.to_string().as_bytes()).map_err(|failure| failure.code)
}

#[test]
fn a_boundary_that_authorises_anything_is_refused_and_no_other_gives_anything() {
    let plain = read(&document(0, true)).unwrap();
    assert_eq!((plain.profile.as_str(), plain.may_route_locally), ("urn:srcos:model-profile:tiny", true));
    for bits in 1..1 << MEMBERS.len() {
        assert_eq!(read(&document(bits, true)), Err(Code::InferenceProfileInvalid), "{bits:b}");
    }
}

#[test]
fn a_boundary_can_keep_its_own_profile_from_being_used_and_no_other() {
    let open = read(&document(0, true)).unwrap();
    let closed = read(&document(0, false)).unwrap();
    let judge = |boundaries: &[Boundary], name: &str| {
        Boundary::judge(boundaries, &crate::reference(name)).map_err(|failure| failure.code)
    };
    assert_eq!(judge(&[], "tiny"), Ok(()));
    assert_eq!(judge(std::slice::from_ref(&open), "tiny"), Ok(()));
    assert_eq!(judge(&[open, closed.clone()], "tiny"), Err(Code::InferenceRefused));
    assert_eq!(judge(&[closed], "other"), Ok(()));
}
