//! The Landlock half: which ABI there is, and the rule set of a profile.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::fs::{FileType, Mode, OFlags};

use crate::failure::{LaunchFailure, errno_name};
use crate::profile::Profile;

/// The newest ABI this program knows how to use.
pub const NEWEST_ABI: u8 = 9;

/// The devices that every adapter may read; only `/dev/null` may be written too.
const DEVICES: [&str; 3] = ["/dev/null", "/dev/zero", "/dev/urandom"];

/// The ABI of the kernel and the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LandlockAbi {
    /// What the kernel offers.
    pub kernel: u8,
    /// What is used: the lowest of kernel, caller's maximum and [`NEWEST_ABI`].
    pub used: u8,
}

impl LandlockAbi {
    /// Asks the kernel.
    ///
    /// # Errors
    /// [`LaunchFailure::Unavailable`] with the cure when there is no Landlock.
    pub fn probe(max_abi: Option<u8>) -> Result<LandlockAbi, LaunchFailure> {
        const VERSION: libc::c_ulong = 1;
        // SAFETY: with the version flag the kernel reads neither the null pointer nor the size.
        let answer = unsafe {
            libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, VERSION)
        };
        if answer < 1 {
            let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::ENOSYS);
            return Err(LaunchFailure::unavailable("landlock_create_ruleset", errno));
        }
        let kernel = u8::try_from(answer).unwrap_or(u8::MAX);
        let used = kernel.min(NEWEST_ABI).min(max_abi.unwrap_or(NEWEST_ABI));
        Ok(LandlockAbi { kernel, used })
    }
}

/// Restricts the calling thread to what the profile grants, using exactly this ABI.
///
/// # Errors
/// [`LaunchFailure::Spec`] for a path that cannot be granted, [`LaunchFailure::Unavailable`] when the kernel refuses.
pub fn restrict(profile: &Profile, abi: u8) -> Result<(), LaunchFailure> {
    let abi = ABI::from(i32::from(abi));
    let created = handle_everything(abi).map_err(|e| refused("landlock_create_ruleset", &e))?;
    let created = grant_paths(created, profile, abi)?;
    let mut created = grant_devices(created)?;
    if abi >= ABI::V4 {
        for port in &profile.raw_tcp {
            created = created
                .add_rule(NetPort::new(*port, AccessNet::ConnectTcp))
                .map_err(|e| refused("landlock_add_rule", &e))?;
        }
    }
    let status = created.restrict_self().map_err(|e| refused("landlock_restrict_self", &e))?;
    if status.ruleset != RulesetStatus::FullyEnforced || !status.no_new_privs {
        return Err(LaunchFailure::not_enforced("landlock", format!("the kernel reports {status:?}")));
    }
    Ok(())
}

/// Every right of the ABI is handled, so that what is not granted is denied.
fn handle_everything(abi: ABI) -> Result<RulesetCreated, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(abi))?;
    // Below these ABIs the sets are empty, and the crate refuses empty sets.
    if abi >= ABI::V4 {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
    }
    if abi >= ABI::V6 {
        ruleset = ruleset.scope(Scope::from_all(abi))?;
    }
    ruleset.create()
}

fn grant_paths(
    mut created: RulesetCreated,
    profile: &Profile,
    abi: ABI,
) -> Result<RulesetCreated, LaunchFailure> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let exec = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
    let kinds = [
        ("read", &profile.read, read),
        ("write", &profile.write, write_rights(abi)),
        ("exec", &profile.exec, exec),
    ];
    for (kind, paths, rights) in kinds {
        for path in paths {
            let fd = open(path).map_err(|e| missing(kind, path, e))?;
            created = grant(created, &fd, rights)?;
        }
    }
    Ok(created)
}

/// Making devices and sockets is never granted.
fn write_rights(abi: ABI) -> BitFlags<AccessFs> {
    let wanted = AccessFs::WriteFile
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::MakeSym
        | AccessFs::Refer
        | AccessFs::Truncate;
    wanted & AccessFs::from_all(abi)
}

fn grant_devices(mut created: RulesetCreated) -> Result<RulesetCreated, LaunchFailure> {
    for device in DEVICES {
        // A host without the device has nothing to grant.
        if let Ok(fd) = open(Path::new(device)) {
            let mut rights = BitFlags::from(AccessFs::ReadFile);
            if device == "/dev/null" {
                rights |= AccessFs::WriteFile;
            }
            created = grant(created, &fd, rights)?;
        }
    }
    Ok(created)
}

fn open(path: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
}

/// A rule for a file carries file rights only; the kernel refuses folder rights there.
fn grant(
    created: RulesetCreated,
    fd: &OwnedFd,
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated, LaunchFailure> {
    let stat = rustix::fs::fstat(fd)
        .map_err(|e| LaunchFailure::not_enforced("landlock", format!("fstat of a granted path: {e}")))?;
    let rights = if FileType::from_raw_mode(stat.st_mode).is_dir() {
        rights
    } else {
        rights & AccessFs::from_file(ABI::from(i32::from(NEWEST_ABI)))
    };
    created.add_rule(PathBeneath::new(fd.as_fd(), rights)).map_err(|e| refused("landlock_add_rule", &e))
}

fn missing(kind: &str, path: &Path, error: rustix::io::Errno) -> LaunchFailure {
    let name = errno_name(error.raw_os_error());
    LaunchFailure::spec(format!("the {kind} grant {} cannot be opened: {name} ({error})", path.display()))
}

fn refused(call: &str, error: &RulesetError) -> LaunchFailure {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = source {
        if let Some(errno) = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error) {
            return LaunchFailure::unavailable(call, errno);
        }
        source = current.source();
    }
    LaunchFailure::not_enforced("landlock", format!("{call}: {error}"))
}

/// The names of the rights that this ABI handles, for the report.
pub(crate) fn file_rights(abi: u8) -> Vec<String> {
    names(AccessFs::from_all(ABI::from(i32::from(abi))))
}

fn names(rights: BitFlags<AccessFs>) -> Vec<String> {
    rights.iter().map(|right| kebab(&format!("{right:?}"))).collect()
}

fn kebab(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 2);
    for (i, c) in camel.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_abi_names_the_rights_it_adds() {
        assert_eq!(file_rights(1).len(), 13);
        assert!(!file_rights(1).contains(&"refer".to_owned()));
        assert!(file_rights(2).contains(&"refer".to_owned()));
        assert!(file_rights(3).contains(&"truncate".to_owned()));
        assert!(file_rights(5).contains(&"ioctl-dev".to_owned()));
    }
}
