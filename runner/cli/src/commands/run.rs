//! `run`

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use contract_engine::{Calls, Failure, Outcome, Prepared, Refusal, Request, Surroundings, prepare};
use contract_ipc::{Code, Exit, Seed};
use contract_receipts::{RUNS_FOLDER, Receipt};
use serde_json::{Value, json};

use super::{failure_json, note, print_json, request, usage};
use crate::args::{Format, Output, RunArgs};
use crate::printer::Printer;
use crate::progress::Spinner;
use crate::{show, style};

/// Arguments from a file or from stdin are read up to this size. A message has at most 16 MiB by default.
const MAX_ARGS_BYTES: u64 = 256 << 20;

/// How the result of a run is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presentation {
    /// The data as it came.
    Data,
    /// For people its summary; its documents go to a folder.
    Verb {
        /// The folder.
        emit: Option<PathBuf>,
        /// Names that the operation may give documents.
        documents: Vec<String>,
    },
}

pub(crate) fn run(args: &RunArgs, output: Output) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    let request = read_request(args, &around)?;
    run_request(&request, args.out.as_deref(), &around, &Presentation::Data, output)
}

/// Runs what was asked for. Without `out`, its evidence goes to a new folder below `.workstation/runs`.
pub(super) fn run_request(
    request: &Request,
    out: Option<&Path>,
    around: &Surroundings,
    presentation: &Presentation,
    output: Output,
) -> Result<Exit, Failure> {
    let (out, is_new) = out_folder(out);
    let prepared = match prepare(request, around, &out) {
        Ok(prepared) => prepared,
        Err(refusal) => return Ok(refused(&refusal, &around.root.join(&out), output)),
    };
    let single = matches!(request.calls, Calls::Repeat { count: 1, .. });
    let exit = execute(prepared, single, around, presentation, output);
    if is_new {
        mark_latest(&out, around, output);
    }
    Ok(exit)
}

/// Where the evidence of a run goes, and whether that is a new folder among those of all runs.
pub(super) fn out_folder(out: Option<&Path>) -> (PathBuf, bool) {
    match out {
        Some(out) => (out.to_owned(), false),
        None => (Path::new(RUNS_FOLDER).join(contract_engine::run_id()), true),
    }
}

/// `latest` leads to this run from now on.
pub(super) fn mark_latest(out: &Path, around: &Surroundings, output: Output) {
    let runs = around.root.join(RUNS_FOLDER);
    if let Some(id) = out.file_name().and_then(|name| name.to_str())
        && let Err(error) = contract_receipts::link_latest(&runs, id)
    {
        note(output, &format!("note: {}: {error}", runs.join("latest").display()));
    }
}

fn read_request(args: &RunArgs, around: &Surroundings) -> Result<Request, Failure> {
    if let Some(seed) = &args.seed {
        seed.parse::<Seed>().map_err(|error| usage(format!("--seed: {error}")))?;
    }
    let calls = match &args.batch {
        Some(path) => Calls::Batch(path.clone()),
        None => Calls::Repeat { args: read_args(args, &around.root)?, count: args.repeat },
    };
    Ok(Request {
        op: args.op.clone(),
        calls,
        seed: args.seed.clone(),
        in_flight: args.in_flight,
        record_private: false,
        lax_stdout: args.lax_stdout,
        keep_wire: args.keep_wire,
        max_line_bytes: args.max_line_bytes,
        ..request(&args.adapter, &args.authority)
    })
}

fn read_args(args: &RunArgs, root: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |what: String| Failure::new(Code::ContractInputUnreadable, what);
    if let Some(text) = &args.text {
        return Ok(json!({"text": text}).to_string().into_bytes());
    }
    if let Some(text) = &args.args {
        return Ok(text.clone().into_bytes());
    }
    let Some(path) = &args.args_file else { return Ok(b"{}".to_vec()) };
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_ARGS_BYTES).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(root.join(path))
            .and_then(|file| file.take(MAX_ARGS_BYTES).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(format!("--args-file {}: {error}", path.display())))?;
    if bytes.len() as u64 == MAX_ARGS_BYTES {
        return Err(unreadable(format!("--args-file {}: {MAX_ARGS_BYTES} bytes or more", path.display())));
    }
    Ok(bytes)
}

