//! CacheTier, and what a tier and a receipt about a volume have alike.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::{has, text};

/// The tier of each volume class.
const TIERS: &[(&str, &str)] = &[
    ("agent-models", "model"),
    ("agent-cache-hot", "hot"),
    ("agent-cache-warm", "warm"),
    ("agent-cache-cold", "cold"),
    ("agent-scratch", "scratch"),
    ("agent-evidence", "evidence"),
    ("agent-artifacts", "artifact"),
];
/// Purposes that keep what people have typed.
const PROMPTS: &[&str] = &["kv-cache", "prompt-prefix-cache"];

pub(crate) static STORAGE_TIER_CLASS: Rule = Rule {
    id: "STORAGE_TIER_CLASS",
    severity: Severity::Warning,
    kinds: &["cache-tier", "storage-receipt"],
    what: "The tier and the volume class do not belong together.",
    why: "Policy allows volume classes, schedulers look at tiers; they would speak of different things.",
    mend: "Give the tier that the volume class names.",
    source: "advice",
    example: Example {
        base: "agent-machine/cache-tier.json",
        at: "/tier",
        good: r#""hot""#,
        bad: r#""cold""#,
    },
};
pub(crate) static STORAGE_SENSITIVITY_LOW: Rule = Rule {
    id: "STORAGE_SENSITIVITY_LOW",
    severity: Severity::Error,
    kinds: &["cache-tier", "storage-receipt"],
    what: "A prompt or key-value cache is called public or internal.",
    why: "It holds what people have typed, word by word or so that it can be recovered.",
    mend: "Say sensitive, secret or mixed.",
    source: "Agent Machine storage rules: prompt and key-value caches are always sensitive",
    example: Example {
        base: "agent-machine/cache-tier.json",
        at: "/sensitivity",
        good: r#""secret""#,
        bad: r#""internal""#,
    },
};
pub(crate) static STORAGE_EVIDENCE_SECRET: Rule = Rule {
    id: "STORAGE_EVIDENCE_SECRET",
    severity: Severity::Error,
    kinds: &["cache-tier", "storage-receipt"],
    what: "A volume for evidence is to hold secrets.",
    why: "Evidence is copied, shown and kept for years; it has to be free of secrets.",
    mend: "Keep secrets elsewhere, and say mixed or lower here.",
    source: "Agent Machine storage rules: evidence is secret-free",
    example: Example {
        base: "agent-machine/cache-tier.evidence.json",
        at: "/sensitivity",
        good: r#""internal""#,
        bad: r#""secret""#,
    },
};
pub(crate) static STORAGE_TMPFS_DURABLE: Rule = Rule {
    id: "STORAGE_TMPFS_DURABLE",
    severity: Severity::Warning,
    kinds: &["cache-tier", "storage-receipt"],
    what: "A tmpfs is said to survive.",
    why: "It is memory; a reboot empties it.",
    mend: "Say ephemeral, or use another backend.",
    source: "advice",
    example: Example {
        base: "agent-machine/cache-tier.json",
        at: "/lifecycle/durability",
        good: r#""ephemeral""#,
        bad: r#""durable""#,
    },
};
pub(crate) static STORAGE_TTL_MISSING: Rule = Rule {
    id: "STORAGE_TTL_MISSING",
    severity: Severity::Warning,
    kinds: &["cache-tier", "storage-receipt"],
    what: "Content is evicted by age, and no age is given.",
    why: "Nothing is ever evicted.",
    mend: "Give `ttlSeconds`, or another eviction policy.",
    source: "advice",
    example: Example {
        base: "agent-machine/cache-tier.json",
        at: "/lifecycle/ttlSeconds",
        good: "600",
        bad: "null",
    },
};
pub(crate) static STORAGE_ENCRYPTION_NOT_OBSERVED: Rule = Rule {
    id: "STORAGE_ENCRYPTION_NOT_OBSERVED",
    severity: Severity::Warning,
    kinds: &["cache-tier", "storage-receipt"],
    what: "Encryption is required and was not seen.",
    why: "An activation that uses this volume fails closed.",
    mend: "Encrypt the volume and look again. The document is right to say so.",
    source: "Agent Machine activation, storage_receipt_encryption_required_not_observed",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/encryption/observed",
        good: "true",
        bad: "false",
    },
};
pub(crate) static STORAGE_ENCRYPTION_CONTRADICTORY: Rule = Rule {
    id: "STORAGE_ENCRYPTION_CONTRADICTORY",
    severity: Severity::Error,
    kinds: &["cache-tier", "storage-receipt"],
    what: "Encryption was seen, and its mode is none.",
    why: "The gate goes by `observed`; the volume would pass unencrypted.",
    mend: "Name the mode that was seen, or set `observed` to false.",
    source: "gap: the original looks at observed only",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/encryption/mode",
        good: r#""dm-crypt""#,
        bad: r#""none""#,
    },
};
pub(crate) static STORAGE_QUOTA_RESERVED: Rule = Rule {
    id: "STORAGE_QUOTA_RESERVED",
    severity: Severity::Warning,
    kinds: &["cache-tier"],
    what: "More bytes are reserved than the quota has.",
    why: "Nothing can ever be written.",
    mend: "Lower `reservedBytes`, or raise `sizeBytes`.",
    source: "advice",
    example: Example {
        base: "agent-machine/cache-tier.json",
        at: "/quota/reservedBytes",
        good: "4096",
        bad: "9000000000",
    },
};
pub(crate) static STORAGE_IDENTITY_OPEN: Rule = Rule {
    id: "STORAGE_IDENTITY_OPEN",
    severity: Severity::Warning,
    kinds: &["cache-tier"],
    what: "A cache of prompts is shared between identities.",
    why: "One agent reads what another one was told.",
    mend: "Leave `identityScopeRequired` out, or set it to true.",
    source: "advice: Agent Machine storage rules, cache reuse is bound to identity and policy domain",
    example: Example {
        base: "agent-machine/cache-tier.json",
        at: "/identityScopeRequired",
        good: "true",
        bad: "false",
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &STORAGE_TIER_CLASS,
    &STORAGE_SENSITIVITY_LOW,
    &STORAGE_EVIDENCE_SECRET,
    &STORAGE_TMPFS_DURABLE,
    &STORAGE_TTL_MISSING,
    &STORAGE_ENCRYPTION_NOT_OBSERVED,
    &STORAGE_ENCRYPTION_CONTRADICTORY,
    &STORAGE_QUOTA_RESERVED,
    &STORAGE_IDENTITY_OPEN,
];

pub(super) fn check_tier(tier: Node<'_>, report: &mut Report<'_>) {
    check_volume(tier, tier.get("sensitivity"), report);
    let quota = tier.get("quota");
    let reserved = quota.get("reservedBytes");
    if let (Some(bytes), Some(size)) = (reserved.uint(), quota.get("sizeBytes").uint())
        && bytes > size
    {
        report.add(&STORAGE_QUOTA_RESERVED, reserved, format!("{bytes} of {size} bytes are reserved"));
    }
    let scope = tier.get("identityScopeRequired");
    if scope.bool() == Some(false)
        && let Some(purpose) = prompts(tier)
    {
        report.add(&STORAGE_IDENTITY_OPEN, scope, format!("the tier is a {purpose}"));
    }
}

/// What holds for a tier and for a receipt.
pub(super) fn check_volume(volume: Node<'_>, sensitivity: Node<'_>, report: &mut Report<'_>) {
    let (class, tier, lifecycle) = (volume.get("volumeClass"), volume.get("tier"), volume.get("lifecycle"));
    if let Some((class, fitting)) = TIERS.iter().find(|(name, _)| class.is(name))
        && TIERS.iter().any(|(_, other)| tier.is(other) && other != fitting)
    {
        report.add(&STORAGE_TIER_CLASS, tier, format!("the tier of {class} is {fitting}"));
    }
    if matches!(sensitivity.str(), Some("public" | "internal"))
        && let Some(purpose) = prompts(volume)
    {
        report.add(
            &STORAGE_SENSITIVITY_LOW,
            sensitivity,
            format!("a {purpose} is not {}", text(sensitivity)),
        );
    }
    if class.is("agent-evidence") && sensitivity.is("secret") {
        report.add(&STORAGE_EVIDENCE_SECRET, sensitivity, "evidence is called secret");
    }
    let durability = lifecycle.get("durability");
    if volume.get("backend").is("tmpfs") && matches!(durability.str(), Some("durable" | "semi-durable")) {
        report.add(&STORAGE_TMPFS_DURABLE, durability, format!("a tmpfs is not {}", text(durability)));
    }
    if lifecycle.get("evictionPolicy").is("ttl") && lifecycle.get("ttlSeconds").is_null() {
        report.add(&STORAGE_TTL_MISSING, lifecycle.get("ttlSeconds"), "`ttlSeconds` is null");
    }
    check_encryption(volume.get("encryption"), report);
}

fn check_encryption(encryption: Node<'_>, report: &mut Report<'_>) {
    let (observed, mode) = (encryption.get("observed"), encryption.get("mode"));
    if encryption.get("required").is_true() && observed.bool() == Some(false) {
        report.add(&STORAGE_ENCRYPTION_NOT_OBSERVED, observed, "`required` is true and `observed` is false");
    }
    if observed.is_true() && mode.is("none") {
        report.add(&STORAGE_ENCRYPTION_CONTRADICTORY, mode, "`observed` is true and `mode` is none");
    }
}

/// The purpose, among those of a volume, that keeps what people have typed.
fn prompts(volume: Node<'_>) -> Option<&'static str> {
    let purposes = volume.get("purpose");
    PROMPTS.iter().copied().find(|prompts| has(purposes, prompts))
}
