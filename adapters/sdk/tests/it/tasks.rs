use contract_adapter::{Called, End, Harness, Raw};
use serde_json::{Value, json};

use crate::room::Room;
use crate::workshop::{cancel, ends, hello, invoke, replies};

fn raw(stdin: impl AsRef<[u8]>) -> Raw {
    Harness::raw(Room::default(), stdin)
}

fn harness() -> Harness<Room> {
    Harness::new(Room::default())
}

fn count(n: u32, to: u64) -> String {
    invoke(n, "count", &json!({ "to": to }))
}

/// Which invoke each progress message belongs to, in the order in which they were sent, and what it says.
fn said(done: &Raw) -> Vec<(u32, u64)> {
    let progress = replies(&done.stdout).into_iter().filter(|(kind, ..)| kind == "progress");
    progress.map(|(_, to, payload)| (to.unwrap(), payload["data"].as_u64().unwrap())).collect()
}

fn no(at: u64) -> End {
    End::Result { ok: false, data: json!({ "at": at }) }
}

#[test]
fn a_stepped_operation_is_called_as_any_other() {
    let called = harness().call("count", json!({ "to": 3 }));
    assert_eq!(called.data(), &json!({ "at": 3 }));
    let data: Vec<_> = called.progress.into_iter().map(|progress| progress.data.unwrap()).collect();
    assert_eq!(data, [json!(1), json!(2), json!(3)]);
}

