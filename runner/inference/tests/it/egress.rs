use contract_engine::FoundGrant;
use contract_inference::egress::{
    Decision, Egress, EgressPermit, EgressRequest, LeaseRef, Residency, Tier, judge,
};
use contract_inference::{Endpoint, Sha256};
use contract_ipc::{Code, Timestamp};
use serde_json::{Value, json};

const TARGET: &str = "192.0.2.17:8091";
const LEASE: &str = "urn:srcos:lease:note-taker-3";

fn decision() -> Value {
    json!({
        "id": "urn:srcos:escalation-decision:minutes-4",
        "type": "EscalationDecision",
        "specVersion": "2.1.0",
        "decidedAt": "2026-03-11T08:05:30Z",
        "machineRef": "urn:srcos:agent-machine:heron",
        "task": "completion",
        "fromTier": "T1",
        "toTier": "T3",
        "fromResidencyClass": "on_device_only",
        "toResidencyClass": "sovereign_cluster",
        "trigger": "user-request",
        "sensitivityCheck": {"performed": true, "result": "pass"},
        "capabilityLeaseRef": LEASE,
        "targetProviderRef": format!("urn:srcos:inference-provider:{TARGET}"),
        "inputHash": Sha256::of("the prompt"),
        "verdict": "permitted",
        "ledgerSeq": 0
    })
}

fn grant(rights: &[&str], expires: &str) -> FoundGrant {
    let text = json!({
        "v": "grant.v0", "issuer": "operator", "subject": {"adapter": "openai-endpoint"}, "rights": rights, "expires": expires
    });
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("grant.json");
    std::fs::write(&path, text.to_string()).unwrap();
    FoundGrant::read(&path).unwrap()
}

fn good_grant() -> FoundGrant {
    grant(&["connect=192.0.2.17:8091"], "2027-01-01T00:00:00Z")
}

/// What a test asks with; each member can be another one.
struct Asked {
    target: &'static str,
    lease: Option<&'static str>,
    grants: Vec<FoundGrant>,
    decision: Option<Value>,
    input: &'static str,
    task: &'static str,
    now: &'static str,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            target: TARGET,
            lease: Some(LEASE),
            grants: vec![good_grant()],
            decision: Some(decision()),
            input: "the prompt",
            task: "completion",
            now: "2026-03-11T08:06:00Z",
        }
    }
}

impl Asked {
    fn judge(&self) -> Result<Egress, contract_engine::Failure> {
        let decision =
            self.decision.as_ref().map(|text| Decision::read(text.to_string().as_bytes())).transpose()?;
        let lease = self.lease.map(LeaseRef::parse).transpose()?;
        judge(&EgressRequest {
            target: &Endpoint::parse(self.target).unwrap(),
            adapter: "openai-endpoint",
            adapter_digest: "blake3:0",
            task: self.task,
            input_hash: &Sha256::of(self.input),
            lease: lease.as_ref(),
            grants: &self.grants,
            decision: decision.as_ref(),
            now: self.now.parse::<Timestamp>().unwrap(),
        })
    }

    fn refused(&self, why: &str) {
        let failure = self.judge().unwrap_err();
        assert_eq!(failure.code, Code::InferenceEgressRefused);
        assert!(failure.message.contains(why), "{why}: {failure}");
    }
}

fn decided(member: &str, value: Value) -> Asked {
    let mut changed = decision();
    changed[member] = value;
    Asked { decision: Some(changed), ..Asked::default() }
}

/// A permit, made as one is made.
pub(crate) fn permit() -> EgressPermit {
    match Asked::default().judge().unwrap() {
        Egress::Permitted(permit) => permit,
        Egress::Stays => panic!("the target is elsewhere"),
    }
}

#[test]
fn a_runtime_on_this_machine_needs_no_permit() {
    let bare = || Asked { lease: None, grants: Vec::new(), decision: None, ..Asked::default() };
    for target in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"] {
        assert_eq!(Asked { target, ..bare() }.judge().unwrap(), Egress::Stays, "{target}");
    }
    for target in ["localhost.example:1", "0.0.0.0:1", "[::ffff:127.0.0.1]:1", "192.0.2.17:8091"] {
        Asked { target, ..bare() }.refused("there is no lease");
    }
}

