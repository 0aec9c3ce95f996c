//! For programs: one JSON object a line, `validate.v0` for each document and `validate-summary.v0` at the end.

use std::io::{self, Write};

use contract_check::Checked;
use serde_json::{Value, json};

use super::inputs::{Text, Unreadable};
use super::{Printer, Totals, position};
use crate::style;

pub(super) struct Json<W> {
    out: W,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    fn line(&mut self, value: &Value) -> io::Result<()> {
        self.out.write_all(&style::json_escaped(value.to_string().as_bytes()))?;
        self.out.write_all(b"\n")
    }
}

impl<W: Write> Printer for Json<W> {
    fn document(&mut self, text: &Text<'_>, checked: &Checked) -> io::Result<()> {
        let violations: Vec<Value> = checked
            .violations
            .iter()
            .map(|violation| {
                let at = position(text, violation);
                json!({
                    "rule": violation.rule.id, "severity": violation.rule.severity.as_str(),
                    "line": at.line, "column": at.column, "pointer": violation.pointer,
                    "message": style::tame(&violation.message), "mend": violation.rule.mend,
                })
            })
            .collect();
        self.line(&json!({
            "v": "validate.v0", "file": text.file, "line": text.first_line,
            "kind": checked.kind.map(|kind| kind.name), "valid": checked.is_valid(), "violations": violations,
        }))
    }

    fn unreadable(&mut self, unreadable: &Unreadable<'_>) -> io::Result<()> {
        self.line(&json!({
            "v": "validate.v0", "file": unreadable.file, "line": unreadable.at.map(|at| at.line),
            "column": unreadable.at.map(|at| at.column), "unreadable": style::tame(&unreadable.why), "mend": unreadable.mend,
        }))
    }

    fn end(&mut self, totals: Totals) -> io::Result<()> {
        self.line(&json!({
            "v": "validate-summary.v0", "documents": totals.documents, "invalid": totals.invalid,
            "errors": totals.errors, "warnings": totals.warnings, "unreadable": totals.unreadable,
            "exit": totals.exit().status(),
        }))?;
        self.out.flush()
    }
}
