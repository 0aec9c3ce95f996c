//! The root of a portable kit: folders that stay on it and apart.

use super::defaults;
use super::lists::check_repeated;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const ROOT: &str = "model-carry/portable-ai-root.json";

pub(crate) static CARRY_ROOT_PATH_OUTSIDE: Rule = Rule {
    id: "CARRY_ROOT_PATH_OUTSIDE",
    severity: Severity::Error,
    kinds: &["portable-ai-root"],
    what: "A folder of the kit does not lie below its root.",
    why: "The kit is plugged into many machines. An absolute path, a parent step, `~`, a drive or a backslash would make it write on them.",
    mend: "Write a relative path of plain names, such as kit/models.",
    source: "gap: the original accepts any string",
    example: Example {
        base: ROOT,
        at: "/directories/models",
        good: r#""kit/weights""#,
        bad: r#""/srv/models""#,
    },
};

pub(crate) static CARRY_ROOT_DIRECTORY_SHARED: Rule = Rule {
    id: "CARRY_ROOT_DIRECTORY_SHARED",
    severity: Severity::Error,
    kinds: &["portable-ai-root"],
    what: "Two folders of the kit are the same.",
    why: "Who empties tmp or cache would also empty the other one. Sticks often do not tell letter case apart.",
    mend: "Give each a folder of its own.",
    source: "gap: the original accepts any string",
    example: Example { base: ROOT, at: "/directories/tmp", good: r#""work/tmp""#, bad: r#""work/./State/""# },
};

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[&CARRY_ROOT_PATH_OUTSIDE, &CARRY_ROOT_DIRECTORY_SHARED];

const DIRECTORIES: [&str; 8] =
    ["manifests", "runtimes", "models", "cache", "state", "surfaces", "evidence", "tmp"];
const RECORDS: [&str; 4] = ["preflightDir", "materializationDir", "activationDir", "wipeDir"];

pub(super) fn check(root: Node<'_>, report: &mut Report<'_>) {
    defaults::check_root(root, report);
    let directories = DIRECTORIES.map(|name| root.get("directories").get(name));
    let records = RECORDS.map(|name| root.get("evidence").get(name));
    for place in directories.into_iter().chain(records) {
        if let Some(path) = place.str()
            && !is_below(path)
        {
            report.add(&CARRY_ROOT_PATH_OUTSIDE, place, format!("\"{path}\" does not lie below the root"));
        }
    }
    for (index, place) in directories.into_iter().enumerate() {
        let Some(path) = place.str().filter(|path| is_below(path)) else { continue };
        let same =
            (0..index).find(|&before| directories[before].str().is_some_and(|other| same(path, other)));
        if let Some(before) = same {
            report.add(
                &CARRY_ROOT_DIRECTORY_SHARED,
                place,
                format!("{path} is also the folder of {}", DIRECTORIES[before]),
            );
        }
    }
    check_repeated(root.get("surfaces"), report);
    check_repeated(root.get("modelPackRefs"), report);
}

/// Whether a path stays below the folder from which it starts, on every system.
fn is_below(path: &str) -> bool {
    !path.starts_with(['/', '~'])
        && !path.contains(['\\', ':'])
        && steps(path).next().is_some()
        && steps(path).all(|step| step != "..")
}

fn same(one: &str, other: &str) -> bool {
    steps(one).map(str::to_ascii_lowercase).eq(steps(other).map(str::to_ascii_lowercase))
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|step| !matches!(*step, "" | "."))
}
