//! A pod that is rendered as a Quadlet unit.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::{is_list, text};

/// Where the models are mounted.
const MODELS: &str = "/models";

pub(crate) static POD_QUADLET_NETWORK: Rule = Rule {
    id: "POD_QUADLET_NETWORK",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A Quadlet pod has a network mode other than loopback.",
    why: "The unit publishes its port on 127.0.0.1, and knows no other way to be reached.",
    mend: "Use the network mode loopback, or another podType.",
    source: "Agent Machine Quadlet renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/runtime/networkMode",
        good: r#""loopback""#,
        bad: r#""slirp4netns""#,
    },
};
pub(crate) static POD_QUADLET_PORTS: Rule = Rule {
    id: "POD_QUADLET_PORTS",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A Quadlet pod does not have exactly one port that is published on loopback.",
    why: "The unit has one PublishPort line, on 127.0.0.1.",
    mend: "Give one port with `hostPort` and the exposure loopback.",
    source: "Agent Machine Quadlet renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/ports/0",
        good: r#"{"name": "http", "containerPort": 8080, "hostPort": 8080, "exposure": "loopback"}"#,
        bad: r#"{"name": "http", "containerPort": 8080, "exposure": "loopback"}"#,
    },
};
pub(crate) static POD_QUADLET_ENTRYPOINT: Rule = Rule {
    id: "POD_QUADLET_ENTRYPOINT",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A Quadlet pod has no entrypoint.",
    why: "The Exec line of the unit would begin with an argument.",
    mend: "Give `runtime.entrypoint`.",
    source: "Agent Machine Quadlet renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/runtime",
        good: r#"{"mode": "podman-quadlet", "imageOrCommand": "quay.io/x/y:1", "imageReferencePolicy": "tag-allowed-bootstrap", "entrypoint": "y", "networkMode": "loopback", "restartPolicy": "never"}"#,
        bad: r#"{"mode": "podman-quadlet", "imageOrCommand": "quay.io/x/y:1", "imageReferencePolicy": "tag-allowed-bootstrap", "networkMode": "loopback", "restartPolicy": "never"}"#,
    },
};
pub(crate) static POD_QUADLET_HOST_PATH: Rule = Rule {
    id: "POD_QUADLET_HOST_PATH",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A volume of a Quadlet pod has no folder on the host.",
    why: "The unit mounts folders of the host; there is nothing else to mount.",
    mend: "Give `hostPath`.",
    source: "Agent Machine Quadlet renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/storage/1",
        good: r#"{"cacheTierId": "urn:srcos:agent-machine:cache-tier:x", "mountPath": "/agent/x", "hostPath": "/srv/x", "accessMode": "read-write"}"#,
        bad: r#"{"cacheTierId": "urn:srcos:agent-machine:cache-tier:x", "mountPath": "/agent/x", "accessMode": "read-write"}"#,
    },
};
pub(crate) static POD_QUADLET_MODELS: Rule = Rule {
    id: "POD_QUADLET_MODELS",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A Quadlet pod does not mount its models read-only at /models.",
    why: "The workload could replace the models that it runs, or has none.",
    mend: "Give a volume with mountPath /models and accessMode read-only.",
    source: "Agent Machine Quadlet renderer, pre-check, and its lint",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/storage/0/mountPath",
        good: r#""/models""#,
        bad: r#""/data/models""#,
    },
};
pub(crate) static POD_QUADLET_UNQUOTED: Rule = Rule {
    id: "POD_QUADLET_UNQUOTED",
    severity: Severity::Warning,
    kinds: &["agent-pod"],
    what: "An argument means something else on the Exec line of a unit.",
    why: "The renderer joins arguments by spaces and quotes nothing; systemd splits at spaces, takes quotes and backslashes away, and replaces % and $.",
    mend: "Split the argument, or use a file or variable that the image reads.",
    source: "gap: the original does not quote what it renders",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/runtime/args",
        good: r#"["--system-prompt-file", "/models/prompt.txt"]"#,
        bad: r#"["--system-prompt", "be brief"]"#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &POD_QUADLET_NETWORK,
    &POD_QUADLET_PORTS,
    &POD_QUADLET_ENTRYPOINT,
    &POD_QUADLET_HOST_PATH,
    &POD_QUADLET_MODELS,
    &POD_QUADLET_UNQUOTED,
];

pub(super) fn check(pod: Node<'_>, report: &mut Report<'_>) {
    let runtime = pod.get("runtime");
    let network = runtime.get("networkMode");
    // The others are refused for every local pod.
    if matches!(network.str(), Some("none" | "slirp4netns" | "policy-managed")) {
        report.add(&POD_QUADLET_NETWORK, network, format!("the network mode is {}", text(network)));
    }
    check_ports(pod.get("ports"), report);
    let entrypoint = runtime.get("entrypoint");
    if runtime.is_object() && !entrypoint.exists() {
        report.add(&POD_QUADLET_ENTRYPOINT, entrypoint, "`entrypoint` is missing");
    }
    for word in runtime.get("args").items().chain([entrypoint]) {
        if word.str().is_some_and(is_changed_by_systemd) {
            let message = format!("\"{}\" is not passed on as it stands", text(word));
            report.add(&POD_QUADLET_UNQUOTED, word, message);
        }
    }
    check_volumes(pod.get("storage"), report);
}

fn check_ports(ports: Node<'_>, report: &mut Report<'_>) {
    if ports.items().len() != 1 && (is_list(ports) || !ports.exists()) {
        report.add(&POD_QUADLET_PORTS, ports, format!("there are {} ports", ports.items().len()));
    }
    for port in ports.items() {
        let (host, exposure) = (port.get("hostPort"), port.get("exposure"));
        if port.is_object() && !host.exists() {
            report.add(&POD_QUADLET_PORTS, port, "`hostPort` is missing");
        }
        // The others are refused for every local pod.
        if matches!(exposure.str(), Some("none" | "policy-managed")) {
            report.add(&POD_QUADLET_PORTS, exposure, format!("the exposure is {}", text(exposure)));
        }
    }
}

fn check_volumes(storage: Node<'_>, report: &mut Report<'_>) {
    // A volume that is not one is a fault of the structure; it may have been the one with the models.
    let mut has_models = storage.items().any(|volume| volume.get("mountPath").str().is_none());
    for volume in storage.items() {
        let access = volume.get("accessMode");
        if volume.is_object() && !volume.get("hostPath").exists() {
            report.add(&POD_QUADLET_HOST_PATH, volume, "`hostPath` is missing");
        }
        if volume.get("mountPath").is(MODELS) {
            has_models = true;
            if matches!(access.str(), Some("read-write" | "runtime-managed")) {
                report.add(&POD_QUADLET_MODELS, access, format!("{MODELS} is mounted {}", text(access)));
            }
        }
    }
    if !has_models && is_list(storage) {
        report.add(&POD_QUADLET_MODELS, storage, format!("nothing is mounted at {MODELS}"));
    }
}

/// Control characters are refused in every pod.
fn is_changed_by_systemd(word: &str) -> bool {
    let is_control = word.contains(char::is_control);
    !is_control && (word.is_empty() || word.contains([' ', '"', '\'', '\\', '%', '$']))
}
