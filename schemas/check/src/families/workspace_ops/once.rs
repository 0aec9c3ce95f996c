//! Ids that occur once.

use std::collections::HashMap;

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

pub(crate) static OPS_ID_DUPLICATE: Rule = Rule {
    id: "OPS_ID_DUPLICATE",
    severity: Severity::Error,
    kinds: &["workspace-operation", "terminal-session", "browser-session"],
    what: "An id occurs twice in one list.",
    why: "Other records name exactly one thing by its id.",
    mend: "Give each record an id of its own, and name each id once.",
    source: "gap: the original accepts it",
    example: Example {
        base: "workspace-ops/workspace-operation.json",
        at: "/events/1/id",
        good: r#""ev-2""#,
        bad: r#""ev-1""#,
    },
};

/// No two of the nodes are the same string.
pub(super) fn each_once<'a>(ids: impl ExactSizeIterator<Item = Node<'a>>, report: &mut Report<'_>) {
    if ids.len() < 2 {
        return;
    }
    let mut seen = HashMap::with_capacity(ids.len());
    for (index, node) in ids.enumerate() {
        let Some(id) = node.str() else { continue };
        if let Some(first) = seen.insert(id, index) {
            seen.insert(id, first);
            report.add(&OPS_ID_DUPLICATE, node, format!("\"{id}\" is already the id at index {first}"));
        }
    }
}
