//! Runs one program to its end: the step of a lane.

mod group;
mod input;
mod lines;
mod outcome;
mod pipes;
mod signal;
mod start;
mod stream;
mod tail;
mod watch;

use contract_adapter::{Adapter, Answer, Context, Failure, Offer};

use crate::input::Run;
use crate::outcome::Outcome;
use crate::watch::Watch;

/// The adapter that starts other programs.
#[derive(Debug, Clone, Copy)]
pub struct ProcessAdapter;

impl ProcessAdapter {
    fn run(&mut self, run: Run, context: &mut Context<'_>) -> Result<Answer<Outcome>, Failure> {
        context.check()?;
        let (group, pipes) = start::start(&run)?;
        Watch::new(run, group, pipes).until_the_end(context)
    }
}

impl Adapter for ProcessAdapter {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("../adapter.json")).operation("process.run", Self::run)
    }
}
