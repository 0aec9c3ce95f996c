//! `carry doctor`

use std::path::Path;

use contract_engine::{Failure, Surroundings};
use contract_ipc::Exit;
use contract_models::{CARRY_REF, CarryResult, Documents, Keys, Signatures, Status, check_carry_refs};
use serde::Serialize;

use super::super::model::store;
use super::super::print_line;
use super::{TOOL, VERSION, exit, print_indented};
use crate::args::{Format, Output, RefsArgs};
use crate::style::tame;

#[derive(Serialize)]
struct Doctor {
    tool: &'static str,
    version: &'static str,
    status: Status,
    checks: Vec<CarryResult>,
}

pub(super) fn doctor(args: &RefsArgs, around: &Surroundings, output: Output) -> Result<Exit, Failure> {
    let mut checks = Vec::new();
    let keys = args.signers.keys.as_ref().map(|folder| {
        let read = Keys::read(&around.root.join(folder));
        let found = read.as_ref().map(|_| ()).map_err(ToString::to_string);
        checks.push(CarryResult::of(folder.display().to_string(), "keys", found));
        read.unwrap_or_default()
    });
    let signatures = keys.as_ref().map_or(Signatures::NotChecked, Signatures::By);
    let documents = Documents::default();
    let refs = check_carry_refs(&documents, &args.refs, signatures).results;
    checks.splice(0..0, refs);
    checks.push(CarryResult::of(format!("schema:{CARRY_REF}"), "schema", check_schema(&documents)));
    if let Ok(store) = store(None, around) {
        let found = store.models(&documents).map_err(|error| error.to_string()).and_then(|models| {
            let broken: Vec<String> =
                models.iter().filter_map(|model| model.as_ref().err()).map(ToString::to_string).collect();
            if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
        });
        checks.push(CarryResult::of(store.folder().display().to_string(), "store", found));
    }
    if let Some(folder) = around.cache_folder() {
        let found = check_cache(&folder);
        checks.push(CarryResult::of(folder.display().to_string(), "cache", found));
    }
    let status = Status::of_all(&checks);
    if output.format == Format::Json {
        print_indented(&Doctor { tool: TOOL, version: VERSION, status, checks })?;
        return Ok(exit(status));
    }
    for check in &checks {
        let word = if check.status == Status::Ok { "ok     " } else { "FAILED " };
        print_line(&tame(&format!("{word} {:<8} {}", check.name, check.path)))?;
        for error in &check.errors {
            print_line(&tame(&format!("        {error}")))?;
        }
    }
    Ok(exit(status))
}

/// The schema is there, and tells a reference from something else.
fn check_schema(documents: &Documents) -> Result<(), String> {
    match documents.judge(Path::new(""), b"{}".to_vec(), Some(CARRY_REF)) {
        Err(refused) if !refused.faults.is_empty() => Ok(()),
        _ => Err("the schema takes an empty object for a reference".to_owned()),
    }
}

/// A folder that is not there yet is made when it is needed; one that is there must be a folder that can be written.
fn check_cache(folder: &Path) -> Result<(), String> {
    let Some(there) = folder.ancestors().find(|folder| folder.exists()) else { return Ok(()) };
    if !there.is_dir() {
        return Err(format!("{} is no folder", there.display()));
    }
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(there, access)
        .map_err(|error| format!("{} cannot be written: {error}", there.display()))
}
