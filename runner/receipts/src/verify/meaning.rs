//! Steps 6 and 7: the receipt says what the transcript says, and its status fits.

use contract_ipc::{Code, Session};
use contract_json::{Tape, Value};

use super::transcript_rules::{Facts, TranscriptRules};
use crate::difference::{cut, differences};
use crate::names::RECEIPT;
use crate::receipt::{Receipt, Status};
use crate::shape::RECEIPT_LIMITS_OWN;
use crate::verdict::{Finding, Stop};

const NULL: &[u8] = b"null";

/// Step 6.
pub(super) fn check_contents(
    value: Value<'_>,
    receipt: &Receipt,
    session: &Session,
    rules: &TranscriptRules,
) -> Result<(), Stop> {
    let facts = rules.facts();
    need_same(value, "/capabilities", facts.capabilities.as_deref().unwrap_or(NULL))?;
    if let Some(invoke) = &facts.first_invoke {
        need_same(value, "/invocation/op", &invoke.op)?;
        need_same(value, "/invocation/args", &invoke.args)?;
    }
    need_same(value, "/result", facts.last_result.as_deref().unwrap_or(NULL))?;
    let counts = &facts.counts;
    for (name, count) in [
        ("invokes", counts.invokes),
        ("results", counts.results),
        ("errors", counts.errors),
        ("progress", counts.progress),
    ] {
        need_same(value, &format!("/counts/{name}"), count.to_string().as_bytes())?;
    }
    need_same(value, "/wideIntegers", facts.wide_integers.to_string().as_bytes())?;
    need_text("/session/id", &session.id, &receipt.session.id)?;
    need_text("/ts", &receipt.session.clock, &receipt.ts)?;
    match &facts.hello_session {
        Some(told) => need_same(value, "/session", told),
        None => Ok(()),
    }
}

/// The receipt's member has the canonical text `expected`.
fn need_same(receipt: Value<'_>, pointer: &str, expected: &[u8]) -> Result<(), Stop> {
    let member = receipt.pointer(pointer);
    if member.is_some_and(|member| member.raw().as_bytes() == expected) {
        return Ok(());
    }
    let mut tape = Tape::new();
    let wanted = tape.parse(expected, &RECEIPT_LIMITS_OWN).ok();
    let first = match (wanted, member) {
        (Some(wanted), Some(member)) => differences(wanted, member, 1).pop(),
        _ => None,
    };
    let (below, expected, found) = first.map_or_else(
        || (String::new(), cut(&String::from_utf8_lossy(expected)), "something else".to_owned()),
        |first| (first.pointer, first.a, first.b),
    );
    let pointer = format!("{pointer}{below}");
    Err(Stop::mismatch(Finding::new(6, RECEIPT, Some(&pointer), expected, found)))
}

fn need_text(pointer: &str, expected: &str, found: &str) -> Result<(), Stop> {
    if expected == found {
        Ok(())
    } else {
        Err(Stop::mismatch(Finding::new(6, RECEIPT, Some(pointer), expected, found)))
    }
}

/// Step 7.
pub(super) fn check_status(receipt: &Receipt, rules: &TranscriptRules) -> Result<(), Stop> {
    let facts = rules.facts();
    let status = receipt.status;
    let mismatch = |pointer: &str, expected: String, found: String| {
        Err(Stop::mismatch(Finding::new(7, RECEIPT, Some(pointer), expected, found)))
    };
    if matches!(status, Status::Satisfied | Status::Violated) {
        if !status_fits(status, facts) {
            let expected = format!("ends in the transcript that make a run {}", status.as_str());
            return mismatch("/status", expected, "others".to_owned());
        }
        let code = receipt.error.as_ref().map(|error| error.code.as_str());
        let fits = match code {
            None => true,
            Some(code) => status == Status::Violated && code == Code::ContractRejected.as_str(),
        };
        if !fits {
            let expected = format!("an error that fits the status {}", status.as_str());
            return mismatch("/error", expected, code.unwrap_or("null").to_owned());
        }
    }
    if receipt.reproducible != status.is_reproducible() {
        let expected = status.is_reproducible().to_string();
        return mismatch("/reproducible", expected, receipt.reproducible.to_string());
    }
    Ok(())
}

fn status_fits(status: Status, facts: &Facts) -> bool {
    facts.has_results_only() && !facts.is_over && facts.has_no == (status == Status::Violated)
}
