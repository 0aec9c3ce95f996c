//! Portable model packs.

use super::defaults;
use super::lists::check_repeated;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const PACK: &str = "model-carry/model-carry-pack.json";
const BROUGHT: &str = "model-carry/model-carry-pack.byom-gguf.json";
const KINDS: &[&str] = &["model-carry-pack"];
const VALIDATOR: &str = "validator of ModelCarryPack";

pub(crate) static CARRY_PACK_RECOMMENDED_LOW: Rule = Rule {
    id: "CARRY_PACK_RECOMMENDED_LOW",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Less is recommended than is needed.",
    why: "A machine that meets the recommendation would be refused by the minimum.",
    mend: "Raise the recommended value, or lower the minimum.",
    source: VALIDATOR,
    example: Example { base: PACK, at: "/footprint/recommendedRamGb", good: "16", bad: "4" },
};

pub(crate) static CARRY_PACK_SPACE_LOW: Rule = Rule {
    id: "CARRY_PACK_SPACE_LOW",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The pack asks for less free space than its profile needs.",
    why: "It would be accepted by machines that run out of space while they unpack it.",
    mend: "Raise `minimumFreeGb` to the floor of the profile: tiny-router and byom-gguf 8, laptop-safe 16, office-local and code-local 32, field-kit 64.",
    source: VALIDATOR,
    example: Example { base: PACK, at: "/footprint/minimumFreeGb", good: "16", bad: "15" },
};

pub(crate) static CARRY_BYOM_HASH_OPTIONAL: Rule = Rule {
    id: "CARRY_BYOM_HASH_OPTIONAL",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A model that the operator brings may be used before its hash is known.",
    why: "Nobody else has seen its weights. Without a hash nobody can say later which ones they were.",
    mend: "Set `sha256RequiredBeforeEligibility` to true.",
    source: VALIDATOR,
    example: Example {
        base: BROUGHT,
        at: "/provenance/sha256RequiredBeforeEligibility",
        good: "true",
        bad: "false",
    },
};

pub(crate) static CARRY_BYOM_ROUTED_EARLY: Rule = Rule {
    id: "CARRY_BYOM_ROUTED_EARLY",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Prompts may be routed to a model that the operator brings before its hash is known.",
    why: "The first prompts would go to weights that nobody can name.",
    mend: "Write `eligibleForRoutingBeforeHash` and set it to false.",
    source: VALIDATOR,
    example: Example {
        base: BROUGHT,
        at: "/policy/eligibleForRoutingBeforeHash",
        good: "false",
        bad: "true",
    },
};

pub(crate) static CARRY_BYOM_UNLABELLED: Rule = Rule {
    id: "CARRY_BYOM_UNLABELLED",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A model that the operator brings is not labelled as unverified.",
    why: "Operators filter packs by label, and would take it for one that was reviewed.",
    mend: "Add the label byom-unverified.",
    source: VALIDATOR,
    example: Example {
        base: BROUGHT,
        at: "/labels",
        good: r#"["local-only", "byom-unverified"]"#,
        bad: r#"["local-only"]"#,
    },
};

pub(crate) static CARRY_BYOM_VERIFIED_UNHASHED: Rule = Rule {
    id: "CARRY_BYOM_VERIFIED_UNHASHED",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "A model is labelled as verified, but has no hash.",
    why: "What was verified cannot be recognised again.",
    mend: "Write the hash in `provenance.sha256`, or remove the label byom-verified.",
    source: "documents of the original; not checked there",
    example: Example {
        base: BROUGHT,
        at: "/labels",
        good: r#"["byom-unverified"]"#,
        bad: r#"["byom-unverified", "byom-verified"]"#,
    },
};

pub(crate) static CARRY_PACK_HASH_CONTRADICTION: Rule = Rule {
    id: "CARRY_PACK_HASH_CONTRADICTION",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The pack needs a hash before its use, and may be used before it has one.",
    why: "`sha256RequiredBeforeEligibility` and `eligibleForRoutingBeforeHash` cannot both be true.",
    mend: "Set one of the two to false.",
    source: "gap: the original compares the two only for byom-gguf",
    example: Example { base: PACK, at: "/policy/eligibleForRoutingBeforeHash", good: "false", bad: "true" },
};

