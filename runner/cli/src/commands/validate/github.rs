//! Workflow commands of GitHub Actions: annotations on the lines of a change.

use std::io::{self, Write};

use contract_check::{Checked, Severity};

use super::super::counted;
use super::inputs::{Text, Unreadable};
use super::{Printer, Totals, position};
use crate::workflow::{data, property};

pub(super) struct Github<W> {
    out: W,
}

impl<W: Write> Github<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Printer for Github<W> {
    fn document(&mut self, text: &Text<'_>, checked: &Checked) -> io::Result<()> {
        for violation in &checked.violations {
            let command = match violation.rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let at = position(text, violation);
            let message = format!("{} ({})\n{}", violation.message, violation.pointer, violation.rule.mend);
            writeln!(
                self.out,
                "::{command} file={},line={},col={},title={}::{}",
                property(text.file),
                at.line,
                at.column,
                violation.rule.id,
                data(&message)
            )?;
        }
        Ok(())
    }

    fn unreadable(&mut self, unreadable: &Unreadable<'_>) -> io::Result<()> {
        let file = property(&unreadable.file);
        let place =
            unreadable.at.map(|at| format!(",line={},col={}", at.line, at.column)).unwrap_or_default();
        writeln!(self.out, "::error file={file}{place},title=unreadable::{}", data(&unreadable.why))
    }

    fn end(&mut self, totals: Totals) -> io::Result<()> {
        writeln!(
            self.out,
            "{}, {} invalid, {} unreadable",
            counted(totals.documents, "document", "documents"),
            totals.invalid,
            totals.unreadable
        )?;
        self.out.flush()
    }
}
