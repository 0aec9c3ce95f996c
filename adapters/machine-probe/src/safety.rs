//! Whether a folder of Agent Machine may hold what it is for. Not knowing is unsafe where the content is sensitive.

use serde::Serialize;

use crate::blocks::{self, Layer};
use crate::fact::Fact;
use crate::mounts::{Mount, Reach, mount_of};
use crate::people::People;
use crate::places::{Chosen, PLACES, Place, Scope, path_of};
use crate::tree::{Meta, Space, Tree};
use crate::walk::{Ending, Link, Walked, walk};

/// What was seen of one folder, and the verdict.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// Which folder.
    pub place: Place,
    /// Its path.
    pub path: String,
    /// Whether it is there.
    pub exists: Fact<bool>,
    /// Owner and mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
    /// Links on the way.
    pub links: Vec<Link>,
    /// The mount that it is on, or would be.
    pub mount_target: Fact<String>,
    /// Type of that file system.
    pub fs_type: Fact<String>,
    /// Options of that mount.
    pub mount_options: Vec<String>,
    /// In words of CacheTier.
    pub backend: Fact<&'static str>,
    /// In words of CacheTier.
    pub encryption: Fact<&'static str>,
    /// fscrypt is set up on the file system; whether this folder uses it is not known.
    pub fscrypt_sign: bool,
    /// Whether something bounds its size.
    pub quota_observed: bool,
    /// SELinux label, where SELinux enforces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Fact<String>>,
    /// safe or unsafe.
    pub verdict: &'static str,
    /// Why it is unsafe.
    pub reasons: Vec<Reason>,
    /// Size and free bytes. Varies.
    #[serde(skip)]
    pub space: Fact<Space>,
}

/// Why a folder is unsafe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable name.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

/// What all folders are judged by.
pub struct Surroundings<'a> {
    /// The machine.
    pub tree: &'a Tree,
    /// Its mounts.
    pub table: &'a [Mount],
    /// Who asks.
    pub people: &'a People,
    /// Which set of folders applies.
    pub chosen: &'a Chosen,
    /// Whether SELinux enforces.
    pub selinux: Fact<&'static str>,
}

/// Judges all folders of the set that applies.
pub fn judge_all(around: &Surroundings<'_>) -> Vec<Judged> {
    PLACES.iter().map(|&place| judge(around, place)).collect()
}

fn judge(around: &Surroundings<'_>, place: Place) -> Judged {
    let path = path_of(place, around.chosen.scope, around.people);
    let walked = walk(around.tree, around.table, &path);
    let mount = mount_of(around.table, &walked.real);
    let local = mount.filter(|mount| mount.reach == Reach::Local && walked.end != Ending::Foreign);
    let layers = local.map(|mount| {
        if is_memory(mount) { Fact::Known(Vec::new()) } else { blocks::layers(around.tree, mount) }
    });
    let found = matches!(walked.end, Ending::Found(_));
    let mut judged = Judged {
        place,
        exists: match &walked.end {
            Ending::Found(_) => Fact::Known(true),
            Ending::Missing => Fact::Known(false),
            Ending::Foreign => Fact::unknown("on a mount that is not touched"),
            Ending::Unknown(reason) => Fact::Unknown(reason.clone()),
        },
        meta: if let Ending::Found(meta) = walked.end { Some(meta) } else { None },
        mount_target: Fact::from_option(mount.map(|mount| mount.target.clone()), "no mount holds it"),
        fs_type: Fact::from_option(mount.map(|mount| mount.fs_type.clone()), "no mount holds it"),
        mount_options: mount.map(Mount::shown_options).unwrap_or_default(),
        backend: backend(mount, layers.as_ref(), around.tree),
        encryption: match &layers {
            Some(layers) => layers.clone().map(|layers| blocks::encryption(&layers)),
            None => Fact::unknown("on a mount that is not touched"),
        },
        fscrypt_sign: local.is_some_and(|mount| {
            around.tree.exists(&format!("{}/.fscrypt", mount.target.trim_end_matches('/')))
        }),
        quota_observed: mount.is_some_and(|mount| has_bound(mount, &walked.real)),
        label: (found
            && around.selinux != Fact::Known("disabled")
            && around.selinux != Fact::Known("permissive"))
        .then(|| around.tree.label(&walked.real)),
        space: match local {
            Some(mount) => around.tree.space(&mount.target),
            None => Fact::unknown("on a mount that is not touched"),
        },
        links: walked.links.clone(),
        path,
        verdict: "unsafe",
        reasons: Vec::new(),
    };
    judged.reasons = reasons(around, &judged, &walked);
    judged.verdict = if judged.reasons.is_empty() { "safe" } else { "unsafe" };
    judged
}

fn is_memory(mount: &Mount) -> bool {
    matches!(mount.fs_type.as_str(), "tmpfs" | "ramfs" | "devtmpfs")
}

