//! The rules of escalation decisions.

use crate::rule::{Example, Rule, Severity};

const BASE: &str = "model-carry/confidential-compute-escalation.json";
const KINDS: &[&str] = &["confidential-compute-escalation"];
const VALIDATOR: &str = "validator of ConfidentialComputeEscalation";

pub(crate) static CARRY_TIER_DUPLICATE: Rule = Rule {
    id: "CARRY_TIER_DUPLICATE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Two tiers have the same name.",
    why: "A decision that names a tier must mean exactly one.",
    mend: "Give one of the two another name.",
    source: VALIDATOR,
    example: Example {
        base: BASE,
        at: "/computeTiers",
        good: r#"[
  {"tierRef": "urn:srcos:cc-tier:ward-tablet", "tierClass": "on_device", "rank": 0, "requiresAttestation": false, "attestationKind": "none"},
  {"tierRef": "urn:srcos:cc-tier:clinic-enclave", "tierClass": "sealed_enclave", "rank": 1, "requiresAttestation": true, "attestationKind": "enclave_measurement"},
  {"tierRef": "urn:srcos:cc-tier:regional-tee", "tierClass": "attested_tee", "rank": 2, "requiresAttestation": true, "attestationKind": "tee_remote_attestation"}
]"#,
        bad: r#"[
  {"tierRef": "urn:srcos:cc-tier:ward-tablet", "tierClass": "on_device", "rank": 0, "requiresAttestation": false, "attestationKind": "none"},
  {"tierRef": "urn:srcos:cc-tier:ward-tablet", "tierClass": "on_device", "rank": 1, "requiresAttestation": false, "attestationKind": "none"},
  {"tierRef": "urn:srcos:cc-tier:clinic-enclave", "tierClass": "sealed_enclave", "rank": 2, "requiresAttestation": true, "attestationKind": "enclave_measurement"},
  {"tierRef": "urn:srcos:cc-tier:regional-tee", "tierClass": "attested_tee", "rank": 3, "requiresAttestation": true, "attestationKind": "tee_remote_attestation"}
]"#,
    },
};

pub(crate) static CARRY_TIER_ORDER: Rule = Rule {
    id: "CARRY_TIER_ORDER",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The rank does not rise from one tier to the next.",
    why: "A least tier means something only where each tier is above or below every other one.",
    mend: "Order the tiers from the weakest to the strongest and give each a greater rank.",
    source: VALIDATOR,
    example: Example { base: BASE, at: "/computeTiers/0/rank", good: "1", bad: "10" },
};

pub(crate) static CARRY_TIER_CLASS_ORDER: Rule = Rule {
    id: "CARRY_TIER_CLASS_ORDER",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A tier of a weaker class has the greater rank.",
    why: "Data would go to the weaker place because its rank says that it is the stronger one.",
    mend: "Put on_device before sealed_enclave before attested_tee, or correct the class.",
    source: "gap: the original does not read the class",
    example: Example {
        base: BASE,
        at: "/computeTiers/0",
        good: r#"{"tierRef": "urn:srcos:cc-tier:ward-tablet", "tierClass": "on_device", "rank": 1, "requiresAttestation": false, "attestationKind": "none"}"#,
        bad: r#"{"tierRef": "urn:srcos:cc-tier:ward-tablet", "tierClass": "attested_tee", "rank": 1, "requiresAttestation": true, "attestationKind": "tee_remote_attestation"}"#,
    },
};

pub(crate) static CARRY_TIER_ATTESTATION: Rule = Rule {
    id: "CARRY_TIER_ATTESTATION",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The attestation of a tier does not go with its class, or with what it requires.",
    why: "An attestation of another kind of place proves nothing about this one.",
    mend: "sealed_enclave: enclave_measurement. attested_tee: tee_remote_attestation, always required. on_device and tiers that require none: none or null.",
    source: "gap: the original does not compare the members of a tier",
    example: Example {
        base: BASE,
        at: "/computeTiers/1/attestationKind",
        good: r#""enclave_measurement""#,
        bad: r#""tee_remote_attestation""#,
    },
};

pub(crate) static CARRY_CLASS_DUPLICATE: Rule = Rule {
    id: "CARRY_CLASS_DUPLICATE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A class of data is in the map twice.",
    why: "Which least tier holds would depend on the reader.",
    mend: "Keep one of the two.",
    source: VALIDATOR,
    example: Example {
        base: BASE,
        at: "/sensitivityClassMap/0/sensitivityClass",
        good: r#""public""#,
        bad: r#""internal""#,
    },
};

pub(crate) static CARRY_CLASS_MINIMUM_UNKNOWN: Rule = Rule {
    id: "CARRY_CLASS_MINIMUM_UNKNOWN",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The least tier of a class is not declared.",
    why: "Without its rank nothing can be compared with it.",
    mend: "Name a tier of `computeTiers`.",
    source: VALIDATOR,
    example: Example {
        base: BASE,
        at: "/sensitivityClassMap/0/minimumTierRef",
        good: r#""urn:srcos:cc-tier:ward-tablet""#,
        bad: r#""urn:srcos:cc-tier:ward-phone""#,
    },
};

