//! One start of a small program, with the sandbox and without.

use std::io::{Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use contract_sandbox::{LaunchOutcome, LaunchSpec, Profile};

use crate::Options;

/// Ends at once: its stdin is empty.
fn program(options: &Options) -> PathBuf {
    options.prefix.join("libexec/contract-runner/adapters/text-caps/adapter-text-caps")
}

/// From exec to exit without the sandbox.
pub(crate) fn bare(options: &Options) -> Result<Duration> {
    let start = Instant::now();
    let status = Command::new(program(options)).env_clear().stdin(Stdio::null()).status()?;
    let elapsed = start.elapsed();
    ensure!(status.success(), "{status}");
    Ok(elapsed)
}

fn launcher(options: &Options) -> PathBuf {
    options.prefix.join("libexec/contract-runner/contract-launch")
}

/// The launcher that is told nothing and ends at once: what a second program costs before it does anything.
pub(crate) fn launcher_alone(options: &Options) -> Result<Duration> {
    let start = Instant::now();
    let status =
        Command::new(launcher(options)).env_clear().stdin(Stdio::null()).stderr(Stdio::null()).status()?;
    let elapsed = start.elapsed();
    ensure!(!status.success(), "it takes no empty command line");
    Ok(elapsed)
}

/// A program through the launcher, in the strictest profile that lets it run.
pub(crate) fn sandboxed(options: &Options) -> Result<Duration> {
    let program = program(options).canonicalize()?;
    let canary = options.out.join("canary");
    std::fs::write(&canary, b"")?;
    let mut profile = Profile::strictest("bench");
    profile.read.push(program.clone());
    profile.exec.push(program.clone());
    let spec = LaunchSpec {
        profile,
        argv: vec![program.display().to_string()],
        program,
        env: Vec::new(),
        cwd: PathBuf::from("/"),
        canary,
        runner_pid: std::process::id(),
        granted_fds: Vec::new(),
        max_abi: None,
    };
    let bytes = spec.encode().map_err(|failure| anyhow::anyhow!("{failure}"))?;
    let mut file = std::fs::File::from(rustix::fs::memfd_create("spec", rustix::fs::MemfdFlags::empty())?);
    file.write_all(&bytes)?;
    file.rewind()?;
    let (mut report, theirs) = std::io::pipe()?;
    rustix::io::fcntl_setfd(&theirs, rustix::io::FdFlags::empty())?;
    let start = Instant::now();
    let mut child = Command::new(launcher(options))
        .args(["--spec-fd", &file.as_raw_fd().to_string(), "--report-fd", &theirs.as_raw_fd().to_string()])
        .env_clear()
        .stdin(Stdio::null())
        .spawn()
        .context("contract-launch")?;
    drop(theirs);
    let mut said = Vec::new();
    report.read_to_end(&mut said)?;
    let status = child.wait()?;
    let elapsed = start.elapsed();
    let outcome = LaunchOutcome::decode(&said);
    ensure!(matches!(outcome, LaunchOutcome::Started(_)) && status.success(), "{outcome:?}, {status}");
    Ok(elapsed)
}
