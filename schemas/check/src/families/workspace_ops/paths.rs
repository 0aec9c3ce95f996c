//! Paths on the device.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

pub(crate) static OPS_PATH_CLIMBS: Rule = Rule {
    id: "OPS_PATH_CLIMBS",
    severity: Severity::Warning,
    kinds: &[
        "terminal-session",
        "terminal-command",
        "local-agent-execution",
        "transfer-operation",
        "file-availability",
        "capability-profile",
    ],
    what: "A path has a `..` in it.",
    why: "With links on the way nobody can tell from the text whether it lies inside an allowed root.",
    mend: "Write the path without `..`.",
    source: "gap: the texts of the original demand paths inside allowed roots, its tool does not look",
    example: Example {
        base: "workspace-ops/terminal-session.json",
        at: "/cwd",
        good: r#""~/dev/heron/notes""#,
        bad: r#""~/dev/heron/../notes""#,
    },
};

/// A path that is used. Whether it lies inside an allowed root is for whoever has the profile too.
pub(super) fn check(path: Node<'_>, report: &mut Report<'_>) {
    if let Some(text) = path.str()
        && text.split('/').any(|part| part == "..")
    {
        report.add(&OPS_PATH_CLIMBS, path, format!("\"{text}\" climbs"));
    }
}
