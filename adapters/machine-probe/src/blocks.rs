//! What lies below a file system: volumes and encryption, layer by layer.

use serde::Serialize;

use crate::fact::Fact;
use crate::mounts::Mount;
use crate::tree::{Tree, is_absent, last_name};

/// Deepest stack of devices that is followed; real ones have up to five.
const MAX_DEPTH: u32 = 8;

/// One device below a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// A logical volume.
    Lvm,
    /// dm-crypt with a LUKS header.
    Luks,
    /// dm-crypt without one.
    Crypt,
    /// Another device of the device mapper.
    Mapped,
    /// A disk, a partition or an array.
    Plain,
}

/// All devices below the file system of `mount`. Unknown when one of them may not be looked at: an encryption that
/// was not seen is never claimed, and neither is its absence.
pub fn layers(tree: &Tree, mount: &Mount) -> Fact<Vec<Layer>> {
    match device(tree, mount) {
        Some(name) => {
            let mut found = Vec::new();
            match descend(tree, &name, MAX_DEPTH, &mut found) {
                Ok(()) => Fact::Known(found),
                Err(reason) => Fact::Unknown(reason),
            }
        }
        None => Fact::unknown("the file system names no block device"),
    }
}

/// Name of the device in /sys/class/block. btrfs and others give a number that is no device's (major 0); then the
/// source of the mount is asked, which udev keeps as a link to the device.
fn device(tree: &Tree, mount: &Mount) -> Option<String> {
    let numbered = if mount.device.starts_with("0:") {
        None
    } else {
        tree.link(&format!("/sys/dev/block/{}", mount.device))
    };
    let name = match numbered {
        Some(target) => last_name(&target).to_owned(),
        None if mount.source.starts_with("/dev/") => {
            last_name(&tree.link(&mount.source).unwrap_or_else(|| mount.source.clone())).to_owned()
        }
        None => return None,
    };
    tree.exists(&format!("/sys/class/block/{name}")).then_some(name)
}

fn descend(tree: &Tree, name: &str, depth: u32, found: &mut Vec<Layer>) -> Result<(), String> {
    if depth == 0 {
        return Err("too many devices on top of each other".to_owned());
    }
    let folder = format!("/sys/class/block/{name}");
    found.push(match tree.read(&format!("{folder}/dm/uuid")) {
        Fact::Known(uuid) => layer(&uuid),
        Fact::Unknown(reason) if is_absent(&reason) && !name.starts_with("dm-") => Layer::Plain,
        Fact::Unknown(reason) => return Err(reason),
    });
    if is_hardware(tree, &folder) {
        return Ok(());
    }
    match tree.list(&format!("{folder}/slaves")) {
        Fact::Known(below) => below.iter().try_for_each(|name| descend(tree, name, depth - 1, found)),
        // A partition has no such folder.
        Fact::Unknown(reason) if is_absent(&reason) => Ok(()),
        Fact::Unknown(reason) => Err(reason),
    }
}

/// Whether a device stands for hardware, which lies on no other device; then nothing need be read. What drivers make of other
/// devices has no parent, and those are below `virtual` (get_device_parent in drivers/base/core.c).
fn is_hardware(tree: &Tree, folder: &str) -> bool {
    tree.link(folder).is_some_and(|place| place.contains("/devices/") && !place.contains("/devices/virtual/"))
}

/// Each user of the device mapper starts the uuid with its own word (dmsetup(8)).
fn layer(uuid: &str) -> Layer {
    if uuid.starts_with("CRYPT-LUKS") {
        Layer::Luks
    } else if uuid.starts_with("CRYPT-") {
        Layer::Crypt
    } else if uuid.starts_with("LVM-") {
        Layer::Lvm
    } else {
        Layer::Mapped
    }
}

/// The mode of encryption in words of CacheTier.
#[must_use]
pub fn encryption(layers: &[Layer]) -> &'static str {
    if layers.contains(&Layer::Luks) {
        "luks"
    } else if layers.contains(&Layer::Crypt) {
        "dm-crypt"
    } else {
        "none"
    }
}
