//! Types of file systems, by the number that statfs(2) gives.

use std::path::Path;

/// A type of file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// Its name; its number in hex digits when it is not in the table, and `unknown` when it cannot be had.
    pub name: String,
    /// Whether it can keep an SELinux label for each file.
    pub keeps_labels: bool,
}

/// Number, name, and whether it keeps labels. Numbers: statfs(2) and include/uapi/linux/magic.h; labels: file systems without
/// extended attributes of their own get one label for all files at mount(8).
const TYPES: &[(u32, &str, bool)] = &[
    (0xef53, "ext4", true),
    (0x9123_683e, "btrfs", true),
    (0x5846_5342, "xfs", true),
    (0xf2f5_2010, "f2fs", true),
    (0xca45_1a4e, "bcachefs", true),
    (0x2fc1_2fc1, "zfs", true),
    (0x0102_1994, "tmpfs", true),
    (0x794c_7630, "overlay", true),
    (0xf15f, "ecryptfs", true),
    (0x8584_58f6, "ramfs", false),
    (0x7371_7368, "squashfs", false),
    (0xe0f5_e1e2, "erofs", false),
    (0x9660, "iso9660", false),
    (0x4d44, "vfat", false),
    (0x2011_bab0, "exfat", false),
    (0x7366_746e, "ntfs3", false),
    (0x6969, "nfs", false),
    (0xff53_4d42, "cifs", false),
    (0xfe53_4d42, "smb2", false),
    (0x0102_1997, "v9fs", false),
    (0x6573_5546, "fuse", false),
    (0x00c3_6400, "ceph", false),
    (0x9fa0, "proc", false),
    (0x6265_6572, "sysfs", false),
];

impl FileSystem {
    /// That on which `path` lies.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let Ok(answer) = rustix::fs::statfs(path) else {
            return Self { name: "unknown".to_owned(), keeps_labels: true };
        };
        // All numbers are of 32 bits; the type of the field differs by architecture.
        Self::by_number(answer.f_type as u32)
    }

    fn by_number(number: u32) -> Self {
        match TYPES.iter().find(|(known, ..)| *known == number) {
            Some((_, name, keeps_labels)) => Self { name: (*name).to_owned(), keeps_labels: *keeps_labels },
            None => Self { name: format!("{number:x}"), keeps_labels: true },
        }
    }
}
