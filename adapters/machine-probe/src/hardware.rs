//! Facts about processors, memory and disks.

use serde::Serialize;

use crate::fact::Fact;
use crate::tree::{Tree, optional};

const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// Processors and memory.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hardware {
    /// Logical processors.
    pub logical_cpus: Fact<usize>,
    /// Model of the first processor.
    pub cpu_model: Fact<String>,
    /// Features of the first processor, sorted.
    pub cpu_features: Fact<Vec<String>>,
    /// Memory that the kernel manages, in bytes.
    pub memory_bytes: Fact<u64>,
    /// Swap, in bytes.
    pub swap_bytes: Fact<u64>,
    /// What a device tree says the machine is, most special first; a PC has none.
    pub device_tree: Fact<Option<Vec<String>>>,
    /// Whether the firmware checked what it started; only UEFI says so.
    pub secure_boot: Fact<Option<bool>>,
    /// Whether a TPM is there.
    pub tpm: bool,
    /// Memory that can be taken without swapping, in bytes. Varies.
    #[serde(skip)]
    pub memory_available_bytes: Fact<u64>,
    /// Swap that is free, in bytes. Varies.
    #[serde(skip)]
    pub swap_free_bytes: Fact<u64>,
}

/// One whole disk, as the kernel sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    /// Name below /sys/block.
    pub name: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Whether it turns.
    pub rotational: Fact<bool>,
    /// Whether it refuses writes.
    pub read_only: Fact<bool>,
}

/// Reads processors and memory.
pub fn read(tree: &Tree) -> Hardware {
    let cpuinfo = tree.read("/proc/cpuinfo");
    let meminfo = tree.read("/proc/meminfo");
    let kib = |key: &'static str| {
        meminfo
            .clone()
            .and_then(|text| Fact::from_option(kib_of(&text, key), "/proc/meminfo has no such line"))
    };
    Hardware {
        logical_cpus: cpuinfo.clone().map(|text| {
            text.lines().filter(|line| field(line).is_some_and(|(key, _)| key == "processor")).count()
        }),
        cpu_model: cpuinfo
            .clone()
            .and_then(|text| Fact::from_option(cpu_model(&text), "/proc/cpuinfo names no model")),
        // x86 says `flags`, Arm `Features`.
        cpu_features: cpuinfo.and_then(|text| {
            let value = value_of(&text, "flags").or_else(|| value_of(&text, "Features"));
            let sorted = value.map(|value| {
                let mut names: Vec<String> = value.split_whitespace().map(str::to_owned).collect();
                names.sort();
                names.dedup();
                names
            });
            Fact::from_option(sorted, "/proc/cpuinfo names no features")
        }),
        memory_bytes: kib("MemTotal:"),
        swap_bytes: kib("SwapTotal:"),
        memory_available_bytes: kib("MemAvailable:"),
        swap_free_bytes: kib("SwapFree:"),
        device_tree: optional(
            tree.read("/sys/firmware/devicetree/base/compatible")
                .map(|text| text.split('\0').map(str::to_owned).collect()),
        ),
        // Four bytes of attributes, then one of value (UEFI specification, 3.3 and Documentation/filesystems/efivarfs.rst).
        secure_boot: optional(tree.read(SECURE_BOOT).map(|text| text.ends_with('\u{1}'))),
        tpm: tree.exists("/dev/tpmrm0") || tree.exists("/dev/tpm0"),
    }
}

fn field(line: &str) -> Option<(&str, &str)> {
    line.split_once(':').map(|(key, value)| (key.trim(), value.trim()))
}

fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(field)
        .find(|(own, value)| *own == key && !value.is_empty())
        .map(|(_, value)| value)
}

/// Arm has no name of the model there, only the numbers of its maker and its part.
fn cpu_model(text: &str) -> Option<String> {
    if let Some(model) = value_of(text, "model name") {
        return Some(model.to_owned());
    }
    let (implementer, part) = (value_of(text, "CPU implementer")?, value_of(text, "CPU part")?);
    Some(format!("implementer {implementer} part {part}"))
}

fn kib_of(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Reads the disks. /proc/partitions names them with their sizes in KiB; those that /sys/block has are whole.
pub fn disks(tree: &Tree) -> Fact<Vec<Disk>> {
    tree.read("/proc/partitions").map(|text| {
        let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut disks: Vec<Disk> = rows
            .filter_map(|row| match row[..] {
                [_, _, blocks, name] => Some((name.to_owned(), blocks.parse::<u64>().ok()?)),
                _ => None,
            })
            .filter(|(name, _)| tree.exists(&format!("/sys/block/{name}")))
            .map(|(name, blocks)| Disk {
                rotational: switch(tree, &format!("/sys/block/{name}/queue/rotational")),
                read_only: switch(tree, &format!("/sys/block/{name}/ro")),
                size_bytes: blocks.saturating_mul(1024),
                name,
            })
            .collect();
        disks.sort_by(|a, b| a.name.cmp(&b.name));
        disks
    })
}

fn switch(tree: &Tree, path: &str) -> Fact<bool> {
    tree.read(path).map(|text| text == "1")
}
