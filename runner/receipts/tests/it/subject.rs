use std::collections::BTreeSet;

use contract_receipts::{Marks, OperationMarks, Receipt, ReceiptError, Status};
use serde_json::{Value, json};

use crate::session::{Run, Setup, draft};

/// A run that can be varied.
struct Plan {
    args: Value,
    progress: Option<Value>,
    kind: &'static str,
    end: Value,
    volatile: Vec<String>,
    receipt: Receipt,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            args: json!({"text": "a", "n": 1}),
            progress: Some(json!({"seq": 0})),
            kind: "result",
            end: json!({"ok": true, "data": {"text": "A", "at": 5}}),
            volatile: Vec::new(),
            receipt: draft(),
        }
    }
}

impl Plan {
    fn run(self) -> Receipt {
        let dir = tempfile::tempdir().unwrap();
        let marks = Marks::new([("text.caps".to_owned(), OperationMarks::volatile(self.volatile))]);
        let mut run = Run::begin_with(dir.path(), Setup { marks, ..Setup::default() });
        run.handshake();
        let one = run.invoke(&String::from_utf8(contract_json::to_canonical_vec(&self.args)).unwrap());
        if let Some(progress) = self.progress {
            run.reply(one, "progress", &progress.to_string());
        }
        run.reply(one, self.kind, &self.end.to_string());
        run.finish_with(self.receipt)
    }
}

fn receipt(change: impl FnOnce(&mut Receipt)) -> Plan {
    let mut plan = Plan::default();
    change(&mut plan.receipt);
    plan
}

#[test]
fn equal_plans_with_equal_answers_have_equal_subjects() {
    let (one, two) = (Plan::default().run(), Plan::default().run());
    assert_eq!(one.digests.subject, two.digests.subject);
}

#[test]
fn each_of_twenty_single_changes_changes_the_subject() {
    let error = |code: &str| Some(ReceiptError { code: code.to_owned(), ..ReceiptError::default() });
    let args = |args| Plan { args, ..Plan::default() };
    let end = |end| Plan { end, ..Plan::default() };
    let progress = |progress| Plan { progress, ..Plan::default() };
    let changed = [
        args(json!({"text": "b", "n": 1})),
        args(json!({"text": "a", "n": 2})),
        args(json!({"text": "a", "n": 1.5})),
        args(json!({"text": "a", "n": "1"})),
        args(json!({"text": "a"})),
        args(json!({"text": "a", "n": 1, "m": null})),
        end(json!({"ok": true, "data": {"text": "B", "at": 5}})),
        end(json!({"ok": true, "data": {"text": "A", "at": 6}})),
        end(json!({"ok": true, "data": {"text": "A", "at": 5}, "meta": {}})),
        end(json!({"ok": false, "data": {"text": "A", "at": 5}})),
        Plan { kind: "error", end: json!({"code": "ADAPTER_X", "message": ""}), ..Plan::default() },
        progress(None),
        progress(Some(json!({"seq": 1}))),
        progress(Some(json!({"seq": 0, "message": ""}))),
        Plan { volatile: vec!["/at".to_owned()], ..Plan::default() },
        receipt(|r| r.sandbox.profile = json!({"name": "airgapped_local_only", "read": ["${ROOT}"]})),
        receipt(|r| r.sandbox.profile = Value::Null),
        receipt(|r| r.manifest = None),
        receipt(|r| r.status = Status::Failed),
        receipt(|r| r.error = error("ADAPTER_EXITED")),
    ];
    assert_eq!(changed.len(), 20);
    let mut subjects = BTreeSet::from([Plan::default().run().digests.subject.blake3]);
    for (index, plan) in changed.into_iter().enumerate() {
        assert!(subjects.insert(plan.run().digests.subject.blake3), "change {index}");
    }
}

/// The reviewed list: what may differ between machines and runs without a word in the subject digest. A member that is
/// added to the receipt must be put on one side or the other here.
#[test]
fn these_members_and_no_others_are_outside_of_the_subject() {
    const OUTSIDE: [&str; 14] = [
        "adapter",
        "authority",
        "capabilities",
        "counts",
        "digests",
        "exitCode",
        "observed",
        "reproducible",
        "result",
        "runner",
        "session",
        "transcript",
        "ts",
        "wideIntegers",
    ];
    const PARTLY: [&str; 2] = ["error", "sandbox"];
    const INSIDE: [&str; 3] = ["invocation", "manifest", "status"];
    let text = serde_json::to_value(draft()).unwrap();
    let members: BTreeSet<_> = text.as_object().unwrap().keys().map(String::as_str).collect();
    let reviewed: BTreeSet<_> = OUTSIDE.into_iter().chain(PARTLY).chain(INSIDE).chain(["v"]).collect();
    assert_eq!(members, reviewed);

    let before = draft().sealed().digests.subject;
    let untouched: [fn(&mut Receipt); 13] = [
        |r| r.adapter.clear(),
        |r| r.authority.scope.clear(),
        |r| r.capabilities = Some(json!({})),
        |r| r.counts.invokes = 9,
        |r| r.exit_code = Some(-9),
        |r| r.observed = json!({}),
        |r| r.reproducible = false,
        |r| r.result = Some(json!({})),
        |r| r.runner.version = "9".to_owned(),
        |r| r.session.id = "0".repeat(32),
        |r| r.transcript = Some("ipc-transcript.ndjson".to_owned()),
        |r| r.ts = "1970-01-01T00:00:00.000Z".to_owned(),
        |r| r.sandbox.enforced.push(json!({})),
    ];
    for (index, change) in untouched.into_iter().enumerate() {
        let mut receipt = draft();
        change(&mut receipt);
        let digests = receipt.sealed().digests;
        assert_eq!(digests.subject, before, "change {index}");
        assert_ne!(digests.receipt, draft().sealed().digests.receipt, "change {index}");
    }
    let inside: [fn(&mut Receipt); 5] = [
        |r| r.invocation.op.push('x'),
        |r| r.invocation.args = json!({}),
        |r| r.manifest = None,
        |r| r.status = Status::Failed,
        |r| r.sandbox.profile = json!({}),
    ];
    for (index, change) in inside.into_iter().enumerate() {
        let mut receipt = draft();
        change(&mut receipt);
        assert_ne!(receipt.sealed().digests.subject, before, "change {index}");
    }
}

#[test]
fn the_subject_is_made_as_the_page_says() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = crate::session::small_run(dir.path());
    let subject = json!({
        "v": "run-subject.v0",
        "operation": receipt.invocation.op,
        "args": receipt.invocation.args,
        "profile": receipt.sandbox.profile,
        "manifest": receipt.manifest,
        "transcript": receipt.digests.transcript.as_ref().map(|digest| &digest.blake3),
        "outcome": {"status": "satisfied", "code": null},
    });
    assert_eq!(
        receipt.digests.subject,
        contract_json::Digest::of(&contract_json::to_canonical_vec(&subject))
    );
}
