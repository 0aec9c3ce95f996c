//! JUnit XML: each document is a test case.

use std::io::{self, Write};

use contract_check::{Checked, Severity, Violation};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::inputs::{Text, Unreadable};
use super::{Printer, Totals, position};
use crate::style;

pub(super) struct Junit<W> {
    out: W,
    suite: TestSuite,
}

impl<W: Write> Junit<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, suite: TestSuite::new("validate") }
    }

    /// `line` is that of the document in its file, so that the name does not change with what is wrong.
    fn case(file: &str, line: usize, kind: &str, status: TestCaseStatus) -> TestCase {
        let name = if line == 1 { file.to_owned() } else { format!("{file}:{line}") };
        let mut case = TestCase::new(style::tame(&name), status);
        case.set_classname(kind);
        case
    }
}

impl<W: Write> Printer for Junit<W> {
    fn document(&mut self, text: &Text<'_>, checked: &Checked) -> io::Result<()> {
        let mut status = if checked.is_valid() {
            TestCaseStatus::success()
        } else {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        };
        let told = |severity| {
            let violations = checked.violations.iter().filter(move |one| one.rule.severity == severity);
            violations.map(|violation| line(text, violation)).collect::<Vec<_>>()
        };
        let errors = told(Severity::Error);
        let mut all = checked.violations.iter();
        if let Some(first) = all.find(|violation| violation.rule.severity == Severity::Error) {
            let more = if errors.len() > 1 { format!(" ({} more)", errors.len() - 1) } else { String::new() };
            status
                .set_type(first.rule.id)
                .set_message(format!("{}{more}", first.rule.what))
                .set_description(errors.join("\n"));
        }
        let kind = checked.kind.map_or("unknown", |kind| kind.name);
        let mut case = Self::case(text.file, text.first_line, kind, status);
        let warnings = told(Severity::Warning);
        if !warnings.is_empty() {
            case.set_system_out(warnings.join("\n"));
        }
        self.suite.add_test_case(case);
        Ok(())
    }

    fn unreadable(&mut self, unreadable: &Unreadable<'_>) -> io::Result<()> {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        let place = unreadable.at.map(|at| format!("{at}: ")).unwrap_or_default();
        status.set_type("unreadable").set_message(format!("{place}{}", style::tame(&unreadable.why)));
        let line = unreadable.source.map_or(1, |source| source.text.first_line);
        self.suite.add_test_case(Self::case(&unreadable.file, line, "unreadable", status));
        Ok(())
    }

    fn end(&mut self, _totals: Totals) -> io::Result<()> {
        let mut report = Report::new("contract-runner");
        report.add_test_suite(std::mem::replace(&mut self.suite, TestSuite::new("")));
        report.serialize(&mut self.out).map_err(io::Error::other)?;
        self.out.flush()
    }
}

fn line(text: &Text<'_>, violation: &Violation) -> String {
    let at = position(text, violation);
    let (id, mend) = (violation.rule.id, violation.rule.mend);
    let what = format!("{}:{at}: {id}: {} ({})", text.file, violation.message, violation.pointer);
    format!("{}\n  do: {mend}", style::tame(&what))
}
