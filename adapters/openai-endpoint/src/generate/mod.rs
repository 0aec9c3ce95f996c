//! `inference.generate`: a prompt or a chat to text, as it comes.

mod input;
mod task;
mod transcript;

use contract_adapter::{Answer, Context, Failure};

use crate::EndpointAdapter;
use crate::generate::input::Generate;
use crate::generate::task::Task;
use crate::generate::transcript::Generated;

pub(crate) fn generate(
    adapter: &mut EndpointAdapter,
    input: Generate,
    context: &mut Context<'_>,
) -> Result<Answer<Generated>, Failure> {
    let mut task = Task::begin(adapter, input, context)?;
    loop {
        if let Some(answer) = task.step(context)? {
            return Ok(answer);
        }
    }
}