/// Runs what is prepared, and shows it.
fn execute(
    prepared: Prepared,
    single: bool,
    around: &Surroundings,
    presentation: &Presentation,
    output: Output,
) -> Exit {
    let folder = prepared.folder().to_owned();
    let name = style::tame(&prepared.plan().command.name);
    let profile = show::profile_lines(prepared.plan(), output.verbose);
    note(output, &style::dim(&show::may_line(prepared.plan())));
    if output.verbose {
        for line in &profile {
            style::say(&style::dim(&format!("  {line}")));
        }
    }
    let spinner = (!output.quiet && style::is_terminal()).then(|| Spinner::start(name.clone()));
    let started = Instant::now();
    let mut printer = Printer::new(single, spinner, output.verbose);
    let ran = prepared.run(&mut printer);
    printer.finish();
    let outcome = match ran {
        Ok(outcome) => outcome,
        Err(refusal) => return refused(&refusal, &folder, output),
    };
    let good = matches!(outcome.exit, Exit::Satisfied | Exit::Violated);
    let data = printer.take_single().filter(|_| good);
    let told = match (presentation, data) {
        (Presentation::Verb { emit, documents }, Some(data)) => {
            super::verb::present(&data, emit.as_ref(), documents, around, output)
        }
        (_, data) if output.format == Format::Json => {
            print_json(&outcome_json(&outcome, data.as_deref(), &folder))
        }
        (_, data) => {
            if let Some(data) = data {
                printer.print(&data);
            }
            super::printed(printer.end())
        }
    };
    if output.format == Format::Human || outcome.evidence_lost.is_some() {
        explain(&outcome, &profile, output);
    }
    let shown = show::short(&folder, &around.root);
    if let Some(lost) = &outcome.evidence_lost {
        style::say(&format!("  the receipt, which could not be written to {shown}:"));
        style::say(&String::from_utf8_lossy(lost));
    } else {
        let status = outcome.receipt.status.as_str();
        let painted = match outcome.exit {
            Exit::Satisfied => style::green(status),
            Exit::Violated => style::yellow(status),
            _ => style::red(status),
        };
        let ms = started.elapsed().as_millis();
        let what = done(&outcome.receipt);
        note(output, &format!("{painted} {name}{what} in {ms} ms; evidence: {shown}"));
        if outcome.exit == Exit::Violated {
            note(output, "  the answer is no (ok: false)");
        }
    }
    match told {
        Err(lost) if good => {
            show::failure(&lost);
            lost.code.exit()
        }
        _ => outcome.exit,
    }
}

/// What was done: one call by its operation, several by their number.
fn done(receipt: &Receipt) -> String {
    let counts = &receipt.counts;
    match (counts.invokes, counts.errors) {
        // Without --op and manifest nobody knows it before the offer.
        (0 | 1, _) if receipt.invocation.op.is_empty() => String::new(),
        (0 | 1, _) => format!(" {}", style::tame(&receipt.invocation.op)),
        (calls, 0) => format!(" {calls} calls"),
        (calls, errors) => format!(" {calls} calls, {errors} could not be done,"),
    }
}

fn explain(outcome: &Outcome, profile: &[String], output: Output) {
    let Some(failure) = &outcome.failure else {
        if output.verbose {
            show::stderr(&outcome.stderr, true);
        }
        return;
    };
    show::failure(failure);
    show::stderr(&outcome.stderr, output.verbose);
    if failure.refused_by_sandbox {
        style::say("  it may:");
        for line in profile {
            style::say(&format!("    {line}"));
        }
    }
    show::cure(failure);
}

fn outcome_json(outcome: &Outcome, data: Option<&[u8]>, folder: &Path) -> Value {
    let data: Value = data.and_then(|data| serde_json::from_slice(data).ok()).unwrap_or(Value::Null);
    json!({
        "v": "run-outcome.v0",
        "exit": outcome.exit.status(),
        "status": outcome.receipt.status.as_str(),
        "data": data,
        "error": outcome.failure.as_ref().map(failure_json),
        "folder": folder.display().to_string(),
        "receipt": outcome.receipt.digests.receipt,
        "subject": outcome.receipt.digests.subject,
        "counts": outcome.receipt.counts,
        "stderr": outcome.stderr,
    })
}

fn refused(refusal: &Refusal, folder: &Path, output: Output) -> Exit {
    let exit = super::report(&refusal.failure, output);
    if refusal.receipt.is_some() {
        note(
            output,
            &format!("  nothing was started; see {}", folder.join(contract_receipts::DENIED).display()),
        );
    }
    exit
}
