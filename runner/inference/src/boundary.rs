//! `ModelCarryAuthorizationBoundary`: it can keep a profile from being routed to, and nothing else.

use contract_engine::Failure;
use contract_ipc::Code;
use serde::Deserialize;

use crate::judged;

/// A boundary that was judged. What it says about authorisations is judged (each must be false) and dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    /// `urn:srcos:model-carry-boundary:` and a name.
    pub reference: String,
    /// The profile that it is about.
    pub profile: String,
    /// Whether a router may choose the profile on this machine.
    pub may_route_locally: bool,
    /// Whether it names a decision of a policy.
    pub names_policy_decision: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    boundary_id: String,
    profile_ref: String,
    carry_scope: WrittenScope,
    decision_refs: WrittenDecisions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenDecisions {
    policy_decision_refs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenScope {
    may_route_locally: bool,
}

impl Boundary {
    /// Reads a boundary.
    ///
    /// # Errors
    /// `INFERENCE_PROFILE_INVALID` with every violation.
    pub fn read(text: &[u8]) -> Result<Self, Failure> {
        let written: Written = judged::read(text, "model-carry-authorization-boundary")
            .map_err(|why| Failure::new(Code::InferenceProfileInvalid, why))?;
        Ok(Self {
            reference: written.boundary_id,
            profile: written.profile_ref,
            may_route_locally: written.carry_scope.may_route_locally,
            names_policy_decision: !written.decision_refs.policy_decision_refs.is_empty(),
        })
    }

    /// Whether the profile may be used at all; boundaries of other profiles say nothing about it.
    ///
    /// # Errors
    /// `INFERENCE_REFUSED`
    pub fn judge(boundaries: &[Self], profile: &str) -> Result<(), Failure> {
        match boundaries.iter().find(|boundary| boundary.profile == profile && !boundary.may_route_locally) {
            None => Ok(()),
            Some(boundary) => Err(Failure::new(
                Code::InferenceRefused,
                format!("{} keeps {profile} from being used on this machine", boundary.reference),
            )),
        }
    }
}