#[test]
fn lease_grant_and_decision_together_permit_one_input_to_one_target() {
    let permit = permit();
    assert_eq!((permit.target(), permit.lease().as_str()), (TARGET, LEASE));
    assert_eq!(
        (permit.from(), permit.to(), permit.residency()),
        (Tier::T1, Tier::T3, Residency::SovereignCluster)
    );
    assert_eq!(*permit.input_hash(), Sha256::of("the prompt"));
    assert_eq!(permit.grant(), good_grant().digest);
}

#[test]
fn each_of_the_three_alone_is_not_enough() {
    Asked { lease: None, ..Asked::default() }.refused("there is no lease");
    Asked { lease: Some("urn:srcos:lease:"), ..Asked::default() }.refused("is no lease");
    Asked { lease: Some("note-taker"), ..Asked::default() }.refused("is no lease");
    Asked { grants: Vec::new(), ..Asked::default() }.refused("no grant names connect=192.0.2.17:8091");
    Asked { decision: None, ..Asked::default() }.refused("there is no escalation decision");
}

#[test]
fn a_grant_for_something_else_or_another_time_does_not_count() {
    for rights in
        [&["connect=192.0.2.17:8092"][..], &["connect=192.0.2.18:8091"], &["raw-tcp=8091"], &["read=/"], &[]]
    {
        let grants = vec![grant(rights, "2027-01-01T00:00:00Z")];
        Asked { grants, ..Asked::default() }.refused("no grant names");
    }
    let grants = vec![grant(&["connect=192.0.2.17:8091"], "2026-03-11T08:05:59Z")];
    Asked { grants, ..Asked::default() }.refused("expired");
    let grants = vec![grant(&["read=/"], "2027-01-01T00:00:00Z"), good_grant()];
    Asked { grants, ..Asked::default() }.judge().unwrap();
}

#[test]
fn a_decision_about_something_else_does_not_count() {
    Asked { input: "another prompt", ..Asked::default() }.refused("another input");
    Asked { task: "embedding", ..Asked::default() }.refused("about the task completion");
    Asked { now: "2026-03-11T08:05:29Z", ..Asked::default() }.refused("has not come yet");
    decided("capabilityLeaseRef", json!("urn:srcos:lease:other")).refused("another lease");
    decided("targetProviderRef", json!("urn:srcos:inference-provider:192.0.2.17:80910"))
        .refused("its target is");
    decided("targetProviderRef", json!("urn:srcos:other:192.0.2.17:8091")).refused("not valid");
    decided("targetProviderRef", json!(null)).refused("names no target");
    decided("targetExternalProviderRef", json!("urn:srcos:external-model-provider-profile:x"))
        .refused("its target is");
    let mut stays = decision();
    stays["toResidencyClass"] = json!("on_device_only");
    stays["toTier"] = json!("T2");
    Asked { decision: Some(stays), ..Asked::default() }.refused("keeps the data on the device");
}

#[test]
fn a_decision_is_about_the_task_of_the_receipt() {
    let mut changed = decision();
    changed["task"] = json!("summarization");
    Asked { decision: Some(changed), ..Asked::default() }.refused("about the task summarization");
}

#[test]
fn a_refusal_and_a_decision_that_is_not_valid_permit_nothing() {
    let mut refusal = decision();
    refusal["verdict"] = json!("refused");
    refusal["refusalReason"] = json!("no-grant");
    Asked { decision: Some(refusal), ..Asked::default() }.refused("its verdict is refused, no-grant");
    for (member, value) in [
        ("verdict", json!("Permitted")),
        ("sensitivityCheck", json!({"performed": false, "result": "not-run"})),
        (
            "sensitivityCheck",
            json!({"performed": true, "result": "pass", "sensitiveCategories": ["Biometric"]}),
        ),
        ("capabilityLeaseRef", json!(null)),
        ("toTier", json!("T4")),
        ("toResidencyClass", json!("external_permitted")),
        ("extra", json!(true)),
    ] {
        decided(member, value).refused("not valid");
    }
    assert!(Decision::read(b"{}").is_err());
}
