//! For people: what would run, and each step as it ends.

use std::io::{self, Write};
use std::path::Path;

use contract_lanes::{LaneOutcome, LanePlan, LaneWatcher, PlannedRun, PlannedStep, Source, StepEnd};
use contract_receipts::{Status, StepStatus};

use super::super::counted;
use super::seen::Seen;
use crate::args::Output;
use crate::progress::Spinner;
use crate::show;
use crate::style::{dim, green, is_terminal, red, say, yellow};
use crate::workflow::disarmed;

/// Lines of output that a failed step shows.
const TAIL_LINES: usize = 10;

/// What would run.
pub(super) fn plan(plan: &LanePlan, output: Output, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "lane {} of {} ({})",
        disarmed(&plan.lane.name),
        disarmed(&plan.contract.id),
        plan.contract.kind
    )?;
    writeln!(
        out,
        "back end: sandbox on this host, instead of the {} of the contract",
        disarmed(&plan.lane.backend.kind)
    )?;
    for run in &plan.before {
        writeln!(out, " 0 evidence")?;
        planned_run(run, output, out)?;
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let skipped = step.passed_over.map(|why| format!(" (passed over: {why})")).unwrap_or_default();
        writeln!(out, "{:2} {}{skipped}", index + 1, disarmed(&step.name))?;
        for run in &step.runs {
            planned_run(run, output, out)?;
        }
    }
    if !plan.evidence.is_empty() {
        writeln!(out, "evidence")?;
    }
    for evidence in &plan.evidence {
        let from = match &evidence.source {
            Source::Operations(operations) => operations.join(", "),
            Source::Runner => "the runner".to_owned(),
        };
        writeln!(out, "   {} from {}", disarmed(&evidence.key), disarmed(&from))?;
    }
    Ok(())
}

fn planned_run(run: &PlannedRun, output: Output, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "   {} {}", disarmed(&run.plan.command.name), disarmed(&run.action.op))?;
    for line in run.action.command.lines() {
        writeln!(out, "     $ {}", disarmed(line))?;
    }
    if output.verbose {
        for line in show::profile_lines(&run.plan, true) {
            writeln!(out, "     {line}")?;
        }
        return Ok(());
    }
    writeln!(out, "     {}", show::may_line(&run.plan))
}

/// Shows a lane while it runs.
pub(super) struct Human {
    output: Output,
    steps: usize,
    spinner: Option<Spinner>,
    /// The last lines of the step that runs.
    tail: Vec<String>,
}

impl Human {
    pub(super) fn new(output: Output) -> Self {
        Self { output, steps: 0, spinner: None, tail: Vec::new() }
    }
}

impl LaneWatcher for Human {
    fn started(&mut self, plan: &LanePlan) {
        self.steps = plan.steps.len();
        if !self.output.quiet {
            let (lane, asked) = (disarmed(&plan.lane.name), disarmed(&plan.lane.backend.kind));
            say(&dim(&format!(
                "lane {lane}: {}, in the sandbox of this host instead of {asked}",
                counted(self.steps as u64, "step", "steps")
            )));
        }
    }

    fn step_started(&mut self, index: usize, step: &PlannedStep) {
        self.tail.clear();
        if !self.output.quiet && is_terminal() {
            self.spinner =
                Some(Spinner::start(format!("{}/{} {}", index + 1, self.steps, disarmed(&step.name))));
        }
    }

    fn output(&mut self, _index: usize, text: &str) {
        if self.output.verbose {
            self.spinner = None;
            text.lines().for_each(|line| say(&dim(&format!("    {}", disarmed(line)))));
            return;
        }
        self.tail.extend(text.lines().map(disarmed));
        let over = self.tail.len().saturating_sub(TAIL_LINES);
        self.tail.drain(..over);
        if let (Some(spinner), Some(last)) = (&self.spinner, self.tail.last()) {
            spinner.note(None, last);
        }
    }

    fn step_ended(&mut self, index: usize, end: &StepEnd<'_>) {
        self.spinner = None;
        let is_bad = !matches!(end.status, StepStatus::Satisfied | StepStatus::Skipped);
        if self.output.quiet && !is_bad {
            return;
        }
        let word = end.status.as_str();
        let painted = match end.status {
            StepStatus::Satisfied => green(word),
            StepStatus::Skipped => dim(word),
            StepStatus::Violated => yellow(word),
            _ => red(word),
        };
        let why = end.why.map(|why| format!(": {}", disarmed(why))).unwrap_or_default();
        let time = if end.status == StepStatus::Skipped {
            String::new()
        } else {
            format!(" in {} ms", end.duration_ms)
        };
        say(&format!("{:2}/{} {painted} {}{time}{why}", index + 1, self.steps, disarmed(end.name)));
        if is_bad {
            for line in self.tail.drain(..) {
                say(&dim(&format!("    {line}")));
            }
        }
    }
}

/// How the lane ended, and where the evidence is.
pub(super) fn last_line(outcome: &LaneOutcome, seen: &Seen, shown: &Path) -> String {
    let word = outcome.receipt.status.as_str();
    let painted = match outcome.receipt.status {
        Status::Satisfied => green(word),
        Status::Violated => yellow(word),
        _ => red(word),
    };
    format!(
        "{painted} lane {}: {}; {}; receipt: {}",
        disarmed(&seen.lane),
        counts(seen),
        counted(outcome.receipt.evidence.len() as u64, "document of evidence", "documents of evidence"),
        shown.join(contract_receipts::LANE_RECEIPT).display()
    )
}

/// `3 steps satisfied, 1 failed, 2 skipped`
pub(super) fn counts(seen: &Seen) -> String {
    let (good, skipped) = (seen.count(StepStatus::Satisfied), seen.count(StepStatus::Skipped));
    let bad = seen.steps.len() - good - skipped;
    let mut parts = vec![format!("{} satisfied", counted(good as u64, "step", "steps"))];
    if bad > 0 {
        parts.push(format!("{bad} not"));
    }
    if skipped > 0 {
        parts.push(format!("{skipped} skipped"));
    }
    parts.join(", ")
}
