//! GitHub Actions: the output of each step in a group, an annotation for each step that did not end well.

use std::path::PathBuf;

use contract_lanes::{LaneWatcher, PlannedStep, StepEnd};
use contract_receipts::{LaneReceipt, StepStatus};

use crate::workflow::{data, disarmed, property};

/// A job step shows no more annotations of a kind:
/// <https://docs.github.com/actions/reference/limits#existing-system-limits>.
const MAX_ANNOTATIONS: usize = 10;
/// Bytes of a message.
const MAX_MESSAGE_BYTES: usize = 4096;

pub(super) struct Github {
    shown: PathBuf,
    annotations: usize,
}

impl Github {
    pub(super) fn new(shown: PathBuf) -> Self {
        Self { shown, annotations: 0 }
    }
}

/// Nobody reads any more: nothing is lost, the receipts have it all.
fn line(text: &str) {
    let _ = super::super::print_line(text);
}

impl LaneWatcher for Github {
    fn step_started(&mut self, _index: usize, step: &PlannedStep) {
        line(&format!("::group::{}", data(&step.name)));
    }

    fn output(&mut self, _index: usize, text: &str) {
        for text in text.lines() {
            line(&disarmed(text));
        }
    }

    fn step_ended(&mut self, _index: usize, end: &StepEnd<'_>) {
        match end.status {
            StepStatus::Skipped => line(&disarmed(&format!("skipped {}", end.name))),
            StepStatus::Satisfied => line(&format!("satisfied in {} ms\n::endgroup::", end.duration_ms)),
            status => {
                line("::endgroup::");
                self.annotations += 1;
                let why = end.why.unwrap_or("no reason is known");
                // The last one is for the lane.
                if self.annotations < MAX_ANNOTATIONS {
                    let title = format!("step {} {}", end.name, status.as_str());
                    line(&format!("::error title={}::{}", property(&title), data(cut(why))));
                }
            }
        }
    }

    fn ended(&mut self, receipt: &LaneReceipt) {
        let Some(error) = &receipt.error else { return };
        let mut message =
            format!("{} ({}); logs and receipts are in {}", error.message, error.code, self.shown.display());
        if let Some(more) = self.annotations.checked_sub(MAX_ANNOTATIONS - 1).filter(|&more| more > 0) {
            message.push_str(&format!("; {more} more steps did not end well"));
        }
        let title = format!("lane {} {}", receipt.lane, receipt.status.as_str());
        line(&format!("::error title={}::{}", property(&title), data(cut(&message))));
    }
}

fn cut(text: &str) -> &str {
    let end = (0..=text.len().min(MAX_MESSAGE_BYTES)).rev().find(|&at| text.is_char_boundary(at));
    &text[..end.unwrap_or(0)]
}
