//! What this host provides, found by restricting a forked child for real.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cgroup::Leaf;
use crate::confine::{self, Plan};
use crate::coverage::Bounds;
use crate::failure::{Gap, LaunchFailure, NOTHING_STARTED};
use crate::landlocked::LandlockAbi;
use crate::launch::Lines;
use crate::profile::{Profile, Property};
use crate::report::{LaunchOutcome, Report, ReportLine};
use crate::spec::LaunchSpec;
use crate::supervise;

/// The version tag of a [`HostReport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostReportVersion {
    /// The first version.
    #[serde(rename = "sandbox-host.v0")]
    V0,
}

/// The answer of `sandbox check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostReport {
    /// Version tag.
    pub v: HostReportVersion,
    /// The highest Landlock ABI that was allowed.
    pub max_abi: Option<u8>,
    /// The default: one process and no sockets.
    pub one_process: HostAnswer,
    /// Several processes under a supervisor.
    pub several_processes: HostAnswer,
    /// One process with TCP sockets of its own.
    pub raw_tcp: HostAnswer,
}

/// What one kind of profile gets on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostAnswer {
    /// Whether such a profile runs without an accepted gap.
    pub complete: bool,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// What a run reports, with the gaps accepted.
    pub report: Option<Report>,
    /// Why nothing can run.
    pub failure: Option<LaunchFailure>,
}

/// Tries the sandbox in a forked child for each kind of profile. Call it while this process has one thread.
///
/// # Errors
/// No canary file, pipe or child could be made.
pub fn check_host(max_abi: Option<u8>) -> io::Result<HostReport> {
    let canary = CanaryFile::make()?;
    let strictest = Profile::strictest("sandbox-check");
    let several = Profile { processes: 2, ..strictest.clone() };
    let raw_tcp = Profile { raw_tcp: vec![443], ..strictest.clone() };
    Ok(HostReport {
        v: HostReportVersion::V0,
        max_abi,
        one_process: answer(strictest, max_abi, &canary.path)?,
        several_processes: answer(several, max_abi, &canary.path)?,
        raw_tcp: answer(raw_tcp, max_abi, &canary.path)?,
    })
}

/// A host that falls short is tried again with the gaps accepted, so that the report shows what is left.
fn answer(mut profile: Profile, max_abi: Option<u8>, canary: &Path) -> io::Result<HostAnswer> {
    let mut gaps = Vec::new();
    loop {
        match attempt(&profile, max_abi, canary)? {
            LaunchOutcome::Started(report) => {
                return Ok(HostAnswer {
                    complete: gaps.is_empty(),
                    gaps,
                    report: Some(*report),
                    failure: None,
                });
            }
            LaunchOutcome::Failed { failure: LaunchFailure::Gap { missing }, .. } if gaps.is_empty() => {
                profile.accepted_gaps = missing.iter().map(|gap| gap.property).collect::<Vec<Property>>();
                gaps = missing;
            }
            LaunchOutcome::Failed { failure, .. } => {
                return Ok(HostAnswer { complete: false, gaps, report: None, failure: Some(failure) });
            }
            LaunchOutcome::Garbled { message } => {
                let failure = LaunchFailure::not_enforced("check", message);
                return Ok(HostAnswer { complete: false, gaps, report: None, failure: Some(failure) });
            }
        }
    }
}

fn attempt(profile: &Profile, max_abi: Option<u8>, canary: &Path) -> io::Result<LaunchOutcome> {
    let spec = LaunchSpec {
        profile: profile.clone(),
        program: "/nothing".into(),
        argv: vec!["nothing".into()],
        env: Vec::new(),
        cwd: "/".into(),
        canary: canary.to_owned(),
        runner_pid: std::process::id(),
        granted_fds: Vec::new(),
        max_abi,
    };
    let leaf = if profile.is_one_process() { Leaf::default() } else { Leaf::make() };
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    // SAFETY: the child only restricts itself, writes one line and ends; it takes no lock of another thread but the
    // allocator's, which the C library hands over in order.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let mut lines = Lines::new(writer.as_raw_fd());
            let line = match restrict_only(&spec, &leaf, &lines) {
                Ok(report) => ReportLine::Report(Box::new(report)),
                Err(failure) => ReportLine::Failure(failure),
            };
            lines.write(&line);
            // SAFETY: ends the child without running anything of the parent's twice.
            unsafe { libc::_exit(i32::from(NOTHING_STARTED)) }
        }
        child => {
            drop(writer);
            let mut bytes = Vec::new();
            let read = File::from(reader).read_to_end(&mut bytes);
            let pid = rustix::process::Pid::from_raw(child).expect("fork gave a child");
            rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty())?;
            read?;
            Ok(LaunchOutcome::decode(&bytes))
        }
    }
}

fn restrict_only(spec: &LaunchSpec, leaf: &Leaf, lines: &Lines) -> Result<Report, LaunchFailure> {
    confine::die_with_parent(spec.runner_pid)?;
    confine::own_session()?;
    let abi = LandlockAbi::probe(spec.max_abi)?;
    let plan = if spec.profile.is_one_process() {
        Plan::new(&spec.profile, abi, Bounds::default(), Vec::new())?
    } else {
        let joined = leaf.join(spec.profile.processes, spec.profile.limits.memory_bytes);
        supervise::plan(spec, abi, joined)?
    };
    confine::confine(spec, plan, &[lines.fd()])
}

/// A file of our own outside all grants, removed at the end.
struct CanaryFile {
    path: PathBuf,
}

impl CanaryFile {
    fn make() -> io::Result<CanaryFile> {
        let mut last = io::Error::other("no folder for the canary file");
        let name = format!("contract-canary-{}", std::process::id());
        for folder in [std::env::temp_dir(), "/var/tmp".into(), "/dev/shm".into()] {
            for attempt in 0..16 {
                let path = folder.join(format!("{name}-{attempt}"));
                match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                    Ok(_) => return Ok(CanaryFile { path }),
                    Err(e) => last = e,
                }
            }
        }
        Err(last)
    }
}

impl Drop for CanaryFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
