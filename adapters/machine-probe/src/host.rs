//! Facts about the operating system.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fact::Fact;
use crate::mounts::{self, Mount};
use crate::tree::{Tree, is_absent};

/// The operating system and how it keeps processes apart.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Kernel family.
    pub os: Fact<String>,
    /// Kernel release.
    pub kernel: Fact<String>,
    /// Architecture as uname -m prints it.
    pub architecture: Fact<String>,
    /// What os-release says.
    pub distribution: Fact<Distribution>,
    /// Signs of a system that is updated as an image; none means that no sign was seen.
    pub immutable_signs: Vec<&'static str>,
    /// v1, v2 or hybrid.
    pub cgroup_mode: Fact<&'static str>,
    /// enforcing, permissive or disabled.
    pub selinux_mode: Fact<&'static str>,
    /// Whether an ordinary user may make user namespaces.
    pub user_namespaces: Fact<bool>,
    /// Security modules in force.
    pub security_modules: Fact<Vec<String>>,
    /// Whether Landlock is in force.
    pub landlock_active: Fact<bool>,
    /// Version of Landlock; the kernel tells it by a call only.
    pub landlock_abi: Fact<u64>,
    /// What a seccomp filter may answer.
    pub seccomp_actions: Fact<Vec<String>>,
}

/// What os-release(5) says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// ID, `linux` when absent.
    pub id: String,
    /// ID_LIKE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_like: Option<String>,
    /// VERSION_ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// VARIANT_ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<String>,
    /// PRETTY_NAME.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretty_name: Option<String>,
    /// SHA-256 of the file, without the white space at its end.
    pub digest: String,
}

/// Variants of distributions that are images.
const IMAGE_VARIANTS: &[&str] =
    &["silverblue", "kinoite", "sericea", "onyx", "cosmic-atomic", "coreos", "iot", "bluefin", "bazzite"];

/// Reads the group. `landlock_abi` is what the caller knows from the kernel.
pub fn read(tree: &Tree, landlock_abi: Option<u64>) -> Host {
    let uname = tree.uname();
    let table = mounts::table(tree);
    let security_modules = tree
        .read("/sys/kernel/security/lsm")
        .map(|names| names.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
    let distribution = distribution(tree);
    Host {
        os: uname.clone().map(|uname| uname.system),
        kernel: uname.clone().map(|uname| uname.release),
        architecture: uname.map(|uname| uname.machine),
        immutable_signs: immutable_signs(tree, distribution.known(), table.known()),
        distribution,
        cgroup_mode: table.and_then(|table| cgroup_mode(&table)),
        selinux_mode: selinux_mode(tree),
        user_namespaces: user_namespaces(tree),
        // The kernel's own answer counts for more than the list, which not every machine shows.
        landlock_active: match landlock_abi {
            Some(abi) => Fact::Known(abi > 0),
            None => security_modules.clone().map(|names| names.iter().any(|name| name == "landlock")),
        },
        security_modules,
        landlock_abi: Fact::from_option(
            landlock_abi,
            "the kernel tells it by a call that needs unsafe code; give landlockAbi",
        ),
        seccomp_actions: tree
            .read("/proc/sys/kernel/seccomp/actions_avail")
            .map(|names| names.split_whitespace().map(str::to_owned).collect()),
    }
}

fn distribution(tree: &Tree) -> Fact<Distribution> {
    let text = match tree.read("/etc/os-release") {
        Fact::Unknown(reason) if is_absent(&reason) => tree.read("/usr/lib/os-release"),
        read => read,
    };
    text.map(|text| {
        let mut values: BTreeMap<&str, String> = text
            .lines()
            .filter_map(|line| line.trim().split_once('='))
            .map(|(key, value)| (key, unquoted(value)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        Distribution {
            id: values.remove("ID").unwrap_or_else(|| "linux".to_owned()),
            id_like: values.remove("ID_LIKE"),
            version_id: values.remove("VERSION_ID"),
            variant_id: values.remove("VARIANT_ID"),
            pretty_name: values.remove("PRETTY_NAME"),
            digest: contract_json::sha256_text(text.as_bytes()),
        }
    })
}

/// A value of os-release(5): a shell word, in quotes or not, with `\` before a character that a shell would take.
fn unquoted(value: &str) -> String {
    let value = value.trim();
    let inner = ['"', '\''].iter().find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let mut out = String::new();
    let mut characters = inner.unwrap_or(value).chars();
    while let Some(c) = characters.next() {
        out.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    out
}

fn immutable_signs(
    tree: &Tree,
    distribution: Option<&Distribution>,
    table: Option<&Vec<Mount>>,
) -> Vec<&'static str> {
    let mut signs = Vec::new();
    if tree.exists("/run/ostree-booted") {
        signs.push("/run/ostree-booted");
    }
    if table.is_some_and(|table| table.iter().any(|mount| mount.target == "/usr" && mount.has_option("ro"))) {
        signs.push("/usr is read-only");
    }
    if distribution
        .and_then(|found| found.variant_id.as_deref())
        .is_some_and(|id| IMAGE_VARIANTS.contains(&id))
    {
        signs.push("VARIANT_ID is that of an image");
    }
    signs
}

/// In a hybrid layout controllers are in hierarchies of version 1 and processes are tracked in one of version 2
/// (cgroups(7)). /sys/fs/cgroup exists in all three, so only the mounts tell.
fn cgroup_mode(table: &[Mount]) -> Fact<&'static str> {
    let named = |option: &String| option.starts_with("name=");
    let first = table.iter().any(|mount| {
        mount.fs_type == "cgroup" && mount.super_options.iter().any(|option| !named(option) && option != "rw")
    });
    let second = table.iter().any(|mount| mount.fs_type == "cgroup2");
    match (first, second) {
        (true, true) => Fact::Known("hybrid"),
        (true, false) => Fact::Known("v1"),
        (false, true) => Fact::Known("v2"),
        (false, false) => Fact::unknown("no cgroup file system is mounted"),
    }
}

/// The mode of SELinux. selinuxfs has its mount point as soon as the kernel runs SELinux (selinux(8)).
pub fn selinux_mode(tree: &Tree) -> Fact<&'static str> {
    match tree.read("/sys/fs/selinux/enforce") {
        Fact::Known(text) if text == "1" => Fact::Known("enforcing"),
        Fact::Known(text) if text == "0" => Fact::Known("permissive"),
        Fact::Known(_) => Fact::unknown("/sys/fs/selinux/enforce is neither 0 nor 1"),
        Fact::Unknown(_) if !tree.exists("/sys/fs/selinux") => Fact::Known("disabled"),
        Fact::Unknown(reason) => Fact::Unknown(reason),
    }
}

/// Three switches; the second is Debian's, the third AppArmor's. One that is absent does not refuse.
fn user_namespaces(tree: &Tree) -> Fact<bool> {
    let switch = |name: &str, refuses: &str| match tree.read(name) {
        Fact::Known(text) => Fact::Known(text == refuses),
        Fact::Unknown(reason) if is_absent(&reason) => Fact::Known(false),
        Fact::Unknown(reason) => Fact::Unknown(reason),
    };
    tree.read("/proc/sys/user/max_user_namespaces").and_then(|most| {
        switch("/proc/sys/kernel/unprivileged_userns_clone", "0").and_then(|clone| {
            switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")
                .map(|restricted| most != "0" && !clone && !restricted)
        })
    })
}
