//! `carry`: references to services. With `--format json` the answers have the form of `sourceos-ai`, the tool of the format's owners.

mod doctor;
mod evidence;
mod sign;

use contract_engine::{Failure, Surroundings};
use contract_ipc::{Code, Exit};
use contract_models::{CarryRefs, Documents, Keys, Signatures, Status, check_carry_refs};
use serde::Serialize;

use super::model::failure;
use super::{counted, note, print_line};
use crate::args::{CarryCommand, Format, Output, RefsArgs};
use crate::style;

/// The program whose answers these are in form. What follows the plus sign says who gives them.
const TOOL: &str = "sourceos-ai";
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+contract-runner");

pub(crate) fn carry(command: &CarryCommand, output: Output) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    match command {
        CarryCommand::Validate(args) => validate(args, &around, output),
        CarryCommand::List(args) => list(args, &around, output),
        CarryCommand::Doctor(args) => doctor::doctor(args, &around, output),
        CarryCommand::EmitEvidence { refs, out } => evidence::emit(refs, out.as_deref(), &around, output),
        CarryCommand::Sign { document, key } => sign::sign(document, key, &around, output),
    }
}

/// The keys that the user names.
fn keys(args: &RefsArgs, around: &Surroundings) -> Result<Option<Keys>, Failure> {
    let folder = args.signers.keys.as_ref();
    folder.map(|folder| Keys::read(&around.root.join(folder))).transpose().map_err(failure)
}

fn check(args: &RefsArgs, keys: Option<&Keys>) -> CarryRefs {
    let signatures = keys.map_or(Signatures::NotChecked, Signatures::By);
    // As it was written, so that the paths in the answers are.
    check_carry_refs(&Documents::default(), &args.refs, signatures)
}

fn exit(status: Status) -> Exit {
    match status {
        Status::Ok => Exit::Satisfied,
        Status::Failed => Exit::Violated,
    }
}

/// JSON in the order of its members, indented as the original prints it.
fn print_indented<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = indented(value)?;
    print_line(&String::from_utf8_lossy(&style::json_escaped(text.as_bytes())))
}

fn indented<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| {
        Failure::new(Code::ContractInternal, format!("an answer cannot be written: {error}"))
    })
}

fn validate(args: &RefsArgs, around: &Surroundings, output: Output) -> Result<Exit, Failure> {
    let keys = keys(args, around)?;
    let refs = check(args, keys.as_ref());
    let status = Status::of_all(&refs.results);
    if output.format == Format::Json {
        print_indented(&refs.results)?;
    } else {
        print_results(&refs)?;
        say_signatures(&refs, output);
    }
    Ok(exit(status))
}

fn print_results(refs: &CarryRefs) -> Result<(), Failure> {
    for result in &refs.results {
        let word = if result.status == Status::Ok { "ok     " } else { "FAILED " };
        let name = if result.name.is_empty() { String::new() } else { format!("  {}", result.name) };
        print_line(&style::tame(&format!("{word} {}{name}", result.path)))?;
        for error in &result.errors {
            print_line(&style::tame(&format!("        {error}")))?;
        }
    }
    let failed = refs.results.iter().filter(|result| result.status == Status::Failed).count();
    let all = counted(refs.results.len() as u64, "reference", "references");
    print_line(&format!("{all}: {} in order, {failed} not", refs.results.len() - failed))
}

fn say_signatures(refs: &CarryRefs, output: Output) {
    match refs.signed {
        Some(signed) => {
            note(
                output,
                &format!(
                    "{} signed by a key of yours",
                    counted(signed as u64, "reference is", "references are")
                ),
            );
        }
        None => note(output, "signatures were not looked at; --keys FOLDER names the keys that you trust"),
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    status: Status,
    count: usize,
    items: &'a [contract_models::CarryItem],
}

fn list(args: &RefsArgs, around: &Surroundings, output: Output) -> Result<Exit, Failure> {
    let keys = keys(args, around)?;
    let refs = check(args, keys.as_ref());
    let status = Status::of_all(&refs.results);
    match (output.format, status) {
        (Format::Json, Status::Ok) => {
            print_indented(&Listed { status, count: refs.items.len(), items: &refs.items })?;
        }
        (Format::Json, Status::Failed) => print_indented(&refs.results)?,
        (_, Status::Ok) => {
            for item in &refs.items {
                let line = format!("{} {}  {}  {}", item.name, item.version, item.surface, item.service_ref);
                print_line(&style::tame(&line))?;
            }
            say_signatures(&refs, output);
        }
        (_, Status::Failed) => print_results(&refs)?,
    }
    Ok(exit(status))
}
