//! The other end of `CONTRACT_BROKER_FD`, as docs/ipc-v0.md and `contract_ipc::broker` describe it.

use std::io::{BufRead as _, BufReader, IoSlice, Write as _};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd as _, OwnedFd};
use std::thread::JoinHandle;

use contract_ipc::broker::{BrokerAnswer, BrokerRequest, MAX_PACKET_BYTES};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    recv, sendmsg, socketpair,
};
use serde_json::json;

use crate::process::{Adapter, Seen};

fn pair() -> (OwnedFd, OwnedFd) {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
}

/// Answers one request after the other: connects to `granted`, refuses the rest. Returns what was asked.
fn broker(socket: OwnedFd, granted: String) -> JoinHandle<Vec<String>> {
    std::thread::spawn(move || {
        let mut asked = Vec::new();
        loop {
            let mut packet = [0; MAX_PACKET_BYTES];
            let (length, _) = recv(&socket, &mut packet[..], RecvFlags::empty()).unwrap();
            if length == 0 {
                return asked;
            }
            let request: BrokerRequest = contract_json::from_slice(&packet[..length]).unwrap();
            let stream = (request.connect == granted).then(|| TcpStream::connect(&granted).unwrap());
            let answer = match stream {
                Some(_) => BrokerAnswer { ok: true, code: None, message: None },
                None => {
                    BrokerAnswer { ok: false, code: Some("POLICY_DENIED".into()), message: Some("no".into()) }
                }
            };
            asked.push(request.connect);
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            let descriptors: Vec<_> = stream.iter().map(|stream| stream.as_fd()).collect();
            if !descriptors.is_empty() {
                assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
            }
            let bytes = serde_json::to_vec(&answer).unwrap();
            sendmsg(&socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::empty()).unwrap();
        }
    })
}

/// Answers each of `count` connections with its first line, twice.
fn doubler(listener: TcpListener, count: usize) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for _ in 0..count {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            write!(stream, "{line}{line}").unwrap();
        }
    })
}

#[test]
fn gets_connections_from_the_broker_and_hears_its_refusals() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let peer = doubler(listener, 4);
    let (ours, theirs) = pair();
    let broker = broker(ours, address.clone());
    let mut adapter = Adapter::ready(Some(theirs));
    for op in ["connect", "exchange"] {
        for line in ["one", "two"] {
            assert_eq!(
                adapter.call(op, &json!({ "to": address, "line": line })),
                Seen::Result(true, json!({ "text": format!("{line}\n{line}\n") }))
            );
        }
        assert_eq!(
            adapter.call(op, &json!({ "to": "127.0.0.1:1" })),
            Seen::Error("POLICY_DENIED".into(), "no".into(), Some(json!({ "connect": "127.0.0.1:1" })))
        );
    }
    peer.join().unwrap();
    assert_eq!(adapter.finish().0.code(), Some(0));
    let each = [address.as_str(), address.as_str(), "127.0.0.1:1"];
    assert_eq!(broker.join().unwrap(), [each, each].concat());
}

#[test]
fn tasks_have_connections_open_at_the_same_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // Nobody is answered before both are there.
    let peer = std::thread::spawn(move || {
        let connections = [0, 1].map(|_| listener.accept().unwrap().0);
        for mut stream in connections {
            BufReader::new(&stream).read_line(&mut String::new()).unwrap();
            stream.write_all(b"both\n").unwrap();
        }
    });
    let (ours, theirs) = pair();
    let broker = broker(ours, address.clone());
    let mut adapter = Adapter::ready(Some(theirs));
    let mut out = Vec::new();
    let tasks = [0, 1].map(|_| adapter.invoke("exchange", &json!({ "to": address }), &mut out));
    adapter.write(&out);
    for task in tasks {
        assert_eq!(adapter.next(), (task, Seen::Result(true, json!({ "text": "both\n" }))));
    }
    peer.join().unwrap();
    assert_eq!(adapter.finish().0.code(), Some(0));
    assert_eq!(broker.join().unwrap().len(), 2);
}

#[test]
fn without_a_broker_every_connection_is_denied() {
    let mut adapter = Adapter::ready(None);
    let Seen::Error(code, message, _) = adapter.call("connect", &json!({ "to": "localhost:80" })) else {
        panic!("connected")
    };
    assert_eq!(code, "POLICY_DENIED");
    assert!(message.contains("connect=localhost:80"), "{message}");
}

#[test]
fn a_broker_that_is_gone_is_an_io_error_and_the_session_goes_on() {
    let (ours, theirs) = pair();
    drop(ours);
    let mut adapter = Adapter::ready(Some(theirs));
    let Seen::Error(code, ..) = adapter.call("connect", &json!({ "to": "localhost:80" })) else {
        panic!("connected")
    };
    assert_eq!(code, "ADAPTER_IO");
    assert_eq!(adapter.call("echo", &json!({})), Seen::Result(true, json!({ "args": {} })));
}