#[test]
fn two_tasks_take_turns_step_by_step() {
    let done = raw(hello(1) + &count(2, 3) + &count(3, 4));
    assert_eq!(said(&done), [(2, 1), (3, 1), (2, 2), (3, 2), (2, 3), (3, 3), (3, 4)]);
    assert_eq!(ends(&done.stdout), [(2, r#"{"at":3}"#.into()), (3, r#"{"at":4}"#.into())]);
    assert_eq!(done.status, 0);
}

#[test]
fn a_turn_is_one_step_of_one_task() {
    let mut harness = harness();
    let first = harness.start("count", json!({ "to": 10 }));
    let second = harness.start("count", json!({ "to": 10 }));
    let mut seen = Vec::new();
    for _ in 0..4 {
        assert!(harness.turn());
        seen.push((harness.progress(first).len(), harness.progress(second).len()));
    }
    assert_eq!(seen, [(1, 0), (1, 1), (2, 1), (2, 2)]);
    let both = (harness.end(first), harness.end(second));
    assert_eq!((both.0.progress.len(), both.1.progress.len()), (10, 10));
    assert!(!harness.turn(), "nothing is left to do");
}

#[test]
fn a_task_that_begins_later_waits_behind_those_that_are_open() {
    let mut harness = harness();
    let first = harness.start("count", json!({ "to": 100 }));
    let second = harness.start("count", json!({ "to": 100 }));
    harness.turn();
    let third = harness.start("count", json!({ "to": 100 }));
    let mut order = Vec::new();
    for _ in 0..6 {
        let before = [first, second, third].map(|task| harness.progress(task).len());
        harness.turn();
        let after = [first, second, third].map(|task| harness.progress(task).len());
        order.push((0..3).find(|&at| before[at] != after[at]).unwrap());
    }
    assert_eq!(order, [1, 0, 2, 1, 0, 2]);
}

#[test]
fn short_tasks_that_come_all_the_time_hold_no_other_up() {
    let mut harness = harness();
    let long = harness.start("count", json!({ "to": 1000 }));
    for steps in 1..=100 {
        // Two come for each that can be done: the long one still has its turn when all that were open had theirs.
        let _ = harness.start("count", json!({ "to": 1 }));
        let last = harness.start("count", json!({ "to": 1 }));
        let _ = harness.end(last);
        assert!(harness.progress(long).len() >= steps, "{steps}");
    }
}

#[test]
fn a_plain_operation_answers_while_a_task_is_open() {
    let mut harness = harness();
    let long = harness.start("count", json!({ "to": 1000 }));
    harness.turn();
    assert_eq!(harness.call("steps", json!({})).data(), &json!({ "steps": 1 }), "before the next step");
    assert_eq!(harness.progress(long).len(), 2);
    assert_eq!(harness.end(long).data(), &json!({ "at": 1000 }));
}

#[test]
fn tasks_share_the_adapter() {
    let mut harness = harness();
    let tasks = [3, 4].map(|to| harness.start("count", json!({ "to": to })));
    let at = tasks.map(|task| harness.end(task).data()["at"].clone());
    assert_eq!(at, [3, 4]);
    assert_eq!(harness.call("steps", json!({})).data(), &json!({ "steps": 7 }));
}

#[test]
fn a_cancel_ends_its_own_task_and_the_task_says_how() {
    let mut harness = harness();
    let [answers, fails, stays] =
        ["count", "checked", "count"].map(|op| harness.start(op, json!({ "to": 9 })));
    for _ in 0..6 {
        harness.turn();
    }
    harness.cancel(answers);
    harness.cancel(fails);
    assert_eq!(harness.end(answers).end, no(2), "partial, and it was not done");
    let failed = harness.end(fails);
    assert_eq!((failed.code(), failed.progress.len()), ("ADAPTER_CANCELLED", 3));
    assert_eq!(harness.end(stays).data(), &json!({ "at": 9 }));
}

#[test]
fn progress_after_a_cancel_is_sent_and_counted_and_then_leaves() {
    let called = harness().call_and_cancel("checked", json!({ "to": 100 }), 3);
    assert_eq!(
        (called.code(), called.progress.len()),
        ("ADAPTER_CANCELLED", 3),
        "seen by the third one itself"
    );
    let called = harness().call_and_cancel("checked", json!({ "to": 100 }), 0);
    assert_eq!((called.code(), called.progress.len()), ("ADAPTER_CANCELLED", 1));
    let called = harness().call_and_cancel("count", json!({ "to": 100 }), 3);
    assert_eq!((called.end, called.progress.len()), (no(3), 3), "tell() does not look; cancelled() does");
}

#[test]
fn a_cancel_that_comes_with_the_invoke_is_seen_by_the_first_step() {
    let done = raw(hello(1) + &count(2, 9) + &cancel(3, 2) + &count(4, 1));
    assert_eq!(ends(&done.stdout), [(2, r#"{"at":0}"#.into()), (4, r#"{"at":1}"#.into())]);
    assert!(done.stdout.contains(r#"{"data":{"at":0},"ok":false}"#));
}

#[test]
fn a_cancel_of_another_task_is_heard_while_an_operation_waits() {
    let done = raw(hello(1)
        + &count(2, 1000)
        + &invoke(3, "wait", &json!({}))
        + &count(4, 1000)
        + &cancel(5, 2)
        + &cancel(6, 4)
        + &cancel(7, 3));
    let cancelled = || "ADAPTER_CANCELLED".to_owned();
    assert_eq!(ends(&done.stdout), [(3, cancelled()), (4, cancelled()), (2, r#"{"at":0}"#.into())]);
}

#[test]
fn a_cancel_during_the_begin_is_seen_by_the_first_step() {
    let called = harness().call_and_cancel("slow begin", json!({ "to": 9 }), 1);
    assert_eq!(called.end, no(0));
}

#[test]
fn a_cancel_of_what_has_ended_is_ignored() {
    let mut harness = harness();
    let short = harness.start("count", json!({ "to": 1 }));
    let _ = harness.end(short);
    harness.cancel(short);
    assert_eq!(harness.call("count", json!({ "to": 2 })).data(), &json!({ "at": 2 }));
}

#[test]
fn a_begin_that_fails_opens_nothing() {
    let mut harness = harness();
    let long = harness.start("count", json!({ "to": 10 }));
    let message = |called: Called| match called.end {
        End::Error { code, message, .. } => (code, message),
        End::Result { .. } => panic!("{called:?}"),
    };
    let bad = |text: &str| ("ADAPTER_BAD_INPUT".to_owned(), text.to_owned());
    let nothing = harness.call("count", json!({ "to": 0 }));
    assert_eq!(message(nothing), bad("there is nothing to count"));
    let text = harness.call("count", json!({ "to": "a" }));
    assert_eq!(message(text), bad("/to: invalid type: string \"a\", expected u64"));
    let panicked = harness.call("break early", json!({}));
    assert_eq!(message(panicked), ("ADAPTER_PANIC".to_owned(), "no begin".to_owned()));
    assert_eq!(harness.end(long).data(), &json!({ "at": 10 }));
    assert!(!harness.turn());
}

#[test]
fn a_panic_in_a_step_ends_that_task_alone() {
    let mut harness = harness();
    let [before, breaks, after] = ["count", "break", "count"].map(|op| harness.start(op, json!({ "to": 3 })));
    let End::Error { code, message, .. } = harness.end(breaks).end else { panic!("it broke") };
    assert_eq!((code.as_str(), message.as_str()), ("ADAPTER_PANIC", "broke at 3"));
    assert_eq!(harness.end(before).data(), &json!({ "at": 3 }));
    assert_eq!(harness.end(after).data(), &json!({ "at": 3 }));
    assert_eq!(harness.call("fragile", json!({})).code(), "ADAPTER_PANIC", "when it is dropped, too");
    assert!(!harness.turn());
}

#[test]
fn an_answer_that_cannot_be_sent_is_an_error_of_that_task() {
    assert_eq!(harness().call("scalar", json!({})).code(), "ADAPTER_BAD_OUTPUT");
}

#[test]
fn progress_is_numbered_by_invoke_from_the_begin_on() {
    let done =
        raw(hello(1) + &invoke(2, "load", &json!({ "to": 2 })) + &invoke(3, "load", &json!({ "to": 2 })));
    let progress = replies(&done.stdout).into_iter().filter(|(kind, ..)| kind == "progress");
    let numbers: Vec<_> = progress.map(|(_, to, payload)| (to.unwrap(), payload["seq"].clone())).collect();
    let expected = [(2, 0), (3, 0), (2, 1), (3, 1), (2, 2), (3, 2)];
    assert_eq!(numbers, expected.map(|(invoke, seq)| (invoke, Value::from(seq))));
}

#[test]
fn a_step_knows_its_invoke() {
    let done = raw(hello(1) + &invoke(2, "about", &json!({})) + &invoke(3, "about", &json!({})));
    let about = |n| json!({ "id": format!("message-{n}"), "op": "about", "timeoutMs": 10_000 }).to_string();
    assert_eq!(ends(&done.stdout), [(2, about(2)), (3, about(3))]);
}

#[test]
fn a_step_asks_the_broker_for_connections() {
    let End::Error { code, message, .. } = harness().call("reach", json!({})).end else {
        panic!("connected")
    };
    assert_eq!(code, "POLICY_DENIED");
    assert!(message.contains("connect=localhost:80"), "{message}");
}

#[test]
fn open_tasks_are_done_to_their_end_when_the_input_ends() {
    let done = raw(hello(1) + &count(2, 500) + count(3, 1000).trim_end());
    assert_eq!(ends(&done.stdout), [(2, r#"{"at":500}"#.into()), (3, r#"{"at":1000}"#.into())]);
    assert_eq!((said(&done).len(), done.status), (1500, 0));
}

#[test]
fn a_fault_drops_open_tasks() {
    for (bad, code) in [("nonsense\n".to_owned(), "IPC_BAD_ENVELOPE"), (cancel(2, 2), "IPC_BAD_ENVELOPE")] {
        let done = raw(hello(1) + &count(2, u64::MAX) + &bad + &count(4, 1));
        assert_eq!(ends(&done.stdout), [(0, code.to_owned())]);
        assert_eq!(done.status, 2);
    }
}

#[test]
fn the_id_of_an_open_task_is_refused_however_long_ago_it_came() {
    let mut stdin = hello(1) + &count(2, u64::MAX);
    for n in 0..65_536 {
        stdin += &cancel(1000 + n, 3);
    }
    let done = raw(stdin + &count(2, 1));
    let (kind, to, payload) = replies(&done.stdout).pop().unwrap();
    assert_eq!((kind.as_str(), to, done.status), ("error", None, 2));
    assert_eq!(payload["message"], "id \"message-2\" was used before, by an invoke that is open");
}

#[test]
fn a_thousand_tasks_take_turns() {
    let mut stdin = hello(1);
    for n in 0..1000 {
        stdin += &count(1000 + n, 3);
    }
    let done = raw(stdin);
    let said = said(&done);
    for invoke in 1000..2000 {
        let own: Vec<_> = said.iter().filter(|(to, _)| *to == invoke).map(|(_, at)| *at).collect();
        assert_eq!(own, [1, 2, 3], "{invoke}");
    }
    let ends = ends(&done.stdout);
    assert_eq!(ends.len(), 1000);
    assert!(ends.windows(2).all(|pair| pair[0].0 < pair[1].0), "those that began first end first");
}
