//! The payloads of the first command line of Agent Machine, field by field.

use serde_json::{Map, Value, json};

use super::SPEC_VERSION;
use crate::fact::Fact;
use crate::facts::Facts;
use crate::places::Place;
use crate::storage::Storage;

/// `AgentMachineProbe`.
pub(super) fn probe(facts: &Facts) -> Value {
    let host = facts.host.known();
    let runtimes = facts.runtimes.known();
    let accelerators = facts.accelerators.known();
    let yes = |fact: Option<&Fact<bool>>| fact.and_then(Fact::known).copied().unwrap_or(false);
    json!({
        "specVersion": SPEC_VERSION,
        "kind": "AgentMachineProbe",
        "host": {
            "hostname": or_unknown(Some(&facts.host_name)),
            "os": or_unknown(host.map(|own| &own.os)),
            "kernel": or_unknown(host.map(|own| &own.kernel)),
            "arch": or_unknown(host.map(|own| &own.architecture)),
        },
        "runtime": {
            "systemdAvailable": runtimes.is_some_and(|own| own.systemd_system || own.systemd_user),
            "podmanAvailable": runtimes.is_some_and(|own| own.podman),
            "dockerAvailable": runtimes.is_some_and(|own| own.docker),
            "selinuxMode": or_unknown(host.map(|own| &own.selinux_mode)),
            "cgroupMode": or_unknown(host.map(|own| &own.cgroup_mode)),
        },
        "storage": {
            "lvmAvailable": lvm(facts),
            "modelCache": path(facts, Place::Models),
            "runtimeCache": path(facts, Place::Cache),
            "evidencePath": path(facts, Place::Evidence),
        },
        "accelerators": {
            "cpuAvailable": facts.hardware.known().and_then(|own| own.logical_cpus.known()).is_some_and(|cpus| *cpus > 0),
            "vulkanProbeAvailable": yes(accelerators.map(|own| &own.vulkan)),
            "cudaProbeAvailable": yes(accelerators.map(|own| &own.cuda)),
            "rocmProbeAvailable": yes(accelerators.map(|own| &own.rocm)),
            // Metal is a part of macOS, which this program does not run on.
            "metalAvailable": false,
        },
        "safety": {
            "rawPromptContentIncluded": false,
            "rawKvCacheContentIncluded": false,
            "secretValuesIncluded": false,
        },
    })
}

/// The six folders that apply, as members of their own, and both sets beside them.
pub(super) fn paths(facts: &Facts) -> Option<Value> {
    let storage = facts.storage.known()?;
    let mut paths: Map<String, Value> =
        storage.places.iter().map(|judged| (judged.place.key().to_owned(), json!(judged.path))).collect();
    paths.insert("scope".to_owned(), json!(storage.chosen.scope));
    paths.insert("because".to_owned(), json!(storage.chosen.because));
    paths.insert("system".to_owned(), json!(storage.system));
    if let Some(user) = &storage.user {
        paths.insert("user".to_owned(), json!(user));
    }
    paths.insert("safety".to_owned(), safety(storage));
    Some(Value::Object(paths))
}

fn safety(storage: &Storage) -> Value {
    let verdict =
        |judged: &crate::safety::Judged| json!({"verdict": judged.verdict, "reasons": judged.reasons});
    storage
        .places
        .iter()
        .map(|judged| (judged.place.key().to_owned(), verdict(judged)))
        .collect::<Map<_, _>>()
        .into()
}

/// `AgentMachineDoctor`.
pub(super) fn doctor(facts: &Facts, names: bool) -> Value {
    let runtimes = facts.runtimes.known();
    let mut next =
        vec!["Keep the documents of the probe as evidence: contract-runner probe --emit DIR.".to_owned()];
    next.extend(facts.storage.known().into_iter().flat_map(|storage| &storage.places).filter_map(|judged| {
        let reason = judged.reasons.first()?;
        Some(format!("{}: {}: {}.", judged.place.key(), judged.path, reason.text))
    }));
    json!({
        "specVersion": SPEC_VERSION,
        "kind": "AgentMachineDoctor",
        "install": {
            "cliVersion": env!("CARGO_PKG_VERSION"),
            "homebrewAvailable": runtimes.is_some_and(|own| own.homebrew),
            "bootstrapOnly": true,
            // Nothing here makes or removes folders.
            "runtimeDirectoriesManaged": false,
        },
        "readiness": {
            "podmanAvailable": runtimes.is_some_and(|own| own.podman),
            "lvmAvailable": lvm(facts),
            // Names are hidden by what is known of people; with names asked for, the host's is told.
            "probeSecretFree": !names && facts.storage.known().is_some(),
        },
        "nextActions": next,
    })
}

fn lvm(facts: &Facts) -> bool {
    let volume =
        |storage: &Storage| storage.places.iter().any(|judged| judged.backend == Fact::Known("local-lvm"));
    facts.runtimes.known().is_some_and(|own| own.lvm) || facts.storage.known().is_some_and(volume)
}

pub(super) fn path(facts: &Facts, place: Place) -> String {
    let found =
        facts.storage.known().and_then(|storage| storage.places.iter().find(|judged| judged.place == place));
    found.map_or_else(|| place.system().to_owned(), |judged| judged.path.clone())
}

pub(super) fn or_unknown<T: AsRef<str>>(fact: Option<&Fact<T>>) -> &str {
    fact.and_then(Fact::known).map_or("unknown", AsRef::as_ref)
}
