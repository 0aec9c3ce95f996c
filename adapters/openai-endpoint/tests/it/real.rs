//! The real process, with a broker of the test's own.

use std::io::{BufRead as _, BufReader, IoSlice, Write as _};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use contract_ipc::broker::{BROKER_VARIABLE, BrokerAnswer, BrokerRequest, MAX_PACKET_BYTES};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    recv, sendmsg, socketpair,
};
use serde_json::{Value, json};

use crate::call::{KEY, at, hello, hello_with};
use crate::peer::{Peer, STREAM_HEAD, chat, chunk, piece, read_request, until_left};

const HELLO: &str = concat!(
    r#"{"id":"d8d4b9c2a4b0e4b50000000000000000","payload":{"protocols":["ipc.v0"],"requestedCapabilities":["inference.generate"],"#,
    r#""role":"runner","session":{"clock":"2026-01-31T12:00:00.000Z","id":"s","seed":"000102030405060708090a0b0c0d0e0f"}},"#,
    r#""ts":"2026-01-31T12:00:00.000Z","type":"hello","v":"ipc.v0"}"#,
);

/// Answers requests by connecting, as the runner does for what is granted.
fn broker(socket: OwnedFd) -> JoinHandle<()> {
    std::thread::spawn(move || {
        loop {
            let mut packet = [0; MAX_PACKET_BYTES];
            let (length, _) = recv(&socket, &mut packet[..], RecvFlags::empty()).unwrap();
            if length == 0 {
                return;
            }
            let request: BrokerRequest = contract_json::from_slice(&packet[..length]).unwrap();
            let stream = TcpStream::connect(&request.connect).unwrap();
            let answer = BrokerAnswer { ok: true, code: None, message: None };
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            let descriptors = [stream.as_fd()];
            assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
            let bytes = serde_json::to_vec(&answer).unwrap();
            sendmsg(&socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::empty()).unwrap();
        }
    })
}

/// The adapter's process after the handshake.
struct Session {
    adapter: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    broker: JoinHandle<()>,
}

fn id(number: u32) -> String {
    format!("d8d4b9c2a4b0e4b5{number:016x}")
}

