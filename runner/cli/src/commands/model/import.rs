//! `model import`

use contract_engine::{Failure, Surroundings, now};
use contract_ipc::Exit;
use contract_models::{Documents, Licence, Statement};
use serde_json::json;

use super::super::{note, print_json, print_line};
use super::failure;
use super::places::store;
use super::reading::Bar;
use crate::args::{Format, ImportArgs, Output};
use crate::style::tame;

pub(super) fn import(args: &ImportArgs, around: &Surroundings, output: Output) -> Result<Exit, Failure> {
    let path = around.root.join(&args.file);
    let named = args.name.clone();
    let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let statement = Statement {
        name: named.unwrap_or_else(stem),
        // clap wants one of the two flags.
        licence: args.license.clone().map_or(Licence::Refused, Licence::Stated),
        origin: args.origin.clone(),
        tasks: args.task.clone(),
    };
    let store = store(args.store.as_deref(), around)?;
    let documents = Documents::default();
    let bar = Bar::of(&path, output);
    let ts = now().to_string();
    let imported = contract_models::import(&store, &documents, &path, &statement, &ts, &mut |done, total| {
        bar.show(done, total)
    });
    drop(bar);
    let imported = imported.map_err(failure)?;
    if output.format == Format::Json {
        print_json(&json!({
            "v": "model-import.v0",
            "path": imported.path.display().to_string(),
            "evidence": imported.record,
        }))?;
        return Ok(Exit::Satisfied);
    }
    print_line(&imported.reference.to_string())?;
    for (condition, met) in imported.record.conditions.all() {
        note(output, &format!("  {} {condition}", if met { "yes" } else { "no " }));
    }
    let state = if imported.record.verified { "verified" } else { "unverified: no licence is attested" };
    note(output, &format!("{state}; in {}", tame(&imported.path.display().to_string())));
    Ok(Exit::Satisfied)
}
