//! `carry emit-evidence`

use std::path::Path;

use contract_engine::{Failure, Surroundings};
use contract_ipc::{Code, Exit};
use contract_models::{CarryResult, Status};
use serde::Serialize;

use super::super::{note, write_whole};
use super::{TOOL, VERSION, check, exit, indented, keys, print_indented, print_results};
use crate::args::{Format, Output, RefsArgs};

/// The repository whose references are judged.
const REPOSITORY: &str = "SourceOS-Linux/sourceos-model-carry";
/// The original has these from its linker.
const UNKNOWN: &str = "unknown";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Evidence<'a> {
    tool: &'static str,
    version: &'static str,
    commit: &'static str,
    build_date: &'static str,
    repo: &'static str,
    status: Status,
    results: &'a [CarryResult],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    service_refs: Vec<&'a str>,
}

pub(super) fn emit(
    args: &RefsArgs,
    out: Option<&Path>,
    around: &Surroundings,
    output: Output,
) -> Result<Exit, Failure> {
    let keys = keys(args, around)?;
    let refs = check(args, keys.as_ref());
    let status = Status::of_all(&refs.results);
    let mut service_refs: Vec<&str> = refs.items.iter().map(|item| item.service_ref.as_str()).collect();
    service_refs.sort_unstable();
    let evidence = Evidence {
        tool: TOOL,
        version: VERSION,
        commit: UNKNOWN,
        build_date: UNKNOWN,
        repo: REPOSITORY,
        status,
        results: &refs.results,
        service_refs,
    };
    match out {
        // Evidence is JSON, for people too.
        None => print_indented(&evidence)?,
        Some(path) => {
            let text = indented(&evidence)? + "\n";
            write_whole(&around.root.join(path), text.as_bytes()).map_err(|error| {
                Failure::new(Code::ContractOutputFailed, format!("{}: {error}", path.display()))
            })?;
            if output.format == Format::Human {
                print_results(&refs)?;
            }
            note(output, &format!("evidence in {}", path.display()));
        }
    }
    Ok(exit(status))
}
