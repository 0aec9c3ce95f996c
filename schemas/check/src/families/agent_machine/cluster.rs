//! A pod that is rendered for Kubernetes.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::{is_list, text};

/// The storage class of every claim.
const STORAGE_CLASS: &str = "topolvm-provisioner";
/// Volume classes that have no size for a claim.
const SIZELESS: &[&str] = &["agent-cache-hot", "agent-cache-cold", "agent-artifacts"];
/// Networks that no manifest can give.
const OTHER_NETWORKS: &[&str] = &["none", "loopback", "host", "slirp4netns", "pod", "policy-managed"];
const GIB: u64 = 1 << 30;

pub(crate) static POD_CLUSTER_NETWORK: Rule = Rule {
    id: "POD_CLUSTER_NETWORK",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A Kubernetes pod has a network mode other than kubernetes-service.",
    why: "The manifest makes a service, and knows no other way to be reached.",
    mend: "Use the network mode kubernetes-service.",
    source: "Agent Machine Kubernetes renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/runtime/networkMode",
        good: r#""kubernetes-service""#,
        bad: r#""pod""#,
    },
};
pub(crate) static POD_CLUSTER_POLICY: Rule = Rule {
    id: "POD_CLUSTER_POLICY",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A Kubernetes pod does without a network policy or an egress policy.",
    why: "Every pod of the cluster could reach it, or it could reach everything.",
    mend: "Set `networkPolicyRequired` and `egressPolicyRequired` to true.",
    source: "Agent Machine Kubernetes renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/policy/egressPolicyRequired",
        good: "true",
        bad: "false",
    },
};
pub(crate) static POD_CLUSTER_VOLUME: Rule = Rule {
    id: "POD_CLUSTER_VOLUME",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A volume of a Kubernetes pod cannot become a claim.",
    why: "A claim needs a name, the storage class topolvm-provisioner, and a volume class that has a size.",
    mend: "Give `pvcName`, `storageClassName`, and agent-models, agent-cache-warm, agent-scratch or agent-evidence.",
    source: "Agent Machine Kubernetes renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/storage/1/volumeClass",
        good: r#""agent-scratch""#,
        bad: r#""agent-cache-hot""#,
    },
};
pub(crate) static POD_CLUSTER_PORTS: Rule = Rule {
    id: "POD_CLUSTER_PORTS",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A Kubernetes pod does not have exactly one port.",
    why: "The service has one port.",
    mend: "Give one port.",
    source: "Agent Machine Kubernetes renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/ports",
        good: r#"[{"name": "http", "containerPort": 8000, "exposure": "cluster"}]"#,
        bad: "[]",
    },
};
pub(crate) static POD_CLUSTER_MEMORY: Rule = Rule {
    id: "POD_CLUSTER_MEMORY",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "An amount of memory of a Kubernetes pod is not whole GiB.",
    why: "The manifest gives memory in Gi, without a fraction.",
    mend: "Round to a multiple of 1073741824.",
    source: "Agent Machine Kubernetes renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/resources/memoryBytes/request",
        good: "1073741824",
        bad: "1000000000",
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &POD_CLUSTER_NETWORK,
    &POD_CLUSTER_POLICY,
    &POD_CLUSTER_VOLUME,
    &POD_CLUSTER_PORTS,
    &POD_CLUSTER_MEMORY,
];

pub(super) fn check(pod: Node<'_>, report: &mut Report<'_>) {
    let network = pod.get("runtime").get("networkMode");
    if network.str().is_some_and(|mode| OTHER_NETWORKS.contains(&mode)) {
        report.add(&POD_CLUSTER_NETWORK, network, format!("the network mode is {}", text(network)));
    }
    for name in ["networkPolicyRequired", "egressPolicyRequired"] {
        let required = pod.get("policy").get(name);
        if required.bool() == Some(false) {
            report.add(&POD_CLUSTER_POLICY, required, format!("`{name}` is false"));
        }
    }
    let ports = pod.get("ports");
    if ports.items().len() != 1 && (is_list(ports) || !ports.exists()) {
        report.add(&POD_CLUSTER_PORTS, ports, format!("there are {} ports", ports.items().len()));
    }
    let memory = pod.get("resources").get("memoryBytes");
    for amount in [memory.get("request"), memory.get("limit")] {
        if let Some(bytes) = amount.uint().filter(|bytes| bytes % GIB != 0) {
            report.add(&POD_CLUSTER_MEMORY, amount, format!("{bytes} bytes are not whole GiB"));
        }
    }
    for volume in pod.get("storage").items().filter(|volume| volume.is_object()) {
        check_volume(volume, report);
    }
}

fn check_volume(volume: Node<'_>, report: &mut Report<'_>) {
    let (name, class) = (volume.get("pvcName"), volume.get("volumeClass"));
    if !name.exists() {
        report.add(&POD_CLUSTER_VOLUME, name, "`pvcName` is missing");
    }
    let storage_class = volume.get("storageClassName");
    if !storage_class.exists() {
        report.add(&POD_CLUSTER_VOLUME, storage_class, "`storageClassName` is missing");
    } else if storage_class.str().is_some_and(|name| name != STORAGE_CLASS) {
        let message = format!("the storage class is {}, not {STORAGE_CLASS}", text(storage_class));
        report.add(&POD_CLUSTER_VOLUME, storage_class, message);
    }
    if !class.exists() {
        report.add(&POD_CLUSTER_VOLUME, class, "`volumeClass` is missing");
    } else if SIZELESS.iter().any(|sizeless| class.is(sizeless)) {
        report.add(&POD_CLUSTER_VOLUME, class, format!("{} has no size for a claim", text(class)));
    }
}
