//! Who may import whom, over `cargo metadata`.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::rules::{IMPORTS, ONLY_IN};

pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let mut faults = Vec::new();
    let ours: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let Some((_, allowed)) = IMPORTS.iter().find(|(known, _)| *known == name) else {
            faults.push(format!("{name}: a new crate; say in tools/xtask/src/rules.rs what it may import"));
            continue;
        };
        for dependency in &package.dependencies {
            let used = dependency.name.as_str();
            if ours.contains(&used) && !allowed.contains(&used) {
                faults.push(format!("{name} imports {used}: not allowed (tools/xtask/src/rules.rs)"));
            }
            if let Some((_, only)) = ONLY_IN.iter().find(|(library, _)| *library == used)
                && !only.contains(&name)
            {
                faults.push(format!("{name} uses {used}: only {} may", only.join(", ")));
            }
        }
    }
    for (known, _) in IMPORTS {
        if !ours.contains(known) {
            faults.push(format!("{known}: in the table of imports, but no crate"));
        }
    }
    Ok(faults)
}
