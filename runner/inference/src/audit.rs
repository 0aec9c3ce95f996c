//! `GatewayCallAudit` v0.1, to the byte as upstream's gateway writes it.

use contract_ipc::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::sha256::Sha256;

/// One call of the gateway. Its members are named as upstream names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    #[serde(rename = "callId")]
    call_id: String,
    call_type: String,
    caller: String,
    #[serde(rename = "epistemicLevel")]
    epistemic_level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    model: String,
    occurred_at: String,
    outcome: AuditOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_hash: Option<Sha256>,
    recalled_count: u64,
    #[serde(rename = "recordType")]
    record_type: String,
    #[serde(rename = "schemaVersion")]
    schema_version: String,
    written: bool,
}

/// Whether there was an output that could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditOutcome {
    /// There was.
    Ok,
    /// There was not, for whatever reason.
    Denied,
}

impl Audit {
    /// The audit of a call that ended at `at`. `error` is none when it was answered, a code otherwise.
    #[must_use]
    pub fn new(caller: &str, model: &str, error: Option<&str>, at: Timestamp) -> Self {
        let outcome = if error.is_none() { AuditOutcome::Ok } else { AuditOutcome::Denied };
        let occurred_at = seconds(at);
        let id = Sha256::stable(&json!({"c": caller, "m": model, "t": occurred_at, "o": outcome}));
        let mut audit = Self {
            call_id: id.as_str()["sha256:".len()..][..16].to_owned(),
            call_type: "inference".to_owned(),
            caller: caller.to_owned(),
            epistemic_level: "operational".to_owned(),
            error: error.map(str::to_owned),
            model: model.to_owned(),
            occurred_at,
            outcome,
            receipt_hash: None,
            recalled_count: 0,
            record_type: "GatewayCallAudit".to_owned(),
            schema_version: "0.1".to_owned(),
            written: false,
        };
        audit.receipt_hash = Some(Sha256::stable(&audit));
        audit
    }

    /// First 16 hex digits of the digest of caller, model, time and outcome. Equal calls within one second share it.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Digest of all other members.
    #[must_use]
    pub fn receipt_hash(&self) -> Option<&Sha256> {
        self.receipt_hash.as_ref()
    }

    /// When the call ended, to the second.
    #[must_use]
    pub fn occurred_at(&self) -> &str {
        &self.occurred_at
    }
}

/// A time to the second, as upstream writes it.
pub(crate) fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", &text[.."YYYY-MM-DDTHH:MM:SS".len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    // Computed with Python's json and hashlib, over the fields of the field's sheet:
    // python3 -c 'import json,hashlib; ...dumps(value, sort_keys=True, separators=(",", ":"))'
    #[test]
    fn the_bytes_are_those_of_the_original() {
        let at: Timestamp = "2026-03-11T08:05:00.987Z".parse().unwrap();
        let ok = Audit::new("contract-runner", "tiny-wörds", None, at);
        assert_eq!(ok.occurred_at(), "2026-03-11T08:05:00Z");
        assert_eq!((ok.call_id(), ok.receipt_hash().unwrap().as_str()), (OK_ID, OK_HASH));
        let denied = Audit::new("contract-runner", "tiny-wörds", Some("POLICY_DENIED"), at);
        assert_eq!((denied.call_id(), denied.receipt_hash().unwrap().as_str()), (DENIED_ID, DENIED_HASH));
    }

    const OK_ID: &str = "5443f34f8abe4839";
    const OK_HASH: &str = "sha256:6a47cce01a8208f45a738d9abdbf27bb34f8070911fa5fd008ff4475591d2d8e";
    const DENIED_ID: &str = "7e55d9b5b6667491";
    const DENIED_HASH: &str = "sha256:83eb932ebdddcb2b3a01a0e89364452426df604b04c01f2456cd5008116af8c3";
}
