//! AgentMachine, what it can do, and what a placement may count on.

use serde_json::{Map, Value, json};

use super::SPEC_VERSION;
use super::classic::{or_unknown, path};
use crate::fact::Fact;
use crate::facts::Facts;
use crate::places::Place;
use crate::profile::Classified;
use crate::remarks::Remarks;

/// Architectures that AgentMachine has a word for.
const ARCHITECTURES: &[&str] = &["x86_64", "aarch64", "arm64"];

/// Name of the machine in documents: its host name, or what stands for it.
fn reference(facts: &Facts) -> String {
    let name = facts.host_name.known().map_or("unknown", String::as_str);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let slug: String = name.trim_start_matches("sha256:").chars().map(plain).collect();
    format!("urn:srcos:agent-machine:host-{slug}")
}

/// AgentMachine, where the architecture is one that it has a word for.
pub(super) fn machine(facts: &Facts, classified: &Classified, remarks: &mut Remarks) -> Option<Value> {
    let Some(arch) = facts.architecture() else {
        remarks.fail("PROBE_HOST_UNKNOWN", "The architecture is not known; there is no AgentMachine.");
        return None;
    };
    if !ARCHITECTURES.contains(&arch) {
        remarks
            .fail("PROBE_ARCH_UNSUPPORTED", format!("AgentMachine has no word for {arch}; there is none."));
        return None;
    }
    let host = facts.host.known()?;
    let mut labels = Map::new();
    // AgentMachine knows v1 and v2; in a hybrid layout the controllers are those of v1.
    let cgroup = match or_unknown(Some(&host.cgroup_mode)) {
        "hybrid" => {
            labels.insert("sourceos.cgroup-layout".to_owned(), json!("hybrid"));
            "v1"
        }
        mode => mode,
    };
    let mut described = json!({
        "hostname": or_unknown(Some(&facts.host_name)),
        "os": or_unknown(Some(&host.os)),
        "kernel": or_unknown(Some(&host.kernel)),
        "arch": arch,
        "immutableHost": !host.immutable_signs.is_empty(),
    });
    if let Some(pretty) = host.distribution.known().and_then(|found| found.pretty_name.as_ref()) {
        described["distro"] = json!(pretty);
    }
    let mut document = json!({
        "specVersion": SPEC_VERSION,
        "id": reference(facts),
        "kind": "AgentMachine",
        "profile": classified.profile,
        "host": described,
        "accelerators": accelerators(facts),
        "runtime": {
            "localEnvelopes": facts.runtimes.known().map_or_else(|| vec!["none"], |own| own.envelopes()),
            "containerRuntime": facts.runtimes.known().map_or("none", |own| own.container_runtime()),
            "selinuxMode": or_unknown(Some(&host.selinux_mode)),
            "cgroupMode": cgroup,
        },
        "storage": storage(facts),
        "trust": trust(facts),
    });
    if !labels.is_empty() {
        document["labels"] = Value::Object(labels);
    }
    Some(document)
}

fn accelerators(facts: &Facts) -> Value {
    let mut list = Vec::new();
    if let Some(hardware) = facts.hardware.known() {
        let mut cpu =
            json!({"type": "cpu", "available": hardware.logical_cpus.known().is_some_and(|cpus| *cpus > 0)});
        if let Some(model) = hardware.cpu_model.known() {
            cpu["name"] = json!(model);
        }
        list.push(cpu);
    }
    if let Some(own) = facts.accelerators.known() {
        let driver = own.render_nodes.iter().find_map(|node| node.driver.known());
        for (name, fact, driver) in [
            ("vulkan", &own.vulkan, driver),
            ("cuda", &own.cuda, own.nvidia_driver.known().and_then(Option::as_ref)),
            ("rocm", &own.rocm, driver),
        ] {
            let available = fact.known() == Some(&true);
            let mut entry = json!({"type": name, "available": available});
            if available && let Some(driver) = driver {
                entry["driver"] = json!(driver);
            }
            entry["notes"] = json!(match (available, fact.reason()) {
                (true, _) => "Found as devices; nothing was run on them.".to_owned(),
                (false, Some(reason)) => reason.to_owned(),
                (false, None) => "No device was found.".to_owned(),
            });
            list.push(entry);
        }
    }
    list.push(json!({"type": "metal", "available": false, "notes": "Metal is a part of macOS."}));
    Value::Array(list)
}

