//! `model`: models at hand, their bytes and their papers.

mod import;
mod inspect;
mod list;
mod machine;
mod places;
mod reading;
mod resolve;
mod route;
mod verify;

use contract_engine::{Failure, Surroundings};
use contract_ipc::Exit;
use contract_models::ModelError;

pub(super) use self::places::store;
use crate::args::{ModelCommand, Output};

pub(crate) fn model(command: &ModelCommand, output: Output) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    match command {
        ModelCommand::List { places, kit } => list::list(places, kit.as_deref(), &around, output),
        ModelCommand::Inspect(args) => inspect::inspect(args, &around, output),
        ModelCommand::Import(args) => import::import(args, &around, output),
        ModelCommand::Verify(args) => verify::verify(args, &around, output),
        ModelCommand::Resolve(args) => resolve::resolve(args, output),
        ModelCommand::Route(args) => route::route(args, &around, output),
    }
}

/// What goes wrong with models, as everything else is told.
pub(super) fn failure(error: ModelError) -> Failure {
    Failure::new(error.code(), error.to_string())
}
