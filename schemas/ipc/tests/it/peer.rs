//! A runner's side under test, and messages to give it.

use contract_ipc::{Capabilities, Code, Envelope, Event, Invocation, RunnerSide, Session};
use contract_json::{Limits, Tape};

pub(crate) const SEED: &str = "000102030405060708090a0b0c0d0e0f";
/// The id of the runner's message `n` with [`SEED`].
pub(crate) fn runner_id(n: u64) -> String {
    format!("a510333564b0f580{n:016x}")
}

pub(crate) struct Runner {
    pub(crate) side: RunnerSide,
    pub(crate) out: Vec<u8>,
    sent: u64,
}

/// What an event says, in a form that can be compared.
pub(crate) type Told = Result<String, (Code, String)>;

impl Runner {
    pub(crate) fn new() -> Self {
        let session = Session::new(SEED.parse().unwrap(), "2026-01-31T12:00:00Z".parse().unwrap());
        Self { side: RunnerSide::new(session), out: Vec::new(), sent: 0 }
    }

    /// After hello was sent.
    pub(crate) fn greeting() -> Self {
        let mut runner = Self::new();
        runner.side.hello(&[], &mut runner.out);
        runner
    }

    /// After hello_ack came.
    pub(crate) fn greeted() -> Self {
        let mut runner = Self::greeting();
        runner.gets("hello_ack", Some(&runner_id(0)), r#"{"selected":"ipc.v0"}"#).unwrap();
        runner
    }

    /// After capabilities came.
    pub(crate) fn offered() -> Self {
        let mut runner = Self::greeted();
        runner.gets("capabilities", None, OFFER).unwrap();
        runner
    }

    /// After the handshake.
    pub(crate) fn ready() -> Self {
        let mut runner = Self::offered();
        runner.side.accept(&["x.y".into()], &mut runner.out);
        runner.out.clear();
        runner
    }

    pub(crate) fn invoke(&mut self) -> Invocation {
        self.side.invoke("x.y", b"{}", 1000, &mut self.out).0
    }

    /// Gives the runner a message with a new id.
    pub(crate) fn gets(&mut self, kind: &str, reply_to: Option<&str>, payload: &str) -> Told {
        self.sent += 1;
        let id = format!("adapter-{}", self.sent);
        self.gets_with_id(&id, kind, reply_to, payload)
    }

    pub(crate) fn gets_with_id(
        &mut self,
        id: &str,
        kind: &str,
        reply_to: Option<&str>,
        payload: &str,
    ) -> Told {
        let reply_to = reply_to.map_or(String::new(), |to| format!(r#""replyTo":"{to}","#));
        let line = format!(
            r#"{{"v":"ipc.v0","id":"{id}",{reply_to}"ts":"2026-01-31T12:00:00Z","type":"{kind}","payload":{payload}}}"#
        );
        let mut tape = Tape::new();
        let message = Envelope::parse(&mut tape, line.as_bytes(), &Limits::default()).unwrap();
        self.side.receive(&message).map(told).map_err(|fault| (fault.code, fault.what))
    }
}

pub(crate) const OFFER: &str = r#"{"adapter":{"name":"x","version":"1"},"capabilities":[{"name":"x.y"}]}"#;

fn told(event: Event<'_>) -> String {
    match event {
        Event::HelloAck => "hello_ack".into(),
        Event::Capabilities(Capabilities { capabilities, .. }) => format!("{} offered", capabilities.len()),
        Event::Progress(Invocation(n), progress) => format!("{n} progress {}", progress.seq),
        Event::End(Invocation(n), contract_ipc::Reply::Result { ok, data }) => {
            format!("{n} result {ok} {}", data.map_or("nothing", |data| data.raw()))
        }
        Event::End(Invocation(n), contract_ipc::Reply::Error(error)) => format!("{n} error {}", error.code),
        Event::SessionError(error) => format!("session error {}", error.code),
        Event::Late => "late".into(),
        Event::Ignored => "ignored".into(),
    }
}

pub(crate) fn state(what: &str) -> Told {
    Err((Code::IpcState, what.into()))
}

pub(crate) fn bad(what: &str) -> Told {
    Err((Code::IpcBadEnvelope, what.into()))
}
