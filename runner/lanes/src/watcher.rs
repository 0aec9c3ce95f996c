//! Who looks on while a lane goes on: the command line, a report.

use contract_engine::Failure;
use contract_json::Digest;
use contract_receipts::{LaneReceipt, StepStatus};

use crate::plan::{LanePlan, PlannedStep};

/// Told what happens, in the order in which it happens. All texts are redacted.
pub trait LaneWatcher {
    /// The lane begins.
    fn started(&mut self, _plan: &LanePlan) {}

    /// Step number `index`, from 0, begins.
    fn step_started(&mut self, _index: usize, _step: &PlannedStep) {}

    /// The step says something, mostly in whole lines.
    fn output(&mut self, _index: usize, _text: &str) {}

    /// The step has ended after so many milliseconds.
    fn step_ended(&mut self, _index: usize, _end: &StepEnd<'_>) {}

    /// A promised document was written.
    fn evidence(&mut self, _key: &str, _digest: &Digest) {}

    /// The lane has ended, its receipt is written.
    fn ended(&mut self, _receipt: &LaneReceipt) {}
}

/// How a step ended.
#[derive(Debug)]
pub struct StepEnd<'a> {
    /// Its name.
    pub name: &'a str,
    /// How.
    pub status: StepStatus,
    /// Why, when it did not end well or was passed over.
    pub why: Option<&'a str>,
    /// The failure, when there is one.
    pub failure: Option<&'a Failure>,
    /// How long it took.
    pub duration_ms: u64,
}

/// Tells several.
#[derive(Default)]
pub struct Several<'w>(pub Vec<&'w mut dyn LaneWatcher>);

impl LaneWatcher for Several<'_> {
    fn started(&mut self, plan: &LanePlan) {
        self.0.iter_mut().for_each(|watcher| watcher.started(plan));
    }

    fn step_started(&mut self, index: usize, step: &PlannedStep) {
        self.0.iter_mut().for_each(|watcher| watcher.step_started(index, step));
    }

    fn output(&mut self, index: usize, text: &str) {
        self.0.iter_mut().for_each(|watcher| watcher.output(index, text));
    }

    fn step_ended(&mut self, index: usize, end: &StepEnd<'_>) {
        self.0.iter_mut().for_each(|watcher| watcher.step_ended(index, end));
    }

    fn evidence(&mut self, key: &str, digest: &Digest) {
        self.0.iter_mut().for_each(|watcher| watcher.evidence(key, digest));
    }

    fn ended(&mut self, receipt: &LaneReceipt) {
        self.0.iter_mut().for_each(|watcher| watcher.ended(receipt));
    }
}
