use contract_check::{Checker, Options};
use contract_engine::Failure;
use contract_inference::egress::LeaseRef;
use contract_inference::{
    AdapterFacts, AgentClass, Caller, Completion, CompletionKind, Device, Ending, Evidence, FinishReason,
    KeptTexts, Limits, Lora, Model, ModelDigest, RunPlace, RunRef, Sha256, Situation, Timings, Usage, Why,
    chat_text, receipt,
};
use contract_ipc::{Code, Timestamp};
use serde_json::{Value, json};

use crate::egress::permit;

pub(crate) fn now() -> Timestamp {
    "2026-03-11T08:06:00.123Z".parse().unwrap()
}

/// An answered completion on this machine; `text` is the prompt.
pub(crate) fn answered(text: &str) -> Completion {
    Completion {
        kind: CompletionKind::Text,
        input_hash: Sha256::of(text),
        output_hash: Sha256::of("out"),
        ending: Ending::Answered(FinishReason::Stop),
        situation: Situation::Local,
        caller: Caller::local("contract-runner"),
        model: Model {
            name: "tiny.gguf".to_owned(),
            digest: ModelDigest::Computed(Sha256::of("weights")),
            tokenizer: Some(Sha256::of("tokenizer")),
            loras: Vec::new(),
        },
        adapter: Some(AdapterFacts { name: "llama".to_owned(), digest: None }),
        limits: Limits { max_tokens: Some(16), ..Limits::default() },
        usage: Usage {
            prompt_tokens: Some(3),
            cached_tokens: Some(0),
            output_tokens: Some(1),
            estimated: false,
        },
        timings: Some(Timings { total_ms: Some(4), ..Timings::default() }),
        latency_ms: 5,
        place: RunPlace::OnDevice(Some(Device::Cpu)),
        route: None,
        profile: None,
        run: Some(RunRef { id: "r".to_owned(), subject_digest: Some(format!("blake3:{}", "0".repeat(64))) }),
        kept: KeptTexts::default(),
    }
}

/// One that nothing answered.
pub(crate) fn refused(situation: Situation, code: Code) -> Completion {
    let model = Model { digest: ModelDigest::Unknown, tokenizer: None, ..answered("").model };
    Completion {
        ending: Ending::Refused(Why::code(code)),
        situation,
        output_hash: Sha256::of(""),
        model,
        adapter: None,
        usage: Usage::default(),
        timings: None,
        run: None,
        place: RunPlace::OnDevice(None),
        ..answered("the prompt")
    }
}

/// One that went beyond this machine.
pub(crate) fn off_device() -> Completion {
    Completion {
        situation: Situation::OnlineGoverned,
        place: RunPlace::OffDevice(permit()),
        model: Model { digest: ModelDigest::Unknown, ..answered("").model },
        ..answered("the prompt")
    }
}

/// One of every kind of ending, in every kind of place.
pub(crate) fn all() -> Vec<Completion> {
    let lease = || LeaseRef::parse("urn:srcos:lease:x").unwrap();
    let agent = Caller::agent("urn:srcos:agent-passport:a", AgentClass::AppHelper, lease()).unwrap();
    let why = || Why::code(Code::ContractRejected);
    let lora = |name: &str| Lora { digest: Sha256::of(name), scale: 0.5 };
    let mut tuned = answered("a");
    tuned.model.loras = vec![lora("a")];
    let mut twice = tuned.clone();
    twice.model.loras.push(lora("b"));
    vec![
        answered("a"),
        tuned,
        twice,
        Completion { kind: CompletionKind::Chat, caller: agent, ..answered("a") },
        Completion {
            kind: CompletionKind::Embedding,
            ending: Ending::Answered(FinishReason::Embedded),
            ..answered("a")
        },
        Completion { ending: Ending::Rejected(FinishReason::Length, why()), ..answered("a") },
        Completion { ending: Ending::Cancelled(Why::code(Code::AdapterCancelled)), ..answered("a") },
        Completion { ending: Ending::Failed(Why::code(Code::AdapterKilled)), ..answered("a") },
        Completion { situation: Situation::CachedFallback, ..answered("a") },
        refused(Situation::RefusedByPolicy, Code::InferenceEgressRefused),
        refused(Situation::Unavailable, Code::InferenceNoRoute),
        off_device(),
        Completion { ending: Ending::Failed(Why::code(Code::IpcTimeout)), ..off_device() },
    ]
}

fn made(completion: &Completion) -> (Value, Value) {
    let evidence = Evidence::new(completion, 0, now());
    let receipt = receipt(completion, 0, &Sha256::of(evidence.to_bytes()), now());
    (receipt, serde_json::from_slice(&evidence.to_bytes()).unwrap())
}

#[test]
fn every_completion_gives_a_receipt_and_evidence_that_are_valid() {
    let checker = Checker::new(Options::default());
    for completion in all() {
        let (receipt, evidence) = made(&completion);
        for (document, name) in [(receipt, "inference-receipt"), (evidence, "inference-evidence.v0")] {
            let text = document.to_string();
            let checked = checker.check(&mut contract_json::Tape::new(), text.as_bytes(), None).unwrap();
            assert_eq!(checked.kind.map(|kind| kind.name), Some(name));
            assert_eq!(checked.violations, [], "{text}");
        }
    }
}

