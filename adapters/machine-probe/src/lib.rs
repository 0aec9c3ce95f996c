//! Facts about this machine, from the kernel's own files and system calls, and the Agent Machine documents that follow.
//!
//! No command of the system is run and nothing is connected to. Each group of facts is read on a thread of its own with
//! a deadline, and a mount of the network, of FUSE or of autofs is never touched. What is not known is said to be
//! unknown, with the reason. Names of people and of the host are hidden.
//!
//! # Rights, and what fails without them
//! Looking a name up (stat, lstat, readlink, statvfs) needs no right; reading a file or listing a folder does.
//!
//! | right | feature |
//! |---|---|
//! | `read=/proc/self/mountinfo` | mounts, folders and their verdicts, cgroup mode |
//! | `read=/proc/self/status` | the user: which folders apply, who may own them |
//! | `read=/etc/passwd` | the home folder, names that must be hidden; without it no mount is told |
//! | `read=/proc/cpuinfo`, `read=/proc/meminfo` | processors, memory |
//! | `read=/proc/partitions` | disks and their sizes |
//! | `read=/proc/sys/user/max_user_namespaces` | user namespaces |
//! | `read=/proc/sys/kernel/unprivileged_userns_clone`, `apparmor_restrict_unprivileged_userns` | user namespaces |
//! | `read=/proc/sys/kernel/seccomp/actions_avail` | seccomp |
//! | `read=/proc/self/net` | listeners on usual ports |
//! | `read=/etc/os-release`, `/usr/lib/os-release` | distribution, class of machine |
//! | `read=/sys/kernel/security/lsm` | security modules, Landlock |
//! | `read=/sys/fs/selinux/enforce` | mode of SELinux |
//! | `read=/sys/firmware/devicetree/base/compatible` | class of machine on Arm |
//! | `read=/sys/firmware/efi/efivars/SecureBoot-...` | secure boot |
//! | `read=/proc/driver/nvidia/version` | driver of NVIDIA |
//! | `read=/usr/share/vulkan/icd.d`, `/etc/vulkan/icd.d` | Vulkan |
//! | `read=/sys/devices/virtual/block` | layers below a file system: LVM, LUKS, dm-crypt |
//! | `read=/sys/block/NAME/queue/rotational`, `/sys/block/NAME/ro` | whether a disk turns or is read-only |
//!
//! Below `/proc/self/net` the kernel makes a new inode for every lookup (`pde_force_lookup` in fs/proc), and a right belongs to an inode:
//! one for `tcp` alone never applies, so the folder is asked for. Of it `tcp` and `tcp6` are read.
//!
//! A folder below `/sys/block` is a link to a place below `/sys/devices` that differs from machine to machine, and a
//! right follows the link. The tree of all devices would be far too much: it has serial numbers, addresses and the
//! registers of PCI devices. So two files of each usual disk are asked for, by name. A disk with another name has
//! `rotational` and `readOnly` unknown, and everything else still works. `virtual/block` has all mapped devices, whose
//! numbers nobody knows before.

pub mod accelerators;
pub mod blocks;
pub mod deadline;
pub mod documents;
pub mod fact;
pub mod facts;
pub mod hardware;
pub mod host;
pub mod mounts;
mod operations;
pub mod people;
pub mod places;
pub mod profile;
pub mod providers;
pub mod remarks;
pub mod runtimes;
pub mod safety;
pub mod storage;
pub mod summary;
pub mod tree;
pub mod walk;

pub use operations::MachineProbe;