pub(crate) static CARRY_PACK_LAPTOP_UNHASHED: Rule = Rule {
    id: "CARRY_PACK_LAPTOP_UNHASHED",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "A laptop-safe pack may be used before its hash is known.",
    why: "The documents of the format demand the hash for this profile. Its own examples do without.",
    mend: "Set `sha256RequiredBeforeEligibility` to true where the weights are a file that can be hashed.",
    source: "documents of the original; its examples do without",
    example: Example {
        base: PACK,
        at: "/provenance/sha256RequiredBeforeEligibility",
        good: "true",
        bad: "false",
    },
};

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &CARRY_PACK_RECOMMENDED_LOW,
    &CARRY_PACK_SPACE_LOW,
    &CARRY_PACK_HASH_CONTRADICTION,
    &CARRY_PACK_LAPTOP_UNHASHED,
    &CARRY_BYOM_HASH_OPTIONAL,
    &CARRY_BYOM_ROUTED_EARLY,
    &CARRY_BYOM_UNLABELLED,
    &CARRY_BYOM_VERIFIED_UNHASHED,
];

pub(super) fn check(pack: Node<'_>, report: &mut Report<'_>) {
    defaults::check_pack(pack, report);
    check_footprint(pack, report);
    if pack.get("profileKey").is("byom-gguf") {
        check_brought(pack, report);
    } else {
        check_hash(pack, report);
    }
    let labels = pack.get("labels");
    let verified = labels.items().find(|label| label.is("byom-verified"));
    if let Some(verified) = verified
        && pack.get("provenance").get("sha256").str().is_none()
    {
        report.add(&CARRY_BYOM_VERIFIED_UNHASHED, verified, "`provenance.sha256` is empty");
    }
    check_repeated(pack.get("runtimeCompatibility"), report);
    check_repeated(pack.get("taskClasses"), report);
    check_repeated(labels, report);
}

fn check_footprint(pack: Node<'_>, report: &mut Report<'_>) {
    let footprint = pack.get("footprint");
    for (minimum, recommended) in
        [("minimumFreeGb", "recommendedFreeGb"), ("minimumRamGb", "recommendedRamGb")]
    {
        let place = footprint.get(recommended);
        if let (Some(needed), Some(advised)) = (footprint.get(minimum).uint(), place.uint())
            && advised < needed
        {
            report.add(
                &CARRY_PACK_RECOMMENDED_LOW,
                place,
                format!("{advised} is below the {needed} of {minimum}"),
            );
        }
    }
    let minimum = footprint.get("minimumFreeGb");
    if let Some(profile) = pack.get("profileKey").str()
        && let Some(floor) = floor(profile)
        && let Some(free) = minimum.uint().filter(|free| *free < floor)
    {
        report.add(&CARRY_PACK_SPACE_LOW, minimum, format!("{free} is below the {floor} GB of {profile}"));
    }
}

/// The least free space of a profile in GB.
fn floor(profile: &str) -> Option<u64> {
    match profile {
        "tiny-router" | "byom-gguf" => Some(8),
        "laptop-safe" => Some(16),
        "office-local" | "code-local" => Some(32),
        "field-kit" => Some(64),
        _ => None,
    }
}

fn check_brought(pack: Node<'_>, report: &mut Report<'_>) {
    let required = pack.get("provenance").get("sha256RequiredBeforeEligibility");
    if required.bool() == Some(false) {
        report.add(&CARRY_BYOM_HASH_OPTIONAL, required, "`sha256RequiredBeforeEligibility` is false");
    }
    let policy = pack.get("policy");
    let early = policy.get("eligibleForRoutingBeforeHash");
    if early.is_true() {
        report.add(&CARRY_BYOM_ROUTED_EARLY, early, "`eligibleForRoutingBeforeHash` is true");
    } else if policy.is_object() && !early.exists() {
        report.add(&CARRY_BYOM_ROUTED_EARLY, early, "`eligibleForRoutingBeforeHash` is not written");
    }
    let labels = pack.get("labels");
    if labels.items().len() > 0
        && labels.items().all(|label| label.str().is_some_and(|text| text != "byom-unverified"))
    {
        report.add(&CARRY_BYOM_UNLABELLED, labels, "the label byom-unverified is not there");
    }
}

fn check_hash(pack: Node<'_>, report: &mut Report<'_>) {
    let required = pack.get("provenance").get("sha256RequiredBeforeEligibility");
    let early = pack.get("policy").get("eligibleForRoutingBeforeHash");
    if required.is_true() && early.is_true() {
        report.add(
            &CARRY_PACK_HASH_CONTRADICTION,
            early,
            "this and `sha256RequiredBeforeEligibility` are both true",
        );
    }
    if pack.get("profileKey").is("laptop-safe") && required.bool() == Some(false) {
        report.add(&CARRY_PACK_LAPTOP_UNHASHED, required, "the pack is laptop-safe, and this is false");
    }
}
