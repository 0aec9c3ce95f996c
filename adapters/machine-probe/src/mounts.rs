//! The table of mounts, and which of them may be touched.

use serde::Serialize;

use crate::fact::Fact;
use crate::tree::Tree;

/// File systems whose answer comes from this machine alone. Others may wait for a network or a daemon without end, so
/// what is not in this list is never touched.
const LOCAL: &[&str] = &[
    "bcachefs", "btrfs", "devtmpfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfsplus", "iso9660",
    "jfs", "nilfs2", "ntfs3", "overlay", "ramfs", "reiserfs", "squashfs", "tmpfs", "udf", "vfat", "xfs",
    "zfs",
];
/// File systems of the kernel itself, which have no space.
const KERNEL: &[&str] = &[
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];
/// Options that are told of a mount that is not local; the values of others name hosts and people.
const PLAIN_OPTIONS: &[&str] = &["ro", "rw", "nosuid", "nodev", "noexec", "relatime", "noatime", "sync"];

/// One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// Where it is mounted.
    pub target: String,
    /// What is mounted.
    pub source: String,
    /// Type of the file system.
    pub fs_type: String,
    /// Options of this mount.
    pub options: Vec<String>,
    /// Options of the file system.
    pub super_options: Vec<String>,
    /// Major and minor number of the device.
    pub device: String,
    /// Whether it may be touched.
    pub reach: Reach,
}

/// Whether a path may be looked up without waiting for another machine or a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// On a device or in the memory of this machine.
    Local,
    /// Made by the kernel; it has no space.
    Kernel,
    /// Network, FUSE, autofs or of an unknown type; or below such a mount. Never touched.
    Foreign,
}

impl Mount {
    /// Whether the mount or its file system has this option.
    #[must_use]
    pub fn has_option(&self, option: &str) -> bool {
        self.options.iter().chain(&self.super_options).any(|own| own == option)
    }

    /// The options that may be told.
    #[must_use]
    pub fn shown_options(&self) -> Vec<String> {
        let mut shown: Vec<String> = Vec::new();
        // A mount that is read-only can be of a file system that is not; the mount is what counts.
        let further = self.super_options.iter().filter(|option| !matches!(option.as_str(), "ro" | "rw"));
        for option in self.options.iter().chain(further) {
            // lowerdir= of an overlay and the like name folders of people.
            let tells = if self.reach == Reach::Foreign {
                PLAIN_OPTIONS.contains(&option.as_str())
            } else {
                !option.contains("dir=")
            };
            if tells && !shown.contains(option) {
                shown.push(option.clone());
            }
        }
        shown
    }
}

/// All mounts, in the order of the kernel.
pub fn table(tree: &Tree) -> Fact<Vec<Mount>> {
    tree.read("/proc/self/mountinfo").map(|text| parse(&text))
}

/// The mounts of a text of mountinfo. Lines that have another shape are left out.
#[must_use]
pub fn parse(text: &str) -> Vec<Mount> {
    let mut table: Vec<Mount> = text.lines().filter_map(parse_line).collect();
    let reach: Vec<Reach> = table.iter().map(|mount| reach_in(&table, &mount.target)).collect();
    for (mount, reach) in table.iter_mut().zip(reach) {
        mount.reach = reach;
    }
    table
}

fn parse_line(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let left: Vec<&str> = left.split(' ').collect();
    let mut right = right.split(' ');
    let (fs_type, source) = (right.next()?.to_owned(), unescaped(right.next()?));
    let list = |text: &str| text.split(',').filter(|option| !option.is_empty()).map(unescaped).collect();
    Some(Mount {
        target: unescaped(left.get(4)?),
        source,
        options: list(left.get(5)?),
        super_options: list(right.next().unwrap_or_default()),
        device: (*left.get(2)?).to_owned(),
        reach: own_reach(&fs_type),
        fs_type,
    })
}

fn own_reach(fs_type: &str) -> Reach {
    if LOCAL.contains(&fs_type) {
        Reach::Local
    } else if KERNEL.contains(&fs_type) {
        Reach::Kernel
    } else {
        Reach::Foreign
    }
}

/// Undoes `\040` and its like: the kernel writes space, tab, line feed and backslash in octal.
fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let [first, rest @ ..] = bytes {
        if let (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..]) = (first, rest) {
            out.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
            bytes = rest;
        } else {
            out.push(*first);
            bytes = rest;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether `path` is `folder` or below it.
#[must_use]
pub fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether `path` may be touched: a lookup crosses every mount above it, so each of them counts.
#[must_use]
pub fn reach_in(table: &[Mount], path: &str) -> Reach {
    let above = || table.iter().filter(|mount| is_below(path, &mount.target));
    if above().any(|mount| own_reach(&mount.fs_type) == Reach::Foreign) {
        return Reach::Foreign;
    }
    mount_of(table, path).map_or(Reach::Foreign, |mount| own_reach(&mount.fs_type))
}

/// The mount that `path` is on: the deepest, and of those at one place the last.
#[must_use]
pub fn mount_of<'a>(table: &'a [Mount], path: &str) -> Option<&'a Mount> {
    table
        .iter()
        .filter(|mount| is_below(path, &mount.target))
        .max_by_key(|mount| mount.target.trim_end_matches('/').len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 0:30 / /net rw - nfs4 server:/export rw,addr=192.0.2.1
3 2 8:2 / /net/disk rw - ext4 /dev/sda2 rw
4 1 0:31 / /a\\040b rw - fuse.sshfs ann@server:/ rw
5 1 0:32 / /new rw - shinyfs none rw
";

    #[test]
    fn a_local_disk_below_a_network_mount_is_not_touched() {
        let table = parse(TABLE);
        assert_eq!(table.iter().map(|mount| mount.reach).collect::<Vec<_>>(), {
            use Reach::{Foreign, Local};
            [Local, Foreign, Foreign, Foreign, Foreign]
        });
        assert_eq!(reach_in(&table, "/net/disk/models"), Reach::Foreign);
        assert_eq!(reach_in(&table, "/network"), Reach::Local);
    }

    #[test]
    fn undoes_octal_and_tells_no_host_of_a_network_mount() {
        let table = parse(TABLE);
        assert_eq!(table[3].target, "/a b");
        assert_eq!(table[1].shown_options(), ["rw"]);
    }

    #[test]
    fn the_deepest_mount_holds_a_path() {
        let table = parse(TABLE);
        assert_eq!(mount_of(&table, "/net/disk/x").map(|mount| mount.target.as_str()), Some("/net/disk"));
        assert_eq!(mount_of(&table, "/nets").map(|mount| mount.target.as_str()), Some("/"));
    }
}
