//! What can compute for a model: found as devices, not as tools.

use serde::Serialize;

use crate::fact::Fact;
use crate::tree::{Tree, last_name, optional};

/// The kernel numbers render nodes from 128 (Documentation/gpu/drm-uapi.rst); asked by name, no folder need be read.
const RENDER_NODES: std::ops::Range<u32> = 128..160;
/// Folders of manifests of Vulkan drivers (LoaderDriverInterface of the Vulkan loader).
const ICD_FOLDERS: &[&str] = &["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Devices that compute.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accelerators {
    /// Render nodes with their drivers.
    pub render_nodes: Vec<RenderNode>,
    /// Manifests of Vulkan drivers.
    pub vulkan_manifests: Fact<Vec<String>>,
    /// A render node with a driver, and a manifest.
    pub vulkan: Fact<bool>,
    /// /dev/nvidia0 is there.
    pub cuda: Fact<bool>,
    /// First line of /proc/driver/nvidia/version, if it is loaded.
    pub nvidia_driver: Fact<Option<String>>,
    /// /dev/kfd and a render node of amdgpu are there.
    pub rocm: Fact<bool>,
}

/// A node of /dev/dri.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenderNode {
    /// Such as renderD128.
    pub name: String,
    /// Name of its driver.
    pub driver: Fact<String>,
}

/// Reads the group.
pub fn read(tree: &Tree) -> Accelerators {
    let render_nodes: Vec<RenderNode> = RENDER_NODES
        .map(|number| format!("renderD{number}"))
        .filter(|name| tree.exists(&format!("/dev/dri/{name}")))
        .map(|name| {
            let driver = tree.link(&format!("/sys/class/drm/{name}/device/driver"));
            let driver = driver.map(|target| last_name(&target).to_owned());
            RenderNode { driver: Fact::from_option(driver, "the device names no driver"), name }
        })
        .collect();
    let vulkan_manifests = vulkan_manifests(tree);
    let with_driver = |wanted: Option<&str>| {
        render_nodes
            .iter()
            .filter_map(|node| node.driver.known())
            .any(|driver| wanted.is_none_or(|wanted| wanted == driver))
    };
    Accelerators {
        vulkan: if with_driver(None) {
            vulkan_manifests.clone().map(|manifests| !manifests.is_empty())
        } else {
            Fact::Known(false)
        },
        vulkan_manifests,
        cuda: Fact::Known(tree.exists("/dev/nvidia0")),
        nvidia_driver: optional(
            tree.read("/proc/driver/nvidia/version")
                .map(|text| text.lines().next().unwrap_or_default().to_owned()),
        ),
        rocm: Fact::Known(tree.exists("/dev/kfd") && with_driver(Some("amdgpu"))),
        render_nodes,
    }
}

fn vulkan_manifests(tree: &Tree) -> Fact<Vec<String>> {
    let mut found = Vec::new();
    for folder in ICD_FOLDERS.iter().filter(|folder| tree.exists(folder)) {
        match tree.list(folder) {
            Fact::Known(names) => found.extend(names.into_iter().filter(|name| name.ends_with(".json"))),
            Fact::Unknown(reason) => return Fact::Unknown(reason),
        }
    }
    found.sort();
    Fact::Known(found)
}
