//! CacheTier candidates: one per folder that can hold what a provider needs.

use serde_json::{Value, json};

use super::SPEC_VERSION;
use crate::fact::Fact;
use crate::facts::Facts;
use crate::places::Place;
use crate::safety::Judged;

/// What a folder is good for.
struct Use {
    place: Place,
    volume_class: &'static str,
    tier: &'static str,
    purpose: &'static [&'static str],
    sensitivity: &'static str,
    durability: &'static str,
    eviction: &'static str,
    mode: &'static str,
}

/// The posture of each class, as Agent Machine's documents on storage have it.
const USES: &[Use] = &[
    Use {
        place: Place::Models,
        volume_class: "agent-models",
        tier: "model",
        purpose: &["model-artifacts", "tokenizer-assets"],
        sensitivity: "sensitive",
        durability: "durable",
        eviction: "manual",
        mode: "read-only",
    },
    Use {
        place: Place::Cache,
        volume_class: "agent-cache-warm",
        tier: "warm",
        purpose: &["kv-cache", "prompt-prefix-cache"],
        sensitivity: "sensitive",
        durability: "semi-durable",
        eviction: "lru",
        mode: "runtime-managed",
    },
    Use {
        place: Place::Evidence,
        volume_class: "agent-evidence",
        tier: "evidence",
        purpose: &["execution-evidence"],
        sensitivity: "mixed",
        durability: "durable",
        eviction: "policy",
        mode: "read-write",
    },
    Use {
        place: Place::Runtime,
        volume_class: "agent-cache-hot",
        tier: "hot",
        purpose: &["kv-cache"],
        sensitivity: "sensitive",
        durability: "ephemeral",
        eviction: "quota",
        mode: "runtime-managed",
    },
];

/// All candidates whose backend is known.
pub(super) fn tiers(facts: &Facts) -> Vec<(String, Value)> {
    let places = facts.storage.known().into_iter().flat_map(|storage| &storage.places);
    places
        .filter_map(|judged| {
            let found = USES.iter().find(|own| own.place == judged.place)?;
            Some((format!("cache-tier.{}", judged.place.key()), tier(found, judged)?))
        })
        .collect()
}

fn tier(found: &Use, judged: &Judged) -> Option<Value> {
    let backend = *judged.backend.known()?;
    let mode = judged.encryption.known().copied().unwrap_or("unknown");
    let mut mount =
        json!({"mode": found.mode, "hostPath": judged.path, "mountOptions": judged.mount_options});
    if let Some(fs_type) = judged.fs_type.known() {
        mount["filesystem"] = json!(fs_type);
    }
    Some(json!({
        "specVersion": SPEC_VERSION,
        "id": format!("urn:srcos:agent-machine:cache-tier:{}", judged.place.key()),
        "kind": "CacheTier",
        "backend": backend,
        "volumeClass": found.volume_class,
        "tier": found.tier,
        "purpose": found.purpose,
        "sensitivity": found.sensitivity,
        "identityScopeRequired": true,
        "encryption": {
            "required": found.place.needs_encryption(),
            "observed": !matches!(mode, "none" | "unknown"),
            "mode": mode,
        },
        "lifecycle": {
            // What is in memory does not survive, whatever it is for.
            "durability": if backend == "tmpfs" { "ephemeral" } else { found.durability },
            "ttlSeconds": null,
            "evictionPolicy": found.eviction,
            "wipeReceiptRequired": true,
        },
        "mount": mount,
        "receipt": {"required": true, "includeFreeBytes": true, "includeRawContent": false},
        "labels": {
            "sourceos.verdict": judged.verdict,
            "sourceos.present": match judged.exists { Fact::Known(true) => "yes", Fact::Known(false) => "no", Fact::Unknown(_) => "unknown" },
        },
    }))
}
