//! Whether a prompt may leave this machine. Without a lease, a grant and a decision for exactly this input it may not.

use contract_engine::{Failure, FoundGrant, Right};
use contract_ipc::{Code, Timestamp};
use serde::{Deserialize, Serialize};

use crate::endpoint::{Endpoint, Place};
use crate::judged;
use crate::sha256::Sha256;

/// Prefix of a lease.
const LEASE: &str = "urn:srcos:lease:";
/// What the names of targets in a decision begin with; `HOST:PORT` follows.
const PROVIDERS: [&str; 2] = ["urn:srcos:inference-provider:", "urn:srcos:external-model-provider-profile:"];

/// Tiers, from the device to an outside provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub enum Tier {
    T0,
    T1,
    T2,
    T3,
    T4,
}

/// How far data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the format")]
pub enum Residency {
    OnDeviceOnly,
    SovereignCluster,
    ExternalPermitted,
}

/// A lease, by name. What it covers stands in the grants that come with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LeaseRef(String);

impl LeaseRef {
    /// Reads `urn:srcos:lease:NAME`.
    ///
    /// # Errors
    /// `INFERENCE_EGRESS_REFUSED`
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let name = text.strip_prefix(LEASE).filter(|name| is_name(name));
        name.map(|_| Self(text.to_owned()))
            .ok_or_else(|| refused(format!("`{text}` is no lease, such as {LEASE}note-taker-3")))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name as URNs have it after their prefix.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// An `EscalationDecision` that contract-check takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    id: String,
    decided_at: String,
    task: String,
    from_tier: Tier,
    to_tier: Tier,
    to_residency_class: Residency,
    capability_lease_ref: Option<String>,
    target_provider_ref: Option<String>,
    target_external_provider_ref: Option<String>,
    input_hash: Sha256,
    verdict: String,
    refusal_reason: Option<String>,
}

impl Decision {
    /// Reads a decision.
    ///
    /// # Errors
    /// `INFERENCE_EGRESS_REFUSED` with every violation.
    pub fn read(text: &[u8]) -> Result<Self, Failure> {
        judged::read(text, "escalation-decision")
            .map_err(|why| refused(format!("the escalation decision is not valid: {why}")))
    }
}

/// What wants to leave, and whither.
#[derive(Debug, Clone, Copy)]
pub struct EgressRequest<'a> {
    /// Where the prompt would go.
    pub target: &'a Endpoint,
    /// Name of the adapter that would take it there.
    pub adapter: &'a str,
    /// `blake3:` digest of its program.
    pub adapter_digest: &'a str,
    /// The task as the receipt will have it.
    pub task: &'a str,
    /// Digest of the input.
    pub input_hash: &'a Sha256,
    /// The lease, when there is one.
    pub lease: Option<&'a LeaseRef>,
    /// The grants, when there are any.
    pub grants: &'a [FoundGrant],
    /// The decision, when there is one.
    pub decision: Option<&'a Decision>,
    /// The time.
    pub now: Timestamp,
}

/// The answer to an [`EgressRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Egress {
    /// The target is this machine: nothing leaves. Whether it may be connected to is asked elsewhere.
    Stays,
    /// It may leave.
    Permitted(EgressPermit),
}

/// Leave for one input to go to one target. Only [`judge`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressPermit {
    lease: LeaseRef,
    grant: String,
    decision: String,
    target: String,
    from: Tier,
    to: Tier,
    residency: Residency,
    input_hash: Sha256,
}

impl EgressPermit {
    /// The lease.
    #[must_use]
    pub fn lease(&self) -> &LeaseRef {
        &self.lease
    }

    /// Digest of the grant that names the target.
    #[must_use]
    pub fn grant(&self) -> &str {
        &self.grant
    }

    /// The decision.
    #[must_use]
    pub fn decision(&self) -> &str {
        &self.decision
    }

    /// `HOST:PORT`
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// From which tier the request is handed on.
    #[must_use]
    pub fn from(&self) -> Tier {
        self.from
    }

    /// To which tier.
    #[must_use]
    pub fn to(&self) -> Tier {
        self.to
    }

