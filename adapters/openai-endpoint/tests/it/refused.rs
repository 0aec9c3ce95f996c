//! Servers that say no, and addresses at which there is none.

use contract_adapter::{Failure, Harness};
use serde_json::json;

use crate::call::{call, failed, fails, generate, hello};
use crate::peer::{Peer, answer, chunk};

const STATUS: &str = "ADAPTER_ENDPOINT_STATUS";

#[test]
fn the_status_and_its_words_are_told() {
    for (status, kind, body, words, retryable) in [
        (
            "404 Not Found",
            "application/json",
            r#"{"error":{"message":"model `x` not found"}}"#,
            "HTTP 404: model `x` not found",
            false,
        ),
        (
            "400 Bad Request",
            "application/json",
            r#"{"object":"error","message":"too long"}"#,
            "HTTP 400: too long",
            false,
        ),
        (
            "503 Service Unavailable",
            "application/json",
            r#"{"error":{"message":"Loading model"}}"#,
            "HTTP 503: Loading model",
            true,
        ),
        ("429 Too Many Requests", "text/plain", "slow down", "HTTP 429: slow down", true),
        (
            "502 Bad Gateway",
            "text/html",
            "<html><body>nginx</body></html>",
            "HTTP 502: 31 bytes that are no error of the API",
            true,
        ),
        ("401 Unauthorized", "application/json", "", "HTTP 401: the server does not say why", false),
        ("999 Odd", "text/plain", "odd", "HTTP 999: odd", false),
    ] {
        let called = generate(&Peer::answers(answer(status, kind, body)), &hello());
        fails(&called, STATUS, words);
        assert_eq!(failed(&called).2, retryable, "{status}");
    }
}

#[test]
fn the_status_is_told_whatever_becomes_of_its_body() {
    let head = "HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n";
    for (rest, words) in [
        ("Content-Length: 1000\r\n\r\ncut".to_owned(), "HTTP 500: cut"),
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(), "HTTP 500: the server does not say why"),
        (format!("Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk("whole")), "HTTP 500: whole"),
        (format!("\r\n{}", "a".repeat(1_000_000)), "HTTP 500: aaaa"),
        ("Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\u{1f}\u{8b}".to_owned(), "HTTP 500"),
    ] {
        let called = generate(&Peer::answers(format!("{head}{rest}")), &hello());
        fails(&called, STATUS, words);
        assert!(failed(&called).1.len() < 500, "long words are cut");
    }
}

#[test]
fn a_server_that_answers_before_it_has_read_all_is_heard() {
    let peer = Peer::with(|mut stream| {
        use std::io::{Read as _, Write as _};
        let mut piece = [0; 1000];
        stream.read_exact(&mut piece).unwrap();
        stream.write_all(answer("413 Content Too Large", "text/plain", "too large").as_bytes()).unwrap();
        crate::peer::until_closed(stream);
        piece.to_vec()
    });
    let args = json!({"model": "tiny", "prompt": "long ".repeat(400_000)});
    fails(&generate(&peer, &args), STATUS, "HTTP 413: too large");
}

#[test]
fn redirects_are_never_followed() {
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = format!("http://{}/v1/chat/completions", elsewhere.local_addr().unwrap());
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let bytes = format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        let called = generate(&Peer::answers(bytes), &hello());
        fails(&called, STATUS, "Redirects are never followed");
        assert!(failed(&called).1.contains(&to), "{called:?}");
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn where_nobody_listens_it_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut args = hello();
    args["endpoint"] = json!(address);
    let called = crate::call::harness().call("inference.generate", args);
    fails(&called, "ADAPTER_ENDPOINT_UNREACHABLE", "Is the server running?");
    assert!(failed(&called).1.contains(&format!("POST {address}/v1/chat/completions")), "{called:?}");
    assert!(failed(&called).2, "the server may be started");
}

#[test]
fn what_the_runner_denies_stays_denied() {
    let adapter = adapter_openai_endpoint::EndpointAdapter::new()
        .with_connections(|_, to| Err(Failure::new("POLICY_DENIED", format!("connect={to} is not granted"))));
    let mut args = hello();
    args["endpoint"] = json!("127.0.0.1:9");
    let called = Harness::new(adapter).call("inference.generate", args);
    fails(&called, "POLICY_DENIED", "connect=127.0.0.1:9 is not granted");
}

#[test]
fn documents_that_are_none_are_refused() {
    for (body, words) in [
        ("{\"data\": [}", "the body is no JSON"),
        ("{\"data\": [], \"data\": []}", "the body is no JSON"),
        ("{\"models\": []}", "has not the members of the API"),
        ("", "the body is no JSON"),
    ] {
        let peer = Peer::answers(answer("200 OK", "application/json", body));
        fails(&call(&peer, "model.inspect", &json!({})), "ADAPTER_ENDPOINT_PROTOCOL", words);
    }
}
