//! AgentMachineMountPlan and AgentMachineMountEvidence: the folders that an agent machine is to get, and what was seen of them.

use crate::families::judge_root;
use crate::node::Node;
use crate::places::{has_control_character, overlap};
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const PLAN: &str = "agent-machine/agent-machine-mount-plan.json";
const EVIDENCE: &str = "agent-machine/agent-machine-mount-evidence.json";

pub(crate) static MOUNT_ROOT_LINK: Rule = Rule {
    id: "MOUNT_ROOT_LINK",
    severity: Severity::Error,
    kinds: &["agent-machine-mount-evidence"],
    what: "A root reaches its folder through a symbolic link.",
    why: "Whoever can change the link decides later which folder the agent gets.",
    mend: "Name the folder by its real path.",
    source: "Agent Machine, mount safety: no untrusted link on the way",
    example: Example { base: EVIDENCE, at: "/mounts/0/links", good: "0", bad: "1" },
};
pub(crate) static MOUNT_ROOT_NOT_A_FOLDER: Rule = Rule {
    id: "MOUNT_ROOT_NOT_A_FOLDER",
    severity: Severity::Error,
    kinds: &["agent-machine-mount-evidence"],
    what: "A root is a file, a socket or a device, and no folder.",
    why: "A file is replaced under the mount without a trace, and a socket or a device is a way out of the machine.",
    mend: "Name the folder that holds what is needed, and nothing else.",
    source: "ours: docs/contracts/agent-machine.md",
    example: Example { base: EVIDENCE, at: "/mounts/0/fileType", good: r#""folder""#, bad: r#""socket""# },
};
pub(crate) static MOUNT_ROOT_OVERLAP: Rule = Rule {
    id: "MOUNT_ROOT_OVERLAP",
    severity: Severity::Error,
    kinds: &["agent-machine-mount-plan", "agent-machine-mount-evidence"],
    what: "Two roots are the same folder, or one lies below the other.",
    why: "The agent gets one folder twice, perhaps to write to where it may only read.",
    mend: "Name folders that lie beside each other.",
    source: "ours: docs/contracts/agent-machine.md",
    example: Example {
        base: PLAN,
        at: "/mounts/1/source",
        good: r#""/srv/marit/Documents/SourceOS/agent-output""#,
        bad: r#""/srv/marit/dev/output""#,
    },
};
pub(crate) static MOUNT_ROOT_CONTROL_CHARACTER: Rule = Rule {
    id: "MOUNT_ROOT_CONTROL_CHARACTER",
    severity: Severity::Error,
    kinds: &["agent-machine-mount-plan", "agent-machine-mount-evidence"],
    what: "The path of a root holds a control character, such as a line feed.",
    why: "In a unit file a line feed begins a directive of its own.",
    mend: "Give the folder a name without one.",
    source: "ours: docs/contracts/agent-machine.md",
    example: Example {
        base: PLAN,
        at: "/mounts/0/source",
        good: r#""/srv/marit/dev""#,
        bad: r#""/srv/marit/dev\nPodmanArgs=--privileged""#,
    },
};

pub(crate) static RULES: &[&Rule] =
    &[&MOUNT_ROOT_LINK, &MOUNT_ROOT_NOT_A_FOLDER, &MOUNT_ROOT_OVERLAP, &MOUNT_ROOT_CONTROL_CHARACTER];

pub(super) fn check_plan(plan: Node<'_>, report: &mut Report<'_>) {
    let sources: Vec<_> = plan.get("mounts").items().map(|mount| mount.get("source")).collect();
    sources.iter().for_each(|source| check_root(*source, report));
    check_overlaps(&sources, report);
}

pub(super) fn check_evidence(evidence: Node<'_>, report: &mut Report<'_>) {
    let mounts: Vec<_> = evidence.get("mounts").items().collect();
    for mount in &mounts {
        check_root(mount.get("spelledPath"), report);
        if mount.get("realPath").str() != mount.get("spelledPath").str() {
            check_root(mount.get("realPath"), report);
        }
        let (links, kind) = (mount.get("links"), mount.get("fileType"));
        if let Some(count @ 1..) = links.uint() {
            report.add(&MOUNT_ROOT_LINK, links, format!("{count} on the way"));
        }
        if let Some(kind_text) = kind.str().filter(|text| *text != "folder") {
            report.add(&MOUNT_ROOT_NOT_A_FOLDER, kind, format!("it is a {kind_text}"));
        }
    }
    let real: Vec<_> = mounts.iter().map(|mount| mount.get("realPath")).collect();
    check_overlaps(&real, report);
}

fn check_root(path: Node<'_>, report: &mut Report<'_>) {
    let Some(text) = path.str() else { return };
    if has_control_character(text) {
        report.add(&MOUNT_ROOT_CONTROL_CHARACTER, path, format!("{text:?} cannot be written into a unit"));
    }
    if let Some(fault) = judge_root(text, report.home()) {
        report.add(fault.rule, path, format!("{text:?} {}", fault.what));
    }
}

fn check_overlaps(paths: &[Node<'_>], report: &mut Report<'_>) {
    for (index, later) in paths.iter().enumerate() {
        let Some(path) = later.str() else { continue };
        let overlapping = paths[..index].iter().filter_map(|earlier| earlier.str());
        for earlier in overlapping.filter(|earlier| overlap(earlier, path)) {
            report.add(&MOUNT_ROOT_OVERLAP, *later, format!("{path:?} and {earlier:?} overlap"));
        }
    }
}