pub(crate) static CARRY_CLASS_RESIDENCY: Rule = Rule {
    id: "CARRY_CLASS_RESIDENCY",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The least tier of a class protects less than its residency asks for.",
    why: "The rank would admit a request that the residency forbids.",
    mend: "Name a stronger least tier: sealed_compute_only needs sealed_enclave, attested_compute_only needs attested_tee.",
    source: "gap: the original does not read the residency",
    example: Example {
        base: BASE,
        at: "/sensitivityClassMap/1/minimumTierRef",
        good: r#""urn:srcos:cc-tier:regional-tee""#,
        bad: r#""urn:srcos:cc-tier:ward-tablet""#,
    },
};

pub(crate) static CARRY_DECISION_CLASS_UNKNOWN: Rule = Rule {
    id: "CARRY_DECISION_CLASS_UNKNOWN",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The class of the request is not in the map.",
    why: "Without a least tier no tier is strong enough; there is no default.",
    mend: "Add the class to `sensitivityClassMap`, or refuse the request.",
    source: VALIDATOR,
    example: Example {
        base: BASE,
        at: "/sensitivityClassMap",
        good: r#"[{"sensitivityClass": "confidential", "dataResidencyClass": "sealed_compute_only", "minimumTierRef": "urn:srcos:cc-tier:clinic-enclave"}]"#,
        bad: r#"[{"sensitivityClass": "internal", "dataResidencyClass": "sealed_compute_only", "minimumTierRef": "urn:srcos:cc-tier:clinic-enclave"}]"#,
    },
};

pub(crate) static CARRY_DECISION_TIER_UNKNOWN: Rule = Rule {
    id: "CARRY_DECISION_TIER_UNKNOWN",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The chosen tier is not declared.",
    why: "Nothing is known about the place where the request ran.",
    mend: "Name a tier of `computeTiers`.",
    source: VALIDATOR,
    example: Example {
        base: BASE,
        at: "/decision/chosenTierRef",
        good: r#""urn:srcos:cc-tier:clinic-enclave""#,
        bad: r#""urn:srcos:cc-tier:other-clinic""#,
    },
};

pub(crate) static CARRY_DECISION_BELOW_MINIMUM: Rule = Rule {
    id: "CARRY_DECISION_BELOW_MINIMUM",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The request ran on a tier below the least of its class.",
    why: "Data of the class may not be seen there. Such a request is refused, not downgraded.",
    mend: "Choose a tier of at least that rank, or refuse the request.",
    source: VALIDATOR,
    example: Example {
        base: BASE,
        at: "/decision/chosenTierRef",
        good: r#""urn:srcos:cc-tier:regional-tee""#,
        bad: r#""urn:srcos:cc-tier:ward-tablet""#,
    },
};

pub(crate) static CARRY_DECISION_UNATTESTED: Rule = Rule {
    id: "CARRY_DECISION_UNATTESTED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The chosen tier requires an attestation, and there is none.",
    why: "Without it nobody knows that the place was what it claims to be.",
    mend: "Name the attestation in `attestationRef`, or refuse the request.",
    source: VALIDATOR,
    example: Example {
        base: BASE,
        at: "/decision/attestationRef",
        good: r#""urn:srcos:attestation:clinic-enclave:2212""#,
        bad: "null",
    },
};

pub(crate) static CARRY_DECISION_LEAVES_DEVICE: Rule = Rule {
    id: "CARRY_DECISION_LEAVES_DEVICE",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "Data that stays on the device was sent to another place.",
    why: "A stronger tier satisfies the rank, but it is not the device.",
    mend: "Choose a tier on the device, or correct the residency of the class.",
    source: "ours: the original compares ranks only",
    example: Example {
        base: BASE,
        at: "/sensitivityClassMap/2/dataResidencyClass",
        good: r#""sealed_compute_only""#,
        bad: r#""on_device_only""#,
    },
};

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &CARRY_TIER_DUPLICATE,
    &CARRY_TIER_ORDER,
    &CARRY_TIER_CLASS_ORDER,
    &CARRY_TIER_ATTESTATION,
    &CARRY_CLASS_DUPLICATE,
    &CARRY_CLASS_MINIMUM_UNKNOWN,
    &CARRY_CLASS_RESIDENCY,
    &CARRY_DECISION_CLASS_UNKNOWN,
    &CARRY_DECISION_TIER_UNKNOWN,
    &CARRY_DECISION_BELOW_MINIMUM,
    &CARRY_DECISION_UNATTESTED,
    &CARRY_DECISION_LEAVES_DEVICE,
];
