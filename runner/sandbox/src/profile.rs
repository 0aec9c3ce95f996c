//! What a run may touch: plain data, the same bytes for the same manifest and grants.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The version tag of a [`Profile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProfileVersion {
    /// The first version.
    #[serde(rename = "sandbox-profile.v0")]
    V0,
}

/// What an adapter may read, write, execute and use. Everything else is denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// Version tag.
    pub v: ProfileVersion,
    /// Name for people, for example `airgapped_local_only`.
    pub name: String,
    /// Files and folders that may be read (a folder with everything below it).
    pub read: Vec<PathBuf>,
    /// Files and folders that may be written; writing does not imply reading.
    pub write: Vec<PathBuf>,
    /// Programs, interpreters and loaders that may be executed (and read).
    pub exec: Vec<PathBuf>,
    /// How many processes there may be; 1 means that no fork is possible.
    pub processes: u32,
    /// TCP ports the adapter may connect to with sockets of its own; empty means no sockets.
    pub raw_tcp: Vec<u16>,
    /// Resource limits.
    pub limits: Limits,
    /// Properties that the caller can do without on a host that cannot provide them.
    pub accepted_gaps: Vec<Property>,
}

impl Profile {
    /// A profile that grants no path, one process, no socket and the default limits.
    pub fn strictest(name: impl Into<String>) -> Self {
        Profile {
            v: ProfileVersion::V0,
            name: name.into(),
            read: Vec::new(),
            write: Vec::new(),
            exec: Vec::new(),
            processes: 1,
            raw_tcp: Vec::new(),
            limits: Limits::default(),
            accepted_gaps: Vec::new(),
        }
    }

    /// Sorts every list and removes duplicates, so that equal profiles have equal bytes.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        self.normalise();
        self
    }

    /// Sorts every list in place and removes duplicates.
    pub fn normalise(&mut self) {
        for paths in [&mut self.read, &mut self.write, &mut self.exec] {
            paths.sort();
            paths.dedup();
        }
        self.raw_tcp.sort_unstable();
        self.raw_tcp.dedup();
        self.accepted_gaps.sort_unstable();
        self.accepted_gaps.dedup();
    }

    /// The BLAKE3 digest of the normalised profile's JSON, as `blake3:<hex>`.
    ///
    /// # Errors
    /// A path that is not UTF-8 cannot be written as JSON.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        let bytes = serde_json::to_vec(&self.clone().normalised())?;
        Ok(format!("blake3:{}", blake3::hash(&bytes).to_hex()))
    }

    /// Whether the adapter is held to a single process.
    pub fn is_one_process(&self) -> bool {
        self.processes <= 1
    }
}

/// Limits of one process; the core size is always 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Private writable memory in bytes (`RLIMIT_DATA`), and the cgroup's memory limit where there is one.
    pub memory_bytes: u64,
    /// Address space in bytes (`RLIMIT_AS`); by request only, because some runtimes reserve a lot.
    pub address_space_bytes: Option<u64>,
    /// Largest size of one file in bytes (`RLIMIT_FSIZE`).
    pub file_size_bytes: u64,
    /// Highest number of open descriptors (`RLIMIT_NOFILE`).
    pub open_files: u64,
    /// CPU time of one process in seconds (`RLIMIT_CPU`).
    pub cpu_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory_bytes: 1 << 30,
            address_space_bytes: None,
            file_size_bytes: 64 << 20,
            open_files: 256,
            cpu_seconds: 60,
        }
    }
}

/// A property that a run needs and that kernel, filter and limits together provide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// Reading, writing and executing only what is granted.
    Files,
    /// No truncation of a file that is not granted for writing.
    Truncate,
    /// No network beyond what is granted.
    Network,
    /// No connection to pathname or abstract unix sockets.
    UnixSockets,
    /// No device control calls beyond a short list of harmless ones.
    DeviceIoctl,
    /// No signal to a process outside.
    Signals,
    /// No change of mode, owner, times or extended attributes.
    MetadataWrites,
    /// No change of limits, priority or scheduling of another process.
    LimitsOfOthers,
    /// No second process.
    OneProcess,
    /// No debugging, namespaces, mounts, keyrings, io_uring, BPF and the like.
    KernelSurface,
    /// No capability, and no way to gain one.
    Privileges,
    /// Only the granted descriptors are open.
    Descriptors,
    /// A bound on memory.
    Memory,
    /// A bound on the number of processes.
    ProcessCount,
    /// Nothing outlives the run.
    Lifetime,
}

impl Property {
    /// Every property, in the order of reports.
    pub const ALL: [Property; 15] = [
        Property::Files,
        Property::Truncate,
        Property::Network,
        Property::UnixSockets,
        Property::DeviceIoctl,
        Property::Signals,
        Property::MetadataWrites,
        Property::LimitsOfOthers,
        Property::OneProcess,
        Property::KernelSurface,
        Property::Privileges,
        Property::Descriptors,
        Property::Memory,
        Property::ProcessCount,
        Property::Lifetime,
    ];

    /// The name used in profiles, reports and `--accept-gap`.
    pub fn name(self) -> &'static str {
        match self {
            Property::Files => "files",
            Property::Truncate => "truncate",
            Property::Network => "network",
            Property::UnixSockets => "unix-sockets",
            Property::DeviceIoctl => "device-ioctl",
            Property::Signals => "signals",
            Property::MetadataWrites => "metadata-writes",
            Property::LimitsOfOthers => "limits-of-others",
            Property::OneProcess => "one-process",
            Property::KernelSurface => "kernel-surface",
            Property::Privileges => "privileges",
            Property::Descriptors => "descriptors",
            Property::Memory => "memory",
            Property::ProcessCount => "process-count",
            Property::Lifetime => "lifetime",
        }
    }

    /// The property with this name.
    pub fn from_name(name: &str) -> Option<Property> {
        Property::ALL.into_iter().find(|property| property.name() == name)
    }
}

impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_grants_in_another_order_have_equal_bytes() {
        let mut a = Profile::strictest("p");
        a.read = vec!["/b".into(), "/a".into(), "/b".into()];
        a.raw_tcp = vec![2, 1, 2];
        a.accepted_gaps = vec![Property::Signals, Property::Network, Property::Signals];
        let mut b = Profile::strictest("p");
        b.read = vec!["/a".into(), "/b".into()];
        b.raw_tcp = vec![1, 2];
        b.accepted_gaps = vec![Property::Network, Property::Signals];
        assert_eq!(a.digest().unwrap(), b.digest().unwrap());
        assert_eq!(a.normalised(), b);
    }

    #[test]
    fn a_profile_with_an_unknown_member_is_refused() {
        let mut value = serde_json::to_value(Profile::strictest("p")).unwrap();
        assert!(serde_json::from_value::<Profile>(value.clone()).is_ok());
        value["deny"] = serde_json::json!([]);
        assert!(serde_json::from_value::<Profile>(value).is_err());
    }

    #[test]
    fn the_serialised_name_of_a_property_is_its_name() {
        for property in Property::ALL {
            assert_eq!(serde_json::to_value(property).unwrap(), property.name());
            assert_eq!(Property::from_name(property.name()), Some(property));
        }
    }
}
