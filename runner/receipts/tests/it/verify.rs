use contract_ipc::Exit;
use contract_json::{Digester, to_canonical_vec};
use contract_receipts::{Counts, Receipt, ReceiptError, Status, Verdict, check_expected, verify};
use serde_json::json;

use crate::session::{Run, draft, session, small_run};

#[test]
fn answers_and_exit_statuses_are_those_of_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = small_run(dir.path());
    let consistent = verify(dir.path(), None);
    assert_eq!((consistent.answer(), consistent.exit()), ("consistent (unsigned)", Exit::Satisfied));
    let verified = verify(dir.path(), Some(&receipt.digests.receipt.blake3_uri()));
    assert_eq!((verified.to_string().as_str(), verified.exit()), ("verified", Exit::Satisfied));
    let mismatch = verify(dir.path(), Some(&format!("sha256:{}", "0".repeat(64))));
    assert_eq!((mismatch.answer(), mismatch.exit()), ("mismatch", Exit::Violated));
    let unverifiable = verify(&dir.path().join("none"), None);
    assert_eq!((unverifiable.answer(), unverifiable.exit()), ("unverifiable", Exit::Unverifiable));
    let malformed = verify(dir.path(), Some("md5:0"));
    assert_eq!(malformed.answer(), "unverifiable");
    assert!(
        check_expected("md5:0").is_err() && check_expected(&receipt.digests.receipt.blake3_uri()).is_ok()
    );
}

