//! Whether a receipt, its evidence and its texts belong together.

use contract_check::{Checker, Options, kind};
use contract_json::{Tape, from_slice};
use serde::Deserialize;

use super::{STORED, StoredTexts};
use crate::egress::{Residency, Tier};
use crate::evidence::Evidence;
use crate::sha256::Sha256;

/// What the receipt says that the evidence says as well.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    id: String,
    issued_at: String,
    base_model_digest: Sha256,
    input_hash: Sha256,
    output_hash: Sha256,
    evidence_hash: Option<Sha256>,
    tier: Tier,
    data_residency_class: Residency,
    capability_lease_ref: Option<String>,
    #[serde(default)]
    escalation_chain: Vec<String>,
}

/// Holds receipts against their evidence, with memory that is used again.
#[derive(Debug)]
pub(super) struct Pairs {
    checker: Checker,
    tape: Tape,
}

impl Pairs {
    pub(super) fn new() -> Self {
        Self { checker: Checker::new(Options::default()), tape: Tape::new() }
    }

    /// With the schemas that it has compiled.
    pub(super) fn checker(&self) -> &Checker {
        &self.checker
    }

    /// The evidence in `line`, when it is that of the receipt at this place of the chain.
    ///
    /// # Errors
    /// What does not fit.
    pub(super) fn check(
        &mut self,
        sequence: u64,
        receipt: &Receipt,
        line: &[u8],
    ) -> Result<Evidence, String> {
        let hash = Sha256::of(line);
        if receipt.evidence_hash.as_ref() != Some(&hash) {
            return Err(format!("its evidence has the hash {hash}, not the one that the receipt names"));
        }
        let kind = kind("inference-evidence.v0");
        let checked = self.checker.check(&mut self.tape, line, kind).map_err(|error| error.to_string())?;
        if let Some(fault) = checked.violations.first() {
            return Err(format!("its evidence: {}: {} ({})", fault.pointer, fault.message, fault.rule.id));
        }
        let evidence: Evidence = from_slice(line).map_err(|error| format!("its evidence: {error}"))?;
        if evidence.to_bytes() != line {
            return Err("its evidence is not in canonical form".to_owned());
        }
        let digest = evidence.model_digest.clone().unwrap_or_else(|| Sha256::of(""));
        let leaves = receipt.data_residency_class != Residency::OnDeviceOnly;
        let same_egress = match &evidence.egress {
            None => !leaves && receipt.tier <= Tier::T1,
            Some(egress) => {
                leaves
                    && receipt.capability_lease_ref.as_ref() == Some(&egress.lease)
                    && receipt.escalation_chain == [egress.decision.as_str()]
            }
        };
        for (fits, what) in [
            (evidence.ledger_seq == sequence, "ledgerSeq"),
            (evidence.receipt_id == receipt.id, "receiptId"),
            (evidence.audit.occurred_at() == receipt.issued_at, "audit/occurred_at"),
            (digest == receipt.base_model_digest, "modelDigest"),
            (same_egress, "egress"),
        ] {
            if !fits {
                return Err(format!("its evidence says something else: {what}"));
            }
        }
        Ok(evidence)
    }
}

/// Whether the kept texts in `line` are those that the receipt has the hashes of.
///
/// # Errors
/// They are not.
pub(super) fn check_texts(receipt: &Receipt, evidence: &Evidence, line: &[u8]) -> Result<(), String> {
    let texts: StoredTexts = from_slice(line).map_err(|error| format!("{STORED}: {error}"))?;
    let fits = |text: &Option<String>, kept: bool, hash: &Sha256| match text {
        Some(text) => kept && Sha256::of(text) == *hash,
        None => !kept,
    };
    let same = texts.ledger_seq == evidence.ledger_seq
        && texts.receipt_id == receipt.id
        && fits(&texts.prompt, evidence.stored.prompt, &receipt.input_hash)
        && fits(&texts.output, evidence.stored.output, &receipt.output_hash);
    if same { Ok(()) } else { Err(format!("the texts in {STORED} are not those of the receipt")) }
}
