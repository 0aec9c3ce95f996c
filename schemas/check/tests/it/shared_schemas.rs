//! Our schemas against those of others, over mutants of good documents: what theirs refuse ours refuse; what ours alone refuse is listed in
//! `stricter.toml`, and docs/contracts says why. Without the schemas of others the test is skipped.

use std::collections::{BTreeMap, BTreeSet};

use contract_damage::places;
use jsonschema::Validator;
use serde_json::Value;

use crate::mutation::{general, mutants};
use crate::{check, checker, conformance, documents, files, shared};

const WORKSTATION: &str = "workstation-contracts/schemas";

/// Kinds, and where their schema is in the folder of others.
const SCHEMAS: &[(&str, &str)] = &[
    ("workstation-contract.v0.1", "workstation-contracts/schemas/workstation-contract.v0.1.schema.json"),
    ("workstation-contract.v0.2", "workstation-contracts/schemas/workstation-contract.v0.2.schema.json"),
    ("seam", "workstation-contracts/schemas/seam-definition.schema.json"),
    (
        "host-interface-envelope",
        "workstation-contracts/schemas/host-interfaces/host-interface-envelope.schema.json",
    ),
    ("inference-receipt", "workstation-contracts/schemas/model-plane/InferenceReceipt.schema.json"),
    ("escalation-decision", "workstation-contracts/schemas/model-plane/EscalationDecision.schema.json"),
    ("model-manifest", "workstation-contracts/schemas/model-plane/ModelManifest.schema.json"),
    ("model-adapter-manifest", "workstation-contracts/schemas/model-plane/ModelAdapterManifest.schema.json"),
    ("sourceos-model-carry-ref", "model-carry/schemas/SourceOSModelCarryRef.json"),
    ("m2-message.agent-machine", "agent-machine/schemas/adapter-ipc.schema.json"),
    ("m2-message.workstation", "workstation-contracts/schemas/m2-ipc/envelope.schema.json"),
    ("envelope.v0", "workstation-contracts/schemas/ipc/v0/envelope.schema.json"),
];

/// Kinds whose schema is called as the kind, by folder.
const BY_NAME: &[(&str, &[&str])] = &[
    (
        WORKSTATION,
        &[
            "browser-session",
            "capability-profile",
            "device-identity",
            "diagnostic-redaction",
            "file-availability",
            "local-agent-execution",
            "local-operation-log",
            "provisional-artifact-id",
            "terminal-command",
            "terminal-session",
            "transfer-operation",
            "web-capture",
            "workspace-operation",
        ],
    ),
    (
        "model-carry/schemas",
        &[
            "confidential-compute-escalation",
            "functional-service-carry",
            "local-model-profile",
            "model-carry-authorization-boundary",
            "model-carry-manifest",
            "model-carry-pack",
            "portable-ai-root",
        ],
    ),
    (
        "agent-machine/schemas",
        &[
            "activation-decision",
            "agent-machine",
            "agent-pod",
            "agent-registry-grant",
            "agentplane-runtime-evidence",
            "cache-tier",
            "deployment-receipt",
            "inference-provider",
            "policy-admission",
            "storage-receipt",
            "workspace-operation-contract",
        ],
    ),
    ("agent-machine/schemas/agentpod-deployment-plan.schema.json", &["agent-pod-deployment-plan"]),
];

fn paths() -> BTreeMap<&'static str, String> {
    let mut paths: BTreeMap<_, _> = SCHEMAS.iter().map(|(kind, path)| (*kind, (*path).to_owned())).collect();
    for (folder, kinds) in BY_NAME {
        for kind in *kinds {
            let path = if folder.ends_with(".json") {
                (*folder).to_owned()
            } else {
                let folder = if *folder == WORKSTATION {
                    "workstation-contracts/schemas/workspace-ops"
                } else {
                    folder
                };
                format!("{folder}/{kind}.schema.json")
            };
            paths.insert(kind, path);
        }
    }
    paths
}

/// As the original tools: formats are not asserted.
fn theirs(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(false).build(schema).expect("a schema of others")
}

#[test]
fn what_other_schemas_refuse_ours_refuse_and_the_rest_is_listed() {
    let Some(folder) = shared() else { return };
    let listed: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> =
        toml::from_str(include_str!("stricter.toml")).expect("stricter.toml is well-formed");
    let checker = checker();
    let paths = paths();
    let (mut all, mut laxer, mut stricter) = (0_u32, BTreeSet::new(), BTreeSet::new());
    let mut validators = BTreeMap::new();
    for path in files(&conformance().join("good")).into_iter().chain(files(&folder)) {
        if path.extension().is_none_or(|name| name != "json" && name != "ndjson") {
            continue;
        }
        for text in documents(&path) {
            let checked = check(&checker, &text);
            let Some((kind, schema)) = checked
                .kind
                .filter(|_| checked.is_valid())
                .and_then(|kind| Some((kind, paths.get(kind.name)?)))
            else {
                continue;
            };
            let validator = validators.entry(kind.name).or_insert_with(|| {
                let text =
                    std::fs::read(folder.join(schema)).unwrap_or_else(|error| panic!("{schema}: {error}"));
                theirs(&serde_json::from_slice(&text).expect("a schema of others is JSON"))
            });
            let document: Value = serde_json::from_slice(&text).expect("it is JSON");
            for pointer in places(&document) {
                for (_, mutant) in mutants(&document, &pointer) {
                    all += 1;
                    let text = serde_json::to_vec(&mutant).expect("it serialises");
                    let ours = checker
                        .check(&mut contract_json::Tape::new(), &text, Some(kind))
                        .expect("it is JSON");
                    if !validator.is_valid(&mutant) {
                        if ours.is_valid() {
                            laxer.insert(format!("{} {}", kind.name, general(&pointer)));
                        }
                        continue;
                    }
                    for violation in ours.violations {
                        if violation.rule.id.starts_with("SCHEMA_") {
                            stricter.insert((kind.name, violation.rule.id, general(&violation.pointer)));
                        }
                    }
                }
            }
        }
    }
    assert!(all > 10_000, "{all}");
    assert!(
        laxer.is_empty(),
        "ours take what theirs refuse:\n{}",
        laxer.into_iter().collect::<Vec<_>>().join("\n")
    );
    assert_eq!(validators.len(), paths.len(), "every schema of others has a document");
    let is_listed = |kind: &str, rule: &str, place: &str| {
        listed.get(kind).and_then(|rules| rules.get(rule)).is_some_and(|places| places.contains(place))
    };
    let unlisted: Vec<_> = stricter
        .iter()
        .filter(|(kind, rule, place)| !is_listed(kind, rule, place))
        .map(|(kind, rule, place)| format!("{kind}\t{rule}\t{place}"))
        .collect();
    assert!(unlisted.is_empty(), "ours alone refuse:\n{}", unlisted.join("\n"));
    for (kind, rules) in &listed {
        for (rule, places) in rules {
            for place in places {
                let met =
                    stricter.iter().any(|(k, r, p)| (*k, *r, p) == (kind.as_str(), rule.as_str(), place));
                assert!(met, "listed, and not met: {kind} {rule} {place}");
            }
        }
    }
}
