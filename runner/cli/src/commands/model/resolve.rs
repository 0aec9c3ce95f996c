//! `model resolve`

use contract_engine::Failure;
use contract_ipc::Exit;
use contract_models::{Documents, Manifest, Resolved, Target};
use serde_json::{Value, json};

use super::super::{print_json, print_line};
use super::failure;
use crate::args::{Format, Output, ResolveArgs};
use crate::style::tame;

pub(super) fn resolve(args: &ResolveArgs, output: Output) -> Result<Exit, Failure> {
    let manifest = Manifest::read(&Documents::default(), &args.manifest).map_err(failure)?;
    let target = Target {
        device: args.device_class,
        os_version: args.os_version.clone(),
        locale: args.locale.clone(),
    };
    let models = args.model.as_deref().map_or_else(|| manifest.models(), |model| vec![model]);
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for model in models {
        match manifest.resolve(model, &target) {
            Ok(resolved) => found.push((model, resolved)),
            Err(error) => failures.push(failure(error)),
        }
    }
    if output.format == Format::Json {
        let errors: Vec<Value> = failures.iter().map(super::super::failure_json).collect();
        let entries: Vec<Value> = found.iter().map(|(model, resolved)| as_json(model, resolved)).collect();
        print_json(
            &json!({"v": "model-resolve.v0", "manifest": manifest.id, "entries": entries, "errors": errors}),
        )?;
        return Ok(failures.first().map_or(Exit::Satisfied, |first| first.code.exit()));
    }
    for (model, resolved) in &found {
        print_line(&format!("{}  {}", tame(model), tame(&resolved.chosen.id)))?;
        for (entry, why) in &resolved.passed_over {
            print_line(&format!("  not {}: {}", tame(&entry.id), tame(why)))?;
        }
    }
    failures.into_iter().next().map_or(Ok(Exit::Satisfied), Err)
}

fn as_json(model: &str, resolved: &Resolved<'_>) -> Value {
    let passed: Vec<Value> =
        resolved.passed_over.iter().map(|(entry, why)| json!({"entryId": entry.id, "why": why})).collect();
    json!({
        "modelRef": model,
        "entryId": resolved.chosen.id,
        "contentSha256": resolved.chosen.content,
        "passedOver": passed,
    })
}