impl Session {
    fn start() -> Self {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        fcntl_setfd(&theirs, FdFlags::empty()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test is about the process")]
        let mut adapter = Command::new(env!("CARGO_BIN_EXE_adapter-openai-endpoint"))
            .env_clear()
            .env(BROKER_VARIABLE, theirs.as_raw_fd().to_string())
            .env("SERVER_KEY", KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        drop(theirs);
        let stdout = BufReader::new(adapter.stdout.take().unwrap());
        let mut session =
            Self { stdin: adapter.stdin.take().unwrap(), stdout, adapter, broker: broker(ours) };
        session.say(HELLO);
        assert_eq!(session.next()["type"], "hello_ack");
        assert_eq!(session.next()["type"], "capabilities");
        session
    }

    fn say(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn invoke(&mut self, number: u32, args: &Value, timeout_ms: u64) {
        self.say(&format!(
            r#"{{"id":"{}","payload":{{"args":{args},"op":"inference.generate","timeoutMs":{timeout_ms}}},"ts":"2026-01-31T12:00:00.002Z","type":"invoke","v":"ipc.v0"}}"#,
            id(number)
        ));
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Closes stdin; the exit status.
    fn close(mut self) -> Option<i32> {
        drop(self.stdin);
        let status = self.adapter.wait().unwrap().code();
        self.broker.join().unwrap();
        status
    }
}

#[test]
fn connections_come_from_the_broker_and_keys_from_the_environment() {
    let mut session = Session::start();
    for number in [2, 3] {
        let peer = Peer::answers(chat(&["a", "b"], "stop"));
        session.invoke(number, &at(&peer, &hello_with(&json!({"apiKeyEnv": "SERVER_KEY"}))), 60_000);
        let mut text = String::new();
        let end = loop {
            let message = session.next();
            match message["type"].as_str().unwrap() {
                "progress" => text += message["payload"]["data"]["text"].as_str().unwrap(),
                _ => break message,
            }
        };
        assert_eq!((&end["type"], &end["payload"]["ok"]), (&json!("result"), &json!(true)), "{end}");
        assert_eq!((text.as_str(), &end["payload"]["data"]["text"]), ("ab", &json!("ab")));
        assert!(peer.seen().head.contains(&format!("Bearer {KEY}")));
    }
    assert_eq!(session.close(), Some(0));
}

#[test]
fn a_cancel_is_seen_while_the_server_is_silent() {
    let peer = Peer::with(|mut stream| {
        let request = read_request(&mut stream);
        stream.write_all(format!("{STREAM_HEAD}{}", chunk(&piece("a"))).as_bytes()).unwrap();
        // For ever, if the adapter did not leave.
        until_left(stream);
        request
    });
    let mut session = Session::start();
    session.invoke(2, &at(&peer, &hello()), 600_000);
    assert_eq!(session.next()["payload"]["data"], json!({"text": "a", "tokens": 1}));
    session.say(&format!(
        r#"{{"id":"{}","payload":{{"reason":"interrupted"}},"replyTo":"{}","ts":"2026-01-31T12:00:00.003Z","type":"cancel","v":"ipc.v0"}}"#,
        id(3),
        id(2)
    ));
    let end = session.next();
    assert_eq!((&end["type"], &end["payload"]["ok"]), (&json!("result"), &json!(false)), "{end}");
    assert_eq!(end["payload"]["data"]["finishReason"], "cancelled");
    peer.seen();
    assert_eq!(session.close(), Some(0));
}

#[test]
fn a_cancel_before_the_first_word_of_the_server_is_a_no_without_text() {
    let (asked, was_asked) = std::sync::mpsc::channel();
    let peer = Peer::with(move |mut stream| {
        let request = read_request(&mut stream);
        asked.send(()).unwrap();
        until_left(stream);
        request
    });
    let mut session = Session::start();
    session.invoke(2, &at(&peer, &hello()), 600_000);
    was_asked.recv().unwrap();
    session.say(&format!(
        r#"{{"id":"{}","payload":{{"reason":"interrupted"}},"replyTo":"{}","ts":"2026-01-31T12:00:00.003Z","type":"cancel","v":"ipc.v0"}}"#,
        id(3),
        id(2)
    ));
    let end = session.next();
    assert_eq!(end["payload"]["data"]["text"], "", "{end}");
    assert_eq!(end["payload"]["data"]["usage"]["outputTokens"], 0);
    peer.seen();
    assert_eq!(session.close(), Some(0));
}

#[test]
fn drops_of_a_slow_server_end_at_the_total_deadline() {
    for head in ["HTTP/1.1 200 OK\r\n", STREAM_HEAD] {
        let peer = Peer::with(move |mut stream| {
            let request = read_request(&mut stream);
            stream.write_all(head.as_bytes()).unwrap();
            // A byte whenever the last one may have been read: a peer that reads nothing more ends it.
            stream.set_read_timeout(Some(std::time::Duration::from_millis(10))).unwrap();
            loop {
                let drop = if head == STREAM_HEAD { "2\r\n:\n\r\n" } else { "a" };
                if stream.write_all(drop.as_bytes()).is_err() {
                    return request;
                }
                let mut byte = [0];
                match std::io::Read::read(&mut stream, &mut byte) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    _ => return request,
                }
            }
        });
        let mut session = Session::start();
        session.invoke(2, &at(&peer, &hello()), 800);
        let end = session.next();
        assert_eq!(end["payload"]["code"], "ADAPTER_ENDPOINT_TIMEOUT", "{end}");
        assert_eq!(end["payload"]["details"]["deadline"], "total");
        peer.seen();
        assert_eq!(session.close(), Some(0));
    }
}
