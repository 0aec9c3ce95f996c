//! AgentMachine.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::text;

/// The profile of a machine that runs macOS.
pub(super) const MAC: &str = "macos-apple-silicon-compat";
/// Profiles of machines that Apple builds.
const APPLE: &[&str] = &["m2-asahi-linux", MAC];
/// Gates of a machine.
const GATES: &[&str] = &["policyFabricRequired", "agentRegistryRequired", "receiptsRequired"];

pub(crate) static MACHINE_METAL_OFF_MAC: Rule = Rule {
    id: "MACHINE_METAL_OFF_MAC",
    severity: Severity::Error,
    kinds: &["agent-machine", "agent-pod", "inference-provider"],
    what: "Metal is used where macOS does not run.",
    why: "Metal is a part of macOS. A Mac under Linux has Vulkan instead; a pod that needs Metal there never starts.",
    mend: "Name what the probe has seen, such as vulkan or cpu, or the profile macos-apple-silicon-compat.",
    source: "Agent Machine backend order: never Metal on Asahi Linux",
    example: Example {
        base: "agent-machine/agent-machine.json",
        at: "/accelerators/2",
        good: r#"{"type": "metal", "available": false}"#,
        bad: r#"{"type": "metal", "available": true}"#,
    },
};
pub(crate) static MACHINE_ARCH_PROFILE: Rule = Rule {
    id: "MACHINE_ARCH_PROFILE",
    severity: Severity::Warning,
    kinds: &["agent-machine"],
    what: "The profile is one of Apple silicon, the architecture is not.",
    why: "Renderers and providers are chosen by the profile; images of the other architecture do not start.",
    mend: "Give the profile of the machine, or the architecture that uname -m prints.",
    source: "advice",
    example: Example {
        base: "agent-machine/agent-machine.json",
        at: "/profile",
        good: r#""sourceos-workstation""#,
        bad: r#""m2-asahi-linux""#,
    },
};
pub(crate) static MACHINE_ENVELOPE_NONE: Rule = Rule {
    id: "MACHINE_ENVELOPE_NONE",
    severity: Severity::Warning,
    kinds: &["agent-machine"],
    what: "The machine offers no isolation and some isolation at once.",
    why: "A reader that finds `none` may stop looking.",
    mend: "Keep `none` alone, or leave it out.",
    source: "advice",
    example: Example {
        base: "agent-machine/agent-machine.json",
        at: "/runtime/localEnvelopes",
        good: r#"["none"]"#,
        bad: r#"["podman", "none"]"#,
    },
};
pub(crate) static MACHINE_PATH_RELATIVE: Rule = Rule {
    id: "MACHINE_PATH_RELATIVE",
    severity: Severity::Warning,
    kinds: &["agent-machine"],
    what: "A storage folder is not an absolute path.",
    why: "What it is relative to depends on who reads it.",
    mend: "Write the path from the root, without `..`.",
    source: "advice",
    example: Example {
        base: "agent-machine/agent-machine.json",
        at: "/storage/evidencePath",
        good: r#""/srv/agent-machine/evidence""#,
        bad: r#""evidence""#,
    },
};
pub(crate) static MACHINE_GATE_NOT_REQUIRED: Rule = Rule {
    id: "MACHINE_GATE_NOT_REQUIRED",
    severity: Severity::Warning,
    kinds: &["agent-machine", "inference-provider"],
    what: "A gate or the receipts are not required.",
    why: "A missing gate must stop an activation; what is not required cannot be missing.",
    mend: "Set it to true.",
    source: "advice: a missing gate fails closed everywhere else in Agent Machine",
    example: Example {
        base: "agent-machine/agent-machine.json",
        at: "/trust/policyFabricRequired",
        good: "true",
        bad: "false",
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &MACHINE_METAL_OFF_MAC,
    &MACHINE_ARCH_PROFILE,
    &MACHINE_ENVELOPE_NONE,
    &MACHINE_PATH_RELATIVE,
    &MACHINE_GATE_NOT_REQUIRED,
];

pub(super) fn check(machine: Node<'_>, report: &mut Report<'_>) {
    let profile = machine.get("profile");
    for accelerator in machine.get("accelerators").items() {
        if accelerator.get("available").is_true() {
            check_metal(accelerator.get("type"), profile, report);
        }
    }
    let arch = machine.get("host").get("arch");
    if APPLE.iter().any(|name| profile.is(name)) && arch.is("x86_64") {
        report.add(&MACHINE_ARCH_PROFILE, profile, format!("{} is never x86_64", text(profile)));
    }
    let envelopes = machine.get("runtime").get("localEnvelopes");
    if envelopes.items().len() > 1
        && let Some(none) = envelopes.items().find(|envelope| envelope.is("none"))
    {
        report.add(&MACHINE_ENVELOPE_NONE, none, "`none` stands beside other envelopes");
    }
    let storage = machine.get("storage");
    for folder in ["modelCache", "runtimeCache", "evidencePath"].map(|name| storage.get(name)) {
        if folder.str().is_some_and(|path| !path.starts_with('/') || path.split('/').any(|part| part == ".."))
        {
            report.add(
                &MACHINE_PATH_RELATIVE,
                folder,
                format!("\"{}\" is not an absolute path", text(folder)),
            );
        }
    }
    check_gates(machine.get("trust"), GATES, report);
}

/// `interface` is used on a machine of this profile.
pub(super) fn check_metal(interface: Node<'_>, profile: Node<'_>, report: &mut Report<'_>) {
    if interface.is("metal")
        && let Some(name) = profile.str().filter(|name| *name != MAC)
    {
        report.add(&MACHINE_METAL_OFF_MAC, interface, format!("there is no Metal on {name}"));
    }
}

/// Each of `gates` is to be true.
pub(super) fn check_gates(holder: Node<'_>, gates: &[&str], report: &mut Report<'_>) {
    for name in gates {
        let gate = holder.get(name);
        if gate.bool() == Some(false) {
            report.add(&MACHINE_GATE_NOT_REQUIRED, gate, format!("`{name}` is false"));
        }
    }
}
