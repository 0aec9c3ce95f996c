//! `lane plan` and `lane run`.

mod events;
mod github;
mod human;
mod json;
mod junit;
mod seen;
mod summary;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use contract_engine::{Failure, Surroundings};
use contract_ipc::{Code, Exit};
use contract_lanes::{LaneOutcome, LaneRefusal, LaneRequest, LaneWatcher, Several};

use super::{note, print_json, printed, report, validate};
use crate::args::{Format, LaneArgs, Output, Reports, ValidateArgs};

/// Where lanes leave their evidence unless told otherwise.
const LANES: &str = ".workstation/lanes";

pub(crate) fn plan(args: &LaneArgs, output: Output) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    let request = request(args, false);
    let plan = match contract_lanes::plan(&request, &around, &around.root.join(LANES).join("plan")) {
        Ok(plan) => plan,
        Err(refusal) => return refused(&refusal, args, &around, output),
    };
    match output.format {
        Format::Json => print_json(&json::plan(&plan))?,
        _ => printed(human::plan(&plan, output, &mut std::io::stdout().lock()))?,
    }
    Ok(Exit::Satisfied)
}

pub(crate) fn run(
    args: &LaneArgs,
    out: Option<&Path>,
    keep_going: bool,
    reports: &Reports,
    output: Output,
) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    let request = request(args, keep_going);
    let (shown, lanes) = match out {
        Some(out) => (out.to_owned(), None),
        None => {
            let lanes = PathBuf::from(LANES);
            (lanes.join(contract_engine::run_id()), Some(around.root.join(lanes)))
        }
    };
    // A lane that is refused leaves no folder behind: where it would be is enough to judge it.
    let out = around.root.join(&shown);
    let out = out.canonicalize().unwrap_or(out);
    let plan = match contract_lanes::plan(&request, &around, &out) {
        Ok(plan) => plan,
        Err(refusal) => return refused(&refusal, args, &around, output),
    };
    outside_the_evidence(reports, &around, &out)?;
    let folder = contract_lanes::open(&out)?;
    let mut events =
        reports.events.as_deref().map(|path| events::Events::create(path, &around.root)).transpose()?;
    let mut seen = seen::Seen::new(&plan);
    let mut shower: Box<dyn LaneWatcher> = match output.format {
        Format::Human => Box::new(human::Human::new(output)),
        Format::Github => Box::new(github::Github::new(shown.clone())),
        _ => Box::new(seen::Nothing),
    };
    let mut watchers: Vec<&mut dyn LaneWatcher> = vec![&mut seen, shower.as_mut()];
    watchers.extend(events.as_mut().map(|events| events as &mut dyn LaneWatcher));
    let outcome = contract_lanes::run(&plan, folder, &around, &mut Several(watchers))?;
    drop(shower);
    if let (Some(lanes), Some(id)) = (lanes, shown.file_name().and_then(|name| name.to_str()))
        && let Err(error) = contract_receipts::link_latest(&lanes, id)
    {
        note(output, &format!("note: {}: {error}", lanes.join("latest").display()));
    }
    let told = tell(&outcome, &seen, &shown, reports, &around, output)
        .and(events.map_or(Ok(()), events::Events::end));
    match told {
        // What the lane says comes first.
        Err(failure) if outcome.exit == Exit::Satisfied => Err(failure),
        Err(failure) => {
            crate::show::failure(&failure);
            Ok(outcome.exit)
        }
        Ok(()) => Ok(outcome.exit),
    }
}

/// A report inside of the evidence would be a file that the receipt does not know, or change one that it does.
fn outside_the_evidence(reports: &Reports, around: &Surroundings, out: &Path) -> Result<(), Failure> {
    let files = [&reports.junit, &reports.summary, &reports.events];
    for path in files.into_iter().flatten() {
        let whole = around.root.join(path);
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = whole.parent().map(real).unwrap_or_default();
        if folder.starts_with(out) || real(&whole).starts_with(out) {
            let what = format!("{} lies in the output folder, where only evidence is", path.display());
            return Err(super::usage(what).hint("Write reports somewhere else."));
        }
    }
    Ok(())
}

fn request(args: &LaneArgs, keep_going: bool) -> LaneRequest {
    let authority = &args.authority;
    LaneRequest {
        contract: args.contract.clone(),
        lane: args.lane.clone(),
        backend: args.backend.clone(),
        steps: args.step.clone(),
        from: args.from.clone(),
        keep_going,
        allow: authority.allow.clone(),
        limits: authority.limit.clone(),
        grants: authority.grant.clone(),
        require_grant: authority.require_grant,
        accept_gaps: authority.accept_gap.clone(),
        max_abi: authority.sandbox_max_abi,
    }
}

/// Nothing was started.
fn refused(
    refusal: &LaneRefusal,
    args: &LaneArgs,
    around: &Surroundings,
    output: Output,
) -> Result<Exit, Failure> {
    match refusal {
        LaneRefusal::Invalid(_) => {
            let home =
                around.home.as_ref().and_then(|home| home.to_str()).filter(|home| home.starts_with('/'));
            let documents = vec![args.contract.display().to_string()];
            let args = ValidateArgs {
                documents,
                kind: None,
                home: home.map(str::to_owned),
                exclude: Vec::new(),
                explain: None,
            };
            let exit = validate::validate(&args, output)?;
            note(output, "nothing was started: the contract breaks the rules that are named");
            Ok(exit)
        }
        LaneRefusal::Refused(faults) => {
            let mut exit = Exit::Satisfied;
            for fault in faults {
                let mut failure = fault.failure.clone();
                if let Some(step) = &fault.step {
                    failure.message = format!("step `{step}`: {}", failure.message);
                }
                let this = report(&failure, output);
                if exit == Exit::Satisfied {
                    exit = this;
                }
            }
            Ok(exit)
        }
    }
}

fn tell(
    outcome: &LaneOutcome,
    seen: &seen::Seen,
    shown: &Path,
    reports: &Reports,
    around: &Surroundings,
    output: Output,
) -> Result<(), Failure> {
    if let Some(path) = &reports.junit {
        write_report(&around.root.join(path), &junit::junit(seen, outcome, shown)?)?;
    }
    if let Some(path) = &reports.summary {
        append(&around.root.join(path), &summary::summary(seen, outcome, shown))?;
    }
    if output.format == Format::Json {
        print_json(&json::outcome(outcome, seen, shown))?;
    }
    if let Some(failure) = outcome.failure.as_ref().filter(|_| output.format == Format::Human) {
        crate::show::failure(failure);
        crate::show::cure(failure);
    }
    if outcome.evidence_lost {
        crate::style::say("  the receipt, which could not be written:");
        crate::style::say(&String::from_utf8_lossy(&outcome.receipt.to_bytes()));
    } else {
        note(output, &human::last_line(outcome, seen, shown));
    }
    Ok(())
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::ContractOutputFailed, format!("{}: {error}", path.display()))
}

fn write_report(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    super::write_whole(path, bytes).map_err(|error| unwritten(path, &error))
}

/// Other steps of a CI job write to the same summary.
fn append(path: &Path, text: &str) -> Result<(), Failure> {
    File::options()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| unwritten(path, &error))
}
