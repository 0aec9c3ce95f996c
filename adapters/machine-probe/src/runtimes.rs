//! Ways to start a workload and to keep it apart: found as files in their usual places.

use serde::Serialize;

use crate::tree::Tree;

/// What is installed or runs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Runtimes {
    /// systemd runs as the first process.
    pub systemd_system: bool,
    /// A user manager of systemd runs for this user.
    pub systemd_user: bool,
    /// Podman.
    pub podman: bool,
    /// The generator that turns Quadlet files into units.
    pub quadlet: bool,
    /// Docker's client.
    pub docker: bool,
    /// Docker's socket.
    pub docker_socket: bool,
    /// bubblewrap.
    pub bubblewrap: bool,
    /// Toolbox.
    pub toolbox: bool,
    /// Signs of Kubernetes.
    pub kubernetes_signs: Vec<&'static str>,
    /// Signs of TopoLVM.
    pub topolvm_signs: Vec<&'static str>,
    /// LVM's program.
    pub lvm: bool,
    /// Homebrew.
    pub homebrew: bool,
    /// Sign of a desktop: a list of graphical sessions.
    pub desktop: bool,
}

/// Folders of programs, in the order of a usual PATH.
pub(crate) const PROGRAMS: &[&str] =
    &["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];

const KUBERNETES: &[&str] = &[
    "/var/lib/kubelet/config.yaml",
    "/etc/kubernetes/kubelet.conf",
    "/etc/rancher/k3s/k3s.yaml",
    "/run/k3s",
    "/run/kubernetes",
];
const TOPOLVM: &[&str] = &["/run/topolvm", "/var/lib/kubelet/plugins/topolvm.io", "/etc/topolvm/lvmd.yaml"];
const QUADLET: &[&str] = &[
    "/usr/lib/systemd/system-generators/podman-system-generator",
    "/usr/libexec/podman/quadlet",
    "/usr/lib/podman/quadlet",
];
const HOMEBREW: &[&str] =
    &["/opt/homebrew/bin/brew", concat!("/home", "/linuxbrew/.linuxbrew/bin/brew"), "/usr/local/bin/brew"];

/// Whether one of the usual folders has a program of this name.
pub(crate) fn program(tree: &Tree, name: &str) -> bool {
    PROGRAMS.iter().any(|folder| tree.exists(&format!("{folder}/{name}")))
}

/// Reads the group.
pub fn read(tree: &Tree, uid: Option<u32>) -> Runtimes {
    let signs = |paths: &[&'static str]| paths.iter().copied().filter(|path| tree.exists(path)).collect();
    Runtimes {
        // sd_booted(3)
        systemd_system: tree.exists("/run/systemd/system"),
        systemd_user: uid.is_some_and(|uid| tree.exists(&format!("/run/user/{uid}/systemd"))),
        podman: program(tree, "podman"),
        quadlet: tree.first(QUADLET).is_some(),
        docker: program(tree, "docker"),
        docker_socket: tree.exists("/run/docker.sock") || tree.exists("/var/run/docker.sock"),
        bubblewrap: program(tree, "bwrap"),
        toolbox: program(tree, "toolbox"),
        kubernetes_signs: signs(KUBERNETES),
        topolvm_signs: signs(TOPOLVM),
        lvm: program(tree, "lvm"),
        homebrew: tree.first(HOMEBREW).is_some(),
        desktop: tree.exists("/usr/share/wayland-sessions") || tree.exists("/usr/share/xsessions"),
    }
}

impl Runtimes {
    /// Isolation for a workload in the order of preference, in words of AgentMachine.
    #[must_use]
    pub fn envelopes(&self) -> Vec<&'static str> {
        let known = [
            (self.systemd_system || self.systemd_user, "systemd"),
            (self.podman && self.quadlet, "podman-quadlet"),
            (self.podman, "podman"),
            (self.bubblewrap, "bubblewrap"),
            (self.toolbox, "toolbox"),
            (!self.kubernetes_signs.is_empty(), "kubernetes"),
        ];
        let found: Vec<&str> = known.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
        if found.is_empty() { vec!["none"] } else { found }
    }

    /// The container runtime that is preferred, or none.
    #[must_use]
    pub fn container_runtime(&self) -> &'static str {
        match (self.podman, self.docker, self.kubernetes_signs.is_empty()) {
            (true, ..) => "podman",
            (_, true, _) => "docker",
            (_, _, false) => "kubernetes",
            _ => "none",
        }
    }
}
