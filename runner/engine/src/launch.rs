//! Starting the launcher. The one place in the runner where a process is started.

use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::task::{Context, Poll, ready};

use contract_ipc::Code;
use contract_ipc::broker::BROKER_VARIABLE;
use contract_sandbox::{GrantedFd, LaunchSpec};
use rustix::fs::MemfdFlags;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::net::unix::pipe;

use crate::failure::Failure;
use crate::plan::Plan;
use crate::session::Pipes;

/// A launcher that was started, and our ends of everything.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) process: Process,
    pub(crate) pipes: Pipes,
    /// Our end of the broker's socket.
    pub(crate) broker: Option<OwnedFd>,
}

/// A process and the descriptor that tells of its end. No thread, no signal handler, and no call as long as it lives.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    end: pipe::Receiver,
}

impl Process {
    fn watch(child: Child) -> Result<Self, Failure> {
        let pid = Pid::from_child(&child);
        // Not a pipe, but watched like one: it becomes readable when the process has ended, and is never read.
        let end = pidfd_open(pid, PidfdFlags::NONBLOCK)
            .map_err(std::io::Error::from)
            .and_then(pipe::Receiver::from_owned_fd_unchecked);
        match end {
            Ok(end) => Ok(Self { child, end }),
            Err(error) => {
                let mut child = child;
                // It has not been told anything yet; nothing is lost.
                let _ = child.kill();
                let _ = child.wait();
                Err(system("the adapter's process cannot be watched (pidfd_open)", error))
            }
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Its exit status, when it has ended.
    pub(crate) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<ExitStatus>> {
        ready!(self.end.poll_read_ready(context))?;
        Poll::Ready(self.child.wait())
    }
}

fn system(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::AdapterSpawnFailed, format!("{what}: {error}"))
}

/// Room in the pipes for messages: as many invokes as may be in flight, without a switch to the other side for each 64 KiB.
const PIPE_BYTES: usize = 1024 * 1024;

/// A pipe for messages.
fn wide_pipe_pair() -> Result<(OwnedFd, OwnedFd), Failure> {
    let pair = pipe_pair()?;
    // Where the host grants less, all works as well, more slowly.
    let _ = fcntl_setpipe_size(&pair.0, PIPE_BYTES);
    Ok(pair)
}

fn pipe_pair() -> Result<(OwnedFd, OwnedFd), Failure> {
    pipe_with(PipeFlags::CLOEXEC).map_err(|error| {
        system("a pipe cannot be made", error).hint("Raise the limit on open files (ulimit -n).")
    })
}

/// The environment of the adapter: nothing of ours, the same everywhere.
fn environment(plan: &Plan, broker: Option<&OwnedFd>) -> Vec<(String, String)> {
    let scratch = plan.scratch.display().to_string();
    let mut variables = vec![
        ("HOME".to_owned(), scratch.clone()),
        ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
        ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()),
        ("PYTHONHASHSEED".to_owned(), "0".to_owned()),
        ("TMPDIR".to_owned(), scratch),
        ("TZ".to_owned(), "UTC".to_owned()),
    ];
    if let Some(broker) = broker {
        variables.push((BROKER_VARIABLE.to_owned(), broker.as_raw_fd().to_string()));
    }
    variables.extend(plan.secrets.iter().cloned());
    variables
}

/// Starts the launcher with the plan's profile. Must be called on the main thread: the parent-death signal is that of the thread.
pub(crate) fn launch(plan: &Plan, launcher: &Path, canary: &Path) -> Result<Launched, Failure> {
    let (stdin, our_stdin) = wide_pipe_pair()?;
    let (our_stdout, stdout) = wide_pipe_pair()?;
    let (our_stderr, stderr) = pipe_pair()?;
    let (our_report, report) = pipe_pair()?;
    let life = if plan.profile.is_one_process() { None } else { Some(pipe_pair()?) };
    let wants_broker = plan.rights.iter().any(|right| matches!(right, crate::Right::Connect(..)));
    let broker = wants_broker
        .then(|| socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None))
        .transpose()
        .map_err(|error| system("a socket pair cannot be made", error))?;
    let theirs = broker.as_ref().map(|(_, theirs)| theirs);
    let spec = LaunchSpec {
        profile: plan.profile.clone(),
        program: plan.command.program.clone(),
        argv: plan.command.argv.clone(),
        env: environment(plan, theirs),
        cwd: plan.scratch.clone(),
        canary: canary.to_owned(),
        runner_pid: std::process::id(),
        granted_fds: theirs
            .map(|fd| GrantedFd { fd: fd.as_raw_fd(), name: "broker".to_owned() })
            .into_iter()
            .collect(),
        max_abi: plan.request.max_abi,
    };
    let spec_fd = spec_file(&spec)?;

    let mut arguments = vec![
        "--spec-fd".to_owned(),
        spec_fd.as_raw_fd().to_string(),
        "--report-fd".to_owned(),
        report.as_raw_fd().to_string(),
    ];
    let mut inherited = vec![&spec_fd, &report];
    inherited.extend(theirs);
    if let Some((theirs, _)) = &life {
        arguments.extend(["--life-fd".to_owned(), theirs.as_raw_fd().to_string()]);
        inherited.push(theirs);
    }
    for fd in inherited {
        fcntl_setfd(fd, FdFlags::empty())
            .map_err(|error| system("a descriptor cannot be handed over", error))?;
    }
    #[expect(clippy::disallowed_methods, reason = "contract-engine starts the launcher, and nothing else")]
    let child = std::process::Command::new(launcher)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr))
        .spawn()
        .map_err(|error| {
            system(&format!("the launcher {} cannot be started", launcher.display()), error)
                .hint("Install contract-launch beside contract-runner (tools/install does it).")
        })?;
    let receiver =
        |fd| pipe::Receiver::from_owned_fd(fd).map_err(|error| system("a pipe cannot be watched", error));
    Ok(Launched {
        process: Process::watch(child)?,
        pipes: Pipes {
            stdin: pipe::Sender::from_owned_fd(our_stdin)
                .map_err(|error| system("a pipe cannot be watched", error))?,
            stdout: receiver(our_stdout)?,
            stderr: receiver(our_stderr)?,
            report: receiver(our_report)?,
            life: life.map(|(_, ours)| ours),
        },
        broker: broker.map(|(ours, _)| ours),
    })
}

/// The spec in a file that exists only in memory: a pipe could fill up before anyone reads it.
fn spec_file(spec: &LaunchSpec) -> Result<OwnedFd, Failure> {
    let bytes = spec.encode().map_err(|error| system("the launch spec cannot be written", error))?;
    let memory = rustix::fs::memfd_create("launch-spec", MemfdFlags::CLOEXEC)
        .map_err(|error| system("the launch spec cannot be written", error))?;
    let mut file = File::from(memory);
    file.write_all(&bytes)
        .and_then(|()| file.rewind())
        .map_err(|error| system("the launch spec cannot be written", error))?;
    Ok(OwnedFd::from(file))
}
