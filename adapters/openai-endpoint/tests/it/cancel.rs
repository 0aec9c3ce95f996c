//! A cancel ends the text where it is, and the connection with it.

use std::io::Write as _;

use serde_json::json;

use crate::call::{at, call, done, failed, harness, hello, told};
use crate::peer::{Peer, STREAM_HEAD, chunk, piece, read_request, until_left};

/// Says these pieces, and then nothing until the adapter leaves.
fn says(pieces: &'static [&str]) -> Peer {
    Peer::with(move |mut stream| {
        let request = read_request(&mut stream);
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        for text in pieces {
            // It may have left by now.
            let _ = stream.write_all(chunk(&piece(text)).as_bytes());
        }
        until_left(stream);
        request
    })
}

#[test]
fn a_cancelled_text_is_a_no_with_what_there_is() {
    for after in 1..=3 {
        let peer = says(&["a", "b", "c", "d", "e"]);
        let called = harness().call_and_cancel("inference.generate", at(&peer, &hello()), after);
        let (ok, data) = done(&called);
        assert!(!ok);
        assert_eq!(data["finishReason"], "cancelled");
        assert_eq!(data["text"], "abcde"[..after]);
        assert_eq!(told(&called), "abcde"[..after]);
        assert_eq!(
            data["usage"],
            json!({"promptTokens": null, "cachedTokens": null, "outputTokens": after, "estimated": true})
        );
        // The server sees the end of the connection, or this would wait for ever.
        peer.seen();
    }
}

#[test]
fn a_cancel_before_anything_was_sent_is_an_error() {
    let peer = Peer::with(|_| panic!("connected"));
    for op in ["inference.generate", "inference.embed", "inference.tokenize"] {
        let args = match op {
            "inference.generate" => hello(),
            "inference.embed" => json!({"model": "m", "input": ["a"]}),
            _ => json!({"model": "m", "text": "a"}),
        };
        let called = harness().call_and_cancel(op, at(&peer, &args), 0);
        assert_eq!(failed(&called).0, "ADAPTER_CANCELLED");
    }
}

#[test]
fn the_next_invoke_has_a_connection_of_its_own() {
    let (one, two) = (says(&["a"]), Peer::answers(crate::peer::chat(&["b"], "stop")));
    let mut harness = harness();
    let first = harness.call_and_cancel("inference.generate", at(&one, &hello()), 1);
    assert!(!done(&first).0);
    let second = harness.call("inference.generate", at(&two, &hello()));
    assert_eq!(second.data()["text"], "b");
    one.seen();
    assert_eq!(
        call(&Peer::answers(crate::peer::chat(&["c"], "stop")), "inference.generate", &hello()).data()["text"],
        "c"
    );
}
