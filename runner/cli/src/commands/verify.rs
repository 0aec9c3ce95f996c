//! `verify`

use std::path::Path;

use contract_engine::Failure;
use contract_ipc::Exit;
use contract_receipts::{Verdict, check_expected};
use serde_json::json;

use super::{print_json, print_line, usage};
use crate::args::{Format, Output};
use crate::style;

pub(crate) fn verify(folder: &Path, expected: Option<&str>, output: Output) -> Result<Exit, Failure> {
    if let Some(text) = expected {
        check_expected(text).map_err(|error| usage(format!("--expect-digest: {error}")))?;
    }
    let verdict = contract_receipts::verify(folder, expected);
    print(&verdict, output)?;
    Ok(verdict.exit())
}

pub(super) fn print(verdict: &Verdict, output: Output) -> Result<(), Failure> {
    if output.format == Format::Json {
        let (receipt, finding) = match verdict {
            Verdict::Verified { receipt } | Verdict::Consistent { receipt } => (json!(receipt), json!(null)),
            Verdict::Mismatch(finding) | Verdict::Unverifiable(finding) => (
                json!(null),
                json!({
                    "step": finding.step, "file": finding.file, "line": finding.line, "pointer": finding.pointer,
                    "expected": finding.expected, "found": finding.found,
                }),
            ),
        };
        return print_json(&json!({
            "v": "verify.v0", "answer": verdict.answer(), "exit": verdict.exit().status(), "receipt": receipt, "finding": finding,
        }));
    }
    match verdict {
        Verdict::Verified { receipt } | Verdict::Consistent { receipt } => {
            print_line(&format!("{verdict} blake3:{}", receipt.blake3))?;
        }
        Verdict::Mismatch(_) | Verdict::Unverifiable(_) => print_line(&style::tame(&verdict.to_string()))?,
    }
    Ok(())
}
