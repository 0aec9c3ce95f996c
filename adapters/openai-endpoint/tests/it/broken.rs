//! Servers whose answers break the rules: each ends in an error that says which, and never in a result.

use serde_json::{Value, json};

use crate::call::{failed, fails, generate, hello};
use crate::peer::{DONE, Peer, STREAM_HEAD, answer, chat, chunk, event, finish, piece, stream};

const PROTOCOL: &str = "ADAPTER_ENDPOINT_PROTOCOL";

#[track_caller]
fn broken(bytes: impl Into<Vec<u8>>, words: &str) {
    fails(&generate(&Peer::answers(bytes), &hello()), PROTOCOL, words);
}

#[test]
fn connections_that_end_too_early() {
    broken("", "closed the connection without an answer");
    broken("HTTP/1.1 200 OK\r\nContent-Ty", "ended in the head");
    broken("HTTP/1.1 100 Continue\r\n\r\n", "ended in the head");
    broken(STREAM_HEAD, "ended in the middle");
    let whole = chat(&["a", "b"], "stop");
    let body = whole.find("\r\n\r\n").unwrap() + 4;
    // In a size, in data, in the line ends of a chunk: all before the finish reason.
    for cut in body + 1..whole.find("[DONE]").unwrap() - 40 {
        let called = generate(&Peer::answers(&whole[..cut]), &hello());
        let (code, message, retryable) = failed(&called);
        assert_eq!((code, retryable), (PROTOCOL, true), "{message}");
        assert!(message.contains("ended in the middle"), "{message}");
    }
}

#[test]
fn a_server_that_closes_without_reading_is_no_hang() {
    // The rest of the request cannot be sent; whether the close or a reset is seen first is the system's choice.
    let peer = Peer::with(|stream| {
        drop(stream);
        Vec::new()
    });
    let args = json!({"model": "tiny", "prompt": "long ".repeat(400_000)});
    fails(&generate(&peer, &args), PROTOCOL, "closed the connection without an answer");
}

#[test]
fn heads_that_are_none_or_too_much() {
    broken("hello\r\n\r\n", "no HTTP/1.1");
    broken("HTTP/2 200\r\n\r\n", "no HTTP/1.1");
    broken("HTTP/1.1 099 A\r\n\r\n", "no HTTP/1.1");
    broken("HTTP/1.1 101 Switching Protocols\r\n\r\n", "switches protocols");
    broken(b"\x15\x03\x01\x00\x02\x02\x50".to_vec(), "speaks TLS");
    broken(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(40_000)), "more than 32768 bytes");
    broken(format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(1000)), "too many headers");
    broken("HTTP/1.1 100 Continue\r\n\r\n".repeat(2000), "more than 32768 bytes");
}

#[test]
fn lengths_that_are_not_clear() {
    let with =
        |headers: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{headers}\r\n\r\n");
    broken(with("Content-Length: 5\r\nTransfer-Encoding: chunked") + "0\r\n\r\n", "told twice");
    broken(with("Content-Length: 5\r\nContent-Length: 6") + "hello", "content-length");
    broken(with("Content-Length: -1"), "content-length");
    broken(with("Transfer-Encoding: gzip, chunked"), "another one than chunked");
    broken(with("Content-Encoding: gzip\r\nContent-Length: 1") + "a", "compressed (gzip)");
    broken(with("Content-Length: 100000000"), "more than 67108864 bytes");
    // It promises more than it sends, and less: the rest is cut off.
    broken(with("Content-Length: 1000") + &piece("a"), "ended in the middle");
    broken(with("Content-Length: 20") + &piece("a") + &finish("stop"), "without a finish_reason");
}

