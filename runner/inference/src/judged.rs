//! Documents of others: judged by contract-check first, parsed once.

use contract_check::{Checker, Options, Severity, kind};
use contract_json::Tape;
use serde::de::DeserializeOwned;

/// Violations that are told.
const TOLD: usize = 5;

/// Reads a document of the kind called `name`.
///
/// # Errors
/// Every violation of its schema and rules, up to five, each with line and column; warnings are no violations.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8], name: &str) -> Result<T, String> {
    judge(&Checker::new(Options::default()), text, name)?;
    contract_json::from_slice(text).map_err(|error| error.to_string())
}

/// The same judgement for many documents: schemas are compiled once.
///
/// # Errors
/// As [`read`].
pub(crate) fn judge(checker: &Checker, text: &[u8], name: &str) -> Result<(), String> {
    let kind = kind(name).expect("the kinds that this crate knows exist");
    let checked = checker
        .check(&mut Tape::new(), text, Some(kind))
        .map_err(|error| format!("{}: {error}", error.position(text)))?;
    let mut faults = checked.violations.iter().filter(|violation| violation.rule.severity == Severity::Error);
    let told: Vec<String> = faults
        .by_ref()
        .take(TOLD)
        .map(|fault| format!("{}: {} ({})", fault.at, fault.message, fault.rule.id))
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    let more = match faults.count() {
        0 => String::new(),
        count => format!("; and {count} more"),
    };
    Err(format!("{}{more}", told.join("; ")))
}
