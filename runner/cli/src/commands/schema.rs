//! `schema list`, `schema show`, `schema export`

use std::path::Path;

use contract_check::kinds;
use contract_engine::Failure;
use contract_ipc::{Code, Exit};
use serde_json::{Value, json};

use super::validate::known_kind;
use super::{note, print_json, print_line};
use crate::args::{Format, Output, SchemaCommand};

pub(crate) fn schema(command: &SchemaCommand, output: Output) -> Result<Exit, Failure> {
    match command {
        SchemaCommand::List => list(output)?,
        SchemaCommand::Show { kind } => print_line(known_kind(kind)?.schema.trim_end())?,
        SchemaCommand::Export { folder } => export(folder, output)?,
    }
    Ok(Exit::Satisfied)
}

fn list(output: Output) -> Result<(), Failure> {
    if output.format == Format::Json {
        let list: Vec<Value> = kinds()
            .map(|kind| json!({"kind": kind.name, "title": kind.title, "family": kind.family, "recognised": kind.recognised_by()}))
            .collect();
        return print_json(&json!({"v": "schema-list.v0", "kinds": list}));
    }
    let width = kinds().map(|kind| kind.name.len()).max().unwrap_or_default();
    let mut family = "";
    for kind in kinds() {
        if family != kind.family {
            family = kind.family;
            print_line(&format!("{family}/"))?;
        }
        print_line(&format!("  {:<width$}  {}", kind.name, kind.recognised_by()))?;
    }
    Ok(())
}

fn export(folder: &Path, output: Output) -> Result<(), Failure> {
    for kind in kinds() {
        let path = folder.join(kind.family).join(format!("{}.schema.json", kind.name));
        let made = std::fs::create_dir_all(folder.join(kind.family));
        made.and_then(|()| std::fs::write(&path, kind.schema)).map_err(|error| {
            Failure::new(Code::ContractOutputFailed, format!("{}: {error}", path.display()))
        })?;
    }
    note(output, &format!("{} schemas in {}", kinds().count(), folder.display()));
    Ok(())
}
