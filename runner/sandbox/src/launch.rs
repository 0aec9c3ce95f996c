//! The launcher: reads one spec, restricts itself, reports, executes. There is no way to skip a step.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::confine::{self, Plan};
use crate::coverage::Bounds;
use crate::failure::{LaunchFailure, NOTHING_STARTED, errno_name};
use crate::landlocked::LandlockAbi;
use crate::report::{Report, ReportLine};
use crate::spec::{LaunchSpec, MAX_SPEC_BYTES};
use crate::supervise;

/// The descriptors the runner passes to the launcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LauncherFds {
    /// The launch spec is read from here, to the end.
    pub spec: RawFd,
    /// Report lines are written here; it is closed when the adapter runs.
    pub report: RawFd,
    /// Its end of file means that the runner is gone or wants the run to end; for several processes.
    pub life: Option<RawFd>,
}

impl LauncherFds {
    /// Reads `--spec-fd N --report-fd M [--life-fd L]`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the arguments.
    pub fn parse(args: impl IntoIterator<Item = String>) -> Result<LauncherFds, String> {
        let (mut spec, mut report, mut life) = (None, None, None);
        let mut args = args.into_iter();
        while let Some(flag) = args.next() {
            let place = match flag.as_str() {
                "--spec-fd" => &mut spec,
                "--report-fd" => &mut report,
                "--life-fd" => &mut life,
                _ => return Err(format!("unknown argument {flag:?}; {USAGE}")),
            };
            let value = args.next().unwrap_or_default();
            let fd = value.parse::<RawFd>().ok().filter(|fd| *fd > 2);
            let fd =
                fd.ok_or_else(|| format!("{flag} needs a descriptor above 2, not {value:?}; {USAGE}"))?;
            if place.replace(fd).is_some() {
                return Err(format!("{flag} is given twice; {USAGE}"));
            }
        }
        match (spec, report) {
            (Some(spec), Some(report)) if spec != report && life != Some(spec) && life != Some(report) => {
                Ok(LauncherFds { spec, report, life })
            }
            (Some(_), Some(_)) => Err(format!("two descriptors are the same; {USAGE}")),
            _ => Err(format!("--spec-fd and --report-fd are needed; {USAGE}")),
        }
    }
}

const USAGE: &str = "usage: contract-launch --spec-fd N --report-fd M [--life-fd L]";

/// Runs the launcher; it returns only when nothing was started, or as the supervisor after the end.
pub fn launch(fds: LauncherFds) -> u8 {
    let mut lines = Lines::new(fds.report);
    match try_launch(fds, &mut lines) {
        Ok(status) => status,
        Err(failure) => {
            lines.write(&ReportLine::Failure(failure));
            NOTHING_STARTED
        }
    }
}

fn try_launch(fds: LauncherFds, lines: &mut Lines) -> Result<u8, LaunchFailure> {
    let spec = read_spec(fds.spec)?;
    if spec.profile.is_one_process() {
        confine::die_with_parent(spec.runner_pid)?;
        confine::own_session()?;
        let abi = LandlockAbi::probe(spec.max_abi)?;
        let plan = Plan::new(&spec.profile, abi, Bounds::default(), Vec::new())?;
        run_adapter(&spec, plan, spec.runner_pid, lines)
    } else {
        supervise::launch(&spec, fds, lines)
    }
}

/// Restricts this process, reports and executes. Returns only with a failure.
///
/// # Errors
/// Whatever kept the adapter from being executed.
pub(crate) fn run_adapter(
    spec: &LaunchSpec,
    plan: Plan,
    parent: u32,
    lines: &mut Lines,
) -> Result<u8, LaunchFailure> {
    let image = Image::new(spec)?;
    let report = confine::confine(spec, plan, &[lines.fd])?;
    confine::require_parent(parent)?;
    confine::require_death_signal()?;
    lines.report(report);
    Err(image.execute(&spec.program))
}

/// The report descriptor; it stays open until the adapter runs.
pub(crate) struct Lines {
    fd: RawFd,
}

