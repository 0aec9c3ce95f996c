//! The documents: the plan, and the evidence of what was seen when it was made.

use contract_json::{sha256_text, to_canonical_vec};
use serde::Serialize;

use crate::forms::Forms;
use crate::judgement::Seen;
use crate::purpose::{Label, Mode, TARGETS};
use crate::request::{Request, Root};

/// Version of both formats.
const SPEC_VERSION: &str = "0.1.0";

/// `agent-machine.mount.plan`: an AgentMachineMountPlan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    spec_version: &'static str,
    kind: &'static str,
    authorization_granted: bool,
    /// The mounts, in the order of the roots.
    pub mounts: Vec<Mount>,
    /// The same for other programs.
    pub forms: Forms,
}

/// One folder that the agent machine is to get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// Name of the root.
    pub name: String,
    /// Real path on the host.
    pub source: String,
    /// Path in the agent machine.
    pub target: String,
    /// Whether the agent may write.
    pub mode: Mode,
    class: &'static str,
    volume_class: &'static str,
    /// How a container engine is to label the folder.
    pub selinux: Selinux,
    /// Whether the folder is there.
    pub exists: bool,
    /// Why it is mounted this way.
    pub reason: &'static str,
}

/// A hint for container engines on machines that enforce SELinux.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Selinux {
    /// Who shares the label.
    pub label: Label,
    /// The option of a volume that does it.
    pub option: &'static str,
    reason: &'static str,
}

/// `agent-machine.mount.evidence`: an AgentMachineMountEvidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    spec_version: &'static str,
    kind: &'static str,
    authorization_granted: bool,
    /// SHA-256 of the canonical form of the plan.
    pub plan_digest: String,
    mounts: Vec<Facts>,
}

/// What was seen of one root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    name: String,
    argument: String,
    spelled_path: String,
    real_path: String,
    exists: bool,
    judged_path: String,
    file_type: &'static str,
    owner_uid: u32,
    permissions: String,
    file_system: String,
    links: usize,
    checks: Vec<Check>,
}

/// One check that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    check: &'static str,
    verdict: Verdict,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Pass,
    Warning,
    NotApplicable,
}

impl Plan {
    /// The plan for roots that may be given away.
    #[must_use]
    pub fn of(request: &Request, seen: &[Seen]) -> Self {
        let mounts: Vec<Mount> =
            request.roots.iter().zip(seen).map(|(root, seen)| mount(root, seen, request.label)).collect();
        let forms = Forms::of(&mounts);
        let kind = "AgentMachineMountPlan";
        Self { spec_version: SPEC_VERSION, kind, authorization_granted: false, mounts, forms }
    }

    /// `sha256:` and the digest of the canonical form (RFC 8785).
    #[must_use]
    pub fn digest(&self) -> String {
        sha256_text(&to_canonical_vec(self))
    }
}

fn mount(root: &Root, seen: &Seen, label: Option<Label>) -> Mount {
    let purpose = root.purpose;
    Mount {
        name: root.name.clone(),
        source: seen.real.clone(),
        target: format!("{TARGETS}/{}", root.name),
        mode: purpose.mode,
        class: purpose.class,
        volume_class: purpose.volume_class,
        selinux: selinux(root, seen, label),
        exists: seen.way.exists,
        reason: purpose.reason,
    }
}

fn selinux(root: &Root, seen: &Seen, given: Option<Label>) -> Selinux {
    let (label, reason) = match given {
        Some(label) => (label, "The user named this label."),
        None if !seen.file_system.keeps_labels => {
            (Label::None, "The file system keeps no labels of single files.")
        }
        None => (root.purpose.label, root.purpose.label_reason),
    };
    Selinux { label, option: label.option(), reason }
}

impl Evidence {
    /// What was seen of the roots of a plan.
    #[must_use]
    pub fn of(request: &Request, seen: &[Seen], plan: &Plan) -> Self {
        let mounts = request.roots.iter().zip(seen).map(|(root, seen)| facts(request, root, seen)).collect();
        let (kind, plan_digest) = ("AgentMachineMountEvidence", plan.digest());
        Self { spec_version: SPEC_VERSION, kind, authorization_granted: false, plan_digest, mounts }
    }
}

fn facts(request: &Request, root: &Root, seen: &Seen) -> Facts {
    let last = seen.way.last();
    Facts {
        name: root.name.clone(),
        argument: root.argument.clone(),
        spelled_path: root.spelled.clone(),
        real_path: seen.real.clone(),
        exists: seen.way.exists,
        judged_path: last.path.to_string_lossy().into_owned(),
        file_type: last.file_type(),
        owner_uid: last.owner_uid(),
        permissions: format!("{:04o}", last.permissions()),
        file_system: seen.file_system.name.clone(),
        links: seen.way.links.len(),
        checks: checks(request, seen),
    }
}

/// Every check of the judgement, in its order. A root that did not pass one has no evidence: it was refused.
fn checks(request: &Request, seen: &Seen) -> Vec<Check> {
    let told = |check, verdict, message: &str| Check { check, verdict, message: message.to_owned() };
    let pass = |check, message| told(check, Verdict::Pass, message);
    let when = |applies, check, message, otherwise| match applies {
        true => pass(check, message),
        false => told(check, Verdict::NotApplicable, otherwise),
    };
    let open = match &seen.open_to_everyone {
        None => pass("world-writable", "No folder on the way can be replaced by everyone."),
        Some(path) => {
            let message = format!("Everyone may write to {path:?}.");
            told("world-writable", Verdict::Warning, &message)
        }
    };
    vec![
        pass("spelled-path", "The rules of contracts allow the path as it was given."),
        pass("real-path", "The rules of contracts allow the real path."),
        when(
            request.home.is_some(),
            "same-folder",
            "No folder on the way is the home or one above it by another path.",
            "No home was given.",
        ),
        pass("links", "No link is on the way."),
        when(seen.way.exists, "file-type", "It is a folder.", "It is not there yet."),
        when(
            request.roots.len() > 1,
            "overlap",
            "No other root is the same folder, above it or below it.",
            "It is the only root.",
        ),
        open,
    ]
}
