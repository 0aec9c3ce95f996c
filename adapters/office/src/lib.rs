//! Plans of office artifacts, evidence of the plans, and what an office file says of itself.
//!
//! Every operation is a dry run: nothing is generated, converted, started or posted.

mod artifact;
mod backend;
mod convert;
mod doctor;
mod event;
mod evidence;
mod fault;
mod file_name;
mod format;
mod generate;
mod input;
mod inspect;
mod plan;
mod report;
mod room;
mod search;

use contract_adapter::{Adapter, Offer};

/// The adapter. It keeps nothing between operations.
#[derive(Debug, Clone, Copy)]
pub struct Office;

impl Adapter for Office {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("../adapter.json"))
            .operation("office.doctor", doctor::run)
            .operation("office.generate", generate::run)
            .operation("office.convert", convert::run)
            .operation("office.inspect", inspect::run)
            .operation("agentterm.office.event", event::run)
    }
}
