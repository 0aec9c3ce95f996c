//! What was seen of a lane, for the reports that are written at its end.

use contract_ipc::Code;
use contract_lanes::{LanePlan, LaneWatcher, PlannedStep, StepEnd};
use contract_receipts::StepStatus;

/// Bytes that are kept of the end of a step's output; all of it is in its log.
const TAIL_BYTES: usize = 64 * 1024;

/// A lane, step by step.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) contract: String,
    pub(super) lane: String,
    pub(super) steps: Vec<SeenStep>,
}

/// One step.
#[derive(Debug)]
pub(super) struct SeenStep {
    pub(super) name: String,
    /// Files of its output, below `logs/`.
    pub(super) logs: Vec<String>,
    pub(super) status: StepStatus,
    pub(super) why: Option<String>,
    pub(super) code: Option<String>,
    pub(super) duration_ms: u64,
    /// The end of its output.
    pub(super) tail: String,
    pub(super) is_cut: bool,
}

impl Seen {
    pub(super) fn new(plan: &LanePlan) -> Self {
        let step = |step: &PlannedStep| SeenStep {
            name: step.name.clone(),
            logs: step.runs.iter().map(|run| format!("{}.log", run.id)).collect(),
            status: StepStatus::Skipped,
            why: None,
            code: None,
            duration_ms: 0,
            tail: String::new(),
            is_cut: false,
        };
        Self {
            contract: plan.contract.id.clone(),
            lane: plan.lane.name.clone(),
            steps: plan.steps.iter().map(step).collect(),
        }
    }

    pub(super) fn count(&self, status: StepStatus) -> usize {
        self.steps.iter().filter(|step| step.status == status).count()
    }

    pub(super) fn bad(&self) -> impl Iterator<Item = &SeenStep> {
        self.steps.iter().filter(|step| step.is_bad())
    }
}

impl SeenStep {
    pub(super) fn is_bad(&self) -> bool {
        !matches!(self.status, StepStatus::Satisfied | StepStatus::Skipped)
    }
}

impl LaneWatcher for Seen {
    fn output(&mut self, index: usize, text: &str) {
        let step = &mut self.steps[index];
        step.tail.push_str(text);
        if !text.ends_with('\n') {
            step.tail.push('\n');
        }
        if step.tail.len() > 2 * TAIL_BYTES {
            cut(step);
        }
    }

    fn step_ended(&mut self, index: usize, end: &StepEnd<'_>) {
        let step = &mut self.steps[index];
        cut(step);
        step.status = end.status;
        step.why = end.why.map(str::to_owned);
        step.code = end.failure.map(|failure| failure.code_text().to_owned());
        step.duration_ms = end.duration_ms;
        if end.failure.is_some_and(|failure| failure.code == Code::LaneStepFailed) {
            // The code of the lane says no more than the status.
            step.code = Some(end.status.as_str().to_owned());
        }
    }
}

/// Keeps the last lines.
fn cut(step: &mut SeenStep) {
    let Some(over) = step.tail.len().checked_sub(TAIL_BYTES).filter(|&over| over > 0) else { return };
    let from = (over..step.tail.len()).find(|&at| step.tail.is_char_boundary(at)).unwrap_or(step.tail.len());
    let from = step.tail[from..].find('\n').map_or(from, |at| from + at + 1);
    step.tail.drain(..from);
    step.is_cut = true;
}

/// Looks away.
pub(super) struct Nothing;

impl LaneWatcher for Nothing {}
