//! The floor: two processes, two pipes, the same numbers of bytes to and fro, and nothing else.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::Pid;

use crate::pinning::{Cores, pin};

/// The first argument of the other process.
pub(crate) const PEER: &str = "floor-peer";

/// Reads `request_bytes`, writes `reply_bytes`, until the end of stdin.
pub(crate) fn peer(request_bytes: Option<String>, reply_bytes: Option<String>) -> Result<()> {
    let bytes = |text: Option<String>| text.context("bytes")?.parse::<usize>().context("bytes");
    let mut request = vec![0; bytes(request_bytes)?];
    let reply = vec![b'x'; bytes(reply_bytes)?];
    // std's stdout would gather lines.
    let (mut stdin, mut stdout) =
        (std::io::stdin(), std::fs::File::from(std::io::stdout().as_fd().try_clone_to_owned()?));
    while stdin.read_exact(&mut request).is_ok() {
        stdout.write_all(&reply)?;
    }
    Ok(())
}

/// Time of one round trip.
pub(crate) fn round_trip(
    cores: Cores,
    request_bytes: usize,
    reply_bytes: usize,
    count: u32,
) -> Result<Duration> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([PEER, &request_bytes.to_string(), &reply_bytes.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("the floor's other process")?;
    pin(Some(Pid::from_child(&child)), cores, true)?;
    let before = rustix::thread::sched_getaffinity(None)?;
    pin(None, cores, false)?;
    let mut to = child.stdin.take().context("stdin")?;
    let mut from = child.stdout.take().context("stdout")?;
    let request = vec![b'x'; request_bytes];
    let mut reply = vec![0; reply_bytes];
    let mut start = Instant::now();
    // The first tenth warms up.
    let warm_up = count / 10 + 1;
    for turn in 0..warm_up + count {
        if turn == warm_up {
            start = Instant::now();
        }
        to.write_all(&request)?;
        from.read_exact(&mut reply)?;
    }
    let elapsed = start.elapsed();
    rustix::thread::sched_setaffinity(None, &before)?;
    drop(to);
    child.wait()?;
    Ok(elapsed / count)
}
