//! Servers that take their time: the idle deadline ends silence, the total one ends drops.

use std::io::Write as _;

use serde_json::json;

use crate::call::{at, failed, fails, generate, hello_with};
use crate::peer::{Peer, STREAM_HEAD, answer, chunk, piece, read_request, until_left};

const TIMEOUT: &str = "ADAPTER_ENDPOINT_TIMEOUT";

/// Answers with the beginning of something and is silent until the adapter leaves.
fn falls_silent(bytes: impl Into<Vec<u8>>) -> Peer {
    let bytes = bytes.into();
    Peer::with(move |mut stream| {
        let request = read_request(&mut stream);
        stream.write_all(&bytes).unwrap();
        until_left(stream);
        request
    })
}

#[test]
fn silence_ends_at_the_idle_deadline_wherever_it_begins() {
    for (bytes, doing) in [
        (String::new(), "waiting for the answer"),
        ("HTTP/1.1 200 OK\r\nContent-".to_owned(), "waiting for the answer"),
        (STREAM_HEAD.to_owned(), "reading the answer"),
        (format!("{STREAM_HEAD}{}", chunk(&piece("a"))), "reading the answer"),
        (format!("{STREAM_HEAD}ff\r\ndata: "), "reading the answer"),
    ] {
        let peer = falls_silent(bytes);
        let called = generate(&peer, &hello_with(&json!({"idleTimeoutMs": 100})));
        fails(&called, TIMEOUT, &format!("nothing in 100 ms, while {doing}"));
        assert!(failed(&called).2);
        peer.seen();
    }
}

#[test]
fn a_server_that_does_not_read_is_left() {
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let peer = Peer::with(move |stream| {
        // Ends when the test lets go of its side.
        let _ = left.recv();
        drop(stream);
        Vec::from(&b"nothing\r\n\r\n"[..])
    });
    // More than the buffers of both sides hold.
    let args = json!({"model": "tiny", "prompt": "long ".repeat(2_500_000), "idleTimeoutMs": 200});
    fails(&generate(&peer, &args), TIMEOUT, "while sending the request");
    drop(leave);
    peer.seen();
}

#[test]
fn the_runner_hears_that_a_silent_server_is_waited_for() {
    let adapter = adapter_openai_endpoint::EndpointAdapter::new()
        .with_connections(|_, to| std::net::TcpStream::connect(to).map_err(contract_adapter::Failure::from))
        .with_signs_of_life(std::time::Duration::from_millis(1));
    let mut harness = contract_adapter::Harness::new(adapter);
    for (op, args) in [("inference.generate", hello_with(&json!({}))), ("model.inspect", json!({}))] {
        let mut args = at(&falls_silent(""), &args);
        args["idleTimeoutMs"] = json!(200);
        let called = harness.call(op, args);
        fails(&called, TIMEOUT, "nothing in 200 ms");
        let step = called.progress.first().unwrap();
        assert_eq!((step.message.as_deref(), &step.data), (Some("waiting for the server"), &None));
    }
}

#[test]
fn the_words_of_an_error_are_not_waited_for_longer() {
    let bytes = answer("500 Oops", "text/plain", "why").replace("Content-Length: 3", "Content-Length: 30");
    let called = generate(&falls_silent(bytes), &hello_with(&json!({"idleTimeoutMs": 100})));
    fails(&called, "ADAPTER_ENDPOINT_STATUS", "HTTP 500: why");
}
