//! A profile in, an enforced and reported restriction out (Landlock, seccomp, capabilities, limits).
//!
//! The types of a launch (profile, spec, report, failure) are plain data and build everywhere; the restriction itself is
//! for Linux. The runner writes a [`LaunchSpec`] to `contract-launch` and reads its [`LaunchOutcome`]; it never
//! restricts itself.

pub mod failure;
pub mod profile;
pub mod report;
pub mod spec;

#[cfg(target_os = "linux")]
mod canary;
#[cfg(target_os = "linux")]
mod cgroup;
#[cfg(target_os = "linux")]
mod confine;
#[cfg(target_os = "linux")]
mod coverage;
#[cfg(target_os = "linux")]
mod descendants;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(target_os = "linux")]
pub mod host;
#[cfg(target_os = "linux")]
pub mod landlocked;
#[cfg(target_os = "linux")]
pub mod launch;
#[cfg(target_os = "linux")]
mod privileges;
#[cfg(target_os = "linux")]
mod resource_limits;
#[cfg(target_os = "linux")]
pub mod seccomp;
#[cfg(target_os = "linux")]
mod supervise;

#[cfg(target_os = "linux")]
pub use host::{HostAnswer, HostReport, HostReportVersion, check_host};

pub use failure::{Gap, LaunchFailure, NOTHING_STARTED};
pub use profile::{Limits, Profile, ProfileVersion, Property};
pub use report::{
    Canary, CanaryVerdict, Enforced, LaunchOutcome, LimitSet, NotCovered, Report, ReportLine, ReportVersion,
};
pub use spec::{GrantedFd, LaunchSpec, MAX_SPEC_BYTES};
