//! Why nothing was started, each with what to do about it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::profile::Property;

/// The launcher's exit status when no adapter was started.
pub const NOTHING_STARTED: u8 = 3;

/// Why the launcher started nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum LaunchFailure {
    /// The host refused a layer of the sandbox as a whole.
    Unavailable {
        /// The call that was refused.
        call: String,
        /// The error number.
        errno: i32,
        /// Its symbol, for example `ENOSYS`.
        errno_name: String,
        /// What to do.
        cure: String,
    },
    /// The host cannot provide properties that the profile needs.
    Gap {
        /// Each missing property.
        missing: Vec<Gap>,
    },
    /// A restriction was applied and does not hold, or could not be applied.
    NotEnforced {
        /// The canary or step that failed.
        canary: String,
        /// What was seen.
        why: String,
    },
    /// The program could not be executed.
    Exec {
        /// The program.
        path: PathBuf,
        /// The error number.
        errno: i32,
        /// Its symbol, for example `ENOENT`.
        errno_name: String,
        /// What that usually means here.
        hint: String,
    },
    /// The launch spec cannot be followed.
    Spec {
        /// What is wrong with it.
        message: String,
    },
    /// The process that started the launcher is gone or is not the runner.
    Orphaned {
        /// The runner named in the spec.
        expected_parent: u32,
        /// The parent that was found.
        found_parent: u32,
    },
}

/// A property that is needed and that this host does not provide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gap {
    /// The property.
    pub property: Property,
    /// Why it is missing.
    pub why: String,
    /// What would provide it.
    pub cure: String,
    /// The flag that accepts the gap.
    pub accept_flag: String,
}

impl Gap {
    pub(crate) fn new(property: Property, why: &str, cure: &str) -> Self {
        Gap {
            property,
            why: why.to_owned(),
            cure: cure.to_owned(),
            accept_flag: format!("--accept-gap {property}"),
        }
    }
}

impl LaunchFailure {
    pub(crate) fn spec(message: String) -> Self {
        LaunchFailure::Spec { message }
    }

    pub(crate) fn not_enforced(canary: &str, why: impl std::fmt::Display) -> Self {
        LaunchFailure::NotEnforced { canary: canary.to_owned(), why: why.to_string() }
    }

    /// The failure for a refused Landlock or seccomp call, with the cure for its error number.
    pub(crate) fn unavailable(call: &str, errno: i32) -> Self {
        let (name, cure) = cure(call, errno);
        LaunchFailure::Unavailable {
            call: call.to_owned(),
            errno,
            errno_name: name.to_owned(),
            cure: cure.to_owned(),
        }
    }
}

impl std::fmt::Display for LaunchFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LaunchFailure::Unavailable { call, errno_name, cure, .. } => {
                write!(f, "the sandbox is not available: {call} answered {errno_name}. {cure}")
            }
            LaunchFailure::Gap { missing } => {
                write!(f, "this host does not provide")?;
                for (i, gap) in missing.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ";" };
                    write!(f, "{comma} {} ({}; {} or {})", gap.property, gap.why, gap.cure, gap.accept_flag)?;
                }
                Ok(())
            }
            LaunchFailure::NotEnforced { canary, why } => {
                write!(f, "the sandbox does not hold: {canary}: {why}")
            }
            LaunchFailure::Exec { path, errno_name, hint, .. } => {
                write!(f, "{} cannot be executed: {errno_name}. {hint}", path.display())
            }
            LaunchFailure::Spec { message } => f.write_str(message),
            LaunchFailure::Orphaned { expected_parent, found_parent } => {
                write!(f, "the parent is process {found_parent}, not the runner {expected_parent}")
            }
        }
    }
}

impl std::error::Error for LaunchFailure {}

