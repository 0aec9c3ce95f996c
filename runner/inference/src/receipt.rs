//! `InferenceReceipt`: one completion in the chain of receipts.

use contract_ipc::Timestamp;
use serde_json::{Map, Value, json};

use crate::audit::seconds;
use crate::completion::{Completion, CompletionKind, Lora, RunPlace};
use crate::egress::{Residency, Tier};
use crate::evidence::receipt_id;
use crate::sha256::Sha256;

/// Version of the specification that the receipts follow.
const SPEC_VERSION: &str = "2.1.0";
/// What the names of providers begin with.
const PROVIDER: &str = "urn:srcos:inference-provider:";

/// The receipt of a completion for the place `seq`; the ledger adds the hash of the entry before.
///
/// Where nobody knows the digest of the weights, `baseModelDigest`, which the format demands, is the digest of the empty text,
/// and the evidence says so.
#[must_use]
pub fn receipt(completion: &Completion, seq: u64, evidence: &Sha256, now: Timestamp) -> Value {
    let embeds = completion.kind == CompletionKind::Embedding;
    let (digest, _) = completion.model.digest.parts();
    let caller = &completion.caller;
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    set("id", json!(receipt_id(completion, seq)));
    set("type", json!("InferenceReceipt"));
    set("specVersion", json!(SPEC_VERSION));
    set("issuedAt", json!(seconds(now)));
    set("requestingAgentRef", json!(caller.agent.as_ref().map(|(passport, _)| passport)));
    set("requestingAgentClass", json!(caller.agent.as_ref().map(|(_, class)| class)));
    set("providerDaemon", json!(if embeds { "embeddingd" } else { "inferenced" }));
    set("baseModelDigest", json!(digest.cloned().unwrap_or_else(|| Sha256::of(""))));
    set("adapterDigest", json!(lora_digest(&completion.model.loras)));
    set("tokenizerDigest", json!(completion.model.tokenizer));
    // What is run is named by files and manifests; a carry reference takes no part in it.
    set("modelCarryRef", Value::Null);
    set("task", json!(completion.kind.task()));
    set("inputHash", json!(completion.input_hash));
    set("inputTokenCount", json!(completion.usage.prompt_tokens));
    set("outputHash", json!(completion.output_hash));
    set("outputTokenCount", json!(if embeds { None } else { completion.usage.output_tokens }));
    set("latencyMs", json!(completion.latency_ms));
    match &completion.place {
        RunPlace::OnDevice(device) => {
            set("tier", json!(if embeds { Tier::T0 } else { Tier::T1 }));
            set("dataResidencyClass", json!(Residency::OnDeviceOnly));
            set("capabilityLeaseRef", json!(caller.lease));
            set("providerRef", Value::Null);
            set("escalatedFrom", Value::Null);
            set("escalationChain", json!([]));
            set("computeDevice", json!(device));
        }
        RunPlace::OffDevice(permit) => {
            set("tier", json!(permit.to()));
            set("dataResidencyClass", json!(permit.residency()));
            set("capabilityLeaseRef", json!(permit.lease()));
            set("providerRef", json!(format!("{PROVIDER}{}", permit.target())));
            set("escalatedFrom", json!(permit.from()));
            set("escalationChain", json!([permit.decision()]));
            set("computeDevice", json!("remote"));
        }
    }
    set("evidenceHash", json!(evidence));
    set(
        "evidenceRefs",
        json!(completion.run.iter().filter_map(|run| run.subject_digest.as_ref()).collect::<Vec<_>>()),
    );
    set("ledgerSeq", json!(seq));
    Value::Object(members)
}

/// Of one LoRA adapter its own digest; of several the digest of the stable form of their list.
fn lora_digest(loras: &[Lora]) -> Option<Sha256> {
    match loras {
        [] => None,
        [one] => Some(one.digest.clone()),
        several => Some(Sha256::stable(&several)),
    }
}
