//! Several invokes at a time: each has its own connection and its own end.

use serde_json::{Value, json};

use crate::call::{at, done, fails, harness, hello, told};
use crate::peer::{Peer, STREAM_HEAD, chat, json_answer, read_request, until_left};

#[test]
fn a_silent_server_does_not_keep_others_waiting() {
    use std::io::Write as _;
    let silent = Peer::with(|mut stream| {
        let request = read_request(&mut stream);
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        until_left(stream);
        request
    });
    let (talking, vectors) = (
        Peer::answers(chat(&["a", "b"], "stop")),
        Peer::answers(json_answer(
            &json!({"data": [{"index": 0, "embedding": [3.0, 4.0]}], "model": "tiny"}),
        )),
    );
    let mut harness = harness();
    let waits = harness.start("inference.generate", at(&silent, &hello()));
    let talks = harness.start("inference.generate", at(&talking, &hello()));
    let embeds = harness.start("inference.embed", at(&vectors, &json!({"model": "tiny", "input": ["a"]})));
    let (talked, embedded) = (harness.end(talks), harness.end(embeds));
    assert_eq!((done(&talked).1["text"].as_str(), told(&talked).as_str()), (Some("ab"), "ab"));
    assert_eq!(done(&embedded).1["dimensions"], 2);
    // It is still open, and ends alone.
    harness.cancel(waits);
    let ended = harness.end(waits);
    let (ok, data): (bool, &Value) = done(&ended);
    assert_eq!((ok, &data["finishReason"]), (false, &json!("cancelled")));
    silent.seen();
}

#[test]
fn a_broken_server_ends_its_own_invoke_alone() {
    let (broken, talking) = (Peer::answers("HTTP/9 nonsense\r\n\r\n"), Peer::answers(chat(&["a"], "stop")));
    let mut harness = harness();
    let breaks = harness.start("inference.generate", at(&broken, &hello()));
    let talks = harness.start("inference.generate", at(&talking, &hello()));
    fails(&harness.end(breaks), "ADAPTER_ENDPOINT_PROTOCOL", "no HTTP/1.1");
    assert_eq!(done(&harness.end(talks)).1["text"], "a");
}