/// The symbol and the cure for a refusal; four answers of the kernel mean four different things.
#[cfg(target_os = "linux")]
fn cure(call: &str, errno: i32) -> (&'static str, &'static str) {
    let seccomp = call.starts_with("seccomp");
    match errno {
        libc::ENOSYS if seccomp => {
            ("ENOSYS", "This kernel is built without seccomp filters; use one with CONFIG_SECCOMP_FILTER.")
        }
        libc::ENOSYS => (
            "ENOSYS",
            "This kernel has no Landlock: use Linux 5.13 or newer, built with CONFIG_SECURITY_LANDLOCK.",
        ),
        libc::EOPNOTSUPP => (
            "EOPNOTSUPP",
            "Landlock is built in and switched off: add landlock to the lsm= list on the kernel command line and reboot.",
        ),
        libc::EPERM => (
            "EPERM",
            "A filter around this process refuses the call, as old container profiles do: update the container runtime or allow the landlock_* and seccomp calls in its profile.",
        ),
        libc::E2BIG => (
            "E2BIG",
            "16 Landlock layers are in force already: start the runner from fewer nested sandboxes.",
        ),
        _ => (
            errno_name(errno),
            "This answer is unexpected; run `contract-runner sandbox check` and report it.",
        ),
    }
}

#[cfg(not(target_os = "linux"))]
fn cure(_call: &str, errno: i32) -> (&'static str, &'static str) {
    (errno_name(errno), "The sandbox needs Linux.")
}

/// The symbol of the error numbers that occur here; others are named `errno`.
#[cfg(target_os = "linux")]
pub(crate) fn errno_name(errno: i32) -> &'static str {
    match errno {
        0 => "ok",
        libc::EPERM => "EPERM",
        libc::ENOENT => "ENOENT",
        libc::ESRCH => "ESRCH",
        libc::EINTR => "EINTR",
        libc::EIO => "EIO",
        libc::E2BIG => "E2BIG",
        libc::ENOEXEC => "ENOEXEC",
        libc::EBADF => "EBADF",
        libc::EAGAIN => "EAGAIN",
        libc::ENOMEM => "ENOMEM",
        libc::EACCES => "EACCES",
        libc::EFAULT => "EFAULT",
        libc::EBUSY => "EBUSY",
        libc::EEXIST => "EEXIST",
        libc::EXDEV => "EXDEV",
        libc::ENODEV => "ENODEV",
        libc::ENOTDIR => "ENOTDIR",
        libc::EISDIR => "EISDIR",
        libc::EINVAL => "EINVAL",
        libc::EMFILE => "EMFILE",
        libc::ENOTTY => "ENOTTY",
        libc::ETXTBSY => "ETXTBSY",
        libc::EFBIG => "EFBIG",
        libc::EROFS => "EROFS",
        libc::ENAMETOOLONG => "ENAMETOOLONG",
        libc::ENOSYS => "ENOSYS",
        libc::ELOOP => "ELOOP",
        libc::EPROTONOSUPPORT => "EPROTONOSUPPORT",
        libc::ESOCKTNOSUPPORT => "ESOCKTNOSUPPORT",
        libc::EOPNOTSUPP => "EOPNOTSUPP",
        libc::EAFNOSUPPORT => "EAFNOSUPPORT",
        _ => "errno",
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn errno_name(_errno: i32) -> &'static str {
    "errno"
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn four_refusals_have_four_cures() {
        let cures: std::collections::BTreeSet<_> = [libc::ENOSYS, libc::EOPNOTSUPP, libc::EPERM, libc::E2BIG]
            .map(|errno| cure("landlock_create_ruleset", errno).1)
            .into();
        assert_eq!(cures.len(), 4);
    }

    #[test]
    fn a_failure_survives_its_line() {
        let failure = LaunchFailure::Gap { missing: vec![Gap::new(Property::Signals, "why", "cure")] };
        let text = serde_json::to_string(&failure).unwrap();
        assert!(text.starts_with(r#"{"kind":"gap""#), "{text}");
        assert!(text.contains(r#""acceptFlag":"--accept-gap signals""#), "{text}");
        assert_eq!(serde_json::from_str::<LaunchFailure>(&text).unwrap(), failure);
    }
}
