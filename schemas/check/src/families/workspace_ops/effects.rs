//! Side effects: what is listed fits the class that is named. Runs of agents.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{paths, times};

const KINDS: &[&str] = &["terminal-command", "local-agent-execution"];
const EXECUTION: &str = "workspace-ops/local-agent-execution.json";

pub(crate) static OPS_EFFECTS_BEYOND_CLASS: Rule = Rule {
    id: "OPS_EFFECTS_BEYOND_CLASS",
    severity: Severity::Error,
    kinds: KINDS,
    what: "Files or network targets are listed that the class of side effects leaves out.",
    why: "Policies look at the class: an effect beyond it is a hidden one.",
    mend: "Name the class that covers the lists: filesystem, network or filesystem+network.",
    source: "gap: the texts of the original forbid it, its tool accepts it",
    example: Example {
        base: "workspace-ops/terminal-command.json",
        at: "/sideEffects/classification",
        good: r#""filesystem""#,
        bad: r#""none""#,
    },
};

pub(crate) static OPS_EFFECTS_NOT_LISTED: Rule = Rule {
    id: "OPS_EFFECTS_NOT_LISTED",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "The class names an effect, but no file or network target is listed.",
    why: "Nobody can tell what was changed, or whether it lay inside an allowed root.",
    mend: "List the files or targets, or name the class that fits.",
    source: "gap: the original does not compare class and lists",
    example: Example {
        base: EXECUTION,
        at: "/sideEffects",
        good: r#"{"classification": "network", "networkTargets": ["models.example.org"]}"#,
        bad: r#"{"classification": "network"}"#,
    },
};

pub(crate) static OPS_EFFECTS_UNDECLARED: Rule = Rule {
    id: "OPS_EFFECTS_UNDECLARED",
    severity: Severity::Warning,
    kinds: &["local-agent-execution"],
    what: "The execution is completed and does not say what it changed.",
    why: "Silence may mean none or hidden; only a class says which.",
    mend: "Add `sideEffects`, with class none if it changed nothing.",
    source: "gap: the member is optional in the original, although hidden effects are forbidden",
    example: Example {
        base: "workspace-ops/local-agent-execution.cancelled.json",
        at: "/status",
        good: r#""cancelled""#,
        bad: r#""completed""#,
    },
};

pub(crate) static OPS_TOKENS_DO_NOT_ADD: Rule = Rule {
    id: "OPS_TOKENS_DO_NOT_ADD",
    severity: Severity::Error,
    kinds: &["local-agent-execution"],
    what: "The total of tokens is not the sum of those read and written.",
    why: "Budgets are measured by these numbers.",
    mend: "Correct the number that is wrong.",
    source: "gap: the original does not add",
    example: Example { base: EXECUTION, at: "/tokenUsage/totalTokens", good: "1810", bad: "1800" },
};

pub(super) fn check(effects: Node<'_>, report: &mut Report<'_>) {
    effects.get("filesWritten").items().for_each(|path| paths::check(path, report));
    let class = effects.get("classification");
    let (files, network) = match class.str() {
        Some("none") => (false, false),
        Some("filesystem") => (true, false),
        Some("network") => (false, true),
        Some("filesystem+network") => (true, true),
        // What a mutable state is, the format does not say.
        _ => return,
    };
    for (member, covered) in [("filesWritten", files), ("networkTargets", network)] {
        let list = effects.get(member);
        let class = || class.str().unwrap_or_default();
        match (covered, list.items().len()) {
            (true, 0) => {
                report.add(
                    &OPS_EFFECTS_NOT_LISTED,
                    list,
                    format!("the class is {}, but `{member}` is empty", class()),
                );
            }
            (false, count @ 1..) => {
                let message = format!("the class is {}, but `{member}` lists {count}", class());
                report.add(&OPS_EFFECTS_BEYOND_CLASS, list, message);
            }
            _ => {}
        }
    }
}

pub(super) fn check_execution(execution: Node<'_>, report: &mut Report<'_>) {
    let status = execution.get("status").str();
    times::in_order(execution, "startedAt", "endedAt", report);
    times::fit_status(execution, times::of_status(status), ("startedAt", "endedAt"), report);
    let effects = execution.get("sideEffects");
    check(effects, report);
    if status == Some("completed") && !effects.exists() {
        report.add(&OPS_EFFECTS_UNDECLARED, execution, "`sideEffects` is missing");
    }
    let usage = execution.get("tokenUsage");
    let tokens = |name| usage.get(name).uint();
    if let (Some(read), Some(written), Some(total)) =
        (tokens("promptTokens"), tokens("completionTokens"), tokens("totalTokens"))
        && read.checked_add(written) != Some(total)
    {
        let message = format!("{read} and {written} do not make {total}");
        report.add(&OPS_TOKENS_DO_NOT_ADD, usage.get("totalTokens"), message);
    }
}
