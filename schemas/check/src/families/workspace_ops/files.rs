//! Files on their way, files in dispute, and ids given while a device was offline.

use crate::digest::is_sha256;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{paths, times};

const TRANSFER: &str = "workspace-ops/transfer-operation.json";
const AVAILABILITY: &str = "workspace-ops/file-availability.json";
const SYNCING: &str = "workspace-ops/file-availability.syncing.json";

pub(crate) static OPS_CHECKSUM_MISSING: Rule = Rule {
    id: "OPS_CHECKSUM_MISSING",
    severity: Severity::Error,
    kinds: &["transfer-operation"],
    what: "The transfer is completed, but the file has no checksum.",
    why: "Without it nobody can tell whether the file arrived as it was sent.",
    mend: "Add `checksum`, the SHA-256 of the file.",
    source: "gap: the texts of the original demand it, its tool does not look",
    example: Example {
        base: "workspace-ops/transfer-operation.upload.json",
        at: "/status",
        good: r#""failed""#,
        bad: r#""completed""#,
    },
};

pub(crate) static OPS_CHECKSUM_FORM: Rule = Rule {
    id: "OPS_CHECKSUM_FORM",
    severity: Severity::Error,
    kinds: &["transfer-operation"],
    what: "The checksum of a transfer is no SHA-256.",
    why: "Any other text can be compared with nothing.",
    mend: "Write the 64 hex digits in lower case, with or without sha256: before them.",
    source: "gap: the texts of the original demand SHA-256 in hex, its schema accepts any string",
    example: Example {
        base: TRANSFER,
        at: "/checksum",
        good: r#""03f5fb5b4115eaa7e00ab021c06071780b4c80eee02072b4d94120ab44aab512""#,
        bad: r#""crc32:1c291ca3""#,
    },
};

pub(crate) static OPS_BYTES_CONTRADICTED: Rule = Rule {
    id: "OPS_BYTES_CONTRADICTED",
    severity: Severity::Error,
    kinds: &["transfer-operation", "file-availability"],
    what: "More bytes arrived than the file has, or a completed transfer lacks some.",
    why: "One of the numbers or the status is wrong.",
    mend: "Correct the numbers, or the status if the transfer is not completed.",
    source: "gap: the original does not compare the numbers",
    example: Example { base: TRANSFER, at: "/bytesDone", good: "912384", bad: "912385" },
};

