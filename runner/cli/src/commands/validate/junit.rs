//! JUnit XML: each document is a test case.

use std::io::{self, Write};

use contract_check::{Checked, Severity};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::inputs::{Text, Unreadable};
use super::{Printer, Totals, position};

pub(super) struct Junit<W> {
    out: W,
    suite: TestSuite,
}

impl<W: Write> Junit<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, suite: TestSuite::new("validate") }
    }

    fn add(&mut self, file: &str, line: usize, kind: &str, status: TestCaseStatus) {
        let name = if line == 1 { file.to_owned() } else { format!("{file}:{line}") };
        let mut case = TestCase::new(name, status);
        case.set_classname(kind);
        self.suite.add_test_case(case);
    }
}

impl<W: Write> Printer for Junit<W> {
    fn document(&mut self, text: &Text<'_>, checked: &Checked) -> io::Result<()> {
        let mut status = if checked.is_valid() {
            TestCaseStatus::success()
        } else {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        };
        let errors = checked.violations.iter().filter(|violation| violation.rule.severity == Severity::Error);
        if let Some(first) = errors.clone().next() {
            let told: Vec<String> = errors
                .map(|violation| {
                    let at = position(text, violation);
                    format!(
                        "{}:{at}: {}: {} ({})\n  do: {}",
                        text.file,
                        violation.rule.id,
                        violation.message,
                        violation.pointer,
                        violation.rule.mend
                    )
                })
                .collect();
            status.set_type(first.rule.id).set_message(first.rule.what).set_description(told.join("\n"));
        }
        self.add(text.file, text.first_line, checked.kind.map_or("unknown", |kind| kind.name), status);
        Ok(())
    }

    fn unreadable(&mut self, unreadable: &Unreadable) -> io::Result<()> {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("unreadable").set_message(unreadable.why.clone());
        self.add(&unreadable.file, unreadable.at.map_or(1, |at| at.line), "unreadable", status);
        Ok(())
    }

    fn end(&mut self, _totals: Totals) -> io::Result<()> {
        let mut report = Report::new("contract-runner");
        report.add_test_suite(std::mem::replace(&mut self.suite, TestSuite::new("")));
        report.serialize(&mut self.out).map_err(io::Error::other)?;
        self.out.flush()
    }
}
