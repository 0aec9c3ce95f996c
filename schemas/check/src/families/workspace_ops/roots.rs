//! Allowed roots of a workstation.

use contract_shell::{Place, Root, Text};

use crate::node::Node;
use crate::places::{Judgement, as_programs_read, judge};
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::paths;

pub(crate) static OPS_HOME_AS_ROOT: Rule = Rule {
    id: "OPS_HOME_AS_ROOT",
    severity: Severity::Error,
    kinds: &["capability-profile"],
    what: "An allowed root is a whole home, or a place that no operation may have.",
    why: "Below it lie keys, mail and browser profiles. A root that holds everything allows everything.",
    mend: "Name the folders that operations need, such as ~/dev/heron.",
    source: "gap: the texts of the original forbid whole homes, its tool does not look",
    example: Example {
        base: "workspace-ops/capability-profile.json",
        at: "/capabilities/filesystem/allowedRoots/0",
        good: r#""~/dev/heron""#,
        bad: r#""~""#,
    },
};

/// A folder below which operations may read and write.
pub(super) fn check(root: Node<'_>, report: &mut Report<'_>) {
    paths::check(root, report);
    let Some(path) = root.str() else { return };
    let place = Place::of(Root::Start).join(&as_programs_read(&Text::from(path)));
    if let Judgement::Forbidden(reason) = judge(&place, report.home()) {
        report.add(&OPS_HOME_AS_ROOT, root, format!("\"{path}\" {reason}"));
    }
}
