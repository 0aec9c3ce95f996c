//! Entries of the ledger.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

pub(crate) static MODEL_LEDGER_FIRST: Rule = Rule {
    id: "MODEL_LEDGER_FIRST",
    severity: Severity::Error,
    kinds: &["inference-receipt", "escalation-decision"],
    what: "The first entry of a ledger names an entry before it.",
    why: "There is none. The entry was moved from elsewhere, or the ones before it were cut off.",
    mend: "Remove `ledgerPrevHash`, or write the number that the entry has.",
    source: "gap: the original accepts it",
    example: Example { base: "model-plane/inference-receipt.json", at: "/ledgerSeq", good: "18", bad: "0" },
};

pub(super) fn check(entry: Node<'_>, report: &mut Report<'_>) {
    let before = entry.get("ledgerPrevHash");
    if entry.get("ledgerSeq").uint() == Some(0) && before.str().is_some() {
        report.add(&MODEL_LEDGER_FIRST, before, "`ledgerSeq` is 0, but `ledgerPrevHash` is there");
    }
}
