//! One session: lines to operations, operations to replies.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use contract_ipc::{AdapterEvent, Code, Envelope, Fault, Incoming, Sender};
use contract_json::{Limits, Tape, Value};

use crate::broker::Broker;
use crate::context::Context;
use crate::failure::Failure;
use crate::link::Link;
use crate::offer::{Adapter, Run};
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
    broker: Broker,
    data: Vec<u8>,
    empty: Tape,
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
        Self {
            operations: Operations { adapter, names, runs, broker, data: Vec::new(), empty: Tape::new() },
            wire: Wire::new(link, fallback, capabilities, max_line_bytes),
            line: Vec::new(),
            tape: Tape::new(),
            mistake,
        }
    }

    /// Works until the input ends; returns the exit status.
    pub(crate) fn run(&mut self) -> u8 {
        loop {
            self.wire.fill();
            if let Some(status) = self.handle_whole_lines() {
                return status;
            }
            if self.wire.input_ended() {
                return 0;
            }
        }
    }

    /// Takes in what is there and handles it; the exit status when the session is over.
    pub(crate) fn turn(&mut self) -> Option<u8> {
        self.wire.fill();
        self.handle_whole_lines()
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
        // A cancel that arrives here names an invoke that has ended.
        if let AdapterEvent::Invoke(incoming) = self.wire.receive(&message)? {
            self.wire.begin(cancelled);
            self.operations.answer(&incoming, &mut self.wire);
        }
        Ok(())
    }
}

impl<A> Operations<A> {
    fn answer(&mut self, incoming: &Incoming<'_>, wire: &mut Wire) {
        self.data.clear();
        match self.perform(incoming, wire).and_then(|ok| check_data(&self.data).map(|()| ok)) {
            Ok(ok) => wire.result(&incoming.id, ok, &self.data),
            Err(failure) => wire.error(&incoming.id, failure),
        }
        self.data.shrink_to(KEEP_BYTES);
    }

    fn perform(&mut self, incoming: &Incoming<'_>, wire: &mut Wire) -> Result<bool, Failure> {
        let Self { adapter, names, runs, broker, data, empty } = self;
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
        let run = &runs[at];
        // An adapter whose operation panicked may be left in a state that it did not expect; it is told so in docs/writing-an-adapter.md.
        catch_unwind(AssertUnwindSafe(|| run(adapter, args, data, &mut Context::new(wire, broker, incoming))))
            .unwrap_or_else(|panic| Err(Failure::panicked(panic_text(&*panic))))
    }
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
