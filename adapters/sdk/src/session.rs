//! One session: lines to operations, operations to replies.

use contract_ipc::{AdapterEvent, Code, Envelope, Fault, Sender};
use contract_json::{Limits, Tape};

use crate::broker::Broker;
use crate::link::Link;
use crate::offer::Adapter;
use crate::operations::Operations;
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
            operations: Operations::new(adapter, names, runs, broker),
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
    /// No whole line is left unhandled.
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
        self.operations.has_tasks()
    }

    fn step(&mut self) -> Option<u8> {
        if !self.has_tasks() {
            return None;
        }
        self.operations.step(&mut self.wire);
        self.wire.flush();
        // What the step has read ahead must not wait for more input: this may have been the last task.
        self.wire.output_ended().or_else(|| self.handle_whole_lines())
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::rc::Rc;

    use contract_ipc::Timestamp;

    use super::*;
    use crate::{Context, Offer, Progress, Step};

    struct Echo;

    impl Adapter for Echo {
        fn offer(&self) -> Offer<Self> {
            Offer::new("echo", "1")
                .raw_operation("echo", |_, args, data, _| {
                    data.extend_from_slice(args.raw().as_bytes());
                    Ok(true)
                })
                .stepped_operation("look", |_, _: serde_json::Value, _| {
                    Ok(|_: &mut Self, context: &mut Context<'_>| {
                        Ok(Step::Done(serde_json::json!({ "cancelled": context.cancelled() })))
                    })
                })
                .stepped_operation("three", |_, _: serde_json::Value, _| {
                    let mut at = 0;
                    Ok(move |_: &mut Self, context: &mut Context<'_>| {
                        at += 1;
                        context.tell(Progress::new().data(at))?;
                        Ok(if at == 3 { Step::Done(serde_json::json!({})) } else { Step::More })
                    })
                })
        }
    }

    /// What a session asks of its link.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Call {
        Read,
        Look,
        /// With the number of lines.
        Write(usize),
    }

    /// Gives one block for each read, and keeps the calls.
    struct Blocks {
        reads: VecDeque<Vec<u8>>,
        calls: Rc<RefCell<Vec<Call>>>,
    }

    impl Link for Blocks {
        fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
            self.calls.borrow_mut().push(Call::Read);
            let block = self.reads.pop_front().unwrap_or_default();
            space[..block.len()].copy_from_slice(&block);
            Ok(block.len())
        }

        fn is_ready(&mut self) -> bool {
            self.calls.borrow_mut().push(Call::Look);
            !self.reads.is_empty()
        }

        fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
            self.calls.borrow_mut().push(Call::Write(lines));
            Ok(())
        }
    }

    fn message(id: u32, kind: &str, payload: &str) -> String {
        format!(
            "{{\"v\":\"ipc.v0\",\"id\":\"message-{id}\",\"ts\":\"2026-01-31T12:00:00Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n"
        )
    }

    fn hello() -> String {
        message(0, "hello", r#"{"protocols":["ipc.v0"]}"#)
    }

    fn invoke(id: u32, op: &str) -> String {
        message(id, "invoke", &format!(r#"{{"op":"{op}","args":{{}}}}"#))
    }

    fn calls(reads: &[String]) -> Vec<Call> {
        let calls = Rc::new(RefCell::new(Vec::new()));
        let reads = reads.iter().map(|block| block.clone().into_bytes()).collect();
        let link = Blocks { reads, calls: Rc::clone(&calls) };
        let fallback = Sender::new(*b"0123456789abcdef", Timestamp::from_unix_ms(0));
        assert_eq!(Session::new(Echo, Box::new(link), fallback, Broker::Inherited).run(), 0);
        calls.take()
    }

    /// The number of lines in each write.
    fn writes(reads: &[String]) -> Vec<usize> {
        let lines = |call| if let Call::Write(lines) = call { Some(lines) } else { None };
        calls(reads).into_iter().filter_map(lines).collect()
    }

    #[test]
    fn replies_are_sent_together_when_no_whole_line_is_left() {
        let invokes: String = (1..=5).map(|id| invoke(id, "echo")).collect();
        let (most, rest) = invokes.split_at(invokes.len() - 10);
        let blocks = [hello(), most.to_owned(), rest.to_owned()];
        assert_eq!(writes(&blocks), [2, 4, 1], "the fifth invoke comes in two blocks");
        assert_eq!(writes(&[hello() + &invokes]), [7]);
    }

    #[test]
    fn operations_that_run_as_a_whole_never_look_at_the_input() {
        use Call::{Read, Write};
        let calls = calls(&[hello(), invoke(1, "echo"), invoke(2, "echo")]);
        assert_eq!(calls, [Read, Write(2), Read, Write(1), Read, Write(1), Read]);
    }

    #[test]
    fn progress_of_a_step_is_one_write_and_a_step_is_one_look() {
        use Call::{Look, Read, Write};
        let calls = calls(&[hello(), invoke(1, "three")]);
        let steps = [Write(1), Look, Write(1), Look, Write(1), Write(1)];
        assert_eq!(calls, [&[Read, Write(2), Read], &steps[..], &[Read]].concat());
    }

    #[test]
    fn what_the_last_step_has_read_ahead_is_answered_before_more_is_waited_for() {
        use Call::{Look, Read, Write};
        let calls = calls(&[hello(), invoke(1, "look"), invoke(2, "echo")]);
        let step = [Look, Read, Look, Write(1)];
        assert_eq!(calls, [&[Read, Write(2), Read], &step[..], &[Write(1), Read]].concat());
    }

    #[test]
    fn replies_of_2_kib_are_sent_before_the_block_is_done() {
        let invokes: String = (1..=32).map(|id| invoke(id, "echo")).collect();
        assert!(invokes.len() < 64 * 1024, "one block");
        // A reply has about 160 bytes: the runner can read the first ones while we make the others.
        assert_eq!(writes(&[hello(), invokes]), [2, 14, 13, 5]);
    }
}
