//! Plans which folders an agent machine gets, and refuses what may not be given away. It mounts nothing.
//!
//! A request goes straight through: arguments ([`request`]), the way of each root through the file system ([`way`]), what is
//! said of it ([`judgement`]), and the documents ([`documents`]) with the same mounts as other programs take them ([`forms`]).
//! The file system is asked by `lstat`, `readlink` and `statfs` alone: nothing is opened, no folder is listed.

pub mod answer;
pub mod documents;
pub mod file_system;
pub mod forms;
pub mod judgement;
pub mod purpose;
pub mod request;
pub mod way;

use contract_adapter::{Adapter, Answer, Context, Failure, Offer};

use answer::Data;
use judgement::Judged;
use request::{Arguments, Request};

/// The adapter. It keeps nothing from one call to the next.
#[derive(Debug)]
pub struct MountPlan;

impl MountPlan {
    fn plan(&mut self, arguments: Arguments, context: &mut Context<'_>) -> Result<Answer<Data>, Failure> {
        let request = Request::read(arguments)?;
        context.check()?;
        Ok(match judgement::judge(&request) {
            Judged::Allowed(seen) => Answer::Yes(Data::planned(&request, &seen)),
            Judged::Refused(violations) => Answer::No(Data::refused(violations)),
        })
    }
}

impl Adapter for MountPlan {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("../adapter.json"))
            .operation("agent_machine.mounts.plan", Self::plan)
    }
}
