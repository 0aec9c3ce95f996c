//! What happens, as it happens: one JSON object a line.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use contract_engine::Failure;
use contract_json::Digest;
use contract_lanes::{LanePlan, LaneWatcher, PlannedStep, StepEnd};
use contract_receipts::LaneReceipt;
use serde_json::{Value, json};

use super::unwritten;

/// A stream of events. Each line is written at once: whoever reads along waits for it.
pub(super) struct Events {
    path: PathBuf,
    out: Box<dyn Write>,
    is_stdout: bool,
    sequence: u64,
    failed: Option<io::Error>,
}

impl Events {
    pub(super) fn create(path: &Path, root: &Path) -> Result<Self, Failure> {
        let is_stdout = path == Path::new("-");
        let out: Box<dyn Write> = if is_stdout {
            Box::new(io::stdout())
        } else {
            Box::new(File::create(root.join(path)).map_err(|error| unwritten(path, &error))?)
        };
        Ok(Self { path: path.to_owned(), out, is_stdout, sequence: 0, failed: None })
    }

    fn write(&mut self, event: &str, mut members: Value) {
        if self.failed.is_some() {
            return;
        }
        members["v"] = json!("lane-event.v0");
        members["event"] = json!(event);
        members["seq"] = json!(self.sequence);
        members["at"] = json!(contract_engine::now().to_string());
        self.sequence += 1;
        let mut line = contract_json::to_canonical_vec(&members);
        line.push(b'\n');
        let line = if self.is_stdout { crate::style::json_for_stdout(&line) } else { line.into() };
        self.failed = self.out.write_all(&line).and_then(|()| self.out.flush()).err();
    }

    /// Whether everything was written. A reader who has gone away is no failure.
    pub(super) fn end(self) -> Result<(), Failure> {
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritten(&self.path, &error)),
            _ => Ok(()),
        }
    }
}

impl LaneWatcher for Events {
    fn started(&mut self, plan: &LanePlan) {
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.name.as_str()).collect();
        let backend = json!({"asked": plan.lane.backend.kind, "used": plan.request.backend});
        self.write(
            "lane-started",
            json!({"contract": plan.contract.id, "lane": plan.lane.name, "backend": backend, "steps": steps}),
        );
    }

    fn step_started(&mut self, index: usize, step: &PlannedStep) {
        self.write("step-started", json!({"step": index, "name": step.name}));
    }

    fn output(&mut self, index: usize, text: &str) {
        self.write("step-output", json!({"step": index, "text": text}));
    }

    fn step_ended(&mut self, index: usize, end: &StepEnd<'_>) {
        let code = end.failure.map(Failure::code_text);
        self.write(
            "step-ended",
            json!({"step": index, "name": end.name, "status": end.status.as_str(), "why": end.why, "code": code, "durationMs": end.duration_ms}),
        );
    }

    fn evidence(&mut self, key: &str, digest: &Digest) {
        self.write("evidence", json!({"key": key, "digest": digest.blake3_uri()}));
    }

    fn ended(&mut self, receipt: &LaneReceipt) {
        let digest = receipt.digests.receipt.blake3_uri();
        let code = receipt.error.as_ref().map(|error| error.code.as_str());
        self.write("lane-ended", json!({"status": receipt.status.as_str(), "code": code, "receipt": digest}));
    }
}
