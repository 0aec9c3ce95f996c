//! Lines and both sides of a session.

use std::collections::HashSet;

use contract_ipc::{
    AdapterEvent, AdapterSide, Envelope, Event, LineReader, RunnerSide, Seed, Sender, Session, Timestamp,
};
use contract_json::{Limits, Tape};

fn session() -> Session {
    let seed = "00112233445566778899aabbccddeeff".parse::<Seed>().expect("32 hex digits");
    Session::new(seed, "1970-01-01T00:00:00Z".parse::<Timestamp>().expect("a time"))
}

/// Every whole line of `bytes`, read in pieces of `step` bytes.
fn lines(bytes: &[u8], step: usize) -> Vec<(Vec<u8>, bool)> {
    let mut reader = LineReader::new(1 << 20);
    let mut found = Vec::new();
    for piece in bytes.chunks(step) {
        let mut left = piece;
        while !left.is_empty() {
            let space = reader.space();
            let count = left.len().min(space.len());
            space[..count].copy_from_slice(&left[..count]);
            reader.filled(count);
            left = &left[count..];
            while let Some(line) = reader.next_line().expect("no line is near the limit") {
                found.push((line.text.to_vec(), line.had_cr));
            }
        }
    }
    found
}

/// Whatever the pieces, the lines are those between the line feeds.
pub(crate) fn lines_do_not_depend_on_how_they_are_read(bytes: &[u8]) {
    let mut wanted: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    wanted.pop();
    for step in [1, 7, bytes.len().max(1)] {
        let found = lines(bytes, step);
        assert_eq!(found.len(), wanted.len());
        for ((text, had_cr), wanted) in found.iter().zip(&wanted) {
            assert_eq!(text.as_slice(), wanted.strip_suffix(b"\r").unwrap_or(wanted));
            assert_eq!(*had_cr, wanted.ends_with(b"\r"));
        }
    }
}

/// No line makes the runner's side panic, and no invoke ends twice. The words HELLO and INVOKE stand for the ids.
pub(crate) fn a_runner_survives_any_adapter(bytes: &[u8]) {
    let mut side = RunnerSide::new(session());
    let mut out = Vec::new();
    side.hello(&[], &mut out);
    let id = |number: u64| {
        format!("{}{number:016x}", String::from_utf8_lossy(&session().seed.id_prefix("runner")))
    };
    let mut tape = Tape::new();
    let (mut invoked, mut ended) = (0, HashSet::new());
    for line in bytes.split(|byte| *byte == b'\n') {
        let text =
            String::from_utf8_lossy(line).replace("HELLO", &id(0)).replace("INVOKE", &id(2 + invoked % 3));
        let Ok(message) = Envelope::parse(&mut tape, text.as_bytes(), &Limits::default()) else { continue };
        match side.receive(&message) {
            Ok(Event::Capabilities(_)) => {
                side.accept(&["x.y".to_owned()], &mut out);
                for _ in 0..3 {
                    side.invoke("x.y", b"{}", 10, &mut out);
                }
            }
            Ok(Event::End(invocation, _)) => {
                assert!(ended.insert(invocation.0), "an invoke ended twice");
                invoked += 1;
            }
            Ok(_) => {}
            Err(fault) => {
                assert!(!fault.what.is_empty(), "{fault}");
                break;
            }
        }
        assert!(side.in_flight() <= 3);
    }
}

/// No line makes the adapter's side panic, and all that it says is valid.
pub(crate) fn an_adapter_survives_any_runner(bytes: &[u8]) {
    let mut side = AdapterSide::new(Sender::new(*b"0123456789abcdef", session().clock));
    let mut tape = Tape::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut out = Vec::new();
        let Ok(message) = Envelope::parse(&mut tape, line, &Limits::default()) else { continue };
        match side.receive(&message, &mut out) {
            Ok(AdapterEvent::Invoke(incoming)) => side.result(&incoming.id, true, b"{}", &mut out),
            Ok(_) => {}
            Err(fault) => side.refuse(&fault, &mut out),
        }
        let mut own = Tape::new();
        for said in out.split(|byte| *byte == b'\n').filter(|said| !said.is_empty()) {
            Envelope::parse(&mut own, said, &Limits::default()).expect("what an adapter says is valid");
        }
    }
}
