//! `adapter inspect` and `adapter lock`: a handshake, no call, and no evidence that stays.

use std::collections::BTreeMap;
use std::path::Path;

use contract_engine::{
    Command, Failure, Lock, LockVersion, Nobody, Outcome, Pin, Request, Surroundings, digest_capabilities,
    digest_command, prepare,
};
use contract_ipc::{Capabilities, Code, Exit};
use serde_json::json;

use super::{note, print_json, print_line, request};
use crate::args::{Authority, Format, InspectArgs, Output};
use crate::show;
use crate::style::tame;

/// An adapter that shook hands.
struct Met {
    command: Command,
    profile: Vec<String>,
    capabilities: Capabilities,
}

fn meet(request: &Request, around: &Surroundings, output: Output) -> Result<Met, Failure> {
    let folder = tempfile::tempdir().map_err(|error| {
        Failure::new(Code::ContractOutUnwritable, format!("no temporary folder: {error}"))
    })?;
    let prepared = prepare(request, around, folder.path()).map_err(|refusal| refusal.failure)?;
    let command = prepared.plan().command.clone();
    let profile = show::profile_lines(prepared.plan(), true);
    let outcome: Outcome = prepared.run(&mut Nobody).map_err(|refusal| refusal.failure)?;
    if let Some(failure) = outcome.failure {
        if output.format == Format::Human {
            show::stderr(&outcome.stderr, output.verbose);
        }
        return Err(failure);
    }
    let offered = outcome.receipt.capabilities.unwrap_or_default();
    let capabilities = serde_json::from_value(offered).map_err(|error| {
        Failure::new(Code::ContractInternal, format!("the offer cannot be read again: {error}"))
    })?;
    Ok(Met { command, profile, capabilities })
}

pub(crate) fn inspect(args: &InspectArgs, output: Output) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    let met = meet(&request(&args.adapter, &args.authority), &around, output)?;
    let digest = digest_command(&met.command)?;
    if output.format == Format::Json {
        print_json(&json!({
            "v": "adapter-inspection.v0",
            "name": met.command.name,
            "argv": met.command.argv,
            "digest": digest,
            "manifest": met.command.manifest.as_ref().map(|found| found.path.display().to_string()),
            "capabilities": met.capabilities,
            "profile": met.profile,
        }))?;
        return Ok(Exit::Satisfied);
    }
    let who = &met.capabilities.adapter;
    print_line(&format!("{} {}", tame(&who.name), tame(&who.version)))?;
    print_line(&format!("  command   {}", tame(&met.command.argv.join(" "))))?;
    print_line(&format!("  digest    {digest}"))?;
    if let Some(found) = &met.command.manifest {
        print_line(&format!("  manifest  {}", tame(&found.path.display().to_string())))?;
    }
    for line in &met.profile {
        print_line(&format!("  {line}"))?;
    }
    for capability in &met.capabilities.capabilities {
        let effects: Vec<_> = capability.side_effects().iter().map(|effect| effect.as_str()).collect();
        let effects = if effects.is_empty() { "no side effects".to_owned() } else { effects.join(", ") };
        print_line(&format!("  --op {}  ({effects})", tame(&capability.name)))?;
        for (name, schema) in [("args", &capability.input_schema), ("data", &capability.output_schema)] {
            if let Some(schema) = schema {
                print_line(&format!("      {name}: {}", tame(&json!(schema).to_string())))?;
            }
        }
    }
    Ok(Exit::Satisfied)
}

pub(crate) fn lock(
    adapters: &[String],
    out: Option<&Path>,
    authority: &Authority,
    output: Output,
) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    let mut lock = Lock { v: LockVersion::V0, adapters: BTreeMap::new() };
    for adapter in adapters {
        let met = meet(&request(adapter, authority), &around, output)?;
        let pin = Pin {
            command: digest_command(&met.command)?,
            manifest: met.command.manifest.as_ref().map(|found| found.digest.clone()),
            capabilities: digest_capabilities(&met.capabilities),
        };
        if lock.adapters.insert(met.command.name.clone(), pin).is_some() {
            return Err(super::usage(format!("two adapters are called `{}`", met.command.name)));
        }
    }
    let text = serde_json::to_string_pretty(&lock).map_err(|error| {
        Failure::new(Code::ContractInternal, format!("the lock cannot be written: {error}"))
    })?;
    match out {
        None => print_line(&text)?,
        Some(path) => {
            super::write_whole(path, format!("{text}\n").as_bytes()).map_err(|error| {
                let hint = "The folder must exist, and you must be allowed to write there.";
                Failure::new(Code::ContractOutUnwritable, format!("{}: {}", path.display(), error.kind()))
                    .hint(hint)
            })?;
            let count = lock.adapters.len();
            let are = if count == 1 { "adapter is" } else { "adapters are" };
            note(output, &format!("{count} {are} locked in {}", path.display()));
        }
    }
    Ok(Exit::Satisfied)
}
