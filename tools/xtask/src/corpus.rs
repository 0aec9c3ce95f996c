//! `cargo xtask corpus`: a bad document for each rule that has none, made from the rule's own example.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use contract_check::{Rule, rules};
use serde_json::Value;

const CASES: &str = "conformance/cases.toml";

/// Writes what is missing, and names it.
pub(crate) fn write(root: &Path) -> Result<Vec<String>> {
    let path = root.join(CASES);
    let mut cases = std::fs::read_to_string(&path).context(CASES)?;
    let covered: BTreeSet<String> = cases
        .lines()
        .filter_map(|line| Some(line.strip_prefix("rules = [\"")?.strip_suffix("\"]")?.to_owned()))
        .collect();
    let mut written = Vec::new();
    for rule in rules().filter(|rule| !covered.contains(rule.id)) {
        let (family, _) = rule.example.base.split_once('/').context(rule.id)?;
        let name = format!("bad/{family}/{}.json", rule.id.to_ascii_lowercase().replace('_', "-"));
        let file = root.join("conformance").join(&name);
        std::fs::create_dir_all(file.parent().context("a folder")?)?;
        std::fs::write(&file, bad_document(root, rule)?).with_context(|| name.clone())?;
        write!(cases, "\n[[case]]\nfile = \"{name}\"\nrules = [\"{}\"]\n", rule.id)?;
        written.push(name);
    }
    std::fs::write(path, cases)?;
    Ok(written)
}

fn bad_document(root: &Path, rule: &Rule) -> Result<String> {
    let base = root.join("conformance/good").join(rule.example.base);
    let text = std::fs::read_to_string(&base).with_context(|| format!("{}: {}", rule.id, base.display()))?;
    let mut document: Value = serde_json::from_str(&text)?;
    let place = document
        .pointer_mut(rule.example.at)
        .with_context(|| format!("{}: nothing at {}", rule.id, rule.example.at))?;
    *place = serde_json::from_str(rule.example.bad).with_context(|| rule.id.to_owned())?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
