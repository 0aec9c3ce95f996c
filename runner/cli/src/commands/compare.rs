//! `compare`

use std::path::Path;

use contract_engine::Failure;
use contract_ipc::{Code, Exit};
use contract_receipts::{Comparison, Difference};
use serde_json::{Value, json};

use super::{print_json, print_line};
use crate::args::{Format, Output};
use crate::style::tame;

/// Differences that are shown to people.
const SHOWN: usize = 20;

pub(crate) fn compare(a: &Path, b: &Path, output: Output) -> Result<Exit, Failure> {
    let comparison = contract_receipts::compare(a, b)
        .map_err(|error| Failure::new(Code::ContractUnverifiable, error.to_string()))?;
    print(&comparison, output)?;
    Ok(if comparison.same_subject { Exit::Satisfied } else { Exit::Violated })
}

pub(super) fn print(comparison: &Comparison, output: Output) -> Result<(), Failure> {
    if output.format == Format::Json {
        return print_json(&json!({
            "v": "compare.v0",
            "sameSubject": comparison.same_subject,
            "differences": list(&comparison.differences),
            "digests": list(&comparison.digests),
            "observed": list(&comparison.observed),
            "transcript": comparison.transcript.as_ref().map(|first| json!({"line": first.line, "difference": one(&first.difference)})),
        }));
    }
    let observed = comparison.observed.len();
    print_line(if comparison.same_subject { "same: equal plan, equal answers" } else { "different" })?;
    if let Some(first) = &comparison.transcript {
        print_line(&format!("  ipc-transcript.ndjson:{} {}", first.line, shown(&first.difference)))?;
    }
    for difference in comparison.differences.iter().take(SHOWN) {
        print_line(&format!("  run-receipt.json {}", shown(difference)))?;
    }
    if comparison.differences.len() > SHOWN {
        print_line(&format!(
            "  and {} more (--format json shows all)",
            comparison.differences.len() - SHOWN
        ))?;
    }
    if output.verbose {
        for difference in &comparison.observed {
            print_line(&format!("  (may differ) {}", shown(difference)))?;
        }
    } else if observed > 0 {
        print_line(&format!("  {observed} observed values differ, as they may (-v shows them)"))?;
    }
    Ok(())
}

fn shown(difference: &Difference) -> String {
    tame(&format!("{}: {} | {}", difference.pointer, difference.a, difference.b))
}

fn one(difference: &Difference) -> Value {
    json!({"pointer": difference.pointer, "a": difference.a, "b": difference.b})
}

fn list(differences: &[Difference]) -> Vec<Value> {
    differences.iter().map(one).collect()
}
