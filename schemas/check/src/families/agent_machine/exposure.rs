//! Who can reach a pod, and what network it sees.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::text;
use crate::duplicate::duplicates;

/// Exposures that lead out of the machine.
const OPEN_EXPOSURES: &[&str] = &["host", "cluster", "ingress"];
/// Networks that lead out of the machine.
const OPEN_NETWORKS: &[&str] = &["host", "pod", "kubernetes-service"];

pub(crate) static POD_EXPOSURE_NOT_LOCAL: Rule = Rule {
    id: "POD_EXPOSURE_NOT_LOCAL",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "A port of a local pod is open to other machines.",
    why: "Local providers answer without authentication; loopback is their only guard.",
    mend: "Use the exposure loopback, none or policy-managed.",
    source: "Agent Machine plan renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.systemd.json",
        at: "/ports/0/exposure",
        good: r#""none""#,
        bad: r#""host""#,
    },
};
pub(crate) static POD_NETWORK_NOT_LOCAL: Rule = Rule {
    id: "POD_NETWORK_NOT_LOCAL",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "A local pod has a network that leads out of the machine.",
    why: "The workload could reach, and be reached by, whatever the host can.",
    mend: "Use the network mode none, loopback, slirp4netns or policy-managed.",
    source: "Agent Machine plan renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.systemd.json",
        at: "/runtime/networkMode",
        good: r#""none""#,
        bad: r#""host""#,
    },
};
pub(crate) static POD_HOST_NETWORK: Rule = Rule {
    id: "POD_HOST_NETWORK",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "The pod uses the network of the host where that is refused.",
    why: "Its ports are then those of the host, whatever their exposure says.",
    mend: "Set `allowHostNetwork` to false, and do not use the network mode host.",
    source: "Agent Machine Quadlet and Kubernetes renderers, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/policy/allowHostNetwork",
        good: "false",
        bad: "true",
    },
};
pub(crate) static POD_CLUSTER_ACCOUNT_MISSING: Rule = Rule {
    id: "POD_CLUSTER_ACCOUNT_MISSING",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "A Kubernetes pod has no namespace or no service account.",
    why: "It would land in `default` and act under the default account there.",
    mend: "Give `runtime.namespace` and `runtime.serviceAccountName`.",
    source: "Agent Machine plan renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/runtime",
        good: r#"{"mode": "kubernetes", "imageOrCommand": "registry.example/x@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "networkMode": "kubernetes-service", "restartPolicy": "always", "namespace": "inference", "serviceAccountName": "x"}"#,
        bad: r#"{"mode": "kubernetes", "imageOrCommand": "registry.example/x@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "networkMode": "kubernetes-service", "restartPolicy": "always", "namespace": "inference"}"#,
    },
};
pub(crate) static POD_EXPOSURE_HOST: Rule = Rule {
    id: "POD_EXPOSURE_HOST",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "A port of a Kubernetes pod is open on the node.",
    why: "A host port passes by every network policy of the cluster.",
    mend: "Use the exposure cluster, or ingress with a policy that allows it.",
    source: "gap: the original does not forbid the exposure host",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/ports/0/exposure",
        good: r#""cluster""#,
        bad: r#""host""#,
    },
};
pub(crate) static POD_EXPOSURE_INGRESS: Rule = Rule {
    id: "POD_EXPOSURE_INGRESS",
    severity: Severity::Warning,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "A port of a Kubernetes pod is to be reached from outside.",
    why: "The renderer makes a service inside the cluster all the same; nothing is open, and nothing says so.",
    mend: "Use the exposure cluster, and open an ingress elsewhere.",
    source: "gap: the original renders ingress as ClusterIP",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/ports/0/exposure",
        good: r#""cluster""#,
        bad: r#""ingress""#,
    },
};
pub(crate) static POD_PORT_DUPLICATE: Rule = Rule {
    id: "POD_PORT_DUPLICATE",
    severity: Severity::Warning,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "Two ports have the same name or the same host port.",
    why: "Only one of them can be listened on, or found by its name.",
    mend: "Give each port a name and a host port of its own.",
    source: "advice",
    example: Example {
        base: "agent-machine/agent-pod.systemd.json",
        at: "/ports",
        good: r#"[{"name": "a", "containerPort": 9001, "exposure": "none"}, {"name": "b", "containerPort": 9002, "exposure": "none"}]"#,
        bad: r#"[{"name": "a", "containerPort": 9001, "exposure": "none"}, {"name": "a", "containerPort": 9002, "exposure": "none"}]"#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &POD_EXPOSURE_NOT_LOCAL,
    &POD_NETWORK_NOT_LOCAL,
    &POD_HOST_NETWORK,
    &POD_CLUSTER_ACCOUNT_MISSING,
    &POD_EXPOSURE_HOST,
    &POD_EXPOSURE_INGRESS,
    &POD_PORT_DUPLICATE,
];

/// `document` is a pod or a plan of the type `kind`.
pub(super) fn check(kind: Node<'_>, document: Node<'_>, report: &mut Report<'_>) {
    let (runtime, ports) = (document.get("runtime"), document.get("ports"));
    let network = runtime.get("networkMode");
    let host_network = document.get("policy").get("allowHostNetwork");
    let Some(name) = kind.str() else { return };
    if name.starts_with("local-") {
        check_local(runtime, ports, report);
    } else if name.starts_with("kubernetes-") {
        check_cluster(runtime, ports, report);
    }
    if matches!(name, "local-podman-quadlet" | "kubernetes-pod") && host_network.is_true() {
        report.add(&POD_HOST_NETWORK, host_network, "`allowHostNetwork` is true");
    } else if name == "kubernetes-crd" && network.is("host") && !host_network.is_true() {
        report.add(
            &POD_HOST_NETWORK,
            network,
            "the network is that of the host, and `allowHostNetwork` is not true",
        );
    }
    for (first, name) in duplicates(ports, |port| port.get("name")) {
        report.add(&POD_PORT_DUPLICATE, name, format!("\"{}\" is the name of port {first} too", text(name)));
    }
    for (index, port) in ports.items().enumerate() {
        let Some(number) = port.get("hostPort").uint() else { continue };
        if ports.items().take(index).any(|other| other.get("hostPort").uint() == Some(number)) {
            report.add(
                &POD_PORT_DUPLICATE,
                port.get("hostPort"),
                format!("{number} is taken by a port above"),
            );
        }
    }
}

fn check_local(runtime: Node<'_>, ports: Node<'_>, report: &mut Report<'_>) {
    let network = runtime.get("networkMode");
    if network.str().is_some_and(|mode| OPEN_NETWORKS.contains(&mode)) {
        report.add(&POD_NETWORK_NOT_LOCAL, network, format!("the network mode is {}", text(network)));
    }
    for exposure in ports.items().map(|port| port.get("exposure")) {
        if exposure.str().is_some_and(|exposure| OPEN_EXPOSURES.contains(&exposure)) {
            report.add(&POD_EXPOSURE_NOT_LOCAL, exposure, format!("the exposure is {}", text(exposure)));
        }
    }
}

fn check_cluster(runtime: Node<'_>, ports: Node<'_>, report: &mut Report<'_>) {
    for name in ["namespace", "serviceAccountName"] {
        let place = runtime.get(name);
        if runtime.is_object() && (!place.exists() || place.is_null()) {
            report.add(&POD_CLUSTER_ACCOUNT_MISSING, place, format!("`{name}` is missing"));
        }
    }
    for exposure in ports.items().map(|port| port.get("exposure")) {
        match exposure.str() {
            Some("host") => report.add(&POD_EXPOSURE_HOST, exposure, "the exposure is host"),
            Some("ingress") => report.add(&POD_EXPOSURE_INGRESS, exposure, "the exposure is ingress"),
            _ => {}
        }
    }
}
