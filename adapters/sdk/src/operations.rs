//! Invokes to replies: at once, or step by step.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use contract_ipc::Incoming;
use contract_json::{Limits, Tape, Value};

use crate::broker::Broker;
use crate::context::Context;
use crate::failure::Failure;
use crate::offer::Run;
use crate::task::{AnyTask, Stepped};
use crate::wire::{KEEP_BYTES, Wire};

/// An adapter's code, and the tasks that it has open.
pub(crate) struct Operations<A> {
    adapter: A,
    names: Vec<String>,
    runs: Vec<Run<A>>,
    /// The first one has the next step.
    tasks: VecDeque<OpenTask<A>>,
    broker: Broker,
    data: Vec<u8>,
    empty: Tape,
}

/// An invoke that is done step by step.
struct OpenTask<A> {
    /// What came, without the arguments, which `task` has taken in.
    incoming: Incoming<'static>,
    next_seq: u64,
    task: Box<dyn AnyTask<A>>,
}

impl<A> Operations<A> {
    /// `names` and `runs` are in the same order.
    pub(crate) fn new(adapter: A, names: Vec<String>, runs: Vec<Run<A>>, broker: Broker) -> Self {
        let (data, empty) = (Vec::new(), Tape::new());
        Self { adapter, names, runs, tasks: VecDeque::new(), broker, data, empty }
    }

    pub(crate) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Does an invoke, or begins it when it is a stepped one.
    pub(crate) fn answer(&mut self, incoming: &Incoming<'_>, wire: &mut Wire) {
        self.data.clear();
        match self.perform(incoming, wire) {
            Ok(Performed::Begun) => wire.keep_open(&incoming.id),
            Ok(Performed::Done(ok)) => self.end(&incoming.id, Ok(ok), wire),
            Err(failure) => self.end(&incoming.id, Err(failure), wire),
        }
    }

    fn perform(&mut self, incoming: &Incoming<'_>, wire: &mut Wire) -> Result<Performed, Failure> {
        let Self { adapter, names, runs, tasks, broker, data, empty } = self;
        let at = names
            .iter()
            .position(|name| *name == incoming.op)
            .ok_or_else(|| Failure::no_such_op(&incoming.op))?;
        if wire.cancelled() {
            return Err(Failure::cancelled());
        }
        let args = match incoming.args {
            Some(args) => args,
            None => empty_object(empty),
        };
        let mut context = Context::new(wire, broker, incoming, 0);
        match &runs[at] {
            Run::Whole(run) => catch(|| run(adapter, args, data, &mut context)).map(Performed::Done),
            Run::Stepped(begin) => {
                let task = catch(|| begin(adapter, args, &mut context))?;
                tasks.push_back(OpenTask { incoming: kept(incoming), next_seq: context.next_seq(), task });
                Ok(Performed::Begun)
            }
        }
    }

    /// Does one step of the task whose turn it is.
    pub(crate) fn step(&mut self, wire: &mut Wire) {
        let Some(OpenTask { incoming, next_seq, task }) = self.tasks.pop_front() else { return };
        let Self { adapter, tasks, broker, data, .. } = self;
        data.clear();
        wire.resume(&incoming.id);
        let mut context = Context::new(wire, broker, &incoming, next_seq);
        let stepped = catch(|| task.step(adapter, data, &mut context));
        let next_seq = context.next_seq();
        let done = match stepped {
            Ok(Stepped::More(task)) => return tasks.push_back(OpenTask { incoming, next_seq, task }),
            Ok(Stepped::Done(ok)) => Ok(ok),
            Err(failure) => Err(failure),
        };
        wire.close(&incoming.id);
        self.end(&incoming.id, done, wire);
    }

    /// Writes the one end of an invoke.
    fn end(&mut self, invoke: &str, done: Result<bool, Failure>, wire: &mut Wire) {
        match done.and_then(|ok| check_data(&self.data).map(|()| ok)) {
            Ok(ok) => wire.result(invoke, ok, &self.data),
            Err(failure) => wire.error(invoke, failure),
        }
        self.data.shrink_to(KEEP_BYTES);
    }
}

/// How an invoke went.
enum Performed {
    /// It is done; whether the answer is yes.
    Done(bool),
    /// It is an open task.
    Begun,
}

/// What a task knows of its invoke when the line is gone.
fn kept(incoming: &Incoming<'_>) -> Incoming<'static> {
    Incoming {
        id: incoming.id.clone().into_owned().into(),
        op: incoming.op.clone().into_owned().into(),
        args: None,
        timeout_ms: incoming.timeout_ms,
    }
}

/// Runs code of the adapter. One whose code panicked may be left in a state that it did not expect; it is told so in
/// docs/writing-an-adapter.md.
fn catch<T>(code: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|panic| Err(Failure::panicked(panic_text(&*panic))))
}

fn empty_object(tape: &mut Tape) -> Value<'_> {
    tape.parse(b"{}", &Limits::default()).expect("an empty object is JSON")
}

/// Refuses data that would break the line, or that the runner must refuse (R22).
fn check_data(data: &[u8]) -> Result<(), Failure> {
    if data.first() != Some(&b'{') || data.last() != Some(&b'}') {
        return Err(Failure::bad_output(
            "the data of an operation is a JSON object; return a struct or a map",
        ));
    }
    if data.contains(&b'\n') {
        return Err(Failure::bad_output("the data of an operation has a line feed in it"));
    }
    Ok(())
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without text")
}