    /// How far the data goes.
    #[must_use]
    pub fn residency(&self) -> Residency {
        self.residency
    }

    /// The only input that it holds for.
    #[must_use]
    pub fn input_hash(&self) -> &Sha256 {
        &self.input_hash
    }
}

/// Judges whether the input may go to the target.
///
/// # Errors
/// `INFERENCE_EGRESS_REFUSED` says which of lease, grant and decision is not there or does not fit.
pub fn judge(request: &EgressRequest<'_>) -> Result<Egress, Failure> {
    if let Place::Loopback(_) = request.target.place() {
        return Ok(Egress::Stays);
    }
    let target = request.target.to_string();
    let Some(lease) = request.lease else {
        return Err(refused(format!("{target} is not this machine, and there is no lease")));
    };
    let grant = usable_grant(request, &target)?;
    let Some(decision) = request.decision else {
        return Err(refused(format!("{target} is not this machine, and there is no escalation decision")));
    };
    fits(decision, request, lease, &target)
        .map_err(|why| refused(format!("{} does not permit it: {why}", decision.id)))?;
    Ok(Egress::Permitted(EgressPermit {
        lease: lease.clone(),
        grant: grant.digest.clone(),
        decision: decision.id.clone(),
        target,
        from: decision.from_tier,
        to: decision.to_tier,
        residency: decision.to_residency_class,
        input_hash: request.input_hash.clone(),
    }))
}

/// The first grant that names exactly this target and can be used now.
fn usable_grant<'a>(request: &EgressRequest<'a>, target: &str) -> Result<&'a FoundGrant, Failure> {
    let wanted = request.target.right();
    let names = |grant: &&FoundGrant| {
        // The root is of no account: a right to connect has no path.
        let mut rights = grant.grant.rights.iter().filter_map(|text| Right::parse(text, "/".as_ref()).ok());
        rights.any(|right| right.covers(&wanted))
    };
    let mut why = format!("no grant names connect={target}");
    for grant in request.grants.iter().filter(names) {
        match grant.usable(request.adapter, request.adapter_digest, request.now) {
            Ok(()) => return Ok(grant),
            Err(unusable) => why = unusable.message,
        }
    }
    Err(refused(format!("{target} is not this machine, and {why}")))
}

/// Whether the decision is about this request and says yes.
fn fits(
    decision: &Decision,
    request: &EgressRequest<'_>,
    lease: &LeaseRef,
    target: &str,
) -> Result<(), String> {
    if decision.verdict != "permitted" {
        let reason = decision.refusal_reason.as_deref().unwrap_or("no reason is given");
        return Err(format!("its verdict is {}, {reason}", decision.verdict));
    }
    if decision.to_residency_class == Residency::OnDeviceOnly {
        return Err("it keeps the data on the device".to_owned());
    }
    if decision.capability_lease_ref.as_deref() != Some(lease.as_str()) {
        return Err(format!("it is about another lease than {}", lease.as_str()));
    }
    if decision.input_hash != *request.input_hash {
        return Err("it is about another input".to_owned());
    }
    if decision.task != request.task {
        return Err(format!("it is about the task {}", decision.task));
    }
    let decided = decision.decided_at.parse::<Timestamp>().map_err(|error| error.to_string())?;
    if decided > request.now {
        return Err(format!("it was decided at {}, which has not come yet", decision.decided_at));
    }
    // Both names, when both are there, must be this target: data that goes outside has an outside provider.
    let named: Vec<&String> = [&decision.target_provider_ref, &decision.target_external_provider_ref]
        .into_iter()
        .flatten()
        .collect();
    let is_target = |name: &&String| {
        PROVIDERS.iter().any(|prefix| name.strip_prefix(prefix).is_some_and(|tail| tail == target))
    };
    match named.iter().find(|name| !is_target(name)) {
        Some(name) => Err(format!("its target is {name}, not {}{target}", PROVIDERS[0])),
        None if named.is_empty() => Err("it names no target".to_owned()),
        None => Ok(()),
    }
}

fn refused(why: String) -> Failure {
    Failure::new(Code::InferenceEgressRefused, why)
}