/// A quota of the file system, the size of a tmpfs, or a file system of its own.
fn has_bound(mount: &Mount, path: &str) -> bool {
    const QUOTAS: &[&str] = &["usrquota", "grpquota", "prjquota", "uquota", "gquota", "pquota", "quota"];
    mount.target == path
        || QUOTAS.iter().any(|option| mount.has_option(option))
        || mount.super_options.iter().any(|option| is_memory(mount) && option.starts_with("size="))
}

fn backend(mount: Option<&Mount>, layers: Option<&Fact<Vec<Layer>>>, tree: &Tree) -> Fact<&'static str> {
    let Some(mount) = mount else { return Fact::unknown("no mount holds it") };
    match layers {
        // Network and FUSE: the space is somewhere else, or may be.
        None if mount.reach == Reach::Foreign => Fact::Known("remote-volume"),
        None => Fact::unknown("a file system of the kernel"),
        Some(_) if is_memory(mount) => Fact::Known("tmpfs"),
        Some(Fact::Known(layers)) if layers.contains(&Layer::Lvm) => {
            let topolvm = mount.source.starts_with("/dev/topolvm/") && tree.exists("/dev/topolvm");
            Fact::Known(if topolvm { "topolvm-k8s" } else { "local-lvm" })
        }
        Some(_) => Fact::Known("filesystem"),
    }
}

fn reasons(around: &Surroundings<'_>, judged: &Judged, walked: &Walked) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut add = |code, text: String| reasons.push(Reason { code, text });
    let place = judged.place;
    match &walked.end {
        Ending::Found(meta) => ownership(around, *meta, &mut add),
        Ending::Missing => add("MOUNT_MISSING", "it is not there".to_owned()),
        Ending::Foreign => {
            add(
                "MOUNT_FOREIGN",
                "it is on a network, FUSE, autofs or unknown mount, which is never touched".to_owned(),
            );
        }
        Ending::Unknown(reason) => add("MOUNT_UNKNOWN", reason.clone()),
    }
    for link in walked.links.iter().filter(|link| !is_trusted(around, link.uid)) {
        add("MOUNT_UNTRUSTED_LINK", format!("a link on the way belongs to uid {}", link.uid));
    }
    for parent in &walked.open_parents {
        add("MOUNT_OPEN_PARENT", format!("everyone may replace what is in {parent}"));
    }
    if place.needs_encryption() {
        match &judged.encryption {
            Fact::Known("none") => {
                add("MOUNT_NOT_ENCRYPTED", "encryption is expected and was not seen".to_owned())
            }
            Fact::Known(_) => {}
            Fact::Unknown(reason) => {
                add("MOUNT_ENCRYPTION_UNKNOWN", format!("encryption is expected: {reason}"))
            }
        }
    }
    if place.needs_quota() && !judged.quota_observed {
        add("MOUNT_NO_QUOTA", "nothing bounds its size: no quota, no file system of its own".to_owned());
    }
    if judged.path.contains(':')
        || matches!(judged.fs_type.known().map(String::as_str), Some("autofs" | "proc" | "sysfs"))
    {
        add("MOUNT_NOT_BINDABLE", "a container runtime cannot bind it safely".to_owned());
    }
    match (&around.selinux, &judged.label) {
        (_, None) => {}
        (Fact::Unknown(reason), _) if place.is_sensitive() => {
            add("MOUNT_SELINUX_UNKNOWN", format!("the mode of SELinux is not known: {reason}"));
        }
        (Fact::Unknown(_), _) => {}
        (_, Some(Fact::Unknown(reason))) => add("MOUNT_NO_LABEL", format!("SELinux enforces: {reason}")),
        (_, Some(Fact::Known(label))) if label.contains(":unlabeled_t") || label.contains(":default_t") => {
            add("MOUNT_LABEL_UNFIT", "SELinux enforces and no container may use this label".to_owned());
        }
        _ => {}
    }
    reasons
}

fn ownership(around: &Surroundings<'_>, meta: Meta, add: &mut impl FnMut(&'static str, String)) {
    if meta.mode & 0o170_000 != 0o040_000 {
        add("MOUNT_NOT_A_FOLDER", "it is no folder".to_owned());
    }
    if meta.mode & 0o002 != 0 {
        add("MOUNT_WORLD_WRITABLE", "everyone may write it".to_owned());
    }
    if !is_trusted(around, meta.uid) {
        add("MOUNT_OWNER", format!("it belongs to uid {}", meta.uid));
    }
    // A private group of the owner is as good as the owner.
    if meta.mode & 0o020 != 0
        && meta.gid != 0
        && !(meta.gid == meta.uid || around.people.groups.contains(&meta.gid))
    {
        add("MOUNT_GROUP", format!("group {} may write it", meta.gid));
    }
}

/// Root, the service account, and for folders of a user the user.
fn is_trusted(around: &Surroundings<'_>, uid: u32) -> bool {
    uid == 0
        || around.people.service == Some(uid)
        || (around.chosen.scope == Scope::User && uid == around.people.uid)
}
