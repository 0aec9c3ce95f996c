//! Catalogues of carried models: the chain of versions, and adapters on their base.

use std::collections::HashMap;

use super::lists::{check_repeated, urn};
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const FIRST: &str = "model-carry/model-carry-manifest.first.json";
const LATER: &str = "model-carry/model-carry-manifest.json";
const KINDS: &[&str] = &["model-carry-manifest"];
const VALIDATOR: &str = "validator of ModelCarryManifest";

pub(crate) static CARRY_CHAIN_START: Rule = Rule {
    id: "CARRY_CHAIN_START",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Version 1 names a version before it.",
    why: "A chain that has no beginning cannot be checked to its end.",
    mend: "Set `prevManifestSha256` to null, or raise `version`.",
    source: VALIDATOR,
    example: Example {
        base: FIRST,
        at: "/prevManifestSha256",
        good: "null",
        bad: r#""1c94e0b9bbd5e4a2b1a9b47a1a3b9fd9a2c7f0a33b6d0d1d0a9a4a4f3f5c8e21""#,
    },
};

pub(crate) static CARRY_CHAIN_BROKEN: Rule = Rule {
    id: "CARRY_CHAIN_BROKEN",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A later version does not name the version before it.",
    why: "Without the link a version can be left out or exchanged, and nobody notices.",
    mend: "Write the SHA-256 of the version before it in `prevManifestSha256`.",
    source: VALIDATOR,
    example: Example {
        base: LATER,
        at: "/prevManifestSha256",
        good: r#""1c94e0b9bbd5e4a2b1a9b47a1a3b9fd9a2c7f0a33b6d0d1d0a9a4a4f3f5c8e21""#,
        bad: "null",
    },
};

pub(crate) static CARRY_ENTRY_DUPLICATE: Rule = Rule {
    id: "CARRY_ENTRY_DUPLICATE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Two entries have the same id.",
    why: "An adapter that names its base must mean exactly one.",
    mend: "Give one of the two another id.",
    source: VALIDATOR,
    example: Example {
        base: LATER,
        at: "/entries/2/entryId",
        good: r#""urn:srcos:model-carry-entry:berth-plan""#,
        bad: r#""urn:srcos:model-carry-entry:customs-forms""#,
    },
};

pub(crate) static CARRY_BASE_BOUND: Rule = Rule {
    id: "CARRY_BASE_BOUND",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A base has a base.",
    why: "A base is a model by itself. What needs another one is an adapter.",
    mend: "Set `baseEntryRef` and `baseContentSha256` to null, or make the entry an adapter.",
    source: VALIDATOR,
    example: Example {
        base: FIRST,
        at: "/entries/0/baseEntryRef",
        good: "null",
        bad: r#""urn:srcos:model-carry-entry:sky-notes""#,
    },
};

pub(crate) static CARRY_ADAPTER_UNBOUND: Rule = Rule {
    id: "CARRY_ADAPTER_UNBOUND",
    severity: Severity::Error,
    kinds: KINDS,
    what: "An adapter does not name its base and the hash of that.",
    why: "An adapter on another base answers something else than what was reviewed.",
    mend: "Write the `entryId` and the `contentSha256` of its base.",
    source: VALIDATOR,
    example: Example {
        base: LATER,
        at: "/entries/0/baseEntryRef",
        good: r#""urn:srcos:model-carry-entry:qwen25-base""#,
        bad: "null",
    },
};

pub(crate) static CARRY_ADAPTER_BASE_UNKNOWN: Rule = Rule {
    id: "CARRY_ADAPTER_BASE_UNKNOWN",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The base of an adapter is not in the manifest.",
    why: "The adapter cannot be used without it, and its hash cannot be compared.",
    mend: "Add the base to the manifest, or correct `baseEntryRef`.",
    source: VALIDATOR,
    example: Example {
        base: LATER,
        at: "/entries/0/baseEntryRef",
        good: r#""urn:srcos:model-carry-entry:qwen25-base""#,
        bad: r#""urn:srcos:model-carry-entry:qwen25""#,
    },
};

pub(crate) static CARRY_ADAPTER_ON_ADAPTER: Rule = Rule {
    id: "CARRY_ADAPTER_ON_ADAPTER",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The base of an adapter is an adapter.",
    why: "Adapters only work on a model; two of them make none.",
    mend: "Name the base itself.",
    source: VALIDATOR,
    example: Example {
        base: LATER,
        at: "/entries/0/baseEntryRef",
        good: r#""urn:srcos:model-carry-entry:qwen25-base""#,
        bad: r#""urn:srcos:model-carry-entry:berth-plan""#,
    },
};

pub(crate) static CARRY_ADAPTER_DRIFT: Rule = Rule {
    id: "CARRY_ADAPTER_DRIFT",
    severity: Severity::Error,
    kinds: KINDS,
    what: "An adapter was made for other content of its base.",
    why: "The base has changed since then, so nobody has tried the two together.",
    mend: "Make the adapter anew for this base, or carry the base for which it was made.",
    source: VALIDATOR,
    example: Example {
        base: LATER,
        at: "/entries/0/baseContentSha256",
        good: r#""86a6ac54cd3e7a93bb58513139023def884dddd979b9e2c2efe82ec3a3d949a4""#,
        bad: r#""1c94e0b9bbd5e4a2b1a9b47a1a3b9fd9a2c7f0a33b6d0d1d0a9a4a4f3f5c8e21""#,
    },
};

