//! A request from the evidence of a run, to run it again.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use contract_ipc::{Code, Timestamp};
use contract_json::{Kind, Limits, Tape, Value};
use contract_receipts::{RECEIPT, Receipt, TRANSCRIPT, is_private_mark};

use crate::budget::Budget;
use crate::decide;
use crate::environment::Surroundings;
use crate::failure::Failure;
use crate::request::{Calls, Request};

/// What the person who replays permits. Whoever wrote the evidence may be a stranger, so nothing is granted because a receipt
/// says that it was.
#[derive(Debug, Clone, Default)]
pub struct ReplayAuthority {
    /// Rights, as in [`Request::allow`].
    pub allow: Vec<String>,
    /// Limits above the default budget, as in [`Request::limits`].
    pub limits: Vec<String>,
    /// Grant documents.
    pub grants: Vec<PathBuf>,
    /// Properties of the sandbox that may be missing.
    pub accept_gaps: Vec<String>,
    /// Most bytes in a line, when that is more than the default.
    pub max_line_bytes: Option<usize>,
}

impl ReplayAuthority {
    /// Whether all that the recorded request had beyond the defaults is permitted again, in the same words.
    fn covers(&self, recorded: &Request) -> Result<(), Failure> {
        let beyond_default = |text: &&String| {
            let default = Budget::default();
            let mut wanted = default.clone();
            wanted.set_text(text).is_err() || wanted.min(&default) != wanted
        };
        let default_line = &contract_ipc::DEFAULT_MAX_LINE_BYTES;
        let long_lines = Some(recorded.max_line_bytes).filter(|bytes| bytes > default_line);
        let missing: Vec<String> = [
            lacks(
                "max-line-bytes",
                &long_lines.map(|bytes| bytes.to_string()),
                &self.max_line_bytes.map(|bytes| bytes.to_string()).into_iter().collect::<Vec<_>>(),
            ),
            lacks("allow", &recorded.allow, &self.allow),
            lacks("accept-gap", &recorded.accept_gaps, &self.accept_gaps),
            lacks("limit", recorded.limits.iter().filter(beyond_default), &self.limits),
            lacks(
                "grant",
                &recorded.grants.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
                &self.grants.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            ),
        ]
        .concat();
        if missing.is_empty() {
            return Ok(());
        }
        let what = "the recorded run had more than the default rights, and a receipt grants nothing";
        Err(Failure::new(Code::PolicyDenied, what).hint(format!(
            "To permit to {} what it had, add: {}",
            recorded.adapter,
            missing.join(" ")
        )))
    }
}

/// The flags for what is recorded and not given.
fn lacks<'r>(name: &str, recorded: impl IntoIterator<Item = &'r String>, given: &[String]) -> Vec<String> {
    recorded.into_iter().filter(|text| !given.contains(text)).map(|text| decide::flag(name, text)).collect()
}

/// A run to be made again.
#[derive(Debug)]
pub struct Recorded {
    /// What was asked for.
    pub request: Request,
    /// Where.
    pub around: Surroundings,
    /// [`own_files`] of its receipt.
    pub own_files: Vec<String>,
}

/// Digests of the files that make up the adapter, as a receipt has them.
#[must_use]
pub fn own_files(receipt: &Receipt) -> Vec<String> {
    let files = receipt.observed.pointer("/files/own").and_then(|files| files.as_array());
    files.into_iter().flatten().map(|file| file["digest"].as_str().unwrap_or("unknown").to_owned()).collect()
}

/// The request that `folder` (verified before) tells of, and the surroundings that it was made in as far as they matter. The
/// calls are those of the transcript, written to `calls`; secrets in them are redacted.
///
/// # Errors
/// `CONTRACT_UNVERIFIABLE`: the evidence does not tell enough. `POLICY_DENIED`: it had rights that `authority` does not give.
pub fn replay_of(
    folder: &Path,
    calls: &Path,
    around: &Surroundings,
    authority: &ReplayAuthority,
) -> Result<Recorded, Failure> {
    let unfit = |what: String| Failure::new(Code::ContractUnverifiable, what);
    let path = folder.join(RECEIPT);
    let bytes = std::fs::read(&path).map_err(|error| unfit(format!("{}: {error}", path.display())))?;
    let receipt =
        Receipt::from_bytes(&bytes).map_err(|error| unfit(format!("{}: {error}", path.display())))?;
    let asked = receipt.observed.get("request").cloned().unwrap_or_default();
    let mut request: Request = serde_json::from_value(asked).map_err(|error| {
        unfit(format!("{}: /observed/request: {error}", path.display()))
            .hint("Only a run of this runner tells how it was asked for.")
    })?;
    authority.covers(&request)?;
    let mut around = around.clone();
    if let Some(root) = receipt.observed.get("root").and_then(|root| root.as_str()).map(PathBuf::from)
        && root.is_dir()
    {
        around.root = root;
    }
    around.clock = receipt
        .session
        .clock
        .parse::<Timestamp>()
        .map_err(|error| unfit(format!("{}: /session/clock: {error}", path.display())))?;
    request.seed = Some(receipt.session.seed.clone());
    request.calls = match write_calls(&folder.join(TRANSCRIPT), calls)
        .map_err(|error| unfit(format!("{}: {error}", folder.join(TRANSCRIPT).display())))?
    {
        0 => Calls::Repeat { args: receipt.invocation.args.to_string().into_bytes(), count: 1 },
        _ => Calls::Batch(calls.to_owned()),
    };
    Ok(Recorded { request, around, own_files: own_files(&receipt) })
}

/// Whether a value was recorded as a digest.
fn has_private(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::String => value.as_str().is_some_and(|text| is_private_mark(&text)),
        Kind::Array => value.items().any(has_private),
        Kind::Object => value.entries().any(|(_, member)| has_private(member)),
        _ => false,
    }
}

/// Writes the invokes of a transcript as a batch, and counts them. Where hello asked for no operation by name, the calls name
/// none either.
fn write_calls(transcript: &Path, calls: &Path) -> std::io::Result<u64> {
    let mut out = BufWriter::new(File::create(calls)?);
    let (mut line, mut tape, mut count, mut named) = (Vec::new(), Tape::new(), 0, true);
    let mut transcript = BufReader::new(File::open(transcript)?);
    loop {
        line.clear();
        if transcript.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let value = tape.parse(&line, &Limits::evidence()).map_err(std::io::Error::other)?;
        let is = |name| value.get("type").is_some_and(|kind| kind.is_str(name));
        let member = |name| value.get("payload").and_then(|payload| payload.get(name));
        if is("hello") {
            named = member("requestedCapabilities").is_some_and(|names| names.items().next().is_some());
        }
        if is("invoke")
            && let (Some(op), Some(args)) = (member("op"), member("args"))
        {
            if has_private(args) {
                let what = "the arguments are private: only their digests were recorded, so they cannot be sent again";
                return Err(std::io::Error::other(what));
            }
            match named {
                true => writeln!(out, "{{\"op\":{},\"args\":{}}}", op.raw(), args.raw())?,
                false => writeln!(out, "{{\"args\":{}}}", args.raw())?,
            }
            count += 1;
        }
    }
    out.flush()?;
    Ok(count)
}