#[test]
fn a_receipt_names_task_daemon_and_tier_by_what_was_asked() {
    for (kind, task, daemon, tier) in [
        (CompletionKind::Chat, "chat.completion", "inferenced", "T1"),
        (CompletionKind::Text, "completion", "inferenced", "T1"),
        (CompletionKind::Embedding, "embedding", "embeddingd", "T0"),
    ] {
        let (receipt, _) = made(&Completion { kind, ..answered("a") });
        assert_eq!(
            (&receipt["task"], &receipt["providerDaemon"], &receipt["tier"]),
            (&json!(task), &json!(daemon), &json!(tier))
        );
        assert_eq!(receipt["id"], json!(format!("urn:srcos:inference-receipt:{task}-0")));
        assert_eq!(receipt["issuedAt"], json!("2026-03-11T08:06:00Z"));
    }
    assert_eq!(chat_text([("system", "s"), ("user", "q\nr")]), "system: s\nuser: q\nr");
    assert_eq!(Sha256::of(chat_text([("user", "q")])), Sha256::of("user: q"));
}

#[test]
fn a_receipt_beyond_this_machine_names_lease_tier_and_decision() {
    let (receipt, evidence) = made(&off_device());
    assert_eq!(receipt["dataResidencyClass"], json!("sovereign_cluster"));
    assert_eq!(receipt["capabilityLeaseRef"], json!("urn:srcos:lease:note-taker-3"));
    assert_eq!((&receipt["escalatedFrom"], &receipt["tier"]), (&json!("T1"), &json!("T3")));
    assert_eq!(receipt["escalationChain"], json!(["urn:srcos:escalation-decision:minutes-4"]));
    assert_eq!(
        (&receipt["computeDevice"], &evidence["egress"]["target"]),
        (&json!("remote"), &json!("192.0.2.17:8091"))
    );
}

#[test]
fn an_unknown_digest_is_that_of_the_empty_text_and_the_evidence_says_so() {
    let (receipt, evidence) = made(&refused(Situation::Unavailable, Code::InferenceNoRoute));
    assert_eq!(receipt["baseModelDigest"], json!(Sha256::of("")));
    assert_eq!((&evidence["modelDigest"], &evidence["modelDigestSource"]), (&json!(null), &json!("unknown")));
}

#[test]
fn the_digest_of_a_lora_is_that_of_its_file_and_of_several_that_of_their_list() {
    let digest = |index: usize| made(&all()[index]).0["adapterDigest"].clone();
    assert_eq!((digest(0), digest(1)), (json!(null), json!(Sha256::of("a"))));
    let list = json!([{"digest": Sha256::of("a"), "scale": 0.5}, {"digest": Sha256::of("b"), "scale": 0.5}]);
    assert_eq!(digest(2), json!(Sha256::stable(&list)));
}

#[test]
fn no_words_that_may_quote_a_prompt_reach_the_evidence() {
    let secret = "the prompt itself";
    let adapters_own =
        Failure { adapter_code: Some("ADAPTER_X".to_owned()), ..Failure::new(Code::AdapterIo, secret) };
    let engines = [
        adapters_own,
        Failure::new(Code::ContractResultInvalid, secret),
        Failure::new(Code::ContractArgsInvalid, secret),
        Failure::new(Code::IpcBadEnvelope, secret).cause(secret).hint(secret),
        Failure::new(Code::AdapterBadInput, secret),
        Failure::new(Code::AdapterExited, secret),
    ];
    for failure in &engines {
        let completion = Completion { ending: Ending::Failed(Why::from(failure)), ..answered(secret) };
        let (receipt, evidence) = made(&completion);
        assert_eq!(evidence["code"], json!(failure.code_text()));
        assert!(!receipt.to_string().contains(secret) && !evidence.to_string().contains(secret), "{failure}");
    }
    let ours = Failure::new(Code::InferenceRefused, "the prompt has 5 characters");
    let (_, evidence) = made(&Completion {
        ending: Ending::Refused(Why::from(&ours)),
        ..refused(Situation::RefusedByPolicy, Code::InferenceRefused)
    });
    assert_eq!(evidence["reason"], json!("the prompt has 5 characters"));
}

#[test]
fn a_passport_must_be_one() {
    let lease = || LeaseRef::parse("urn:srcos:lease:x").unwrap();
    for bad in ["", "agent", "urn:srcos:agent-passport:", "urn:srcos:agent-passport:a b"] {
        let failure = Caller::agent(bad, AgentClass::AppHelper, lease()).unwrap_err();
        assert_eq!(failure.code, Code::InferenceRefused, "{bad}");
    }
}

#[test]
fn the_schema_of_evidence_holds_those_of_its_parts() {
    let schema =
        |name: &str| -> Value { serde_json::from_str(contract_check::kind(name).unwrap().schema).unwrap() };
    let evidence = schema("inference-evidence.v0");
    for (member, name) in [("route", "route-decision.v0"), ("audit", "gateway-call-audit")] {
        let (part, whole) = (&evidence["properties"][member], schema(name));
        for keyword in ["properties", "required", "additionalProperties", "allOf"] {
            assert_eq!(part[keyword], whole[keyword], "{member}: {keyword}");
        }
    }
}
