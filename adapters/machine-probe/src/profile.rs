//! The class of machine, by evidence. The name of the host is none.

use serde::Serialize;

use crate::fact::Fact;
use crate::facts::Facts;

/// Classes, the first of equals first.
const PROFILES: &[&str] = &[
    "kubernetes-node",
    "m2-asahi-linux",
    "fedora-silverblue",
    "linux-gpu-node",
    "linux-edge-node",
    "sourceos-workstation",
];
/// Desktops of Fedora that are images; Agent Machine has one class for all of them.
const SILVERBLUES: &[&str] = &["silverblue", "kinoite", "sericea", "onyx", "cosmic-atomic"];
/// Systems for small machines.
const EDGES: &[&str] = &["iot", "coreos", "edge"];
/// A server or workstation for models has more.
const SMALL_MEMORY_BYTES: u64 = 8 << 30;

/// How much one fact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Hardly seen elsewhere.
    Strong,
    /// Often seen elsewhere.
    Medium,
    /// Seen everywhere.
    Weak,
}

impl Weight {
    fn points(self) -> u32 {
        match self {
            Self::Strong => 4,
            Self::Medium => 2,
            Self::Weak => 1,
        }
    }
}

/// One fact that speaks for one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What was seen.
    pub fact: String,
    /// What it speaks for.
    pub profile: &'static str,
    /// How loud.
    pub weight: Weight,
}

/// The class and what led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Classified {
    /// The class.
    pub profile: &'static str,
    /// All that was seen, also what spoke for others.
    pub evidence: Vec<Evidence>,
}

impl Classified {
    /// Whether nothing better than weak evidence speaks for the class.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        !self.evidence.iter().any(|own| own.profile == self.profile && own.weight != Weight::Weak)
    }
}

/// Classifies the machine.
#[must_use]
pub fn classify(facts: &Facts) -> Classified {
    let mut evidence = Vec::new();
    let mut add = |profile, weight, fact: String| evidence.push(Evidence { fact, profile, weight });
    system(facts, &mut add);
    hardware(facts, &mut add);
    if evidence.is_empty() {
        let fact = "no sign of another class".to_owned();
        evidence.push(Evidence { fact, profile: "sourceos-workstation", weight: Weight::Weak });
    }
    let points = |profile: &str| -> u32 {
        evidence.iter().filter(|own| own.profile == profile).map(|own| own.weight.points()).sum()
    };
    // max_by_key takes the last of equals.
    let best = PROFILES.iter().rev().max_by_key(|profile| points(profile));
    Classified { profile: best.copied().unwrap_or("sourceos-workstation"), evidence }
}

fn system(facts: &Facts, add: &mut impl FnMut(&'static str, Weight, String)) {
    if let Some(found) = facts.host.known().and_then(|host| host.distribution.known()) {
        match found.id.as_str() {
            "fedora-asahi-remix" => {
                add("m2-asahi-linux", Weight::Strong, format!("os-release ID is {}", found.id))
            }
            "sourceos" => {
                add("sourceos-workstation", Weight::Strong, format!("os-release ID is {}", found.id))
            }
            _ => {}
        }
        let variant = found.variant_id.as_deref().unwrap_or_default();
        if SILVERBLUES.contains(&variant) {
            add("fedora-silverblue", Weight::Strong, format!("os-release VARIANT_ID is {variant}"));
        }
        if EDGES.contains(&variant) {
            add("linux-edge-node", Weight::Medium, format!("os-release VARIANT_ID is {variant}"));
        }
    }
    if let Some(runtimes) = facts.runtimes.known() {
        for sign in &runtimes.kubernetes_signs {
            add("kubernetes-node", Weight::Strong, format!("{sign} is there"));
        }
        if runtimes.desktop {
            add("sourceos-workstation", Weight::Medium, "graphical sessions are installed".to_owned());
        }
    }
    if facts.host.known().is_some_and(|host| host.immutable_signs.contains(&"/run/ostree-booted")) {
        add("fedora-silverblue", Weight::Weak, "/run/ostree-booted is there".to_owned());
    }
}

fn hardware(facts: &Facts, add: &mut impl FnMut(&'static str, Weight, String)) {
    if let Some(Some(names)) = facts.hardware.known().and_then(|own| own.device_tree.known()) {
        let first = names.first().map_or("", String::as_str);
        if names.iter().any(|name| name.starts_with("apple,")) {
            add("m2-asahi-linux", Weight::Strong, format!("the device tree is of {first}"));
        } else if !first.is_empty() {
            add("linux-edge-node", Weight::Strong, format!("the device tree is of {first}"));
        }
    }
    if let Some(own) = facts.accelerators.known() {
        if own.cuda.known() == Some(&true) {
            add("linux-gpu-node", Weight::Medium, "/dev/nvidia0 is there".to_owned());
        }
        if matches!(own.nvidia_driver, Fact::Known(Some(_))) {
            add("linux-gpu-node", Weight::Medium, "the driver of NVIDIA is loaded".to_owned());
        }
        if own.rocm.known() == Some(&true) {
            add("linux-gpu-node", Weight::Medium, "/dev/kfd and a node of amdgpu are there".to_owned());
        }
    }
    let memory = facts.hardware.known().and_then(|own| own.memory_bytes.known());
    if let Some(bytes) = memory.filter(|bytes| **bytes < SMALL_MEMORY_BYTES) {
        add("linux-edge-node", Weight::Weak, format!("{bytes} bytes of memory"));
    }
}
