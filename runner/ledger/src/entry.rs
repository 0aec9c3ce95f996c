//! One entry: a receipt in canonical bytes, judged and hashed.

use contract_check::{Checker, Options, Severity};
use contract_json::{Limits, SortedAscii, Tape, Value};

use crate::error::LedgerError;

/// Kinds of receipts that can be chained.
const CHAINED: &[&str] = &["inference-receipt", "escalation-decision"];
const CHAINED_TITLES: &str = "InferenceReceipt and EscalationDecision";
/// Violations that are told.
const TOLD: usize = 5;

/// Judges lines, with memory that is used again.
#[derive(Debug)]
pub(crate) struct Judge {
    checker: Checker,
    tape: Tape,
    form: SortedAscii,
}

/// What a line says of its place in the chain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) sequence: u64,
    pub(crate) previous: Option<String>,
    /// Of this line.
    pub(crate) hash: String,
}

impl Judge {
    pub(crate) fn new() -> Self {
        Self { checker: Checker::new(Options::default()), tape: Tape::new(), form: SortedAscii::default() }
    }

    /// Judges the line with this number.
    ///
    /// # Errors
    /// `LEDGER_MISMATCH`
    pub(crate) fn link(&mut self, line: &[u8], number: u64) -> Result<Link, LedgerError> {
        self.line(line).map_err(|what| LedgerError::Mismatch { line: number, what })
    }

    /// Judges a line of a ledger, without its line feed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<Link, String> {
        let value = self.tape.parse(line, &Limits::default()).map_err(|error| error.to_string())?;
        self.form.set(value);
        if self.form.as_bytes() != line {
            return Err("not in canonical form: it was written or changed by something else".to_owned());
        }
        judge(&self.checker, line, value)?;
        Ok(Link {
            sequence: value.get("ledgerSeq").and_then(Value::as_u64).ok_or("no `ledgerSeq`")?,
            previous: value.get("ledgerPrevHash").and_then(Value::as_str).map(|hash| hash.into_owned()),
            hash: self.form.sha256(),
        })
    }

    /// Puts a receipt into the chain: its canonical line without line feed, and its hash.
    ///
    /// # Errors
    /// Every violation, or what contradicts its place.
    pub(crate) fn chained(
        &mut self,
        receipt: &[u8],
        sequence: u64,
        previous: Option<&str>,
    ) -> Result<(&[u8], String), String> {
        let value = self.tape.parse(receipt, &Limits::default()).map_err(|error| {
            let at = error.position(receipt);
            format!("{at}: {}", error.kind)
        })?;
        let placed = placed(value, sequence, previous)?;
        let value = self.tape.parse(&placed, &Limits::default()).map_err(|error| error.to_string())?;
        judge(&self.checker, &placed, value)?;
        self.form.set(value);
        let hash = self.form.sha256();
        Ok((self.form.as_bytes(), hash))
    }
}

/// The receipt with its place in the chain. A place that it has already must be the right one.
fn placed(receipt: Value<'_>, sequence: u64, previous: Option<&str>) -> Result<Vec<u8>, String> {
    if receipt.kind() != contract_json::Kind::Object {
        return Err("a receipt is an object".to_owned());
    }
    let mut text = Vec::with_capacity(receipt.span().len() + 128);
    text.extend_from_slice(b"{\"ledgerSeq\":");
    text.extend_from_slice(sequence.to_string().as_bytes());
    if let Some(previous) = previous {
        text.extend_from_slice(b",\"ledgerPrevHash\":\"");
        text.extend_from_slice(previous.as_bytes());
        text.push(b'"');
    }
    for (key, value) in receipt.entries() {
        if key.is_str("ledgerSeq") {
            if value.as_u64() != Some(sequence) {
                return Err(format!(
                    "its `ledgerSeq` is {}, the next one is {sequence}; leave it out, it is set here",
                    value.raw()
                ));
            }
        } else if key.is_str("ledgerPrevHash") {
            let given = value.as_str();
            if given.as_deref() != previous {
                return Err(format!(
                    "its `ledgerPrevHash` is {}, the last entry's hash is another; leave it out, it is set here",
                    value.raw()
                ));
            }
        } else {
            text.push(b',');
            text.extend_from_slice(key.raw().as_bytes());
            text.push(b':');
            text.extend_from_slice(value.raw().as_bytes());
        }
    }
    text.push(b'}');
    Ok(text)
}

fn judge(checker: &Checker, text: &[u8], value: Value<'_>) -> Result<(), String> {
    let checked = checker.check_parsed(text, value, None);
    if let Some(kind) = checked.kind
        && !CHAINED.contains(&kind.name)
    {
        let one = if kind.title.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
        return Err(format!("{one} {} is not chained; {CHAINED_TITLES} are", kind.title));
    }
    let told: Vec<String> = checked
        .violations
        .iter()
        .filter(|violation| violation.rule.severity == Severity::Error)
        .take(TOLD)
        .map(|violation| {
            let at = if violation.pointer.is_empty() { "" } else { " at " };
            format!("{}{at}{}: {}", violation.rule.id, violation.pointer, violation.message)
        })
        .collect();
    if told.is_empty() { Ok(()) } else { Err(told.join("; ")) }
}