pub(crate) static CARRY_TARGET_ANY: Rule = Rule {
    id: "CARRY_TARGET_ANY",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "`any` stands beside other kinds of machines.",
    why: "Either the others mean nothing, or `any` does; readers will differ.",
    mend: "Write `any` alone, or only the others.",
    source: "ours: the original does not define what `any` means in a list",
    example: Example {
        base: LATER,
        at: "/entries/2/targeting/deviceClass",
        good: r#"["any"]"#,
        bad: r#"["any", "laptop"]"#,
    },
};

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &CARRY_CHAIN_START,
    &CARRY_CHAIN_BROKEN,
    &CARRY_ENTRY_DUPLICATE,
    &CARRY_BASE_BOUND,
    &CARRY_ADAPTER_UNBOUND,
    &CARRY_ADAPTER_BASE_UNKNOWN,
    &CARRY_ADAPTER_ON_ADAPTER,
    &CARRY_ADAPTER_DRIFT,
    &CARRY_TARGET_ANY,
];

pub(super) fn check(manifest: Node<'_>, report: &mut Report<'_>) {
    check_chain(manifest, report);
    let mut entries = HashMap::new();
    let mut all_named = true;
    for entry in manifest.get("entries").items() {
        let Some(id) = urn(entry.get("entryId")) else {
            all_named = false;
            continue;
        };
        if entries.contains_key(id) {
            report.add(
                &CARRY_ENTRY_DUPLICATE,
                entry.get("entryId"),
                format!("{id} is the id of an entry before"),
            );
        } else {
            entries.insert(id, entry);
        }
    }
    for entry in manifest.get("entries").items() {
        match entry.get("entryKind").str() {
            Some("base") => check_base(entry, report),
            Some("adapter") => check_adapter(entry, &entries, all_named, report),
            _ => {}
        }
        check_targeting(entry.get("targeting"), report);
    }
}

fn check_chain(manifest: Node<'_>, report: &mut Report<'_>) {
    let before = manifest.get("prevManifestSha256");
    match manifest.get("version").uint() {
        Some(1) if hash(before).is_some() => {
            report.add(&CARRY_CHAIN_START, before, "`version` is 1, so there is none before it");
        }
        Some(version @ 2..) if before.is_null() => {
            report.add(&CARRY_CHAIN_BROKEN, before, format!("version {version} follows another one"));
        }
        _ => {}
    }
}

fn check_base(entry: Node<'_>, report: &mut Report<'_>) {
    let (reference, pinned) = (entry.get("baseEntryRef"), entry.get("baseContentSha256"));
    let bound = urn(reference).map(|_| reference).or_else(|| hash(pinned).map(|_| pinned));
    if let Some(bound) = bound {
        report.add(&CARRY_BASE_BOUND, bound, "the entry is a base; this must be null");
    }
}

fn check_adapter<'a>(
    entry: Node<'a>,
    entries: &HashMap<&'a str, Node<'a>>,
    all_named: bool,
    report: &mut Report<'_>,
) {
    let (reference, pinned) = (entry.get("baseEntryRef"), entry.get("baseContentSha256"));
    if let Some(missing) = [reference, pinned].into_iter().find(|member| member.is_null()) {
        report.add(&CARRY_ADAPTER_UNBOUND, missing, "the entry is an adapter; this may not be null");
    }
    let Some(id) = urn(reference) else { return };
    let Some(base) = entries.get(id) else {
        if all_named {
            report.add(&CARRY_ADAPTER_BASE_UNKNOWN, reference, format!("no entry is called {id}"));
        }
        return;
    };
    if base.get("entryKind").is("adapter") {
        report.add(&CARRY_ADAPTER_ON_ADAPTER, reference, format!("{id} is an adapter"));
    } else if let (Some(pinned_hash), Some(hash)) = (hash(pinned), hash(base.get("contentSha256")))
        && pinned_hash != hash
    {
        report.add(
            &CARRY_ADAPTER_DRIFT,
            pinned,
            format!("it was made for {pinned_hash}; {id} is now {hash}"),
        );
    }
}

/// A digest. What has another form is the matter of the schema.
fn hash(node: Node<'_>) -> Option<&str> {
    node.str().filter(|text| text.len() == 64)
}

fn check_targeting(targeting: Node<'_>, report: &mut Report<'_>) {
    let machines = targeting.get("deviceClass");
    if let Some(other) = machines.strings().find(|machine| *machine != "any")
        && let Some(any) = machines.items().find(|machine| machine.is("any"))
    {
        report.add(&CARRY_TARGET_ANY, any, format!("the list also names {other}"));
    }
    check_repeated(machines, report);
    check_repeated(targeting.get("locale"), report);
}
