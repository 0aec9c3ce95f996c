//! A request from the evidence of a run, to run it again.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use contract_ipc::{Code, Timestamp};
use contract_json::{Limits, Tape};
use contract_receipts::{RECEIPT, Receipt, TRANSCRIPT};

use crate::environment::Surroundings;
use crate::failure::Failure;
use crate::request::{Calls, Request};

/// The request that `folder` (verified before) tells of, and the surroundings that it was made in as far as they matter. The
/// calls are those of the transcript, written to `calls`; secrets in them are redacted.
///
/// # Errors
/// `CONTRACT_UNVERIFIABLE`: the evidence does not tell enough.
pub fn replay_of(
    folder: &Path,
    calls: &Path,
    around: &Surroundings,
) -> Result<(Request, Surroundings), Failure> {
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
    Ok((request, around))
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