#[test]
fn a_status_must_fit_the_ends() {
    let yes = r#"{"ok":true,"data":{}}"#;
    let no = r#"{"ok":false}"#;
    let error = r#"{"code":"ADAPTER_X","message":"x"}"#;
    let rejected = || Some(ReceiptError { code: "CONTRACT_REJECTED".to_owned(), ..ReceiptError::default() });
    let failed = || Some(ReceiptError { code: "ADAPTER_X".to_owned(), ..ReceiptError::default() });
    type Ends<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Ends<'_>, Status, Option<ReceiptError>, bool); 15] = [
        (&[("result", yes)], Status::Satisfied, None, true),
        (&[("result", yes), ("result", yes)], Status::Satisfied, None, true),
        (&[("result", yes), ("result", no)], Status::Violated, None, true),
        (&[("result", no), ("result", yes)], Status::Violated, rejected(), true),
        (&[("error", error)], Status::Failed, failed(), true),
        (&[("result", yes)], Status::TimedOut, failed(), true),
        (&[("result", yes)], Status::Cancelled, failed(), true),
        (&[], Status::Satisfied, None, false),
        (&[("result", no)], Status::Satisfied, None, false),
        (&[("result", yes)], Status::Violated, None, false),
        (&[("result", yes), ("error", error)], Status::Satisfied, None, false),
        (&[("error", error), ("result", no)], Status::Violated, None, false),
        (&[("result", yes), ("progress", r#"{"seq":0}"#)], Status::Satisfied, None, false),
        (&[("result", yes)], Status::Satisfied, rejected(), false),
        (&[("result", no)], Status::Violated, failed(), false),
    ];
    for (index, (ends, status, error, good)) in cases.into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::begin(dir.path());
        run.handshake();
        for (kind, payload) in ends {
            let invocation = run.invoke("{}");
            run.reply(invocation, kind, payload);
        }
        let receipt = Receipt { status, error, reproducible: status.is_reproducible(), ..draft() };
        run.finish_with(receipt);
        let verdict = verify(dir.path(), None);
        match &verdict {
            Verdict::Consistent { .. } => assert!(good, "case {index}"),
            Verdict::Mismatch(finding) => assert!(!good && finding.step == 7, "case {index}: {verdict}"),
            _ => panic!("case {index}: {verdict}"),
        }
    }
}

#[test]
fn a_run_that_never_started_has_no_transcript_and_can_be_verified() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = Receipt { status: Status::Denied, ..draft() }.sealed();
    std::fs::write(dir.path().join("run-receipt.json"), receipt.to_bytes()).unwrap();
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn an_integer_of_many_digits_is_no_reason_to_doubt_a_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = Receipt { status: Status::Denied, observed: json!({"n": 1e20}), ..draft() };
    let error =
        ReceiptError { code: "A_B".to_owned(), details: Some(json!(1e20)), ..ReceiptError::default() };
    let receipt = Receipt { error: Some(error), ..receipt }.sealed();
    let bytes = receipt.to_bytes();
    assert!(String::from_utf8(bytes.clone()).unwrap().contains(r#""details":100000000000000000000"#));
    std::fs::write(dir.path().join("run-receipt.json"), bytes).unwrap();
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

#[test]
fn a_list_in_the_place_of_an_object_is_no_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let mut receipt = serde_json::to_value(small_run(dir.path())).unwrap();
    receipt["invocation"] = json!(["text.caps", {"text": "grüße"}]);
    std::fs::write(dir.path().join("run-receipt.json"), to_canonical_vec(&receipt)).unwrap();
    let verdict = verify(dir.path(), None).to_string();
    assert!(verdict.starts_with("unverifiable: step 1: run-receipt.json /invocation"), "{verdict}");
}

#[test]
fn a_long_transcript_with_a_line_of_megabytes_is_verified() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::begin(dir.path());
    run.handshake();
    for number in 0..3_000_u32 {
        let one = run.invoke("{}");
        let size = if number == 1_500 { 5_000_000 } else { 1_000 };
        run.reply(one, "result", &format!(r#"{{"data":{{"x":"{}"}},"ok":true}}"#, "v".repeat(size)));
    }
    let receipt = run.finish(Status::Satisfied);
    assert_eq!(receipt.counts, Counts { invokes: 3_000, results: 3_000, errors: 0, progress: 0 });
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
}

/// Lines by hand, so that what no honest runner writes can be tried.
fn verdict_of(lines: &[(&str, Option<u64>, serde_json::Value)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let session = session();
    let mut sender = contract_ipc::Sender::new(session.seed.id_prefix("transcript"), session.clock);
    let mut text = Vec::new();
    for (kind, reply_to, payload) in lines {
        let id = reply_to.map(|line| String::from_utf8(sender.id(line).to_vec()).unwrap());
        sender.write(&mut text, kind, id.as_deref(), |out| out.extend(to_canonical_vec(payload)));
    }
    std::fs::write(dir.path().join("ipc-transcript.ndjson"), &text).unwrap();
    let mut digester = Digester::new();
    digester.update(&text);
    let mut receipt = Receipt { status: Status::Failed, ..draft() };
    receipt.transcript = Some("ipc-transcript.ndjson".to_owned());
    receipt.digests.transcript = Some(digester.finish());
    std::fs::write(dir.path().join("run-receipt.json"), receipt.sealed().to_bytes()).unwrap();
    verify(dir.path(), None).to_string()
}

#[test]
fn the_order_of_messages_is_held() {
    let hello =
        json!({"role": "runner", "protocols": ["ipc.v0"], "requestedCapabilities": [], "session": {}});
    let ack = json!({"selected": "ipc.v0"});
    let offer = json!({"adapter": {"name": "a", "version": "1"}, "capabilities": [{"name": "op"}]});
    let accept = json!({"accepted": ["op"]});
    let invoke = json!({"op": "op", "args": {}, "timeoutMs": 1});
    let progress = |seq: u64| json!({ "seq": seq });
    let result = json!({"ok": true, "data": {}});
    let error = json!({"code": "A_B", "message": ""});
    let start = [
        ("hello", None, hello.clone()),
        ("hello_ack", Some(0), ack),
        ("capabilities", None, offer.clone()),
        ("capabilities_ack", Some(2), accept),
    ];
    let cases = [
        (0, vec![("error", None, error.clone())], ":1 /type"),
        (0, vec![("hello_ack", Some(0), json!({"selected": "ipc.v0"}))], ":1 /type"),
        (1, vec![("capabilities", None, offer)], ":2 /type"),
        (1, vec![("error", Some(0), error.clone())], ":2 /type"),
        (2, vec![("hello_ack", Some(0), json!({"selected": "ipc.v0"}))], ":3 /type"),
        (4, vec![("hello", None, hello)], ":5 /type"),
        (4, vec![("result", Some(4), result.clone())], ":5 /type"),
        (4, vec![("invoke", None, invoke.clone()), ("result", Some(3), result.clone())], ":6 /replyTo"),
        (4, vec![("invoke", Some(0), invoke.clone())], ":5 /replyTo"),
        (4, vec![("invoke", None, invoke.clone()), ("result", None, result.clone())], ":6 /replyTo"),
        (
            4,
            vec![
                ("invoke", None, invoke.clone()),
                ("result", Some(4), result.clone()),
                ("progress", Some(4), progress(0)),
            ],
            ":7 /type",
        ),
        (
            4,
            vec![
                ("invoke", None, invoke.clone()),
                ("result", Some(4), result.clone()),
                ("error", Some(4), error.clone()),
            ],
            ":7 /type",
        ),
        (
            4,
            vec![
                ("invoke", None, invoke.clone()),
                ("progress", Some(4), progress(1)),
                ("progress", Some(4), progress(3)),
            ],
            ":7 /payload/seq",
        ),
        (4, vec![("error", None, error.clone()), ("invoke", None, invoke.clone())], ":6 /type"),
        (4, vec![("unknown", None, json!({}))], ":5 /type"),
        (4, vec![("invoke", None, json!({"op": "op", "args": [], "timeoutMs": 1}))], ":5 /payload/args"),
        (
            4,
            vec![("invoke", None, invoke), ("cancel", Some(4), json!({"reason": "boredom"}))],
            ":6 /payload/reason",
        ),
        (4, vec![("error", None, json!({"code": "lower_case", "message": ""}))], ":5 /payload/code"),
    ];
    for (index, (kept, more, expected)) in cases.into_iter().enumerate() {
        let lines: Vec<_> = start[..kept].iter().cloned().chain(more).collect();
        let verdict = verdict_of(&lines);
        let expected = format!("mismatch: step 5: ipc-transcript.ndjson{expected}");
        assert!(verdict.starts_with(&expected), "case {index}: expected {expected}, got {verdict}");
    }
}
