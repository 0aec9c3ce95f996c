use contract_ipc::Code;

use crate::peer::{OFFER, Runner, bad, runner_id, state};

#[test]
fn r10_hello_and_its_followers_are_literal() {
    let mut runner = Runner::new();
    let payload = runner.side.hello(&["x.y".into(), "a\"b".into()], &mut runner.out);
    let hello = concat!(
        r#"{"id":"a510333564b0f5800000000000000000","payload":{"protocols":["ipc.v0"],"requestedCapabilities":["x.y","a\"b"],"#,
        r#""role":"runner","session":{"clock":"2026-01-31T12:00:00.000Z","id":"a0d916dad39ce6b0256aa1b6675a57d1","#,
        r#""seed":"000102030405060708090a0b0c0d0e0f"}},"ts":"2026-01-31T12:00:00.000Z","type":"hello","v":"ipc.v0"}"#,
        "\n"
    );
    assert_eq!(String::from_utf8(runner.out.clone()).unwrap(), hello);
    assert!(
        runner.out[payload.clone()].starts_with(b"{\"protocols\"") && runner.out[payload].ends_with(b"}}")
    );

    runner.gets("hello_ack", Some(&runner_id(0)), r#"{"role":"adapter","selected":"ipc.v0"}"#).unwrap();
    runner.gets_with_id("offer-id", "capabilities", None, OFFER).unwrap();
    runner.out.clear();
    runner.side.accept(&["x.y".into()], &mut runner.out);
    let (invocation, payload) = runner.side.invoke("x.y", br#"{"a":"b"}"#, 10_000, &mut runner.out);
    assert_eq!(runner.out[payload], *br#"{"args":{"a":"b"},"op":"x.y","timeoutMs":10000}"#);
    runner.side.cancel(invocation, contract_ipc::CancelReason::Timeout, &mut runner.out);
    assert_eq!(
        String::from_utf8(runner.out).unwrap(),
        concat!(
            r#"{"id":"a510333564b0f5800000000000000001","payload":{"accepted":["x.y"]},"replyTo":"offer-id","ts":"2026-01-31T12:00:00.001Z","type":"capabilities_ack","v":"ipc.v0"}"#,
            "\n",
            r#"{"id":"a510333564b0f5800000000000000002","payload":{"args":{"a":"b"},"op":"x.y","timeoutMs":10000},"ts":"2026-01-31T12:00:00.002Z","type":"invoke","v":"ipc.v0"}"#,
            "\n",
            r#"{"id":"a510333564b0f5800000000000000003","payload":{"reason":"timeout"},"replyTo":"a510333564b0f5800000000000000002","ts":"2026-01-31T12:00:00.003Z","type":"cancel","v":"ipc.v0"}"#,
            "\n"
        )
    );
}

#[test]
fn r11_hello_ack_names_hello_and_an_offered_protocol() {
    let ack = |reply_to: Option<&str>, payload: &str| Runner::greeting().gets("hello_ack", reply_to, payload);
    let hello = runner_id(0);
    assert_eq!(ack(Some(&hello), r#"{"selected":"ipc.v0"}"#), Ok("hello_ack".into()));
    let unrelated = state("hello_ack does not reply to hello");
    assert_eq!(ack(None, r#"{"selected":"ipc.v0"}"#), unrelated);
    assert_eq!(ack(Some(&runner_id(1)), r#"{"selected":"ipc.v0"}"#), unrelated);
    assert_eq!(ack(Some("something else"), r#"{"selected":"ipc.v0"}"#), unrelated);
    assert_eq!(ack(Some(&hello), "{}"), bad("`selected` is missing in the payload"));
    assert_eq!(ack(Some(&hello), r#"{"selected":1}"#), bad("`selected` is a number instead of a string"));
    assert_eq!(
        ack(Some(&hello), r#"{"selected":"ipc.v9"}"#),
        Err((Code::IpcProtoMismatch, "the adapter selected `ipc.v9`, which was not offered".into()))
    );
}

/// All types that an adapter could send, an error with and without replyTo.
const TYPES: [(&str, bool); 11] = [
    ("hello", false),
    ("hello_ack", true),
    ("capabilities", false),
    ("capabilities_ack", true),
    ("invoke", false),
    ("cancel", true),
    ("progress", true),
    ("result", true),
    ("error", true),
    ("error", false),
    ("weather", false),
];

/// What each of [`TYPES`] means in one state.
fn each(runner: fn() -> Runner, reply_to: &str) -> Vec<String> {
    TYPES
        .iter()
        .map(|&(kind, replies)| {
            let payload = match kind {
                "hello_ack" => r#"{"selected":"ipc.v0"}"#,
                "capabilities" => OFFER,
                "progress" => r#"{"seq":0}"#,
                "result" => r#"{"ok":true,"data":{}}"#,
                "error" => r#"{"code":"ADAPTER_X","message":"m"}"#,
                _ => "{}",
            };
            match runner().gets(kind, replies.then_some(reply_to), payload) {
                Ok(told) => told,
                Err((code, what)) => format!("{code} {what}"),
            }
        })
        .collect()
}

fn refusals(place: &str) -> Vec<String> {
    TYPES.iter().map(|(kind, _)| format!("IPC_STATE {kind} {place}")).collect()
}

/// The expected row: `place` everywhere but where it is said otherwise.
fn row(place: &str, otherwise: &[(usize, &str)]) -> Vec<String> {
    let mut row = refusals(place);
    for (at, told) in otherwise {
        row[*at] = (*told).to_owned();
    }
    row
}

#[test]
fn r14_nothing_may_come_before_hello() {
    assert_eq!(each(Runner::new, &runner_id(0)), refusals("before hello was sent"));
}

#[test]
fn r14_after_hello_only_hello_ack_or_an_error_may_come() {
    let expected = row(
        "where hello_ack is expected",
        &[(1, "hello_ack"), (8, "session error ADAPTER_X"), (9, "session error ADAPTER_X"), (10, "ignored")],
    );
    assert_eq!(each(Runner::greeting, &runner_id(0)), expected);
}

#[test]
fn r14_after_hello_ack_only_capabilities_or_an_error_may_come() {
    let expected = row(
        "where capabilities is expected",
        &[(2, "1 offered"), (8, "session error ADAPTER_X"), (9, "session error ADAPTER_X"), (10, "ignored")],
    );
    assert_eq!(each(Runner::greeted, &runner_id(0)), expected);
}

#[test]
fn r14_before_an_invoke_only_an_error_of_the_session_may_come() {
    let unopened =
        |kind: &str| format!("IPC_STATE {kind} replies to `{}`, which is no open invoke", runner_id(1));
    let (progress, result, error) = (unopened("progress"), unopened("result"), unopened("error"));
    let expected = row(
        "after the handshake",
        &[(6, &progress), (7, &result), (8, &error), (9, "session error ADAPTER_X"), (10, "ignored")],
    );
    assert_eq!(each(Runner::offered, &runner_id(1)), expected);
    assert_eq!(each(Runner::ready, &runner_id(1)), expected);
}

#[test]
fn r21_while_an_invoke_is_open_its_progress_and_its_end_may_come() {
    let open = || {
        let mut runner = Runner::ready();
        runner.invoke();
        runner
    };
    let expected = row(
        "after the handshake",
        &[
            (6, "2 progress 0"),
            (7, "2 result true {}"),
            (8, "2 error ADAPTER_X"),
            (9, "session error ADAPTER_X"),
            (10, "ignored"),
        ],
    );
    assert_eq!(each(open, &runner_id(2)), expected);
}

#[test]
fn r8_a_reused_id_is_refused_within_the_window_and_taken_after_it() {
    let mut runner = Runner::ready();
    let mut gets = |id: &str| runner.gets_with_id(id, "weather", None, "{}");
    assert_eq!(gets("the-first"), Ok("ignored".into()));
    for n in 1..65_536 {
        assert_eq!(gets(&format!("another-{n}")), Ok("ignored".into()));
    }
    assert_eq!(gets("the-first"), bad("id `the-first` was used before"));
    assert_eq!(gets("one-more"), Ok("ignored".into()));
    assert_eq!(gets("the-first"), Ok("ignored".into()), "65,536 other messages came in between");
    assert_eq!(gets("one-more"), bad("id `one-more` was used before"));
}

#[test]
#[should_panic(expected = "accept() answers Event::Capabilities")]
fn r13_an_acknowledgement_before_the_offer_is_a_bug_of_the_caller() {
    let mut runner = Runner::greeted();
    runner.side.accept(&[], &mut runner.out);
}

#[test]
#[should_panic(expected = "invokes follow accept()")]
fn r20_an_invoke_before_the_acknowledgement_is_a_bug_of_the_caller() {
    Runner::offered().invoke();
}
