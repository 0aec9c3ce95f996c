//! One session: lines to operations, operations to replies.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use contract_ipc::{AdapterEvent, Code, Envelope, Fault, Incoming, Sender};
use contract_json::{Limits, Tape, Value};

use crate::broker::Broker;
use crate::context::Context;
use crate::failure::Failure;
use crate::link::Link;
use crate::offer::{Adapter, Run};
use crate::task::{AnyTask, Stepped};
use crate::wire::{KEEP_BYTES, Wire};

/// An adapter at work.
pub(crate) struct Session<A> {
    operations: Operations<A>,
    wire: Wire,
    /// The line at hand, out of the reader, so that an operation can read on.
    line: Vec<u8>,
    tape: Tape,
    /// The offer is wrong: nothing but this can be said.
    mistake: Option<Fault>,
}

struct Operations<A> {
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

impl<A: Adapter> Session<A> {
    pub(crate) fn new(adapter: A, link: Box<dyn Link>, fallback: Sender, broker: Broker) -> Self {
        let offer = adapter.offer();
        let max_line_bytes = offer.line_limit();
        let (capabilities, runs, mistake) = match offer.finish() {
            Ok((capabilities, runs)) => (capabilities, runs, None),
            Err(what) => {
                let fault = Fault { code: Code::AdapterManifestInvalid, what };
                (crate::offer::nothing(), Vec::new(), Some(fault))
            }
        };
        let names = capabilities.capabilities.iter().map(|capability| capability.name.clone()).collect();
        let operations = Operations {
            adapter,
            names,
            runs,
            tasks: VecDeque::new(),
            broker,
            data: Vec::new(),
            empty: Tape::new(),
        };
        Self {
            operations,
            wire: Wire::new(link, fallback, capabilities, max_line_bytes),
            line: Vec::new(),
            tape: Tape::new(),
            mistake,
        }
    }

    /// Works until the input has ended and no task is open; returns the exit status.
    pub(crate) fn run(&mut self) -> u8 {
        loop {
            if let Some(status) = self.turn() {
                return status;
            }
            if self.wire.input_ended() && !self.has_tasks() {
                return 0;
            }
        }
    }

    /// Takes in what is there and handles it, then does one step of one task; the exit status when the session is over.
    ///
    /// It waits for input when nothing else is to be done.
    pub(crate) fn turn(&mut self) -> Option<u8> {
        if self.has_tasks() {
            self.wire.fill_when_ready();
        } else {
            self.wire.fill();
        }
        self.handle_whole_lines().or_else(|| self.step())
    }

    /// Whether a task is open.
    pub(crate) fn has_tasks(&self) -> bool {
        !self.operations.tasks.is_empty()
    }

    fn step(&mut self) -> Option<u8> {
        let task = self.operations.tasks.pop_front()?;
        self.operations.step(task, &mut self.wire);
        self.wire.flush();
        self.wire.output_ended()
    }

    fn handle_whole_lines(&mut self) -> Option<u8> {
        if let Some(mistake) = &self.mistake {
            return Some(self.wire.refuse(mistake));
        }
        loop {
            let handled = match self.wire.next_line(&mut self.line) {
                Ok(None) => break,
                Ok(Some(cancelled)) => self.handle(cancelled),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = handled {
                return Some(self.wire.refuse(&fault));
            }
            self.wire.flush_when_full();
            if self.wire.output_ended().is_some() {
                break;
            }
        }
        self.wire.flush();
        if self.line.capacity() > KEEP_BYTES {
            self.line = Vec::new();
            self.tape = Tape::new();
        }
        self.wire.output_ended()
    }

    fn handle(&mut self, cancelled: bool) -> Result<(), Fault> {
        let message = Envelope::parse(&mut self.tape, &self.line, &Limits::default())?;
        // A cancel that arrives here names a task, which the wire knows, or an invoke that has ended.
        if let AdapterEvent::Invoke(incoming) = self.wire.receive(&message)? {
            self.wire.begin(cancelled);
            self.operations.answer(&incoming, &mut self.wire);
        }
        Ok(())
    }
}

impl<A> Operations<A> {
    /// Does an invoke, or begins it when it is a stepped one.
    fn answer(&mut self, incoming: &Incoming<'_>, wire: &mut Wire) {
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

    fn step(&mut self, open: OpenTask<A>, wire: &mut Wire) {
        let OpenTask { incoming, next_seq, task } = open;
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::rc::Rc;

    use contract_ipc::Timestamp;

    use super::*;
    use crate::Offer;

    struct Echo;

    impl Adapter for Echo {
        fn offer(&self) -> Offer<Self> {
            Offer::new("echo", "1").raw_operation("echo", |_, args, data, _| {
                data.extend_from_slice(args.raw().as_bytes());
                Ok(true)
            })
        }
    }

    /// Gives one block for each read, and keeps the lines of each write apart.
    struct Blocks {
        reads: VecDeque<Vec<u8>>,
        writes: Rc<RefCell<Vec<usize>>>,
    }

    impl Link for Blocks {
        fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
            let block = self.reads.pop_front().unwrap_or_default();
            space[..block.len()].copy_from_slice(&block);
            Ok(block.len())
        }

        fn is_ready(&mut self) -> bool {
            !self.reads.is_empty()
        }

        fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
            self.writes.borrow_mut().push(bytes.iter().filter(|&&byte| byte == b'\n').count());
            Ok(())
        }
    }

    fn message(id: u32, kind: &str, payload: &str) -> String {
        format!(
            "{{\"v\":\"ipc.v0\",\"id\":\"message-{id}\",\"ts\":\"2026-01-31T12:00:00Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n"
        )
    }

    /// The number of lines in each write.
    fn writes(reads: &[String]) -> Vec<usize> {
        let writes = Rc::new(RefCell::new(Vec::new()));
        let reads = reads.iter().map(|block| block.clone().into_bytes()).collect();
        let link = Blocks { reads, writes: Rc::clone(&writes) };
        let fallback = Sender::new(*b"0123456789abcdef", Timestamp::from_unix_ms(0));
        assert_eq!(Session::new(Echo, Box::new(link), fallback, Broker::Inherited).run(), 0);
        writes.take()
    }

    #[test]
    fn replies_are_sent_together_when_no_whole_line_is_left() {
        let hello = message(0, "hello", r#"{"protocols":["ipc.v0"]}"#);
        let invokes: String = (1..=5).map(|id| message(id, "invoke", r#"{"op":"echo","args":{}}"#)).collect();
        let (most, rest) = invokes.split_at(invokes.len() - 10);
        let blocks = [hello.clone(), most.to_owned(), rest.to_owned()];
        assert_eq!(writes(&blocks), [2, 4, 1], "the fifth invoke comes in two blocks");
        assert_eq!(writes(&[hello + &invokes]), [7]);
    }

    #[test]
    fn replies_of_2_kib_are_sent_before_the_block_is_done() {
        let hello = message(0, "hello", r#"{"protocols":["ipc.v0"]}"#);
        let invoke = |id| message(id, "invoke", r#"{"op":"echo","args":{}}"#);
        let invokes: String = (1..=32).map(invoke).collect();
        assert!(invokes.len() < 64 * 1024, "one block");
        // A reply has about 160 bytes: the runner can read the first ones while we make the others.
        assert_eq!(writes(&[hello, invokes]), [2, 14, 13, 5]);
    }
}