pub(crate) static OPS_QUARANTINE_CONTRADICTED: Rule = Rule {
    id: "OPS_QUARANTINE_CONTRADICTED",
    severity: Severity::Error,
    kinds: &["transfer-operation"],
    what: "The transfer is quarantined, but its file is said to be available.",
    why: "A file that is held for a policy may be opened by nobody.",
    mend: "Set `fileAvailabilityState` to quarantined, or complete the transfer after the policy let it go.",
    source: "gap: the original does not compare the two",
    example: Example { base: TRANSFER, at: "/status", good: r#""completed""#, bad: r#""quarantined""# },
};

pub(crate) static OPS_FILE_PLACE_MISSING: Rule = Rule {
    id: "OPS_FILE_PLACE_MISSING",
    severity: Severity::Warning,
    kinds: &["file-availability"],
    what: "The state says that the file is here, there or under way, but not where.",
    why: "Whoever reads the state looks for the file next.",
    mend: "Add `localPath`, `remoteRef` or `syncProgress` as the message says.",
    source: "gap: the texts of the original demand them, its schema leaves them optional",
    example: Example {
        base: "workspace-ops/file-availability.remote.json",
        at: "/state",
        good: r#""remote""#,
        bad: r#""local""#,
    },
};

pub(crate) static OPS_DETAILS_MISSING: Rule = Rule {
    id: "OPS_DETAILS_MISSING",
    severity: Severity::Error,
    kinds: &["file-availability", "provisional-artifact-id"],
    what: "A conflict or a quarantine is not described.",
    why: "Nobody can decide about versions or reasons that are not written down.",
    mend: "Add `conflictDetails` or `quarantineDetails`.",
    source: "gap: the texts of the original demand them, its schema leaves them optional",
    example: Example { base: SYNCING, at: "/state", good: r#""syncing""#, bad: r#""quarantined""# },
};

pub(crate) static OPS_DECISION_MISSING: Rule = Rule {
    id: "OPS_DECISION_MISSING",
    severity: Severity::Error,
    kinds: &["file-availability", "provisional-artifact-id"],
    what: "A conflict or a quarantine is settled, or is to be settled by itself, without a decision.",
    why: "Settling it silently throws away a version, or lets out a file that was held.",
    mend: "Name the decision card, or the gate that holds the file; or use the strategy manual.",
    source: "gap: the texts of the original forbid it, its tool does not look",
    example: Example {
        base: AVAILABILITY,
        at: "/conflictDetails",
        good: r#"{"resolutionStrategy": "last-write-wins", "resolutionDecisionCardId": "card-7"}"#,
        bad: r#"{"resolutionStrategy": "last-write-wins"}"#,
    },
};

pub(crate) static OPS_DECISION_PENDING: Rule = Rule {
    id: "OPS_DECISION_PENDING",
    severity: Severity::Warning,
    kinds: &["file-availability", "provisional-artifact-id"],
    what: "A conflict waits for a decision.",
    why: "Until a person or a policy decides, the file must not be used.",
    mend: "Record the decision card and name it in `resolutionDecisionCardId`.",
    source: "gap: the texts of the original demand an explicit decision",
    example: Example {
        base: AVAILABILITY,
        at: "/conflictDetails",
        good: r#"{"resolutionStrategy": "manual", "resolutionDecisionCardId": "card-7"}"#,
        bad: r#"{"resolutionStrategy": "manual"}"#,
    },
};

pub(crate) static OPS_CANONICAL_ID_EARLY: Rule = Rule {
    id: "OPS_CANONICAL_ID_EARLY",
    severity: Severity::Error,
    kinds: &["provisional-artifact-id"],
    what: "An id that is not resolved has a canonical id or a time of resolution.",
    why: "Others would use an id that may still change, or that is dropped.",
    mend: "Remove `canonicalId` and `resolvedAt`, or set the state to resolved.",
    source: "gap: the texts of the original forbid it, its tool accepts it",
    example: Example {
        base: "workspace-ops/provisional-artifact-id.json",
        at: "/resolutionState",
        good: r#""resolved""#,
        bad: r#""abandoned""#,
    },
};

pub(crate) static OPS_CANONICAL_ID_MISSING: Rule = Rule {
    id: "OPS_CANONICAL_ID_MISSING",
    severity: Severity::Error,
    kinds: &["provisional-artifact-id"],
    what: "A resolved id has no canonical id.",
    why: "References are moved to the canonical id, and there is none.",
    mend: "Add `canonicalId`.",
    source: "gap: the original accepts it",
    example: Example {
        base: "workspace-ops/provisional-artifact-id.offline.json",
        at: "/resolutionState",
        good: r#""provisional""#,
        bad: r#""resolved""#,
    },
};

pub(super) fn check_transfer(transfer: Node<'_>, report: &mut Report<'_>) {
    let status = transfer.get("status");
    times::in_order(transfer, "startedAt", "endedAt", report);
    times::fit_status(transfer, times::of_status(status.str()), ("startedAt", "endedAt"), report);
    let local = if transfer.get("direction").is("upload") { "source" } else { "destination" };
    paths::check(transfer.get(local), report);
    let checksum = transfer.get("checksum");
    match checksum.str() {
        Some(text) if !is_sha256(text.strip_prefix("sha256:").unwrap_or(text)) => {
            report.add(&OPS_CHECKSUM_FORM, checksum, format!("\"{text}\" is no SHA-256 in lower-case hex"));
        }
        None if status.is("completed") && !checksum.exists() => {
            report.add(&OPS_CHECKSUM_MISSING, transfer, "the status is completed, but `checksum` is missing");
        }
        _ => {}
    }
    let available = transfer.get("fileAvailabilityState");
    if status.is("quarantined")
        && let Some(state) = available.str()
        && state != "quarantined"
    {
        let message = format!("the transfer is quarantined, but the file is {state}");
        report.add(&OPS_QUARANTINE_CONTRADICTED, available, message);
    }
    check_bytes(transfer, status.is("completed"), report);
}

fn check_bytes(progress: Node<'_>, completed: bool, report: &mut Report<'_>) {
    if let (Some(done), Some(total)) = (progress.get("bytesDone").uint(), progress.get("bytesTotal").uint())
        && (done > total || completed && done < total)
    {
        let message = if completed {
            format!("the status is completed with {done} of {total} bytes")
        } else {
            format!("{done} of {total} bytes")
        };
        report.add(&OPS_BYTES_CONTRADICTED, progress.get("bytesDone"), message);
    }
}

pub(super) fn check_availability(file: Node<'_>, report: &mut Report<'_>) {
    let state = file.get("state").str();
    let Some(state) = state else { return };
    let (here, there) = match state {
        "local" | "quarantined" => (true, false),
        "remote" => (false, true),
        "syncing" | "conflicted" => (true, true),
        _ => return,
    };
    let places = [("localPath", here), ("remoteRef", there), ("syncProgress", state == "syncing")];
    for (member, _) in places.iter().filter(|(member, needed)| *needed && !file.get(member).exists()) {
        report.add(&OPS_FILE_PLACE_MISSING, file, format!("the file is {state}, but `{member}` is missing"));
    }
    paths::check(file.get("localPath"), report);
    check_bytes(file.get("syncProgress"), false, report);
    check_conflict(file, state == "conflicted", report);
    check_quarantine(file, state == "quarantined", report);
}

fn check_quarantine(file: Node<'_>, lasts: bool, report: &mut Report<'_>) {
    let details = file.get("quarantineDetails");
    if !details.exists() {
        if lasts {
            report.add(&OPS_DETAILS_MISSING, file, "`quarantineDetails` is missing");
        }
        return;
    }
    let released = details.get("releaseDecisionCardId").exists();
    if !lasts && !released {
        report.add(
            &OPS_DECISION_MISSING,
            details,
            "the quarantine is over, but `releaseDecisionCardId` is missing",
        );
    } else if lasts && !released && !details.get("policyGateId").exists() {
        report.add(&OPS_DECISION_MISSING, details, "no gate holds the file: `policyGateId` is missing");
    }
}

/// A conflict over a file or an id, while it lasts and after it.
fn check_conflict(document: Node<'_>, lasts: bool, report: &mut Report<'_>) {
    let details = document.get("conflictDetails");
    if !details.exists() {
        if lasts {
            report.add(&OPS_DETAILS_MISSING, document, "`conflictDetails` is missing");
        }
        return;
    }
    if details.get("resolutionDecisionCardId").exists() {
        return;
    }
    let strategy = details.get("resolutionStrategy");
    match strategy.str() {
        _ if !lasts => {
            let message = "the conflict is over, but `resolutionDecisionCardId` is missing";
            report.add(&OPS_DECISION_MISSING, details, message);
        }
        Some(by_itself @ ("last-write-wins" | "sourceos-merge")) => {
            let message = format!("{by_itself} settles the conflict without `resolutionDecisionCardId`");
            report.add(&OPS_DECISION_MISSING, strategy, message);
        }
        _ => report.add(&OPS_DECISION_PENDING, details, "`resolutionDecisionCardId` is missing"),
    }
}

pub(super) fn check_provisional(id: Node<'_>, report: &mut Report<'_>) {
    times::in_order(id, "createdAt", "resolvedAt", report);
    let Some(state) = id.get("resolutionState").str() else { return };
    let canonical = id.get("canonicalId");
    if state == "resolved" {
        if !canonical.exists() {
            report.add(&OPS_CANONICAL_ID_MISSING, id, "the state is resolved, but `canonicalId` is missing");
        }
    } else {
        for member in ["canonicalId", "resolvedAt"] {
            if id.get(member).exists() {
                let message = format!("the state is {state}, but `{member}` is there");
                report.add(&OPS_CANONICAL_ID_EARLY, id.get(member), message);
            }
        }
    }
    check_conflict(id, state == "conflict", report);
}
