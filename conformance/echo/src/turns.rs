//! Operations that are done step by step, several invokes at a time.

use std::net::TcpStream;

use contract_adapter::{Answer, Context, Failure, Progress, Step, Task};
use serde::{Deserialize, Serialize};

use crate::Echo;
use crate::surroundings::{Connect, Text, ask, hear};

#[derive(Deserialize)]
pub(crate) struct To {
    to: u64,
}

#[derive(Serialize)]
pub(crate) struct At {
    at: u64,
}

/// A count that goes on.
pub(crate) struct Turns {
    at: u64,
    to: u64,
}

/// Begins to count.
pub(crate) fn turns(_: &mut Echo, To { to }: To, _: &mut Context<'_>) -> Result<Turns, Failure> {
    if to == 0 {
        return Err(Failure::bad_input("`to` is not 1 or more"));
    }
    Ok(Turns { at: 0, to })
}

impl Task<Echo> for Turns {
    type Output = Answer<At>;

    fn step(&mut self, _: &mut Echo, context: &mut Context<'_>) -> Result<Step<Answer<At>>, Failure> {
        if context.cancelled() {
            return Ok(Step::Done(Answer::No(At { at: self.at })));
        }
        self.at += 1;
        context.tell(Progress::new().data(self.at))?;
        Ok(if self.at == self.to { Step::Done(Answer::Yes(At { at: self.at })) } else { Step::More })
    }
}

/// A line that is to be written, or an answer that is to be read.
pub(crate) enum Exchange {
    Ask(Connect),
    Hear(TcpStream),
}

/// Writes a line to a connection in one step and reads what comes back in the next.
pub(crate) fn exchange(_: &mut Echo, connect: Connect, _: &mut Context<'_>) -> Result<Exchange, Failure> {
    Ok(Exchange::Ask(connect))
}

impl Task<Echo> for Exchange {
    type Output = Text;

    fn step(&mut self, _: &mut Echo, context: &mut Context<'_>) -> Result<Step<Text>, Failure> {
        match self {
            Self::Ask(connect) => {
                *self = Self::Hear(ask(connect, context)?);
                Ok(Step::More)
            }
            Self::Hear(stream) => Ok(Step::Done(hear(stream)?)),
        }
    }
}
