//! A small server: each test says byte for byte what it answers.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::JoinHandle;

use serde_json::{Value, json};

/// A server for one connection.
pub(crate) struct Peer {
    address: String,
    thread: JoinHandle<Vec<u8>>,
}

/// A request as the server saw it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        contract_json::from_slice(&self.body).unwrap()
    }
}

impl Peer {
    /// `answer` has the connection with nothing read from it; what it returns is what was read.
    pub(crate) fn with(answer: impl FnOnce(TcpStream) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let thread = std::thread::spawn(move || answer(listener.accept().unwrap().0));
        Self { address, thread }
    }

    /// Reads the request, answers with these bytes, and closes.
    pub(crate) fn answers(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::with(move |mut stream| {
            let request = read_request(&mut stream);
            // An adapter that has seen enough closes first.
            let _ = stream.write_all(&bytes);
            request
        })
    }

    /// Reads the request, answers with these bytes, and waits until the adapter closes the connection.
    pub(crate) fn answers_and_holds(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::with(move |mut stream| {
            let request = read_request(&mut stream);
            stream.write_all(&bytes).unwrap();
            until_closed(stream);
            request
        })
    }

    /// `HOST:PORT`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The request, when the server is done.
    pub(crate) fn seen(self) -> Seen {
        let bytes = self.thread.join().unwrap();
        let at = end_of_head(&bytes).unwrap();
        Seen { head: String::from_utf8(bytes[..at].to_vec()).unwrap(), body: bytes[at..].to_vec() }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Head and body of the next request.
pub(crate) fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(at) = end_of_head(&bytes) {
            let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse::<usize>().unwrap());
            if bytes.len() >= at + length {
                return bytes;
            }
        }
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the request is cut");
        bytes.extend_from_slice(&piece[..count]);
    }
}

/// Waits for the end of the other side.
pub(crate) fn until_closed(mut stream: TcpStream) {
    // A reset is an end, too.
    let _ = stream.shutdown(Shutdown::Write).and_then(|()| stream.read_to_end(&mut Vec::new()));
}

/// The same without closing our side.
pub(crate) fn until_left(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

/// A whole answer with a length.
pub(crate) fn answer(status: &str, media_type: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn json_answer(body: &Value) -> String {
    answer("200 OK", "application/json", &body.to_string())
}

pub(crate) const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// One chunk of HTTP.
pub(crate) fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

/// One event of a stream.
pub(crate) fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// The event of a piece of a chat.
pub(crate) fn piece(text: &str) -> String {
    event(
        &json!({"object": "chat.completion.chunk", "model": "tiny", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}),
    )
}

/// The event that says why a chat ended.
pub(crate) fn finish(reason: &str) -> String {
    event(&json!({"model": "tiny", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
}

pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// A whole stream: each of the events is a chunk of its own.
pub(crate) fn stream(events: &[String]) -> String {
    let mut answer = STREAM_HEAD.to_owned();
    for event in events {
        answer += &chunk(event);
    }
    answer + "0\r\n\r\n"
}

/// A whole chat of these pieces.
pub(crate) fn chat(pieces: &[&str], reason: &str) -> String {
    let mut events: Vec<_> = pieces.iter().map(|text| piece(text)).collect();
    events.extend([finish(reason), DONE.to_owned()]);
    stream(&events)
}
