//! `inference-evidence.v0`: what an `InferenceReceipt` has no member for. The receipt holds its digest.

use contract_ipc::Timestamp;
use contract_json::to_canonical_vec;
use serde::{Deserialize, Serialize};

use crate::audit::Audit;
use crate::completion::{
    AdapterFacts, Completion, DigestSource, Ending, FinishReason, Limits, Lora, RunPlace, RunRef, Timings,
    Usage,
};
use crate::route::RouteDecision;
use crate::sha256::Sha256;
use crate::situation::Situation;

/// The evidence of one completion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    v: Version,
    /// Place of the receipt in the ledger, and of this line in its file.
    pub ledger_seq: u64,
    /// Id of the receipt.
    pub receipt_id: String,
    /// In which situation.
    pub situation: Situation,
    /// How it ended.
    pub outcome: Outcome,
    /// A stable code; none when it was answered.
    pub code: Option<String>,
    /// What happened, in words that hold neither prompt nor output.
    pub reason: Option<String>,
    /// Why the model stopped.
    pub finish_reason: Option<FinishReason>,
    /// Why this model.
    pub route: Option<RouteDecision>,
    /// The profile that was used.
    pub profile_ref: Option<String>,
    /// Name of the model.
    pub model_ref: String,
    /// Digest of its weights; none when nobody knows it, and then the receipt has the digest of the empty text.
    pub model_digest: Option<Sha256>,
    /// How the digest is known.
    pub model_digest_source: DigestSource,
    /// LoRA adapters, in their order.
    pub loras: Vec<Lora>,
    /// What ran it.
    pub adapter: Option<AdapterFacts>,
    /// What it was allowed to use.
    pub limits: Limits,
    /// What it used.
    pub usage: Usage,
    /// Where the time went.
    pub timings: Option<Timings>,
    /// What let the input leave this machine; none when it stayed.
    pub egress: Option<EgressFacts>,
    /// The run receipt.
    pub run: Option<RunRef>,
    /// Which texts are kept in `stored.ndjson`.
    pub stored: Stored,
    /// The gateway's audit.
    pub audit: Audit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "inference-evidence.v0")]
    V0,
}

/// How a completion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// With an answer that can be used.
    Answered,
    /// With one that may not be used.
    Rejected,
    /// Before anything ran.
    Refused,
    /// By the one who asked.
    Cancelled,
    /// It could not be done.
    Failed,
}

impl Outcome {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// What let an input leave this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EgressFacts {
    /// `HOST:PORT`
    pub target: String,
    /// The lease.
    pub lease: String,
    /// `blake3:` digest of the grant.
    pub grant: String,
    /// The escalation decision.
    pub decision: String,
}

/// Which texts are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// The input text.
    pub prompt: bool,
    /// The output text.
    pub output: bool,
}

impl Evidence {
    /// Whether `stored.ndjson` has a line for it.
    #[must_use]
    pub fn keeps_texts(&self) -> bool {
        self.stored.prompt || self.stored.output
    }

    /// The evidence of a completion that gets the place `seq`.
    #[must_use]
    pub fn new(completion: &Completion, seq: u64, now: Timestamp) -> Self {
        let (outcome, finish_reason, why) = match &completion.ending {
            Ending::Answered(finish) => (Outcome::Answered, Some(*finish), None),
            Ending::Rejected(finish, why) => (Outcome::Rejected, Some(*finish), Some(why)),
            Ending::Refused(why) => (Outcome::Refused, None, Some(why)),
            Ending::Cancelled(why) => (Outcome::Cancelled, None, Some(why)),
            Ending::Failed(why) => (Outcome::Failed, None, Some(why)),
        };
        let code = why.map(|why| why.code.clone());
        let (digest, source) = completion.model.digest.parts();
        Self {
            v: Version::V0,
            ledger_seq: seq,
            receipt_id: receipt_id(completion, seq),
            situation: completion.situation,
            outcome,
            reason: why.and_then(|why| why.reason.clone()),
            finish_reason,
            route: completion.route.clone(),
            profile_ref: completion.profile.clone(),
            model_ref: completion.model.name.clone(),
            model_digest: digest.cloned(),
            model_digest_source: source,
            loras: completion.model.loras.clone(),
            adapter: completion.adapter.clone(),
            limits: completion.limits,
            usage: completion.usage,
            timings: completion.timings,
            egress: match &completion.place {
                RunPlace::OnDevice(_) => None,
                RunPlace::OffDevice(permit) => Some(EgressFacts {
                    target: permit.target().to_owned(),
                    lease: permit.lease().as_str().to_owned(),
                    grant: permit.grant().to_owned(),
                    decision: permit.decision().to_owned(),
                }),
            },
            run: completion.run.clone(),
            stored: Stored {
                prompt: completion.kept.prompt.is_some(),
                output: completion.kept.output.is_some(),
            },
            audit: Audit::new(&completion.caller.name, &completion.model.name, code.as_deref(), now),
            code,
        }
    }

    /// Its canonical bytes (RFC 8785), a line of `evidence.ndjson` without its LF.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_canonical_vec(self)
    }
}

/// The id of the receipt at a place, as upstream's ledger makes it.
pub(crate) fn receipt_id(completion: &Completion, seq: u64) -> String {
    format!("urn:srcos:inference-receipt:{}-{seq}", completion.kind.task())
}
