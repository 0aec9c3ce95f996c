//! Calls of the adapter in memory, with connections of the test's own.

use adapter_openai_endpoint::EndpointAdapter;
use contract_adapter::{Called, End, Failure, Harness};
use serde_json::{Value, json};

use crate::peer::Peer;

pub(crate) const KEY: &str = "sk-s3cret-key-of-the-test";

/// The adapter, connected by the test and with one variable.
pub(crate) fn harness() -> Harness<EndpointAdapter> {
    let adapter = EndpointAdapter::new()
        .with_connections(|_, to| std::net::TcpStream::connect(to).map_err(Failure::from))
        .with_variables(|name| (name == "SERVER_KEY").then(|| KEY.to_owned()));
    Harness::new(adapter)
}

/// `args` with the address of the server.
pub(crate) fn at(peer: &Peer, args: &Value) -> Value {
    let mut all = json!({ "endpoint": peer.address() });
    all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
    all
}

pub(crate) fn call(peer: &Peer, op: &str, args: &Value) -> Called {
    harness().call(op, at(peer, args))
}

/// A chat of one message.
pub(crate) fn hello() -> Value {
    json!({"model": "tiny", "messages": [{"role": "user", "content": "say hello"}]})
}

/// The same with more.
pub(crate) fn hello_with(more: &Value) -> Value {
    let mut args = hello();
    args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    args
}

pub(crate) fn generate(peer: &Peer, args: &Value) -> Called {
    call(peer, "inference.generate", args)
}

/// Verdict and data.
#[track_caller]
pub(crate) fn done(called: &Called) -> (bool, &Value) {
    match &called.end {
        End::Result { ok, data } => (*ok, data),
        error @ End::Error { .. } => panic!("not done: {error:?}"),
    }
}

/// Code, message and whether trying again may help.
#[track_caller]
pub(crate) fn failed(called: &Called) -> (&str, &str, bool) {
    match &called.end {
        End::Error { code, message, retryable, .. } => (code, message, *retryable),
        result @ End::Result { .. } => panic!("no error: {result:?}"),
    }
}

/// It fails with this code and these words.
#[track_caller]
pub(crate) fn fails(called: &Called, code: &str, words: &str) {
    let (found, message, _) = failed(called);
    assert_eq!(found, code, "{message}");
    assert!(message.contains(words), "`{words}` is not in: {message}");
}

/// The text of all progress.
pub(crate) fn told(called: &Called) -> String {
    let pieces = called.progress.iter().filter_map(|step| step.data.as_ref()?["text"].as_str());
    pieces.collect()
}
