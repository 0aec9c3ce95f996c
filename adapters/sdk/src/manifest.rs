//! The part of `adapter.json` that an adapter offers at run time.

use contract_ipc::{AdapterName, Capability, SchemaRef, SideEffects, Timeouts};
use serde::Deserialize;

/// The runner reads the rest of the document (command, rights, limits) from the file itself.
#[derive(Debug, Deserialize)]
struct Manifest {
    v: String,
    name: String,
    version: String,
    operations: Vec<Declared>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declared {
    name: String,
    input_schema: Option<SchemaRef>,
    output_schema: Option<SchemaRef>,
    timeouts: Option<Timeouts>,
    side_effects: Option<SideEffects>,
}

/// Reads the text of an `adapter.json`.
///
/// # Errors
/// What is wrong with it, with line and column.
pub(crate) fn read(text: &str) -> Result<(AdapterName, Vec<Capability>), String> {
    let manifest: Manifest =
        contract_json::from_slice(text.as_bytes()).map_err(|error| format!("adapter.json:{error}"))?;
    if manifest.v != "adapter.v0" {
        return Err(format!("adapter.json: `v` is `{}` instead of `adapter.v0`", manifest.v));
    }
    let capabilities = manifest.operations.into_iter().map(|declared| Capability {
        name: declared.name,
        input_schema: declared.input_schema,
        output_schema: declared.output_schema,
        timeouts: declared.timeouts,
        side_effects: declared.side_effects,
        other: serde_json::Map::new(),
    });
    Ok((AdapterName { name: manifest.name, version: manifest.version }, capabilities.collect()))
}
