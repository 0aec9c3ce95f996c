//! The data of the answer: a summary for people, and documents for machines.

use std::fmt::Write as _;

use serde::Serialize;

use crate::documents::{Evidence, Plan};
use crate::judgement::{Seen, Violation};
use crate::purpose::Mode;
use crate::request::Request;

/// The data of a result.
#[derive(Debug, Serialize)]
pub struct Data {
    summary: String,
    documents: Documents,
    violations: Vec<Violation>,
}

/// The documents. A refused plan leaves none: evidence of it would look like evidence of mounts that are in order.
#[derive(Debug, Default, Serialize)]
struct Documents {
    #[serde(rename = "agent-machine.mount.plan", skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    #[serde(rename = "agent-machine.mount.evidence", skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
}

impl Data {
    /// A plan and its evidence.
    #[must_use]
    pub fn planned(request: &Request, seen: &[Seen]) -> Self {
        let plan = Plan::of(request, seen);
        let evidence = Evidence::of(request, seen, &plan);
        let summary = summary(&plan, &evidence, seen);
        let documents = Documents { plan: Some(plan), evidence: Some(evidence) };
        Self { summary, documents, violations: Vec::new() }
    }

    /// What is wrong, and nothing else.
    #[must_use]
    pub fn refused(violations: Vec<Violation>) -> Self {
        let mut summary = match violations.len() {
            1 => "Refused: 1 fault.".to_owned(),
            count => format!("Refused: {count} faults."),
        };
        for violation in &violations {
            let Violation { rule, argument, message, mend, .. } = violation;
            let argument = if argument.is_empty() { String::new() } else { format!("{argument}: ") };
            push(&mut summary, format_args!("  {argument}{message} [{rule}]"));
            push(&mut summary, format_args!("    {mend}"));
        }
        Self { summary, documents: Documents::default(), violations }
    }
}

fn summary(plan: &Plan, evidence: &Evidence, seen: &[Seen]) -> String {
    let mut summary = match plan.mounts.len() {
        1 => "A plan of 1 mount. Nothing was mounted.".to_owned(),
        count => format!("A plan of {count} mounts. Nothing was mounted."),
    };
    for (mount, seen) in plan.mounts.iter().zip(seen) {
        let mode = match mount.mode {
            Mode::ReadOnly => "read-only",
            Mode::ReadWrite => "read-write",
        };
        push(&mut summary, format_args!("  {} -> {}, {mode}. {}", mount.source, mount.target, mount.reason));
        if !mount.exists {
            push(&mut summary, format_args!("    To be made: the folder is not there."));
        }
        if let Some(path) = &seen.open_to_everyone {
            push(&mut summary, format_args!("    Warning: everyone may write to {}.", path.display()));
        }
    }
    push(&mut summary, format_args!("Digest of the plan: {}", evidence.plan_digest));
    summary
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    write!(text, "\n{line}").expect("a String takes any text");
}
