//! The verbs that adapters bring along, and what each adapter asks for.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::cell;

/// Rights of an adapter that the table shows; the manifest has all of them.
const MOST_RIGHTS: usize = 16;

/// The end of docs/commands.md.
pub(super) fn section(root: &Path) -> Result<String> {
    let manifests = manifests(&root.join("adapters"))?;
    let mut text = String::from(
        "\n## Verbs\n\
         Commands of the adapters that `tools/install` installs: data in their manifests ([how](writing-an-adapter.md#verbs)). In brackets is what may be left\n\
         out. Every verb takes `--emit`, `--out` and the flags of authority, too; `contract-runner WORDS --help` says what each argument is.\n\n\
         | verb and arguments | operation | adapter | what it does |\n|---|---|---|---|\n",
    );
    for manifest in &manifests {
        for verb in list(&manifest["verbs"]) {
            let operation = list(&manifest["operations"])
                .iter()
                .find(|operation| operation["name"] == verb["op"])
                .with_context(|| format!("{}: no such operation", verb["op"]))?;
            let (op, name) = (word(&verb["op"])?, word(&manifest["name"])?);
            let does = cell(word(&operation["description"])?);
            writeln!(text, "| `{}` | `{op}` | {name} | {does} |", usage(verb, operation)?)?;
        }
    }
    text.push_str(
        "\nWhat the adapters ask for, and get when such a verb is typed or a step of a lane needs them. No other command gives it to them.\n\n\
         | adapter | asks | where the path exists |\n|---|---|---|\n",
    );
    for manifest in &manifests {
        let name = word(&manifest["name"])?;
        let (asks, if_present) = (rights(manifest, "asks")?, rights(manifest, "asksIfPresent")?);
        writeln!(text, "| [{name}](../adapters/{name}/adapter.json) | {asks} | {if_present} |")?;
    }
    Ok(text)
}

fn rights(manifest: &Value, member: &str) -> Result<String> {
    let rights = list(&manifest[member]);
    if rights.is_empty() {
        return Ok("nothing".to_owned());
    }
    let shown = rights.iter().take(MOST_RIGHTS).map(|right| Ok(format!("`{}`", word(right)?)));
    let shown = shown.collect::<Result<Vec<_>>>()?.join(", ");
    Ok(match rights.len().saturating_sub(MOST_RIGHTS) {
        0 => shown,
        more => format!("{shown}, and {more} more in its manifest"),
    })
}

/// `office convert FILE --to TEXT [--dry-run]`
fn usage(verb: &Value, operation: &Value) -> Result<String> {
    let mut words = list(&verb["words"]).iter().map(word).collect::<Result<Vec<_>>>()?.join(" ");
    let required = list(&operation["inputSchema"]["required"]);
    let empty = serde_json::Map::new();
    let properties = operation["inputSchema"]["properties"].as_object().unwrap_or(&empty);
    let by_place = list(&verb["positionals"]).iter().filter_map(Value::as_str);
    let by_flag = properties.keys().map(String::as_str).filter(|name| !has(&verb["positionals"], name));
    for name in by_place.chain(by_flag).filter(|name| verb["fixed"].get(name).is_none()) {
        let schema = &properties[name];
        let flag = flag_name(name);
        let mut shown = if has(&verb["positionals"], name) {
            flag.to_uppercase()
        } else {
            format!("--{flag}{}", value(schema))
        };
        let is_filled =
            ["fromEnvironment", "fromRunner"].iter().any(|member| verb[*member].get(name).is_some());
        if is_filled || schema["type"] == "boolean" || !required.iter().any(|needed| needed == name) {
            shown = format!("[{shown}]");
        }
        if schema["type"] == "array" {
            shown.push_str("...");
        }
        write!(words, " {shown}")?;
    }
    Ok(words)
}

fn value(schema: &Value) -> &'static str {
    match schema["type"].as_str() {
        Some("boolean") => "",
        Some("integer" | "number") => " N",
        _ => " TEXT",
    }
}

/// As the command line names it: `devRoot` is `--dev-root`.
fn flag_name(property: &str) -> String {
    property.chars().fold(String::new(), |mut flag, c| {
        if c.is_ascii_uppercase() {
            flag.push('-');
        }
        flag.push(c.to_ascii_lowercase());
        flag
    })
}

fn manifests(adapters: &Path) -> Result<Vec<Value>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(adapters)?
        .map(|entry| Ok(entry?.path().join("adapter.json")))
        .collect::<Result<_>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read(path)?;
            serde_json::from_slice(&text).with_context(|| path.display().to_string())
        })
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn has(names: &Value, name: &str) -> bool {
    list(names).iter().any(|known| known == name)
}

fn word(value: &Value) -> Result<&str> {
    value.as_str().with_context(|| format!("{value}: no text"))
}
