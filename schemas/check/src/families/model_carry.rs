//! Model carry: how an operating system names models and services without owning them.

mod defaults;
mod escalation;
mod lists;
mod manifest;
mod pack;
mod profile;
mod refs;
mod root;

use crate::kind::{Check, Kind, Mark};
use crate::rule::Rule;

macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!("../../../json/model-carry/", $name, ".schema.json"))
    };
}

/// The kinds, from references to decisions.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: "sourceos-carry-ref",
        title: "SourceOSCarryRef",
        family: "model-carry",
        schema: schema!("sourceos-carry-ref"),
        marks: &[Mark::Is("kind", "SourceOSCarryRef"), Mark::Is("apiVersion", "modelcarry.sourceos.dev/v1")],
        check: Check::Document(refs::check_service),
    },
    Kind {
        name: "sourceos-model-carry-ref",
        title: "SourceOSModelCarryRef",
        family: "model-carry",
        schema: schema!("sourceos-model-carry-ref"),
        marks: &[Mark::Is("type", "SourceOSModelCarryRef")],
        check: Check::Document(refs::check_model),
    },
    Kind {
        name: "functional-service-carry",
        title: "FunctionalServiceCarry",
        family: "model-carry",
        schema: schema!("functional-service-carry"),
        marks: &[
            Mark::Is("kind", "FunctionalServiceCarry"),
            Mark::Is("schemaVersion", "functional-service-carry.v0"),
        ],
        check: Check::Document(refs::check_functional),
    },
    Kind {
        name: "local-model-profile",
        title: "LocalModelProfile",
        family: "model-carry",
        schema: schema!("local-model-profile"),
        marks: &[Mark::Is("kind", "LocalModelProfile"), Mark::Is("schemaVersion", "v0.1")],
        check: Check::Document(profile::check),
    },
    Kind {
        name: "model-carry-authorization-boundary",
        title: "ModelCarryAuthorizationBoundary",
        family: "model-carry",
        schema: schema!("model-carry-authorization-boundary"),
        marks: &[Mark::Is("kind", "ModelCarryAuthorizationBoundary"), Mark::Is("schemaVersion", "v0.1")],
        check: Check::Document(refs::check_boundary),
    },
    Kind {
        name: "model-carry-manifest",
        title: "ModelCarryManifest",
        family: "model-carry",
        schema: schema!("model-carry-manifest"),
        marks: &[Mark::Is("kind", "ModelCarryManifest"), Mark::Is("schemaVersion", "v0.1")],
        check: Check::Document(manifest::check),
    },
    Kind {
        name: "model-carry-pack",
        title: "ModelCarryPack",
        family: "model-carry",
        schema: schema!("model-carry-pack"),
        marks: &[Mark::Is("kind", "ModelCarryPack"), Mark::Is("schemaVersion", "v0.1")],
        check: Check::Document(pack::check),
    },
    Kind {
        name: "portable-ai-root",
        title: "PortableAIRoot",
        family: "model-carry",
        schema: schema!("portable-ai-root"),
        marks: &[Mark::Is("kind", "PortableAIRoot"), Mark::Is("schemaVersion", "v0.1")],
        check: Check::Document(root::check),
    },
    Kind {
        name: "confidential-compute-escalation",
        title: "ConfidentialComputeEscalation",
        family: "model-carry",
        schema: schema!("confidential-compute-escalation"),
        marks: &[Mark::Is("kind", "ConfidentialComputeEscalation"), Mark::Is("schemaVersion", "v0.1")],
        check: Check::Document(escalation::check),
    },
];

/// All rules, by subject.
pub(crate) static RULES: &[&[&Rule]] = &[
    defaults::RULES,
    lists::RULES,
    refs::RULES,
    profile::RULES,
    manifest::RULES,
    pack::RULES,
    root::RULES,
    escalation::RULES,
];
