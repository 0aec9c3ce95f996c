//! The families of documents, each in a file of its own.

mod agent_machine;
mod host_interface;
mod lane_adapter;
mod model_carry;
mod model_plane;
mod models;
mod runner;
mod workspace_ops;
mod workstation;

pub use workstation::{RootFault, judge_written_root as judge_root};

use crate::kind::Kind;
use crate::rule::Rule;

/// Kinds that belong together, and their rules.
#[derive(Debug)]
pub struct Family {
    /// Its folder below `schemas/json`.
    pub name: &'static str,
    /// Its kinds.
    pub kinds: &'static [Kind],
    /// Its rules, in the order in which they are listed.
    pub rules: &'static [&'static [&'static Rule]],
}

/// Every family.
pub static FAMILIES: &[Family] = &[
    Family { name: "workstation", kinds: workstation::KINDS, rules: workstation::RULES },
    Family { name: "workspace-ops", kinds: workspace_ops::KINDS, rules: &[workspace_ops::RULES] },
    Family { name: "host-interface", kinds: host_interface::KINDS, rules: &[host_interface::RULES] },
    Family { name: "model-plane", kinds: model_plane::KINDS, rules: &[model_plane::RULES] },
    Family { name: "model-carry", kinds: model_carry::KINDS, rules: model_carry::RULES },
    Family { name: "agent-machine", kinds: agent_machine::KINDS, rules: agent_machine::RULES },
    Family { name: "lane-adapter", kinds: lane_adapter::KINDS, rules: lane_adapter::RULES },
    Family { name: "models", kinds: models::KINDS, rules: &[models::RULES] },
    Family { name: "runner", kinds: runner::KINDS, rules: &[runner::RULES] },
];

/// Every kind.
pub fn kinds() -> impl Iterator<Item = &'static Kind> + Clone {
    FAMILIES.iter().flat_map(|family| family.kinds)
}

/// The kind called `name`.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.name == name)
}

/// Every rule: of the structure first, then by family.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    structure_rules().chain(FAMILIES.iter().flat_map(|family| family.rules).copied().flatten().copied())
}

/// The rules that hold for every kind.
pub fn structure_rules() -> impl Iterator<Item = &'static Rule> {
    crate::structure_rules::RULES.iter().copied()
}

/// The rule with this id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

pub(crate) fn kind_count() -> usize {
    kinds().count()
}

pub(crate) fn kind_index(kind: &'static Kind) -> usize {
    kinds().position(|other| std::ptr::eq(other, kind)).expect("every kind belongs to a family")
}
