//! Volumes of a pod, and texts that a renderer copies into a unit.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::text;

/// Sockets that command a container runtime: whoever can write to one is root.
const SOCKETS: &[&str] =
    &["docker.sock", "podman.sock", "containerd.sock", "crio.sock", "dockershim.sock", "cri-dockerd.sock"];
/// Folders that hold such sockets.
const SOCKET_FOLDERS: &[&str] = &[
    "/",
    "/run",
    "/var",
    "/var/run",
    "/run/podman",
    "/run/docker",
    "/run/containerd",
    "/run/crio",
    "/run/user",
];

pub(crate) static POD_HOST_PATH_SOCKET: Rule = Rule {
    id: "POD_HOST_PATH_SOCKET",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "A volume brings the socket of a container runtime into the pod.",
    why: "Who can talk to it starts any container with any volume, which is root on the host.",
    mend: "Mount the folder that the workload needs. A workload that has to start containers asks for a grant instead.",
    source: "gap: the original renders the socket; its lint is never applied to its own output",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/storage/1/hostPath",
        good: r#""/var/lib/agent-machine/cache/notes""#,
        bad: r#""/run/podman/podman.sock""#,
    },
};
pub(crate) static POD_PATH_UNSAFE: Rule = Rule {
    id: "POD_PATH_UNSAFE",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "A path of a volume is relative, climbs with `..`, or holds a colon.",
    why: "A relative path depends on who reads it, `..` leads out of the folder that was judged, and a colon ends the path in a volume line.",
    mend: "Write the path from the root, without `..` and `:`.",
    source: "gap: the original copies paths unchecked",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/storage/1/mountPath",
        good: r#""/agent/notes""#,
        bad: r#""/agent/notes:rw,exec""#,
    },
};
pub(crate) static POD_CONTROL_CHARACTER: Rule = Rule {
    id: "POD_CONTROL_CHARACTER",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "A text that goes into a unit or manifest holds a control character.",
    why: "A line feed ends the line: what follows is a directive of its own, such as one that makes the container privileged.",
    mend: "Take it out; give each argument as an item of its own.",
    source: "gap: the original renders a line feed inside an argument as a new directive",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/runtime/args",
        good: r#"["--listen", "0.0.0.0:7997"]"#,
        bad: r#"["--listen", "0.0.0.0:7997\nPodmanArgs=--privileged"]"#,
    },
};
pub(crate) static POD_VOLUME_ACCESS: Rule = Rule {
    id: "POD_VOLUME_ACCESS",
    severity: Severity::Warning,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "The access to a volume does not fit what the volume holds.",
    why: "A workload that can write to its models can replace them; one that cannot write its evidence leaves none.",
    mend: "Mount agent-models read-only, and agent-evidence read-write or runtime-managed.",
    source: "gap: the original does not tie accessMode to volumeClass",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/storage/1/accessMode",
        good: r#""runtime-managed""#,
        bad: r#""read-only""#,
    },
};

pub(crate) static RULES: &[&Rule] =
    &[&POD_HOST_PATH_SOCKET, &POD_PATH_UNSAFE, &POD_CONTROL_CHARACTER, &POD_VOLUME_ACCESS];

/// `document` is a pod or a plan, `storage` its volumes.
pub(super) fn check(document: Node<'_>, storage: Node<'_>, report: &mut Report<'_>) {
    for item in storage.items() {
        check_volume(item, report);
    }
    let runtime = document.get("runtime");
    let texts =
        ["imageOrCommand", "entrypoint", "namespace", "serviceAccountName"].map(|name| runtime.get(name));
    let provider = document.get("labels").get("sourceos.provider");
    let name = document.get("workload").get("name");
    for copied in texts.into_iter().chain(runtime.get("args").items()).chain([provider, name]) {
        check_line(copied, report);
    }
}

fn check_volume(volume: Node<'_>, report: &mut Report<'_>) {
    let (host, mount) = (volume.get("hostPath"), volume.get("mountPath"));
    for path in [host, mount] {
        check_line(path, report);
        if path.str().is_some_and(is_unsafe) {
            report.add(&POD_PATH_UNSAFE, path, format!("\"{}\" is no plain absolute path", text(path)));
        }
    }
    if host.str().is_some_and(reaches_socket) {
        report.add(&POD_HOST_PATH_SOCKET, host, format!("{} leads to a container runtime", text(host)));
    }
    for name in ["pvcName", "storageClassName", "cacheTierId"] {
        check_line(volume.get(name), report);
    }
    let (class, access) = (volume.get("volumeClass"), volume.get("accessMode"));
    let fits = match class.str() {
        Some("agent-models") => !matches!(access.str(), Some("read-write" | "runtime-managed")),
        Some("agent-evidence") => !access.is("read-only"),
        _ => true,
    };
    if !fits {
        report.add(&POD_VOLUME_ACCESS, access, format!("{} is mounted {}", text(class), text(access)));
    }
}

fn check_line(copied: Node<'_>, report: &mut Report<'_>) {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if copied.str().is_some_and(|text| text.contains(breaks)) {
        report.add(&POD_CONTROL_CHARACTER, copied, "the text holds a control character, such as a line feed");
    }
}

/// A specifier of systemd, such as `%h`, starts at the root as well.
fn is_unsafe(path: &str) -> bool {
    let is_absolute = path.starts_with('/') || path.starts_with('%');
    !is_absolute || path.contains(':') || path.split('/').any(|part| part == "..")
}

fn reaches_socket(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    let last = parts.clone().next_back();
    let is_folder = |folder: &&str| parts.clone().eq(folder.split('/').filter(|part| !part.is_empty()));
    last.is_some_and(|last| SOCKETS.contains(&last))
        || SOCKET_FOLDERS.iter().any(is_folder)
        || is_user_runtime(&mut parts)
}

/// `/run/user/ID` and what holds the socket of rootless Podman below it.
fn is_user_runtime<'a>(parts: &mut impl Iterator<Item = &'a str>) -> bool {
    let mut start = parts.next();
    if start == Some("var") {
        start = parts.next();
    }
    let is_below_user = start == Some("run") && parts.next() == Some("user") && parts.next().is_some();
    is_below_user && matches!((parts.next(), parts.next()), (None | Some("podman" | "docker"), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets() {
        for path in [
            "/run/podman/podman.sock",
            "/var/run/docker.sock",
            "//run/./docker.sock",
            "/run/user/1000/podman",
            "/var/run/user/1000/",
            "/run/user/1000/podman/podman.sock",
            "/",
            "/run/",
            "/run/containerd/containerd.sock",
        ] {
            assert!(reaches_socket(path), "{path}");
        }
        for path in [
            "/run/agent-machine",
            "/run/user/1000/agent-machine",
            "/srv/run",
            "/var/lib/agent-machine",
            "/runs",
        ] {
            assert!(!reaches_socket(path), "{path}");
        }
    }
}
