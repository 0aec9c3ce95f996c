//! Which properties a profile needs, what this host provides, and what stays open.

use crate::failure::Gap;
use crate::landlocked::{LandlockAbi, file_rights};
use crate::profile::{Profile, Property};
use crate::report::{Canary, CanaryVerdict, Enforced, NotCovered};
use crate::seccomp::Shape;

/// How the bounds that a process cannot carry by itself are held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The mechanism of the process count, if there is one.
    pub(crate) processes: Option<String>,
    /// The mechanism of the memory bound over all processes, if there is one.
    pub(crate) memory: Option<String>,
    /// The mechanism that ends what is left over, beside the walk.
    pub(crate) kill: Option<String>,
}

/// The shape of the filter for a profile.
pub(crate) fn shape(profile: &Profile, abi: LandlockAbi) -> Shape {
    Shape {
        one_process: profile.is_one_process(),
        raw_tcp: !profile.raw_tcp.is_empty(),
        landlock_abi: abi.used,
    }
}

/// The properties a profile needs.
pub(crate) fn requested(profile: &Profile) -> Vec<Property> {
    let not_needed = if profile.is_one_process() { Property::ProcessCount } else { Property::OneProcess };
    Property::ALL.into_iter().filter(|property| *property != not_needed).collect()
}

/// Needed and not provided, accepted or not.
pub(crate) fn gaps(shape: Shape, bounds: &Bounds) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if !shape.one_process && shape.landlock_abi < 6 {
        gaps.push(Gap::new(
            Property::Signals,
            "with several processes only Landlock ABI 6 keeps signals inside",
            "use Linux 6.12 or newer, or a profile with one process",
        ));
    }
    if shape.raw_tcp && shape.landlock_abi < 4 {
        gaps.push(Gap::new(
            Property::Network,
            "raw TCP is held to its ports by Landlock ABI 4 only",
            "use Linux 6.7 or newer, or connect through the runner",
        ));
    }
    if !shape.one_process && bounds.processes.is_none() {
        gaps.push(Gap::new(
            Property::ProcessCount,
            "no pids cgroup can be made here and RLIMIT_NPROC does not bind root",
            "delegate a cgroup with the pids controller, or run as an ordinary user",
        ));
    }
    gaps
}

/// Needed, not provided and not accepted.
pub(crate) fn missing(gaps: &[Gap], accepted: &[Property]) -> Vec<Gap> {
    gaps.iter().filter(|gap| !accepted.contains(&gap.property)).cloned().collect()
}

/// What holds each requested property, given what the canaries showed. A property whose canaries all prove nothing is
/// not claimed.
pub(crate) fn enforced(
    requested: &[Property],
    gaps: &[Gap],
    canaries: &[Canary],
    shape: Shape,
    bounds: &Bounds,
) -> Vec<Enforced> {
    requested
        .iter()
        .filter(|property| !gaps.iter().any(|gap| gap.property == **property))
        .filter(|property| standing(**property, canaries) == Standing::Ours)
        .map(|property| {
            let (by, rights) = mechanism(*property, shape, bounds);
            Enforced { property: *property, by, rights }
        })
        .collect()
}

/// What the canaries of a property say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A canary was denied, or the property is read back instead of tried.
    Ours,
    /// All that could be tried was refused before.
    Preexisting,
    /// Nothing could be tried.
    Unproven,
}

pub(crate) fn standing(property: Property, canaries: &[Canary]) -> Standing {
    let verdicts: Vec<_> =
        canaries.iter().filter(|canary| canary.property == property).map(|canary| canary.verdict).collect();
    if verdicts.is_empty() || verdicts.contains(&CanaryVerdict::Denied) {
        Standing::Ours
    } else if verdicts.contains(&CanaryVerdict::Preexisting) {
        Standing::Preexisting
    } else {
        Standing::Unproven
    }
}

