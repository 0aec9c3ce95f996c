//! The adapter that asks a server, in its sandbox: it reaches the granted address and no other.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::command::{Bench, Done, done, hostile, python, repository};
use crate::prefix::Prefix;

const KEY: &str = "sk-s3cret-key-of-the-test";
const PROMPT: &str = "Tell me of the tides in Bern.";

/// Listeners on the same port of two addresses of this machine.
fn pair() -> (TcpListener, TcpListener) {
    loop {
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(two) = TcpListener::bind(("127.0.0.2", one.local_addr().unwrap().port())) {
            return (one, two);
        }
    }
}

fn address(listener: &TcpListener) -> String {
    listener.local_addr().unwrap().to_string()
}

fn read_request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the request is cut");
        bytes.extend_from_slice(&piece[..count]);
    }
}

/// Answers one chat of two pieces; gives the request.
fn chat(listener: TcpListener) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = read_request(&mut stream);
        let mut answer =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n".to_owned();
        for (text, reason) in [("High ", Value::Null), ("water", Value::Null), ("", json!("stop"))] {
            let chunk = json!({"model": "tiny", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]});
            answer += &format!("data: {chunk}\n\n");
        }
        stream.write_all(format!("{answer}data: [DONE]\n\n").as_bytes()).unwrap();
        request
    })
}

fn generate(prefix: &Prefix, bench: &Bench, endpoint: &str, more: &[&str]) -> Done {
    let args = json!({"endpoint": endpoint, "model": "tiny", "apiKeyEnv": "SERVER_KEY", "messages": [{"role": "user", "content": PROMPT}]});
    let args = args.to_string();
    let fixed = [
        "run",
        "--adapter",
        "openai-endpoint",
        "--op",
        "inference.generate",
        "--args",
        &args,
        "--out",
        "out",
    ];
    let rights = ["--allow", "side-effect=network", "--allow", "env=SERVER_KEY"];
    let mut command = prefix.command(bench, fixed.iter().chain(&rights).chain(more));
    done(&command.env("SERVER_KEY", KEY).output().unwrap())
}

#[test]
fn a_chat_comes_through_the_sandbox_and_the_key_is_in_no_evidence() {
    let (prefix, bench) = (Prefix::new(), Bench::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = address(&listener);
    let server = chat(listener);
    let ran = generate(&prefix, &bench, &endpoint, &["--allow", &format!("connect={endpoint}")]);
    ran.expect(0);
    let data: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&data["text"], &data["finishReason"]), (&json!("High water"), &json!("stop")));
    assert!(server.join().unwrap().contains(&format!("authorization: Bearer {KEY}\r\n")));
    let receipt = bench.receipt("out");
    let scope = receipt["authority"]["scope"].as_array().unwrap();
    assert!(scope.contains(&json!(format!("connect={endpoint}"))), "{scope:?}");
    assert_eq!(receipt["sandbox"]["profile"]["rawTcp"], json!([]));
    for entry in std::fs::read_dir(bench.path("out")).unwrap().flatten() {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()), "{:?}", entry.path());
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(PROMPT) && !text.contains("High water"), "{:?}: {text}", entry.path());
    }
    prefix.run(&bench, ["verify", "out"]).expect(0);
}

#[test]
fn no_other_address_is_reached_by_the_adapter() {
    let (prefix, bench) = (Prefix::new(), Bench::new());
    let (granted, other) = pair();
    let (one, two) = (address(&granted), address(&other));
    let allow = format!("connect={one}");
    let ran = generate(&prefix, &bench, &two, &["--allow", &allow]);
    assert_ne!(ran.status, 0);
    ran.says("POLICY_DENIED").says(&format!("connect={two}"));
    other.set_nonblocking(true).unwrap();
    assert_eq!(other.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
    // It is the grant that was missing: with it, the same call is answered.
    other.set_nonblocking(false).unwrap();
    let server = chat(other);
    generate(&prefix, &bench, &two, &["--allow", &format!("connect={two}")]).expect(0);
    server.join().unwrap();
}

/// Opens a socket itself, whatever was granted, and says what became of it.
const REACHES_OUT: &str = r#"
import socket, sys
sys.path.insert(0, sys.argv[1])
from peer import serve
for call in serve("reaches-out", ["reach.out"]):
    try:
        socket.create_connection((call.args["host"], call.args["port"]), 5).close()
        call.result({"reached": True})
    except OSError as error:
        call.result({"reached": False, "errno": error.errno})
"#;

#[test]
fn no_other_address_is_reached_by_a_program_with_the_same_rights() {
    let bench = Bench::new();
    let (granted, other) = pair();
    let script = bench.write("reaches_out.py", REACHES_OUT);
    let adapters = repository().join("conformance/hostile/adapters");
    assert!(hostile("peer").contains(adapters.to_str().unwrap()), "the module lies there");
    let adapter = format!("{} {} {}", python(), script.display(), adapters.display());
    let args = json!({"host": "127.0.0.2", "port": other.local_addr().unwrap().port()}).to_string();
    let ran = bench.run([
        "run",
        "--adapter",
        &adapter,
        "--op",
        "reach.out",
        "--args",
        &args,
        "--allow",
        &format!("read={}", adapters.display()),
        "--allow",
        &format!("read={}", script.display()),
        "--allow",
        &format!("connect={}", address(&granted)),
        "--out",
        "out",
    ]);
    ran.expect(0);
    let data: Value = serde_json::from_str(&ran.stdout).unwrap();
    // EPERM: there is no socket() at all.
    assert_eq!(data, json!({"reached": false, "errno": 1}));
    other.set_nonblocking(true).unwrap();
    assert_eq!(other.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
    // The attempt is a real one: the same program reaches it without the sandbox.
    let mut child = std::process::Command::new(python())
        .args([&script, &adapters])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let message = |number: u32, kind: &str, payload: &str| {
        format!(
            r#"{{"v":"ipc.v0","id":"runner-{number:08}","ts":"2026-01-01T00:00:00Z","type":"{kind}","payload":{payload}}}"#
        )
    };
    let invoke = message(2, "invoke", &format!(r#"{{"op":"reach.out","args":{args}}}"#));
    let said = format!("{}\n{invoke}\n", message(1, "hello", r#"{"protocols":["ipc.v0"]}"#));
    child.stdin.take().unwrap().write_all(said.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains(r#""reached": true"#), "{output:?}");
    other.set_nonblocking(false).unwrap();
    other.accept().unwrap();
}

#[test]
fn a_server_that_is_not_there_is_an_error_with_its_own_code() {
    let (prefix, bench) = (Prefix::new(), Bench::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = address(&listener);
    drop(listener);
    let ran = generate(&prefix, &bench, &endpoint, &["--allow", &format!("connect={endpoint}")]);
    ran.expect(4).says("ADAPTER_ENDPOINT_UNREACHABLE").says(&endpoint);
}
