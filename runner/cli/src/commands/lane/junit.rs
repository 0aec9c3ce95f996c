//! JUnit XML: the lane is a test suite, each step a test case.

use std::path::Path;
use std::time::Duration;

use contract_engine::Failure;
use contract_ipc::{Code, Exit};
use contract_lanes::LaneOutcome;
use contract_receipts::StepStatus;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::seen::{Seen, SeenStep};
use crate::style::tame;

pub(super) fn junit(seen: &Seen, outcome: &LaneOutcome, shown: &Path) -> Result<Vec<u8>, Failure> {
    let mut suite = TestSuite::new(tame(&seen.lane));
    for step in &seen.steps {
        let mut case = TestCase::new(tame(&step.name), status(step));
        case.set_classname(tame(&seen.contract));
        case.set_time(Duration::from_millis(step.duration_ms));
        if !step.tail.is_empty() {
            case.set_system_out(output(step, shown));
        }
        suite.add_test_case(case);
    }
    // What no step is to blame for: evidence that is missing, or that could not be written.
    if let Some(failure) = outcome.failure.as_ref().filter(|_| seen.bad().next().is_none()) {
        let kind =
            if outcome.exit == Exit::Violated { NonSuccessKind::Failure } else { NonSuccessKind::Error };
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(failure.code_text()).set_message(tame(&failure.message));
        let mut case = TestCase::new("evidence", status);
        case.set_classname(tame(&seen.contract));
        suite.add_test_case(case);
    }
    let mut report = Report::new("contract-runner");
    report.add_test_suite(suite);
    let mut bytes = Vec::new();
    report
        .serialize(&mut bytes)
        .map_err(|error| Failure::new(Code::ContractInternal, format!("the JUnit report: {error}")))?;
    Ok(bytes)
}

fn status(step: &SeenStep) -> TestCaseStatus {
    let why = step.why.as_deref().map(tame).unwrap_or_default();
    let mut status = match step.status {
        StepStatus::Satisfied => return TestCaseStatus::success(),
        StepStatus::Skipped => TestCaseStatus::skipped(),
        // It was done, and the answer is no.
        StepStatus::Violated => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if let Some(code) = &step.code {
        status.set_type(code.clone());
    }
    status.set_message(why);
    status
}

fn output(step: &SeenStep, shown: &Path) -> String {
    let text: Vec<String> = step.tail.lines().map(tame).collect();
    let logs: Vec<String> =
        step.logs.iter().map(|log| shown.join("logs").join(log).display().to_string()).collect();
    let cut =
        if step.is_cut { format!("(the end; all of it is in {})\n", logs.join(", ")) } else { String::new() };
    format!("{cut}{}", text.join("\n"))
}
