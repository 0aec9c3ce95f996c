//! `verify`

use std::path::Path;

use contract_engine::Failure;
use contract_inference::{EVIDENCE, RECEIPTS};
use contract_ipc::Exit;
use contract_receipts::{Verdict, check_expected};
use serde_json::json;

use super::{counted, print_json, print_line, usage};
use crate::args::{Format, Output};
use crate::style;

pub(crate) fn verify(folder: &Path, expected: Option<&str>, output: Output) -> Result<Exit, Failure> {
    if let Some(text) = expected {
        check_expected(text).map_err(|error| usage(format!("--expect-digest: {error}")))?;
    }
    if [RECEIPTS, EVIDENCE].iter().any(|name| folder.join(name).is_file()) {
        return verify_records(folder, expected, output);
    }
    let verdict = contract_receipts::verify(folder, expected);
    print(&verdict, output)?;
    Ok(verdict.exit())
}

/// A folder of inference records: the chain, and the evidence of each receipt.
fn verify_records(folder: &Path, expected: Option<&str>, output: Output) -> Result<Exit, Failure> {
    if expected.is_some_and(|text| !text.starts_with("sha256:")) {
        return Err(usage("--expect-digest: the last receipt of inference records has a sha256: hash"));
    }
    let found = contract_inference::verify(folder, expected)?;
    let answer = if found.expected { "verified" } else { "consistent (unsigned)" };
    if output.format == Format::Json {
        print_json(&json!({
            "v": "verify.v0", "answer": answer, "exit": Exit::Satisfied.status(), "receipt": null, "finding": null,
            "records": {
                "count": found.count, "head": found.head, "stored": found.stored, "unfinished": found.unfinished,
                "setAside": found.set_aside,
            },
        }))?;
        return Ok(Exit::Satisfied);
    }
    print_line(&format!("{answer}: {}, head {}", counted(found.count, "receipt", "receipts"), found.head))?;
    if found.stored > 0 {
        print_line(&format!(
            "texts are kept of {}, as the user asked for",
            counted(found.stored, "receipt", "receipts")
        ))?;
    }
    if found.unfinished {
        print_line("an interrupted writer left evidence without a receipt; the next one sets it aside")?;
    }
    if found.set_aside > 0 {
        print_line(&format!(
            "{} without a receipt in unfinished.ndjson: nothing vouches for what stands there",
            counted(found.set_aside, "line", "lines")
        ))?;
    }
    Ok(Exit::Satisfied)
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
