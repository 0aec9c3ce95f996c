//! How the program ended, as data.

use std::borrow::Cow;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use contract_adapter::Answer;
use serde::Serialize;

use crate::signal::signal_name;
use crate::tail::Output;

/// The data of `process.run`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    summary: String,
    documents: Documents,
    exit_status: Option<i32>,
    signal: Option<Cow<'static, str>>,
    stdout: Output,
    stderr: Output,
    leftover: usize,
}

/// None: lanes make the evidence of a step.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Documents {}

impl Outcome {
    /// Yes when the exit status is 0.
    pub(crate) fn answer(
        status: ExitStatus,
        stdout: Output,
        stderr: Output,
        leftover: usize,
    ) -> Answer<Self> {
        let outcome = Self {
            summary: summary(status, &stdout, &stderr, leftover),
            documents: Documents {},
            exit_status: status.code(),
            signal: status.signal().map(signal_name),
            stdout,
            stderr,
            leftover,
        };
        if status.success() { Answer::Yes(outcome) } else { Answer::No(outcome) }
    }
}

fn summary(status: ExitStatus, stdout: &Output, stderr: &Output, leftover: usize) -> String {
    let mut lines = vec![ended(status), written("stdout", stdout), written("stderr", stderr)];
    if leftover > 0 {
        // Without the number: it may vary, and the summary is compared when a run is replayed.
        lines.push("processes that it left behind were ended".to_owned());
    }
    lines.join("\n")
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(number)) if status.core_dumped() => {
            format!("ended by {} (core dumped)", signal_name(number))
        }
        (None, Some(number)) => format!("ended by {}", signal_name(number)),
        (None, None) => status.to_string(),
    }
}

fn written(name: &str, output: &Output) -> String {
    let unit = if output.bytes == 1 { "byte" } else { "bytes" };
    let kept = if output.truncated { ", of which the end is kept" } else { "" };
    format!("{name}: {} {unit}{kept}", output.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(bytes: u64, truncated: bool) -> Output {
        Output { bytes, tail: String::new(), truncated }
    }

    fn said(raw: i32) -> (String, bool) {
        match Outcome::answer(ExitStatus::from_raw(raw), output(0, false), output(0, false), 0) {
            Answer::Yes(outcome) => (outcome.summary.lines().next().unwrap_or_default().to_owned(), true),
            Answer::No(outcome) => (outcome.summary.lines().next().unwrap_or_default().to_owned(), false),
        }
    }

    #[test]
    fn the_end_is_said_in_words() {
        assert_eq!(said(0), ("exit status 0".into(), true));
        assert_eq!(said(3 << 8), ("exit status 3".into(), false));
        assert_eq!(said(15), ("ended by SIGTERM".into(), false));
        assert_eq!(said(11 | 0x80), ("ended by SIGSEGV (core dumped)".into(), false));
    }

    #[test]
    fn the_summary_has_a_line_for_each_stream() {
        let text = summary(ExitStatus::from_raw(0), &output(1, false), &output(70_000, true), 2);
        assert_eq!(
            text,
            "exit status 0\nstdout: 1 byte\nstderr: 70000 bytes, of which the end is kept\n\
             processes that it left behind were ended"
        );
    }
}
