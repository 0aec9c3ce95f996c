//! The model plane: runs of models, decisions to hand a request on, and what lies in the model store.

mod audit;
mod escalation;
mod ledger;
mod licence;
mod receipt;
mod residency;
mod store;

use crate::kind::{Check, Kind, Mark};
use crate::rule::Rule;

macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!("../../../json/model-plane/", $name, ".schema.json"))
    };
}

/// The kinds. The conditions of the original are part of the schemas; the rules are what it leaves unchecked.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: "inference-receipt",
        title: "InferenceReceipt",
        family: "model-plane",
        schema: schema!("inference-receipt"),
        marks: &[Mark::Is("type", "InferenceReceipt")],
        check: Check::Document(receipt::check),
    },
    Kind {
        name: "escalation-decision",
        title: "EscalationDecision",
        family: "model-plane",
        schema: schema!("escalation-decision"),
        marks: &[Mark::Is("type", "EscalationDecision")],
        check: Check::Document(escalation::check),
    },
    Kind {
        name: "model-manifest",
        title: "ModelManifest",
        family: "model-plane",
        schema: schema!("model-manifest"),
        marks: &[Mark::Is("type", "ModelManifest")],
        check: Check::Document(store::check_model),
    },
    Kind {
        name: "model-adapter-manifest",
        title: "ModelAdapterManifest",
        family: "model-plane",
        schema: schema!("model-adapter-manifest"),
        marks: &[Mark::Is("type", "ModelAdapterManifest")],
        check: Check::Document(store::check_adapter),
    },
    Kind {
        name: "gateway-call-audit",
        title: "GatewayCallAudit",
        family: "model-plane",
        schema: schema!("gateway-call-audit"),
        marks: &[Mark::Is("schemaVersion", "0.1"), Mark::Has("call_type")],
        check: Check::Document(audit::check),
    },
];

/// The rules of a gateway audit that is part of another document.
pub(super) use audit::check as check_audit;

/// The rules, in the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &residency::MODEL_TIER_RESIDENCY,
    &residency::MODEL_ESCALATION_DIRECTION,
    &receipt::MODEL_REMOTE_ON_DEVICE,
    &receipt::MODEL_CHAIN_ON_DEVICE,
    &receipt::MODEL_CHAIN_DUPLICATE,
    &receipt::MODEL_LEASE_ABSENT,
    &receipt::MODEL_CONFIDENCE_METHOD,
    &ledger::MODEL_LEDGER_FIRST,
    &escalation::MODEL_PERMITTED_WITH_REASON,
    &escalation::MODEL_BIOMETRIC_BOUNDARY,
    &escalation::MODEL_EXTERNAL_PROVIDER,
    &escalation::MODEL_CHECK_CONTRADICTED,
    &licence::MODEL_LICENCE,
    &store::MODEL_ADAPTER_IS_BASE,
    &audit::MODEL_AUDIT_CALL_ID,
    &audit::MODEL_AUDIT_HASH,
];