impl Lines {
    pub(crate) fn new(fd: RawFd) -> Lines {
        Lines { fd }
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.fd
    }

    fn report(&mut self, report: Report) {
        self.write(&ReportLine::Report(Box::new(report)));
    }

    /// A reader that is gone is no reason to go on differently: the runner's end is noticed elsewhere.
    pub(crate) fn write(&mut self, line: &ReportLine) {
        // SAFETY: the descriptor was opened for these lines; ManuallyDrop keeps it open.
        let mut file = ManuallyDrop::new(unsafe { File::from_raw_fd(self.fd) });
        let _ = file.write_all(&line.encode());
    }
}

fn read_spec(fd: RawFd) -> Result<LaunchSpec, LaunchFailure> {
    // SAFETY: the runner opened this descriptor for the launcher, which owns it from here on.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    let mut bytes = Vec::with_capacity(8 << 10);
    let limit = u64::try_from(MAX_SPEC_BYTES).expect("a few megabytes") + 1;
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|e| LaunchFailure::spec(format!("the launch spec cannot be read: {e}")))?;
    if bytes.len() > MAX_SPEC_BYTES {
        return Err(LaunchFailure::spec(format!("the launch spec is over {MAX_SPEC_BYTES} bytes")));
    }
    LaunchSpec::decode(&bytes)
}

/// Program, arguments and environment in the form of `execve`.
struct Image {
    program: CString,
    argv: Vec<CString>,
    env: Vec<CString>,
}

impl Image {
    fn new(spec: &LaunchSpec) -> Result<Image, LaunchFailure> {
        let text = |bytes: &[u8]| {
            CString::new(bytes).map_err(|_| LaunchFailure::spec("a text holds a zero byte".into()))
        };
        Ok(Image {
            program: text(spec.program.as_os_str().as_bytes())?,
            argv: spec.argv.iter().map(|a| text(a.as_bytes())).collect::<Result<_, _>>()?,
            env: spec
                .env
                .iter()
                .map(|(name, value)| text(format!("{name}={value}").as_bytes()))
                .collect::<Result<_, _>>()?,
        })
    }

    fn execute(&self, program: &Path) -> LaunchFailure {
        let pointers = |texts: &[CString]| {
            texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>()
        };
        let (argv, env) = (pointers(&self.argv), pointers(&self.env));
        // SAFETY: all three are live, zero-ended strings, and both lists end with a null pointer.
        unsafe { libc::execve(self.program.as_ptr(), argv.as_ptr(), env.as_ptr()) };
        let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
        let hint = match errno {
            libc::EACCES => {
                "The exec grants must name the program, its #! interpreter and its loader, and the file must be executable."
            }
            libc::ENOENT => "The file, its #! interpreter or its loader is missing.",
            libc::ENOEXEC => "It is no program for this machine; a script needs a #! line.",
            libc::ENOMEM => "The memory limit is too low for this program.",
            _ => "The kernel refused it.",
        };
        LaunchFailure::Exec {
            path: program.to_owned(),
            errno,
            errno_name: errno_name(errno).into(),
            hint: hint.into(),
        }
    }
}

/// Closes a descriptor the launcher was given and no longer needs.
pub(crate) fn close(fd: RawFd) {
    // SAFETY: the launcher was given this descriptor and nothing else in it owns it.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<LauncherFds, String> {
        LauncherFds::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn three_descriptors_are_read() {
        let fds = LauncherFds { spec: 3, report: 4, life: Some(5) };
        assert_eq!(parse("--spec-fd 3 --report-fd 4 --life-fd 5"), Ok(fds));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "--spec-fd 3",
            "--spec-fd 3 --report-fd 3",
            "--spec-fd 1 --report-fd 4",
            "--spec-fd 3 --report-fd 4 --no-sandbox",
            "--spec-fd 3 --spec-fd 5 --report-fd 4",
            "--spec-fd",
        ] {
            assert!(parse(bad).unwrap_err().contains("usage"), "{bad}");
        }
    }
}
