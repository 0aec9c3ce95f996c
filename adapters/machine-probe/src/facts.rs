//! All facts of one probe, read at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::accelerators::{self, Accelerators};
use crate::deadline::start;
use crate::fact::Fact;
use crate::hardware::{self, Disk, Hardware};
use crate::host::{self, Host};
use crate::people;
use crate::providers::{self, Providers};
use crate::runtimes::{self, Runtimes};
use crate::storage::{self, Storage, short_digest};
use crate::tree::{Space, Tree};

/// What the caller may say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Tell the name of the host instead of its digest.
    pub names: bool,
    /// Version of Landlock.
    pub landlock_abi: Option<u64>,
}

/// All facts. A group that did not answer in time is unknown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Name of the host, or its digest.
    pub host_name: Fact<String>,
    /// Effective user id.
    pub uid: Fact<u32>,
    /// The operating system.
    pub host: Fact<Host>,
    /// Processors and memory.
    pub hardware: Fact<Hardware>,
    /// Whole disks.
    pub disks: Fact<Vec<Disk>>,
    /// Devices that compute.
    pub accelerators: Fact<Accelerators>,
    /// Ways to start a workload.
    pub runtimes: Fact<Runtimes>,
    /// Mounts and folders.
    pub storage: Fact<Storage>,
    /// What could serve a model.
    pub providers: Fact<Providers>,
}

/// What varies from run to run, apart from everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    memory_available_bytes: Option<u64>,
    swap_free_bytes: Option<u64>,
    mounts: BTreeMap<String, Space>,
}

/// Reads all groups at once; each has until `deadline` from now.
pub fn read(tree: &Arc<Tree>, asked: Asked, deadline: Duration) -> Facts {
    let until = Instant::now() + deadline;
    let host_name =
        start(tree, until, move |tree| tree.uname().map(|uname| shown_host(&uname.node, asked.names)));
    let host = start(tree, until, move |tree| host::read(tree, asked.landlock_abi));
    let hardware = start(tree, until, hardware::read);
    let disks = start(tree, until, hardware::disks);
    let accelerators = start(tree, until, accelerators::read);
    let runtimes = start(tree, until, |tree| {
        let uid = people::read(tree).known().map(|people| people.uid);
        (uid, runtimes::read(tree, uid))
    });
    let storage = start(tree, until, |tree| {
        let selinux = host::selinux_mode(tree);
        people::read(tree).and_then(|people| storage::read(tree, &people, selinux))
    });
    let programs = start(tree, until, providers::programs);
    let listeners = start(tree, until, providers::listeners);
    let (uid, runtimes) = match runtimes.take() {
        Fact::Known((uid, runtimes)) => {
            (Fact::from_option(uid, "who runs this could not be read"), Fact::Known(runtimes))
        }
        Fact::Unknown(reason) => (Fact::Unknown(reason.clone()), Fact::Unknown(reason)),
    };
    Facts {
        host_name: host_name.take().and_then(|known| known),
        uid,
        host: host.take(),
        hardware: hardware.take(),
        disks: disks.take().and_then(|known| known),
        accelerators: accelerators.take(),
        runtimes,
        storage: storage.take().and_then(|known| known),
        providers: programs
            .take()
            .map(|programs| Providers { programs, listeners: listeners.take().and_then(|known| known) }),
    }
}

fn shown_host(node: &str, names: bool) -> String {
    if names { node.to_owned() } else { short_digest(node) }
}

impl Facts {
    /// What varies from run to run.
    #[must_use]
    pub fn observed(&self) -> Observed {
        let hardware = self.hardware.known();
        Observed {
            memory_available_bytes: hardware.and_then(|own| own.memory_available_bytes.known().copied()),
            swap_free_bytes: hardware.and_then(|own| own.swap_free_bytes.known().copied()),
            mounts: self.storage.known().map(|storage| storage.spaces.clone()).unwrap_or_default(),
        }
    }

    /// Architecture as uname -m prints it, if known.
    #[must_use]
    pub fn architecture(&self) -> Option<&str> {
        self.host.known()?.architecture.known().map(String::as_str)
    }
}