fn mechanism(property: Property, shape: Shape, bounds: &Bounds) -> (Vec<String>, Vec<String>) {
    let abi = shape.landlock_abi;
    let mut by = Vec::new();
    let mut rights: Vec<&str> = Vec::new();
    let mut landlock = |from: u8, names: &[&'static str]| {
        if abi >= from {
            by.push("landlock");
            rights.extend(names);
        }
    };
    match property {
        Property::Files => return (vec!["landlock".into()], file_rights(abi)),
        Property::Truncate => landlock(3, &["truncate"]),
        Property::Network => landlock(4, &["bind-tcp", "connect-tcp"]),
        Property::UnixSockets => {
            landlock(6, &["scope-abstract-unix-socket"]);
            if abi >= 9 {
                rights.push("resolve-unix");
            }
        }
        Property::DeviceIoctl => landlock(5, &["ioctl-dev"]),
        Property::Signals => landlock(6, &["scope-signal"]),
        _ => {}
    }
    let (also, names): (&[&str], &[&str]) = match property {
        Property::Files => (&[], &[]),
        Property::Truncate if abi >= 3 => (&[], &[]),
        Property::Truncate => (&["seccomp"], &["no truncate", "no O_TRUNC without writing", "no openat2"]),
        Property::Network if shape.raw_tcp => {
            (&["seccomp"], &["socket of TCP only", "no bind or listen", "no fast open"])
        }
        Property::Network => (&["seccomp"], &["no socket"]),
        Property::UnixSockets => (&["seccomp"], &["no unix socket", "socketpair of streams only"]),
        Property::DeviceIoctl => (&["seccomp"], &["ioctl by list"]),
        Property::Signals if shape.one_process => (&["seccomp"], &["itself only"]),
        Property::Signals => (&[], &[]),
        Property::MetadataWrites => (&["seccomp"], &["no mode, owner, times, attributes, set-id creation"]),
        Property::LimitsOfOthers => (&["seccomp"], &["itself only"]),
        Property::OneProcess => (&["seccomp"], &["threads only"]),
        Property::KernelSurface => (&["seccomp"], &["deny list", "unknown calls answer ENOSYS"]),
        Property::Privileges => (&["capabilities", "no_new_privs"], &["none left", "none gained"]),
        Property::Descriptors => (&["close_range"], &["0", "1", "2", "granted"]),
        Property::Memory => (&["rlimit"], &["RLIMIT_DATA"]),
        Property::ProcessCount => (&[], &["tasks, see limits"]),
        Property::Lifetime if shape.one_process => {
            (&["parent-death-signal", "seccomp"], &["SIGKILL with the runner", "cannot be cleared"])
        }
        Property::Lifetime => (&["supervisor"], &["subreaper", "ends all descendants"]),
    };
    by.extend(also);
    rights.extend(names);
    let bound = match property {
        Property::Memory => &bounds.memory,
        Property::ProcessCount => &bounds.processes,
        Property::Lifetime => &bounds.kill,
        _ => &None,
    };
    by.extend(bound.as_deref());
    (by.into_iter().map(str::to_owned).collect(), rights.into_iter().map(str::to_owned).collect())
}

/// What stays open, by design or by an accepted gap.
pub(crate) fn not_covered(
    profile: &Profile,
    gaps: &[Gap],
    canaries: &[Canary],
    bounds: &Bounds,
) -> Vec<NotCovered> {
    let mut open = vec![
        (
            "metadata of ungranted paths",
            "existence, size, times, link targets and process numbers can be asked; Landlock does not cover lookups",
        ),
        (
            "granted descriptors and paths",
            "what is granted can be used in full, also through older hard links and with advisory locks",
        ),
        (
            "code from readable files",
            "a granted loader or interpreter runs what it may read, without exec right",
        ),
        (
            "memory outside private pages",
            "RLIMIT_DATA does not count the page cache, pipe buffers and shared maps of files or of /dev/zero",
        ),
    ];
    if bounds.memory.is_some() || profile.limits.address_space_bytes.is_some() {
        open.pop();
    }
    if !profile.write.is_empty() {
        open.push((
            "disk space in granted folders",
            "one file is bounded; the number of files and their sum are not",
        ));
    }
    if profile.is_one_process() {
        open.push((
            "number of threads",
            "threads of the one process are bounded by its memory and by the host only",
        ));
    } else {
        if bounds.memory.is_none() {
            open.push((
                "memory of all processes together",
                "no memory cgroup here: the limit holds for each process",
            ));
        }
        open.push(("CPU time of all processes together", "the limit holds for each process"));
    }
    if !profile.raw_tcp.is_empty() {
        open.push(("any address on the granted TCP ports", "Landlock knows ports, not hosts"));
    }
    let mut open: Vec<NotCovered> =
        open.into_iter().map(|(what, why)| NotCovered { what: what.into(), why: why.into() }).collect();
    for gap in gaps {
        open.push(NotCovered { what: gap.property.name().into(), why: format!("accepted gap: {}", gap.why) });
    }
    for property in requested(profile) {
        if standing(property, canaries) == Standing::Unproven {
            let why = "applied, and no canary on this host can show it".into();
            open.push(NotCovered { what: property.name().into(), why });
        }
    }
    open
}
