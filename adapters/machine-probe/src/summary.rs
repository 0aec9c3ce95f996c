//! What was found, in a few lines for people. Nothing that varies from run to run.

use crate::fact::Fact;
use crate::facts::Facts;
use crate::profile::Classified;
use crate::remarks::Remarks;

/// The text of `machine.probe`.
#[must_use]
pub fn of_probe(facts: &Facts, classified: &Classified, remarks: &Remarks) -> String {
    let mut lines = vec![format!("machine {}: {}", said(Some(&facts.host_name)), classified.profile)];
    lines.extend(
        classified
            .evidence
            .iter()
            .filter(|own| own.profile == classified.profile)
            .map(|own| format!("  because {} ({})", own.fact, format!("{:?}", own.weight).to_lowercase())),
    );
    lines.push(host_line(facts));
    lines.push(hardware_line(facts));
    if let Some(host) = facts.host.known() {
        lines.push(format!(
            "isolation: cgroup {}, SELinux {}, Landlock {}, user namespaces {}",
            said(Some(&host.cgroup_mode)),
            said(Some(&host.selinux_mode)),
            host.landlock_abi
                .known()
                .map_or_else(|| yes(&host.landlock_active).to_owned(), |abi| format!("ABI {abi}")),
            yes(&host.user_namespaces),
        ));
    }
    if let Some(runtimes) = facts.runtimes.known() {
        lines.push(format!("envelopes: {}", runtimes.envelopes().join(", ")));
    }
    if let Some(own) = facts.accelerators.known() {
        lines.push(format!(
            "accelerators, found as devices: Vulkan {}, CUDA {}, ROCm {}",
            yes(&own.vulkan),
            yes(&own.cuda),
            yes(&own.rocm)
        ));
    }
    if let Some(own) = facts.providers.known() {
        let names: Vec<&str> = own.programs.iter().map(|provider| provider.provider_type).collect();
        lines.push(format!(
            "providers: {}",
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        ));
        lines.extend(
            own.listeners
                .known()
                .into_iter()
                .flatten()
                .map(|own| format!("  port {}: {}", own.port, own.says)),
        );
    }
    lines.extend(place_lines(facts));
    lines.push(format!("{} failures, {} warnings", remarks.failures.len(), remarks.warnings.len()));
    lines.join("\n")
}

/// The text of `machine.paths`.
#[must_use]
pub fn of_paths(facts: &Facts) -> String {
    place_lines(facts).join("\n")
}

/// The text of `machine.doctor`.
#[must_use]
pub fn of_doctor(facts: &Facts, remarks: &Remarks) -> String {
    let mut lines = vec![format!("adapter-machine-probe {}", env!("CARGO_PKG_VERSION"))];
    if let Some(runtimes) = facts.runtimes.known() {
        lines.push(format!("podman: {}", availability(runtimes.podman)));
        lines.push(format!("LVM: {}", availability(runtimes.lvm)));
    }
    lines.extend(place_lines(facts));
    lines.extend(remarks.failures.iter().map(|remark| format!("failure {}: {}", remark.code, remark.text)));
    lines.extend(remarks.warnings.iter().map(|remark| format!("warning {}: {}", remark.code, remark.text)));
    lines.join("\n")
}

fn host_line(facts: &Facts) -> String {
    let Some(host) = facts.host.known() else { return "system: unknown".to_owned() };
    let pretty = host.distribution.known().and_then(|own| own.pretty_name.as_deref()).unwrap_or("unknown");
    let image = if host.immutable_signs.is_empty() { "" } else { ", updated as an image" };
    format!("system: {pretty}, {} {}{image}", said(Some(&host.kernel)), said(Some(&host.architecture)))
}

fn hardware_line(facts: &Facts) -> String {
    let Some(own) = facts.hardware.known() else {
        return format!("hardware: unknown: {}", facts.hardware.reason().unwrap_or_default());
    };
    let cpus = own.logical_cpus.known().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let memory = own.memory_bytes.known().map_or_else(|| "unknown".to_owned(), |bytes| gibibytes(*bytes));
    format!("hardware: {cpus} CPUs ({}), {memory} of memory", said(Some(&own.cpu_model)))
}

fn place_lines(facts: &Facts) -> Vec<String> {
    let Some(storage) = facts.storage.known() else {
        return vec![format!("folders: unknown: {}", facts.storage.reason().unwrap_or_default())];
    };
    let scope = format!("{:?}", storage.chosen.scope).to_lowercase();
    let mut lines = vec![format!("folders of the {scope}, because {}:", storage.chosen.because)];
    lines.extend(storage.places.iter().map(|judged| {
        let codes: Vec<&str> = judged.reasons.iter().map(|reason| reason.code).collect();
        let why = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
        format!("  {:8} {} {}{why}", judged.place.key(), judged.path, judged.verdict)
    }));
    lines
}

fn availability(is: bool) -> &'static str {
    if is { "available" } else { "unavailable" }
}

fn said<T: AsRef<str>>(fact: Option<&Fact<T>>) -> &str {
    fact.and_then(Fact::known).map_or("unknown", AsRef::as_ref)
}

fn yes(fact: &Fact<bool>) -> &'static str {
    match fact {
        Fact::Known(true) => "yes",
        Fact::Known(false) => "no",
        Fact::Unknown(_) => "unknown",
    }
}

fn gibibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 30;
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}
