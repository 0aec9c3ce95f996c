//! Bounds over all processes of a run, where the host lets us make a control group. Tried, never guessed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::LimitSet;

/// Threads count as tasks, and runtimes start several: this many are allowed for each granted process.
pub(crate) const TASKS_PER_PROCESS: u64 = 32;

/// Our own groups, one per hierarchy that let us make one.
#[derive(Debug, Default)]
pub(crate) struct Leaf {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    path: PathBuf,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Version::V1 => "cgroup v1",
            Version::V2 => "cgroup v2",
        }
    }
}

/// What a process that joined is held to.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pub(crate) tasks: Option<LimitSet>,
    pub(crate) memory: Option<LimitSet>,
    pub(crate) kill: Option<String>,
}

impl Leaf {
    /// Makes a group below this process's own in each useful hierarchy; none is no error.
    pub(crate) fn make() -> Leaf {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let name = format!("contract-{}", std::process::id());
        let mut leaf = Leaf::default();
        for (version, parent) in parents(&own, &mounts) {
            let path = parent.join(&name);
            if fs::create_dir(&path).is_ok() {
                leaf.groups.push(Group { path, version });
            }
        }
        leaf
    }

    /// Sets the limits and moves the calling process in; what does not work is not claimed.
    pub(crate) fn join(&self, processes: u32, memory_bytes: u64) -> Joined {
        let mut joined = Joined::default();
        for group in &self.groups {
            let tasks = u64::from(processes).saturating_mul(TASKS_PER_PROCESS);
            let bounds_tasks = joined.tasks.is_none() && group.set("pids.max", tasks);
            let memory_file = match group.version {
                Version::V1 => "memory.limit_in_bytes",
                Version::V2 => "memory.max",
            };
            let bounds_memory = joined.memory.is_none() && group.set(memory_file, memory_bytes);
            if bounds_memory && group.version == Version::V2 {
                // Swap would widen the bound; a host without swap accounting has no such file.
                let _ = fs::write(group.path.join("memory.swap.max"), "0");
            }
            if fs::write(group.path.join("cgroup.procs"), "0").is_err() {
                continue;
            }
            let by = |controller: &str| format!("{} {controller}", group.version.name());
            if bounds_tasks {
                joined.tasks = Some(LimitSet { name: "tasks".into(), value: tasks, by: by("pids") });
            }
            if bounds_memory {
                joined.memory =
                    Some(LimitSet { name: "treeMemoryBytes".into(), value: memory_bytes, by: by("memory") });
            }
            if group.version == Version::V2 && group.path.join("cgroup.kill").exists() {
                joined.kill = Some("cgroup.kill".into());
            }
        }
        joined
    }

    /// Stops new processes and kills those inside, as far as the hierarchies can.
    pub(crate) fn kill(&self) {
        for group in &self.groups {
            // Each of these exists in some hierarchies only; the walk does the rest.
            let _ = fs::write(group.path.join("pids.max"), "0");
            let _ = fs::write(group.path.join("cgroup.kill"), "1");
        }
    }
}

impl Drop for Leaf {
    /// Removes the groups; a group that still holds a process stays, and says so by being there.
    fn drop(&mut self) {
        for group in &self.groups {
            let _ = fs::remove_dir(&group.path);
        }
    }
}

impl Group {
    /// Writes a limit and reads it back; the kernel rounds memory to pages.
    fn set(&self, file: &str, value: u64) -> bool {
        let path = self.path.join(file);
        let read_back = |path: &Path| -> io::Result<u64> {
            fs::read_to_string(path)?.trim().parse().map_err(|_| io::Error::other("no number"))
        };
        path.exists()
            && fs::write(&path, value.to_string()).is_ok()
            && read_back(&path).is_ok_and(|set| set <= value && value - set < 64 << 10)
    }
}

/// The folder of this process's own group in the pids, memory and unified hierarchies.
fn parents(own: &str, mounts: &str) -> Vec<(Version, PathBuf)> {
    let mut found = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let version = if controllers.is_empty() { Version::V2 } else { Version::V1 };
        let useful = controllers.split(',').find(|name| matches!(*name, "pids" | "memory"));
        if version == Version::V1 && useful.is_none() {
            continue;
        }
        let mount = mounts.lines().filter_map(Mount::parse).find(|mount| match version {
            Version::V2 => mount.kind == "cgroup2",
            Version::V1 => {
                mount.kind == "cgroup" && mount.options.split(',').any(|option| Some(option) == useful)
            }
        });
        let Some(mount) = mount else { continue };
        // A group above the mount's root cannot be named from here.
        if let Some(below) = below(path, mount.root) {
            found.push((version, Path::new(mount.point).join(below)));
        }
    }
    found
}

fn below<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    let rest = if root == "/" { Some(path) } else { path.strip_prefix(root) }?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Mount<'a>> {
        let (front, back) = line.split_once(" - ")?;
        let mut front = front.split(' ').skip(3);
        let mut back = back.split(' ');
        Some(Mount { root: front.next()?, point: front.next()?, kind: back.next()?, options: back.nth(1)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
31 25 0:27 /docker/x /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
33 25 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
";

    #[test]
    fn the_own_group_is_found_below_its_mount() {
        let own = "4:cpu:/a\n3:memory:/a/b\n2:pids:/docker/x/y\n0::/u\n";
        let expected = [
            (Version::V1, PathBuf::from("/sys/fs/cgroup/memory/a/b")),
            (Version::V1, PathBuf::from("/sys/fs/cgroup/pids/y")),
            (Version::V2, PathBuf::from("/sys/fs/cgroup/unified/u")),
        ];
        assert_eq!(parents(own, MOUNTS), expected);
    }

    #[test]
    fn a_group_above_the_mount_is_not_named() {
        assert_eq!(parents("2:pids:/docker/xy\n", MOUNTS), []);
    }
}
