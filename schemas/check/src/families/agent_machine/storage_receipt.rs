//! StorageReceipt.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::text;
use super::storage::check_volume;

/// Members that name a volume, and the backend, by type of reference.
const REFERENCES: &[(&str, &str, &[&str])] = &[
    ("host-path", "filesystem", &["hostPath"]),
    ("lvm-logical-volume", "local-lvm", &["volumeGroup", "logicalVolume"]),
    ("topolvm-pvc", "topolvm-k8s", &["pvcName"]),
    ("tmpfs-mount", "tmpfs", &["mountPath"]),
    ("object-uri", "object-store", &["objectUriDigest"]),
    ("remote-volume", "remote-volume", &[]),
];
/// What an activation has to know to be absent.
const DANGERS: &[&str] = &["worldWritable", "symlinkTraversalObserved"];

pub(crate) static STORAGE_MOUNT_UNSAFE: Rule = Rule {
    id: "STORAGE_MOUNT_UNSAFE",
    severity: Severity::Error,
    kinds: &["storage-receipt"],
    what: "The mount is writable for anyone, or leads through a symbolic link, or nobody has looked.",
    why: "Whoever can write there, or move the link, decides what the workload reads. What was not looked at counts as unsafe.",
    mend: "Mend the mount and look again; both members have to be false.",
    source: "Agent Machine activation, storage_receipt_invalid",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/filesystem/symlinkTraversalObserved",
        good: "false",
        bad: "true",
    },
};
pub(crate) static STORAGE_MODE_CONTRADICTORY: Rule = Rule {
    id: "STORAGE_MODE_CONTRADICTORY",
    severity: Severity::Error,
    kinds: &["storage-receipt"],
    what: "The permission bits let anyone write, and `worldWritable` is false.",
    why: "The gate goes by `worldWritable`; the volume would pass.",
    mend: "Take the bit away and look again, or set `worldWritable` to true.",
    source: "gap: the original looks at worldWritable only",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/filesystem/mode",
        good: r#""0755""#,
        bad: r#""1777""#,
    },
};
pub(crate) static STORAGE_CAPACITY_CONTRADICTORY: Rule = Rule {
    id: "STORAGE_CAPACITY_CONTRADICTORY",
    severity: Severity::Error,
    kinds: &["storage-receipt"],
    what: "More is free or used than there is.",
    why: "A scheduler that trusts the number fills the volume.",
    mend: "Look again; all numbers are bytes or files of the same volume.",
    source: "ours: numbers that cannot be",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/capacity/freeBytes",
        good: "1024",
        bad: "999999999999999",
    },
};
pub(crate) static STORAGE_QUOTA_NOT_OBSERVED: Rule = Rule {
    id: "STORAGE_QUOTA_NOT_OBSERVED",
    severity: Severity::Warning,
    kinds: &["storage-receipt"],
    what: "A quota is required and was not seen.",
    why: "An activation that uses this volume fails closed.",
    mend: "Set the quota and look again. The receipt is right to say so.",
    source: "Agent Machine activation, storage_receipt_quota_required_not_observed",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/quota/observed",
        good: "true",
        bad: "false",
    },
};
pub(crate) static STORAGE_REFERENCE_BACKEND: Rule = Rule {
    id: "STORAGE_REFERENCE_BACKEND",
    severity: Severity::Warning,
    kinds: &["storage-receipt"],
    what: "The type of the reference does not fit the backend.",
    why: "The receipt may be about another volume than the one that is mounted.",
    mend: "Name the volume in the way of its backend.",
    source: "advice",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/backend",
        good: r#""local-lvm""#,
        bad: r#""filesystem""#,
    },
};
pub(crate) static STORAGE_REFERENCE_INCOMPLETE: Rule = Rule {
    id: "STORAGE_REFERENCE_INCOMPLETE",
    severity: Severity::Warning,
    kinds: &["storage-receipt"],
    what: "The reference does not name the volume.",
    why: "Nobody can find the volume that was looked at.",
    mend: "Give the members that belong to the type of reference.",
    source: "advice",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/reference",
        good: r#"{"referenceType": "lvm-logical-volume", "volumeGroup": "vg0", "logicalVolume": "models"}"#,
        bad: r#"{"referenceType": "lvm-logical-volume", "volumeGroup": "vg0"}"#,
    },
};
pub(crate) static STORAGE_WIPE_UNPROVEN: Rule = Rule {
    id: "STORAGE_WIPE_UNPROVEN",
    severity: Severity::Error,
    kinds: &["storage-receipt"],
    what: "The volume was wiped, wiping leaves a receipt, and none is named.",
    why: "Nobody can show that the content is gone.",
    mend: "Give `lastWipeReceiptRef`.",
    source: "Agent Machine storage rules: wiping emits a receipt",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/lifecycle/lastWipeReceiptRef",
        good: r#""urn:srcos:wipe-receipt:x""#,
        bad: "null",
    },
};
pub(crate) static STORAGE_SNAPSHOT_UNTRACED: Rule = Rule {
    id: "STORAGE_SNAPSHOT_UNTRACED",
    severity: Severity::Warning,
    kinds: &["storage-receipt"],
    what: "A snapshot was seen, and its name or its lineage is not given.",
    why: "What was wiped from the volume may live on in a snapshot that nobody can follow.",
    mend: "Give `snapshotId` and `lineageDigest`.",
    source: "advice: Agent Machine storage rules, snapshots carry their lineage",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/snapshot/snapshotId",
        good: r#""s1""#,
        bad: "null",
    },
};
pub(crate) static STORAGE_SNAPSHOT_NOT_ALLOWED: Rule = Rule {
    id: "STORAGE_SNAPSHOT_NOT_ALLOWED",
    severity: Severity::Warning,
    kinds: &["storage-receipt"],
    what: "A snapshot was seen where none is allowed.",
    why: "The content outlives its eviction.",
    mend: "Remove the snapshot and look again. The receipt is right to say so.",
    source: "advice",
    example: Example {
        base: "agent-machine/storage-receipt.json",
        at: "/snapshot/snapshotAllowed",
        good: "true",
        bad: "false",
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &STORAGE_MOUNT_UNSAFE,
    &STORAGE_MODE_CONTRADICTORY,
    &STORAGE_CAPACITY_CONTRADICTORY,
    &STORAGE_QUOTA_NOT_OBSERVED,
    &STORAGE_REFERENCE_BACKEND,
    &STORAGE_REFERENCE_INCOMPLETE,
    &STORAGE_WIPE_UNPROVEN,
    &STORAGE_SNAPSHOT_UNTRACED,
    &STORAGE_SNAPSHOT_NOT_ALLOWED,
];

pub(super) fn check(receipt: Node<'_>, report: &mut Report<'_>) {
    check_volume(receipt, receipt.get("sensitivity").get("class"), report);
    check_mount(receipt.get("filesystem"), report);
    check_capacity(receipt.get("capacity"), report);
    let quota = receipt.get("quota");
    if quota.get("required").is_true() && quota.get("observed").bool() == Some(false) {
        let message = "`required` is true and `observed` is false";
        report.add(&STORAGE_QUOTA_NOT_OBSERVED, quota.get("observed"), message);
    }
    check_reference(receipt.get("backend"), receipt.get("reference"), report);
    let wipe = receipt.get("lifecycle");
    let proof = wipe.get("lastWipeReceiptRef");
    let is_owed = receipt.get("policy").get("wipeReceiptRequired").is_true();
    if is_owed && wipe.get("wipeStatus").is("completed") && (!proof.exists() || proof.is_null()) {
        report.add(
            &STORAGE_WIPE_UNPROVEN,
            proof,
            "`wipeStatus` is completed, `lastWipeReceiptRef` is not given",
        );
    }
    check_snapshot(receipt.get("snapshot"), report);
}

fn check_mount(mount: Node<'_>, report: &mut Report<'_>) {
    for name in DANGERS {
        let danger = mount.get(name);
        if danger.is_true() {
            report.add(&STORAGE_MOUNT_UNSAFE, danger, format!("`{name}` is true"));
        } else if mount.is_object() && !danger.exists() {
            report.add(&STORAGE_MOUNT_UNSAFE, danger, format!("`{name}` is missing"));
        }
    }
    let mode = mount.get("mode");
    let others_write = mode
        .str()
        .and_then(|mode| mode.bytes().last())
        .is_some_and(|bits| matches!(bits, b'2' | b'3' | b'6' | b'7'));
    if others_write && mount.get("worldWritable").bool() == Some(false) {
        report.add(&STORAGE_MODE_CONTRADICTORY, mode, format!("{} lets anyone write", text(mode)));
    }
}

fn check_capacity(capacity: Node<'_>, report: &mut Report<'_>) {
    for (part, whole) in
        [("freeBytes", "sizeBytes"), ("usedBytes", "sizeBytes"), ("inodeFree", "inodeCapacity")]
    {
        let amount = capacity.get(part);
        if let (Some(some), Some(all)) = (amount.uint(), capacity.get(whole).uint())
            && some > all
        {
            let message = format!("`{part}` is {some}, `{whole}` is {all}");
            report.add(&STORAGE_CAPACITY_CONTRADICTORY, amount, message);
        }
    }
}

fn check_reference(backend: Node<'_>, reference: Node<'_>, report: &mut Report<'_>) {
    let kind = reference.get("referenceType");
    let Some((kind, fitting, names)) = REFERENCES.iter().find(|(name, ..)| kind.is(name)) else { return };
    if REFERENCES.iter().any(|(_, other, _)| backend.is(other) && other != fitting) {
        report.add(&STORAGE_REFERENCE_BACKEND, backend, format!("the backend of {kind} is {fitting}"));
    }
    for name in *names {
        if !reference.get(name).exists() {
            report.add(&STORAGE_REFERENCE_INCOMPLETE, reference, format!("{kind} needs `{name}`"));
        }
    }
}

fn check_snapshot(snapshot: Node<'_>, report: &mut Report<'_>) {
    if !snapshot.get("snapshotObserved").is_true() {
        return;
    }
    for name in ["snapshotId", "lineageDigest"] {
        let trace = snapshot.get(name);
        if !trace.exists() || trace.is_null() {
            report.add(&STORAGE_SNAPSHOT_UNTRACED, trace, format!("`{name}` is not given"));
        }
    }
    let allowed = snapshot.get("snapshotAllowed");
    if allowed.bool() == Some(false) {
        report.add(&STORAGE_SNAPSHOT_NOT_ALLOWED, allowed, "`snapshotObserved` is true");
    }
}
