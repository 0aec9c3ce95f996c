//! Workstation contracts and the documents beside them: passports, identity tasks, fog nodes, seams, repositories.

mod backend;
mod commands;
mod contract;
mod evidence;
mod fog;
mod identity;
pub(super) mod image;
mod mounts;
mod passport;
pub(super) mod relative;
mod repository;
mod seam;

pub use commands::{RootFault, judge_written_root};

use crate::kind::{Check, Kind, Mark};
use crate::rule::Rule;

macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!("../../../json/workstation/", $name, ".schema.json"))
    };
}

/// Both versions of the contract.
const CONTRACTS: &[&str] = &["workstation-contract.v0.1", "workstation-contract.v0.2"];

/// The kinds: contracts first.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: "workstation-contract.v0.1",
        title: "WorkstationContract",
        family: "workstation",
        schema: schema!("workstation-contract.v0.1"),
        marks: &[
            Mark::Is("api_version", "workstation-contracts.socios.io/v0.1"),
            Mark::Is("kind", "WorkstationContract"),
        ],
        check: Check::Document(contract::check),
    },
    Kind {
        name: "workstation-contract.v0.2",
        title: "WorkstationContract",
        family: "workstation",
        schema: schema!("workstation-contract.v0.2"),
        marks: &[
            Mark::Is("api_version", "workstation-contracts.socios.io/v0.2"),
            Mark::Is("kind", "WorkstationContract"),
        ],
        check: Check::Document(contract::check_v0_2),
    },
    Kind {
        name: "agent-passport",
        title: "AgentPassport",
        family: "workstation",
        schema: schema!("agent-passport"),
        marks: &[Mark::Is("kind", "AgentPassport")],
        check: Check::Document(passport::check),
    },
    Kind {
        name: "identity-contract",
        title: "IdentityContract",
        family: "workstation",
        schema: schema!("identity-contract"),
        marks: &[Mark::Has("laneType"), Mark::Has("truthLane")],
        check: Check::Document(identity::check),
    },
    Kind {
        name: "fog-node-contract",
        title: "FogNodeContract",
        family: "workstation",
        schema: schema!("fog-node-contract"),
        marks: &[Mark::Is("kind", "fog-node")],
        check: Check::Document(fog::check_contract),
    },
    Kind {
        name: "fog-node-receipt",
        title: "FogNodeReceipt",
        family: "workstation",
        schema: schema!("fog-node-receipt"),
        marks: &[Mark::Is("schemaVersion", "fog-node.check-receipt.v0")],
        check: Check::Document(fog::check_receipt),
    },
    Kind {
        name: "seam",
        title: "SeamDefinition",
        family: "workstation",
        schema: schema!("seam"),
        marks: &[Mark::Has("seam_id")],
        check: Check::Document(seam::check),
    },
    Kind {
        name: "seam-registry",
        title: "SeamRegistry",
        family: "workstation",
        schema: schema!("seam-registry"),
        marks: &[Mark::Array, Mark::EachHas("seam_id")],
        check: Check::Document(seam::check_registry),
    },
    Kind {
        name: "repository-descriptor.v0",
        title: "RepositoryDescriptor",
        family: "workstation",
        schema: schema!("repository-descriptor.v0"),
        marks: &[Mark::Is("v", "repository-descriptor.v0")],
        check: Check::Document(repository::check),
    },
];

/// The rules, by topic.
pub(crate) static RULES: &[&[&Rule]] = &[
    contract::RULES,
    backend::RULES,
    evidence::RULES,
    commands::RULES,
    mounts::RULES,
    passport::RULES,
    identity::RULES,
    fog::RULES,
    seam::RULES,
    repository::RULES,
];
