//! `office.artifact.evidence`: what was looked at, what was found, and that nothing was done.

use serde::Serialize;

use crate::input::Input;
use crate::plan::Plan;

/// Evidence of a dry run or of an inspection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evidence {
    v: &'static str,
    operation: &'static str,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<Seen>,
    inputs: Vec<Input>,
    checks: Vec<Check>,
    effects_observed: [String; 0],
}

#[derive(Debug, Serialize)]
struct Seen {
    name: &'static str,
    found: bool,
}

/// Something that was checked.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Check {
    name: &'static str,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Pass,
    Fail,
}

impl Check {
    pub(crate) fn pass(name: &'static str) -> Self {
        Self { name, verdict: Verdict::Pass, what: None }
    }

    /// Fails when there is something to say against it.
    pub(crate) fn unless(name: &'static str, against: Option<String>) -> Self {
        match against {
            None => Self::pass(name),
            what => Self { name, verdict: Verdict::Fail, what },
        }
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
        };
        match &self.what {
            None => format!("{verdict}  {}", self.name),
            Some(what) => format!("{verdict}  {}: {what}", self.name),
        }
    }
}

impl Evidence {
    /// Evidence of a plan. What makes a plan impossible was refused before.
    pub(crate) fn of(operation: &'static str, plan: &Plan) -> Self {
        let output = plan.output();
        let leaves = (output.contains('/') || output.starts_with('.')).then(|| output.to_owned());
        let mut checks = vec![
            Check::pass("dry-run"),
            Check::pass("format-fits"),
            Check::pass("no-application-data"),
            Check::unless("output-inside-work-room", leaves),
        ];
        checks.extend(
            plan.preconditions
                .iter()
                .map(|precondition| Check::unless(precondition.name, precondition.why.clone())),
        );
        let backend = Seen { name: plan.backend.name, found: plan.backend.reason.is_none() };
        Self {
            plan_digest: Some(plan.digest()),
            backend: Some(backend),
            ..Self::empty(operation, plan.inputs.clone(), checks)
        }
    }

    /// Evidence of an inspection.
    pub(crate) fn of_inspection(input: Input, checks: Vec<Check>) -> Self {
        Self::empty("office.inspect", vec![input], checks)
    }

    fn empty(operation: &'static str, inputs: Vec<Input>, checks: Vec<Check>) -> Self {
        Self {
            v: "office.artifact.evidence.v0",
            operation,
            dry_run: true,
            plan_digest: None,
            backend: None,
            inputs,
            checks,
            effects_observed: [],
        }
    }
}