#[test]
fn chunks_that_are_broken() {
    for (body, words) in [
        ("zz\r\nhello\r\n", "chunks of its body are broken"),
        ("ffffffffffffffffff\r\nhello\r\n", "chunks of its body are broken"),
        ("5\r\nhelloworld\r\n", "chunks of its body are broken"),
        ("-5\r\nhello\r\n", "chunks of its body are broken"),
        ("0\r\n\r\n", "without a finish_reason"),
    ] {
        broken(format!("{STREAM_HEAD}{body}"), words);
    }
    broken(format!("{STREAM_HEAD}{}", "1".repeat(100_000)), "a line of them does not end");
    broken(format!("{STREAM_HEAD}0\r\n{}", "a".repeat(100_000)), "a line of them does not end");
}

#[test]
fn other_kinds_of_content() {
    broken(answer("200 OK", "text/html", "<html>"), "content type is text/html");
    broken(answer("200 OK", "application/json", "{}"), "content type is application/json");
    broken("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "nothing said");
    broken("HTTP/1.1 204 No Content\r\nContent-Type: text/event-stream\r\n\r\n", "without a finish_reason");
}

#[test]
fn events_that_are_none() {
    let with = |data: &[u8]| {
        let mut bytes = format!("{STREAM_HEAD}{:x}\r\n", data.len() + 8).into_bytes();
        bytes.extend_from_slice(b"data: ");
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(b"\n\n\r\n0\r\n\r\n");
        bytes
    };
    for (data, words) in [
        (&b"{\"choices\": [}"[..], "an event is no JSON, at 1:"),
        (b"{\"choices\":[{\"delta\":{\"content\":\"a\xff\"}}]}", "an event is no JSON"),
        (b"{\"choices\":[{\"delta\":{\"content\":\"\\ud800\"}}]}", "an event is no JSON"),
        (b"{\"choices\":[], \"choices\":[]}", "an event is no JSON"),
        (b"{\"choices\":[{\"delta\":{\"content\":1}}]}", "has not the members of the API"),
        (b"{\"choices\":[],\"usage\":{\"completion_tokens\":-1}}", "has not the members of the API"),
        (b"{\"choices\":[],\"usage\":{\"completion_tokens\":1e30}}", "has not the members of the API"),
        (b"[]", "has not the members of the API"),
        (b"[DONE]", "done without a finish_reason"),
    ] {
        broken(with(data), words);
    }
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    broken(with(deep.as_bytes()), "an event is no JSON");
    broken(stream(&[piece("a"), finish("stop"), piece("b"), DONE.to_owned()]), "text came after its end");
}

#[test]
fn streams_that_do_not_end() {
    let endless = |piece: String| {
        Peer::with(move |mut stream| {
            use std::io::Write as _;
            let request = crate::peer::read_request(&mut stream);
            stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
            let chunk = chunk(&piece);
            while stream.write_all(chunk.as_bytes()).is_ok() {}
            request
        })
    };
    for (piece, words) in [
        (piece(&"a".repeat(60_000)), "the text has more than 2097152 bytes"),
        ("data: aaaaaaaa".repeat(1000), "a line or an event of the stream has more than 1048576 bytes"),
        ("data: aaaaaaaa\n".repeat(1000), "a line or an event of the stream has more than 1048576 bytes"),
        (": ping\n\n".repeat(8000), "the body has more than 67108864 bytes"),
    ] {
        let peer = endless(piece);
        fails(&generate(&peer, &hello()), PROTOCOL, words);
        // The server's writes fail: the connection was closed.
        peer.seen();
    }
}

#[test]
fn errors_in_the_middle_of_a_stream() {
    let status = "ADAPTER_ENDPOINT_STATUS";
    for last in [
        event(&json!({"error": {"message": "slot is gone", "code": 500}})),
        event(&json!({"error": "slot is gone"})),
        "error: {\"message\":\"slot is gone\"}\n\n".to_owned(),
        "error: {\"error\":{\"message\":\"slot is gone\"}}\n\n".to_owned(),
    ] {
        let called = generate(&Peer::answers(stream(&[piece("a"), last])), &hello());
        fails(&called, status, "broke off its answer: slot is gone");
    }
    let silent = event(&json!({"error": {"code": 500, "message": Value::Null}}));
    fails(&generate(&Peer::answers(stream(&[silent])), &hello()), status, "does not say why");
}