fn storage(facts: &Facts) -> Value {
    let mut storage = json!({
        "modelCache": path(facts, Place::Models),
        "runtimeCache": path(facts, Place::Cache),
        "evidencePath": path(facts, Place::Evidence),
    });
    if let Some(own) = facts.runtimes.known() {
        storage["topolvmAvailable"] = json!(!own.topolvm_signs.is_empty());
    }
    let needed = facts.storage.known().into_iter().flat_map(|own| &own.places);
    let seen: Vec<&Fact<&str>> =
        needed.filter(|judged| judged.place.needs_encryption()).map(|judged| &judged.encryption).collect();
    // One folder that is not encrypted settles it; one that is not known leaves it open.
    if seen.contains(&&Fact::Known("none")) {
        storage["encryptedAtRest"] = json!(false);
    } else if !seen.is_empty() && seen.iter().all(|fact| fact.known().is_some()) {
        storage["encryptedAtRest"] = json!(true);
    }
    storage
}

fn trust(facts: &Facts) -> Value {
    // Gates are required unless a person decides otherwise; a probe never does.
    let mut trust =
        json!({"policyFabricRequired": true, "agentRegistryRequired": true, "receiptsRequired": true});
    if let Some(hardware) = facts.hardware.known() {
        trust["tpmObserved"] = json!(hardware.tpm);
        if let Some(Some(on)) = hardware.secure_boot.known() {
            trust["secureBootObserved"] = json!(on);
        }
    }
    trust
}

/// What the machine can do, with the evidence for its class.
pub(super) fn capabilities(facts: &Facts, classified: &Classified) -> Value {
    let host = facts.host.known();
    json!({
        "specVersion": SPEC_VERSION,
        "kind": "AgentMachineCapabilities",
        "machineRef": reference(facts),
        "profile": classified.profile,
        "profileEvidence": classified.evidence,
        "envelopes": facts.runtimes.known().map(|own| own.envelopes()),
        "accelerators": available(facts),
        "providers": facts.providers.known().map(|own| json!(own.programs)),
        "isolation": {
            "landlockActive": host.map(|own| json!(own.landlock_active)),
            "landlockAbi": host.map(|own| json!(own.landlock_abi)),
            "userNamespaces": host.map(|own| json!(own.user_namespaces)),
            "seccompActions": host.map(|own| json!(own.seccomp_actions)),
        },
    })
}

fn available(facts: &Facts) -> Vec<&'static str> {
    let own = facts.accelerators.known();
    let is = |fact: Option<&Fact<bool>>| fact.and_then(Fact::known) == Some(&true);
    let mut found = vec!["cpu"];
    for (name, fact) in [
        ("vulkan", own.map(|own| &own.vulkan)),
        ("cuda", own.map(|own| &own.cuda)),
        ("rocm", own.map(|own| &own.rocm)),
    ] {
        if is(fact) {
            found.push(name);
        }
    }
    found
}

/// Like PlacementFact, without what only a caller can say: its id and the time.
pub(super) fn placement(facts: &Facts) -> Option<Value> {
    let memory = facts.hardware.known().and_then(|own| own.memory_bytes.known())?;
    let runtimes = facts.runtimes.known()?;
    let (runtime, posture) = match runtimes.envelopes()[0] {
        _ if !runtimes.kubernetes_signs.is_empty() => ("kubernetes-pod", "cluster-governed"),
        "systemd" => ("systemd", "sandboxed-local"),
        "podman-quadlet" => ("quadlet", "sandboxed-local"),
        "podman" => ("rootless-podman", "sandboxed-local"),
        "bubblewrap" => ("bubblewrap", "sandboxed-local"),
        "toolbox" => ("toolbox", "sandboxed-local"),
        _ => ("process", "untrusted"),
    };
    Some(json!({
        "type": "PlacementFact",
        "specVersion": SPEC_VERSION,
        "machineRef": reference(facts),
        "hardware": {"arch": facts.architecture()?, "accelerators": available(facts), "memoryBytes": memory},
        "isolation": {"runtime": runtime, "networkDefault": "deny", "filesystemDefault": "read-only"},
        "trustPosture": posture,
        "modelResidencyRefs": [],
    }))
}
