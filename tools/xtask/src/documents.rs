//! Links between documents lead somewhere.

use std::path::Path;

use anyhow::{Context, Result};

pub(crate) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for name in files.iter().filter(|name| name.ends_with(".md")) {
        let text = std::fs::read_to_string(root.join(name)).with_context(|| name.clone())?;
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        for (number, line) in outside_code(&text) {
            for target in targets(line) {
                if target.contains("://") || target.starts_with('#') || target.starts_with("mailto:") {
                    continue;
                }
                let file = target.split('#').next().unwrap_or_default();
                if !root.join(folder).join(file).exists() {
                    faults.push(format!("{name}:{number}: the link to {target} leads nowhere"));
                }
            }
        }
        for (number, line) in text.lines().enumerate() {
            for word in line.split(['`', ' ', '(', ')', ',', ';']) {
                // FILE:LINE:COLUMN names the file.
                let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ':'));
                let is_ours =
                    ["docs/", "schemas/", "runner/", "adapters/", "conformance/", "reference/", "tools/"]
                        .iter()
                        .any(|folder| word.starts_with(folder));
                let is_plain = !word.contains(['*', '<', '{', '$', 'N', '"', '\'']);
                if is_ours && is_plain && !root.join(word).exists() {
                    faults.push(format!("{name}:{}: {word} is not there", number + 1));
                }
            }
        }
    }
    Ok(faults)
}

/// Lines outside of fenced blocks, with their numbers from 1.
fn outside_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        (!fenced).then_some((index + 1, line))
    })
}

/// The targets of `[text](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_no_links() {
        let text = "a [b](c.md) d [e](f)\n```\n[g](h)\n```\n";
        let found: Vec<&str> = outside_code(text).flat_map(|(_, line)| targets(line)).collect();
        assert_eq!(found, ["c.md", "f"]);
    }
}
