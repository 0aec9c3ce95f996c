//! `cargo xtask corpus`: a bad document for each rule that has none, made from the rule's own example.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use contract_check::{Rule, rules};

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
        let (_, extension) = rule.example.base.rsplit_once('.').context(rule.id)?;
        let name = format!("bad/{family}/{}.{extension}", rule.id.to_ascii_lowercase().replace('_', "-"));
        let file = root.join("conformance").join(&name);
        std::fs::create_dir_all(file.parent().context("a folder")?)?;
        std::fs::write(&file, bad_file(root, rule)?).with_context(|| name.clone())?;
        write!(cases, "\n[[case]]\nfile = \"{name}\"\nrules = [\"{}\"]\n", rule.id)?;
        written.push(name);
    }
    std::fs::write(path, cases)?;
    Ok(written)
}

fn bad_file(root: &Path, rule: &Rule) -> Result<String> {
    let base = root.join("conformance/good").join(rule.example.base);
    let text = std::fs::read_to_string(&base).with_context(|| format!("{}: {}", rule.id, base.display()))?;
    let documents =
        rule.example.documents(&text, rule.example.bad).map_err(|why| anyhow!("{}: {why}", rule.id))?;
    let texts = documents.iter().map(|document| match documents.len() {
        1 => serde_json::to_string_pretty(document),
        _ => serde_json::to_string(document),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n") + "\n")
}
