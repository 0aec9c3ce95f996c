//! A session between the real state machine of the runner and an adapter whose lines the test writes.

use std::path::Path;

use contract_ipc::{CancelReason, Envelope, Invocation, MessageType, RunnerSide, Session};
use contract_json::{Limits, Tape};
use contract_receipts::{
    Audit, Authority, BudgetInfo, Counts, DelegatedBy, Delegation, Digests, EvidenceError, Invoked, Marks,
    OpIndex, Other, Receipt, ReceiptVersion, Recorder, Redactor, RunFolder, RunnerInfo, Sandbox, SessionInfo,
    Slot, Status,
};
use serde_json::json;

pub(crate) const SEED: &str = "00112233445566778899aabbccddeeff";
pub(crate) const CLOCK: &str = "2026-01-31T12:00:00.000Z";

pub(crate) fn session() -> Session {
    Session::new(SEED.parse().unwrap(), CLOCK.parse().unwrap())
}

/// Both sides of one run in one hand.
pub(crate) struct Run {
    _folder: RunFolder,
    pub(crate) recorder: Recorder,
    runner: RunnerSide,
    tape: Tape,
    line: Vec<u8>,
    messages: u64,
    op: OpIndex,
    prefix: String,
}

/// How a run is set up.
pub(crate) struct Setup {
    pub(crate) redactor: Redactor,
    pub(crate) marks: Marks,
    pub(crate) keep_wire: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { redactor: Redactor::none(), marks: Marks::none(), keep_wire: false }
    }
}

impl Run {
    pub(crate) fn begin(dir: &Path) -> Self {
        Self::begin_with(dir, Setup::default())
    }

    pub(crate) fn begin_with(dir: &Path, setup: Setup) -> Self {
        Self::begin_session(dir, setup, &session())
    }

    pub(crate) fn begin_session(dir: &Path, setup: Setup, session: &Session) -> Self {
        let mut folder = RunFolder::open(dir).unwrap();
        let recorder = folder.begin(session, setup.redactor, setup.marks, setup.keep_wire).unwrap();
        Self {
            _folder: folder,
            op: recorder.operation("text.caps"),
            recorder,
            runner: RunnerSide::new(session.clone()),
            tape: Tape::new(),
            line: Vec::new(),
            messages: 0,
            prefix: String::from_utf8(session.seed.id_prefix("runner").to_vec()).unwrap(),
        }
    }

    /// hello to capabilities_ack.
    pub(crate) fn handshake(&mut self) {
        self.hello();
        self.receive(
            "hello_ack",
            self.id(0).as_str(),
            r#"{"selected":"ipc.v0","role":"adapter"}"#,
            Slot::Session,
        );
        self.receive(
            "capabilities",
            "",
            r#"{"capabilities":[{"name":"text.caps"}],"adapter":{"name":"caps","version":"1.0"}}"#,
            Slot::Session,
        );
        self.line.clear();
        let payload = self.runner.accept(&["text.caps".to_owned()], &mut self.line);
        self.recorder.sent(MessageType::CapabilitiesAck, Slot::Session, &self.line, &self.line[payload]);
    }

    pub(crate) fn hello(&mut self) {
        self.line.clear();
        let payload = self.runner.hello(&["text.caps".to_owned()], &mut self.line);
        self.recorder.sent(MessageType::Hello, Slot::Session, &self.line, &self.line[payload]);
    }

    fn id(&self, number: u64) -> String {
        format!("{}{number:016x}", self.prefix)
    }

    pub(crate) fn invoke(&mut self, args: &str) -> Invocation {
        self.line.clear();
        let (invocation, payload) = self.runner.invoke("text.caps", args.as_bytes(), 600_000, &mut self.line);
        let slot = Slot::Invoke(invocation.0, self.op);
        self.recorder.sent(MessageType::Invoke, slot, &self.line, &self.line[payload]);
        invocation
    }

    pub(crate) fn cancel(&mut self, invocation: Invocation) {
        self.line.clear();
        let payload = self.runner.cancel(invocation, CancelReason::Timeout, &mut self.line);
        let slot = Slot::Invoke(invocation.0, self.op);
        self.recorder.sent(MessageType::Cancel, slot, &self.line, &self.line[payload]);
    }

    /// A message of an invoke comes: its type and payload.
    pub(crate) fn reply(&mut self, invocation: Invocation, kind: &str, payload: &str) {
        let id = self.id(invocation.0);
        self.receive(kind, &id, payload, Slot::Invoke(invocation.0, self.op));
    }

