//! Rules over source files, line by line.

use std::path::Path;

use anyhow::{Context, Result};

use crate::rules::{
    GROUND_FLOOR, LONGER, MACHINE_PATHS, MACHINE_PATHS_IN, MAX_LINES, NO_MODULE_NAMES,
    NOT_ON_THE_GROUND_FLOOR, UNSAFE_IN,
};

/// Every file that git knows, relative to the root.
pub(crate) fn tracked(root: &Path) -> Result<Vec<String>> {
    #[expect(clippy::disallowed_methods, reason = "a tool; git knows what belongs to the repository")]
    let listed = std::process::Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("git ls-files")?;
    anyhow::ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
    let mut names: Vec<String> = names.split_terminator('\0').map(str::to_owned).collect();
    names.retain(|name| root.join(name).is_file());
    Ok(names)
}

pub(crate) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for name in files {
        // What is no text has no lines.
        let Ok(text) = std::fs::read_to_string(root.join(name)) else { continue };
        let is_source = [".rs", ".py", ".sh"].iter().any(|end| name.ends_with(end));
        if is_source {
            length(name, &text, &mut faults);
        }
        if name.ends_with(".rs") && !name.starts_with("tools/xtask/") {
            rust(name, &text, &mut faults);
        }
        if !MACHINE_PATHS_IN.iter().any(|place| name.starts_with(place)) {
            for path in MACHINE_PATHS {
                if let Some(line) = text.lines().position(|line| line.contains(path)) {
                    faults.push(format!("{name}:{}: a path of one machine ({path})", line + 1));
                }
            }
        }
    }
    Ok(faults)
}

fn length(name: &str, text: &str, faults: &mut Vec<String>) {
    // Unit tests at the end do not count.
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    if lines >= MAX_LINES && !LONGER.iter().any(|(longer, _)| *longer == name) {
        faults.push(format!("{name}: {lines} lines; a file has less than {MAX_LINES}: one concept each"));
    }
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if NO_MODULE_NAMES.contains(&stem) {
        faults.push(format!("{name}: `{stem}` names no concept"));
    }
}

fn rust(name: &str, text: &str, faults: &mut Vec<String>) {
    let may_be_unsafe = UNSAFE_IN.iter().any(|place| name.starts_with(place));
    let on_the_ground = name.contains("/src/")
        && GROUND_FLOOR.iter().any(|ground| match *ground {
            "contract-json" => name.starts_with("schemas/canonical/"),
            _ => name.starts_with("schemas/ipc/"),
        });
    for (number, line) in text.lines().enumerate() {
        let mut fault = |what: &str| faults.push(format!("{name}:{}: {what}", number + 1));
        let code = line.split("//").next().unwrap_or_default();
        if line.contains("#[ignore") {
            fault("an ignored test");
        }
        if code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl") {
            if !may_be_unsafe {
                fault("`unsafe` stands in contract-sandbox only");
            }
            let before = text.lines().take(number).collect::<Vec<_>>();
            let argued = before.iter().rev().take(8).any(|line| line.contains("SAFETY:"));
            if !argued && !code.contains("unsafe fn") {
                fault("no SAFETY line above");
            }
        }
        if on_the_ground && let Some(word) = NOT_ON_THE_GROUND_FLOOR.iter().find(|word| code.contains(**word))
        {
            fault(&format!("`{word}` on the ground floor: it has no I/O, no clock and no thread"));
        }
    }
}
