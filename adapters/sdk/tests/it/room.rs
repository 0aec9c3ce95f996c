//! One adapter with a stepped operation for each thing to test.

use contract_adapter::{Adapter, Answer, Context, Failure, Offer, Progress, Step, Task};
use serde::Deserialize;
use serde_json::{Value, json};

/// What all tasks share.
#[derive(Default)]
pub(crate) struct Room {
    steps: u64,
}

#[derive(Deserialize)]
struct To {
    to: u64,
}

/// Counts with a message for each number; when it is cancelled, the answer is no, with the number that was reached.
struct Count {
    to: u64,
    at: u64,
}

impl Task<Room> for Count {
    type Output = Answer<Value>;

    fn step(&mut self, room: &mut Room, context: &mut Context<'_>) -> Result<Step<Answer<Value>>, Failure> {
        if context.cancelled() {
            return Ok(Step::Done(Answer::No(json!({ "at": self.at }))));
        }
        room.steps += 1;
        self.at += 1;
        context.tell(Progress::new().data(self.at))?;
        Ok(if self.at == self.to { Step::Done(Answer::Yes(json!({ "at": self.at }))) } else { Step::More })
    }
}

/// Panics when it is dropped after its answer.
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

impl Task<Room> for Fragile {
    type Output = Value;

    fn step(&mut self, _: &mut Room, _: &mut Context<'_>) -> Result<Step<Value>, Failure> {
        Ok(Step::Done(json!({})))
    }
}

impl Adapter for Room {
    fn offer(&self) -> Offer<Self> {
        Offer::new("room", "1")
            .stepped_operation("count", |_, To { to }, _| {
                if to == 0 {
                    return Err(Failure::bad_input("there is nothing to count"));
                }
                Ok(Count { to, at: 0 })
            })
            .stepped_operation("checked", checked)
            .stepped_operation("load", |_, To { to }, context| {
                context.progress(Progress::new().message("loading"))?;
                Ok(Count { to, at: 0 })
            })
            .stepped_operation("break", broken)
            .stepped_operation("break early", |_, _: Value, _| -> Result<Count, _> { panic!("no begin") })
            .stepped_operation("fragile", |_, _: Value, _| Ok(Fragile))
            .stepped_operation("scalar", |_, _: Value, _| {
                Ok(|_: &mut Room, _: &mut Context<'_>| Ok(Step::Done("no object")))
            })
            .stepped_operation("about", about)
            .stepped_operation("reach", |_, _: Value, _| {
                Ok(|_: &mut Room, context: &mut Context<'_>| {
                    context.connect("localhost:80").map(|_| Step::Done(json!({})))
                })
            })
            .stepped_operation("slow begin", |_, To { to }, context| {
                context.wait_for_cancel();
                Ok(Count { to, at: 0 })
            })
            .operation("steps", |room: &mut Self, _: Value, _| Ok(json!({ "steps": room.steps })))
            .operation("wait", |_, _: Value, context| -> Result<Value, _> { Err(context.wait_for_cancel()) })
    }
}

type Stepped = Result<Step<Value>, Failure>;

/// Leaves with an error when it is cancelled.
fn checked(
    _: &mut Room,
    To { to }: To,
    _: &mut Context<'_>,
) -> Result<impl FnMut(&mut Room, &mut Context<'_>) -> Stepped + use<>, Failure> {
    let mut at = 0;
    Ok(move |_: &mut Room, context: &mut Context<'_>| {
        at += 1;
        context.progress(Progress::new().data(at))?;
        Ok(if at == to { Step::Done(json!({ "at": at })) } else { Step::More })
    })
}

/// Panics in a step of its own, having said something.
fn broken(
    _: &mut Room,
    To { to }: To,
    _: &mut Context<'_>,
) -> Result<impl FnMut(&mut Room, &mut Context<'_>) -> Stepped + use<>, Failure> {
    let mut at = 0;
    Ok(move |_: &mut Room, context: &mut Context<'_>| {
        at += 1;
        context.progress(Progress::new().data(at))?;
        assert!(at < to, "broke at {at}");
        Ok(Step::More)
    })
}

/// Says in its second step what it knows of its invoke.
fn about(
    _: &mut Room,
    _: Value,
    _: &mut Context<'_>,
) -> Result<impl FnMut(&mut Room, &mut Context<'_>) -> Stepped + use<>, Failure> {
    let mut begun = false;
    Ok(move |_: &mut Room, context: &mut Context<'_>| {
        if !begun {
            begun = true;
            return Ok(Step::More);
        }
        let (id, op) = (context.invoke_id().to_owned(), context.op().to_owned());
        Ok(Step::Done(json!({ "id": id, "op": op, "timeoutMs": context.timeout_ms() })))
    })
}