    pub(crate) fn session_error(&mut self, payload: &str) {
        self.receive("error", "", payload, Slot::Session);
    }

    pub(crate) fn other(&mut self, line: &[u8], why: Other) {
        self.recorder.received_other(line, why);
    }

    fn receive(&mut self, kind: &str, reply_to: &str, payload: &str, slot: Slot) {
        self.messages += 1;
        let reply_to =
            if reply_to.is_empty() { String::new() } else { format!(r#""replyTo":"{reply_to}","#) };
        let line = format!(
            r#"{{"v":"ipc.v0","id":"adapter-{}","ts":"2030-01-01T00:00:00Z","type":"{kind}",{reply_to}"trace":{{"traceId":"t"}},"payload":{payload}}}"#,
            self.messages
        );
        let envelope = Envelope::parse(&mut self.tape, line.as_bytes(), &Limits::default()).unwrap();
        if matches!(slot, Slot::Session) && envelope.kind != MessageType::Error {
            self.runner.receive(&envelope).unwrap();
        }
        self.recorder.received(envelope.kind, slot, line.as_bytes(), envelope.payload);
    }

    /// Ends the run well, or with another status.
    pub(crate) fn finish(self, status: Status) -> Receipt {
        let mut receipt = draft();
        receipt.status = status;
        receipt.reproducible = status.is_reproducible();
        self.finish_with(receipt)
    }

    pub(crate) fn finish_with(self, receipt: Receipt) -> Receipt {
        let failed = !matches!(receipt.status, Status::Satisfied | Status::Violated);
        self.try_finish(receipt, failed).unwrap()
    }

    pub(crate) fn try_finish(self, receipt: Receipt, failed: bool) -> Result<Receipt, EvidenceError> {
        self.recorder.finish(receipt, failed)
    }
}

/// One invoke that is answered.
pub(crate) fn small_run(dir: &Path) -> Receipt {
    let mut run = Run::begin(dir);
    run.handshake();
    let one = run.invoke(r#"{"text":"grüße"}"#);
    run.reply(one, "progress", r#"{"seq":0,"fraction":0.50,"message":"half\u0020way"}"#);
    run.reply(one, "result", r#"{"ok":true,"data":{"text":"GRÜSSE","n":1.0}}"#);
    run.finish(Status::Satisfied)
}

/// A receipt as the engine hands it over: without digests, counts, and what the transcript says.
pub(crate) fn draft() -> Receipt {
    Receipt {
        v: ReceiptVersion::V0,
        ts: CLOCK.to_owned(),
        adapter: vec!["${RUNTIME}/caps".to_owned()],
        capabilities: None,
        invocation: Invoked { op: "text.caps".to_owned(), args: json!({"text": "asked for"}) },
        result: None,
        exit_code: Some(0),
        transcript: None,
        status: Status::Satisfied,
        error: None,
        reproducible: true,
        wide_integers: false,
        authority: Authority {
            delegation: Delegation { by: DelegatedBy::LocalOperator, grants: Vec::new() },
            scope: vec!["read=${ROOT}/data".to_owned()],
            budget: BudgetInfo { handshake_ms: 10_000, ..BudgetInfo::default() },
            policy_profile: "airgapped_local_only".to_owned(),
            audit: Audit { transcript: None, receipt: "run-receipt.json".to_owned() },
        },
        sandbox: Sandbox { profile: json!({"name": "airgapped_local_only"}), ..Sandbox::default() },
        manifest: Some(format!("blake3:{}", "ab".repeat(32))),
        session: SessionInfo::from(&session()),
        counts: Counts::default(),
        runner: RunnerInfo { name: "contract-runner".to_owned(), version: "0.1.0".to_owned(), digest: None },
        digests: Digests::pending(),
        observed: json!({"pid": 7}),
    }
}

pub(crate) fn read(dir: &Path, name: &str) -> String {
    String::from_utf8(std::fs::read(dir.join(name)).unwrap()).unwrap()
}

/// `type` of each line of the transcript, with the number of the line that it answers.
pub(crate) fn outline(dir: &Path) -> Vec<String> {
    read(dir, "ipc-transcript.ndjson")
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let kind = line["type"].as_str().unwrap();
            match line["replyTo"].as_str() {
                Some(id) => format!("{kind}>{}", u64::from_str_radix(&id[16..], 16).unwrap()),
                None => kind.to_owned(),
            }
        })
        .collect()
}
