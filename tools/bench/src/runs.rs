//! Runs of the runner and of the Python reference, from exec to exit.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::Pid;
use serde_json::Value;

use crate::Options;
use crate::pinning::{Cores, pin};

/// A command that is measured.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) cores: Cores,
}

impl Run {
    /// A program on any core.
    pub(crate) fn of(program: impl Into<PathBuf>, words: &[&str]) -> Self {
        Self {
            program: program.into(),
            arguments: words.iter().map(|&word| word.to_owned()).collect(),
            cores: Cores::Free,
        }
    }

    /// The runner that is installed.
    pub(crate) fn runner(options: &Options, words: &[&str]) -> Self {
        Self::of(options.prefix.join("bin/contract-runner"), words)
    }

    /// The runner with the echo adapter; the arguments stand in `args_file`.
    pub(crate) fn echo(
        options: &Options,
        args_file: &Path,
        count: u32,
        in_flight: u32,
        cores: Cores,
    ) -> Self {
        Self { cores, ..Self::operation(options, "echo", args_file, count, in_flight) }
    }

    /// Any operation of the echo adapter, on any core.
    pub(crate) fn operation(
        options: &Options,
        op: &str,
        args_file: &Path,
        count: u32,
        in_flight: u32,
    ) -> Self {
        let (args_file, out) =
            (args_file.display().to_string(), options.out.join("run").display().to_string());
        let (count, in_flight) = (count.to_string(), in_flight.to_string());
        let arguments = ["run", "--quiet", "--adapter", "echo", "--op", op, "--args-file", &args_file];
        let repeated = ["--repeat", &count, "--in-flight", &in_flight, "--out", &out];
        let words: Vec<&str> = arguments.into_iter().chain(repeated).collect();
        Self::runner(options, &words)
    }

    /// The Python runner with the Python adapter.
    pub(crate) fn python(options: &Options, text: &str, count: u32) -> Self {
        let adapter = format!("/usr/bin/python3 {}", options.reference.join("adapter.py").display());
        let out = options.out.join("run-python").display().to_string();
        let runner = options.reference.join("runner.py").display().to_string();
        let count = count.to_string();
        let arguments = [
            &runner,
            "--adapter",
            &adapter,
            "--op",
            "echo",
            "--text",
            text,
            "--repeat",
            &count,
            "--out",
            &out,
        ];
        Self::of("/usr/bin/python3", &arguments)
    }

    pub(crate) fn spawn(&self) -> Result<Child> {
        Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| self.program.display().to_string())
    }

    /// From exec to exit, which must be with 0.
    pub(crate) fn time(&self) -> Result<Duration> {
        let start = Instant::now();
        let child = self.spawn()?;
        if self.cores != Cores::Free {
            self.pin(&child)?;
        }
        let done = child.wait_with_output()?;
        let elapsed = start.elapsed();
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "{} {:?}: {said}", self.program.display(), self.arguments);
        Ok(elapsed)
    }

    /// The runner on the first core; its child, the adapter, on the second or the same.
    fn pin(&self, runner: &Child) -> Result<()> {
        let id = runner.id();
        pin(Some(Pid::from_child(runner)), self.cores, false)?;
        loop {
            let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
            if let Some(adapter) = children.split_whitespace().next() {
                let adapter = Pid::from_raw(adapter.parse()?).context("a process number")?;
                return pin(Some(adapter), self.cores, true);
            }
            std::thread::yield_now();
        }
    }
}

/// Bytes of one invoke and of its end on the pipes, from a run that keeps the wire.
pub(crate) fn line_bytes(options: &Options, args_file: &Path) -> Result<(usize, usize)> {
    let mut run = Run::echo(options, args_file, 1, 1, Cores::Free);
    run.arguments.push("--keep-wire".to_owned());
    run.time()?;
    let wire = std::fs::read_to_string(options.out.join("run/ipc-wire.ndjson"))?;
    let mut found = (0, 0);
    for line in wire.lines() {
        let line: Value = serde_json::from_str(line)?;
        let message: Value = serde_json::from_str(line["text"].as_str().context("text")?)?;
        let bytes = usize::try_from(line["bytes"].as_u64().context("bytes")?)? + 1;
        match message["type"].as_str() {
            Some("invoke") => found.0 = bytes,
            Some("result") => found.1 = bytes,
            _ => {}
        }
    }
    ensure!(found.0 > 0 && found.1 > 0, "no invoke or no result in the wire");
    Ok(found)
}

/// What the file system takes for the same durable files: two of them, written, synced, renamed, and their folder synced
/// as often as a run does it.
pub(crate) fn syncs_alone(options: &Options) -> Result<Duration> {
    let folder = options.out.join("syncs");
    std::fs::create_dir_all(&folder)?;
    let handle = std::fs::File::open(&folder)?;
    let sizes = [("ipc-transcript.ndjson", 2_000), ("run-receipt.json", 8_000)];
    let start = Instant::now();
    handle.sync_all()?;
    let mut written = Vec::new();
    for (name, bytes) in sizes {
        let temporary = folder.join(format!(".{name}.tmp"));
        std::fs::write(&temporary, vec![b'x'; bytes])?;
        std::fs::File::open(&temporary)?.sync_data()?;
        written.push((temporary, folder.join(name)));
    }
    for (temporary, name) in written {
        std::fs::rename(temporary, name)?;
    }
    handle.sync_all()?;
    Ok(start.elapsed())
}
