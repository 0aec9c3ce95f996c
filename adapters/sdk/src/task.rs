//! An operation that is done step by step, so that several invokes share one adapter.

use crate::answer::Output;
use crate::context::Context;
use crate::failure::Failure;

/// One invoke of a stepped operation, from its begin to its end; see [`Offer::stepped_operation`](crate::Offer::stepped_operation).
///
/// What all invokes share is in the adapter, what belongs to one of them is in its task. A closure
/// `FnMut(&mut A, &mut Context<'_>) -> Result<Step<O>, Failure>` is a task, too.
pub trait Task<A> {
    /// What it answers with in the end.
    type Output: Output;

    /// Does a small piece of the work. It is not called again after [`Step::Done`], an error or a panic.
    ///
    /// # Errors
    /// Whatever ends this invoke with an `error`; the other tasks go on.
    fn step(&mut self, adapter: &mut A, context: &mut Context<'_>) -> Result<Step<Self::Output>, Failure>;
}

/// How a task goes on after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<O> {
    /// It has more to do; the other open tasks have their turn first.
    More,
    /// This is its answer.
    Done(O),
}

impl<A, O, F> Task<A> for F
where
    O: Output,
    F: FnMut(&mut A, &mut Context<'_>) -> Result<Step<O>, Failure>,
{
    type Output = O;

    fn step(&mut self, adapter: &mut A, context: &mut Context<'_>) -> Result<Step<O>, Failure> {
        self(adapter, context)
    }
}

/// A task of any type. A step takes it and gives it back, so that whatever ends it also drops it.
pub(crate) trait AnyTask<A> {
    fn step(
        self: Box<Self>,
        adapter: &mut A,
        data: &mut Vec<u8>,
        context: &mut Context<'_>,
    ) -> Result<Stepped<A>, Failure>;
}

/// What is left after a step: the task, or whether the answer is yes.
pub(crate) enum Stepped<A> {
    More(Box<dyn AnyTask<A>>),
    Done(bool),
}

impl<A, T: Task<A> + 'static> AnyTask<A> for T {
    fn step(
        mut self: Box<Self>,
        adapter: &mut A,
        data: &mut Vec<u8>,
        context: &mut Context<'_>,
    ) -> Result<Stepped<A>, Failure> {
        Ok(match Task::step(&mut *self, adapter, context)? {
            Step::More => Stepped::More(self),
            Step::Done(output) => Stepped::Done(output.write(data)?),
        })
    }
}
