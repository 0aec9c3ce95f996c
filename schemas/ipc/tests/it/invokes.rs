use contract_ipc::CancelReason;
use proptest::prelude::*;

use crate::peer::{Runner, bad, runner_id, state};

const DONE: &str = r#"{"ok":true,"data":{}}"#;

#[test]
fn r21_an_invoke_ends_once() {
    let mut runner = Runner::ready();
    runner.invoke();
    assert_eq!(runner.side.in_flight(), 1);
    assert_eq!(runner.gets("result", Some(&runner_id(2)), DONE), Ok("2 result true {}".into()));
    assert_eq!(runner.side.in_flight(), 0);
    let again = format!("result replies to `{}`, which is no open invoke", runner_id(2));
    assert_eq!(runner.gets("result", Some(&runner_id(2)), DONE), state(&again));
}

#[test]
fn r21_an_end_names_an_open_invoke() {
    let mut runner = Runner::ready();
    runner.invoke();
    assert_eq!(runner.gets("result", None, DONE), state("result has no replyTo"));
    assert_eq!(runner.gets("progress", None, r#"{"seq":0}"#), state("progress has no replyTo"));
    for foreign in [runner_id(0), runner_id(1), runner_id(3), "not of this series".to_owned()] {
        let what = format!("result replies to `{foreign}`, which is no open invoke");
        assert_eq!(runner.gets("result", Some(&foreign), DONE), state(&what));
    }
    assert_eq!(runner.side.in_flight(), 1, "none of them ended it");
}

#[test]
fn r25_ends_may_come_in_any_order() {
    let mut runner = Runner::ready();
    for _ in 0..contract_ipc::MAX_IN_FLIGHT {
        runner.invoke();
    }
    assert_eq!(runner.side.in_flight(), 64);
    for n in [65, 2, 33, 64, 3] {
        assert_eq!(runner.gets("result", Some(&runner_id(n)), DONE), Ok(format!("{n} result true {{}}")));
    }
    assert_eq!(runner.side.in_flight(), 59);
}

#[test]
fn r26_a_late_end_is_ignored_once() {
    let mut runner = Runner::ready();
    let (first, second) = (runner.invoke(), runner.invoke());
    runner.side.cancel(first, CancelReason::Interrupted, &mut runner.out);
    runner.side.give_up(first);
    assert_eq!(runner.side.in_flight(), 1);
    assert_eq!(runner.gets("progress", Some(&runner_id(2)), r#"{"seq":0}"#), Ok("late".into()));
    let cancelled = r#"{"code":"ADAPTER_CANCELLED","message":"m"}"#;
    assert_eq!(runner.gets("error", Some(&runner_id(2)), cancelled), Ok("late".into()));
    let again = format!("error replies to `{}`, which is no open invoke", runner_id(2));
    assert_eq!(runner.gets("error", Some(&runner_id(2)), cancelled), state(&again));
    assert_eq!(runner.gets("result", Some(&runner_id(second.0)), DONE), Ok("3 result true {}".into()));
}

#[test]
fn r26_a_cancelled_invoke_that_was_not_given_up_ends_as_it_says() {
    let mut runner = Runner::ready();
    let invocation = runner.invoke();
    runner.side.cancel(invocation, CancelReason::Shutdown, &mut runner.out);
    assert_eq!(runner.gets("result", Some(&runner_id(2)), DONE), Ok("2 result true {}".into()));
}

#[test]
fn r24_progress_counts_up_by_one_from_any_start() {
    let mut runner = Runner::ready();
    runner.invoke();
    runner.invoke();
    let mut gets =
        |to: u64, seq: u64| runner.gets("progress", Some(&runner_id(to)), &format!("{{\"seq\":{seq}}}"));
    assert_eq!(gets(2, 7), Ok("2 progress 7".into()));
    assert_eq!(gets(3, 0), Ok("3 progress 0".into()), "each invoke counts for itself");
    assert_eq!(gets(2, 8), Ok("2 progress 8".into()));
    assert_eq!(gets(2, 8), state("progress has seq 8 where 9 is expected"));
    assert_eq!(gets(3, 2), state("progress has seq 2 where 1 is expected"));
}

#[test]
fn r27_unknown_types_change_nothing() {
    let mut runner = Runner::ready();
    runner.invoke();
    assert_eq!(runner.gets("weather", Some(&runner_id(2)), "{}"), Ok("ignored".into()));
    assert_eq!(runner.side.in_flight(), 1);
}

#[test]
fn r22_a_bad_payload_is_a_bad_envelope() {
    let mut runner = Runner::ready();
    runner.invoke();
    assert_eq!(runner.gets("result", Some(&runner_id(2)), "{}"), bad("`ok` is missing in the result"));
}

proptest! {
    /// Whatever order ends come in, each invoke ends once and nothing is left.
    #[test]
    fn swapped_ends_find_their_invokes(order in Just((2..34_u64).collect::<Vec<_>>()).prop_shuffle()) {
        let mut runner = Runner::ready();
        for _ in &order {
            runner.invoke();
        }
        for (ended, n) in order.iter().enumerate() {
            prop_assert_eq!(runner.side.in_flight(), order.len() - ended);
            let payload = format!(r#"{{"ok":true,"data":{{"n":{n}}}}}"#);
            let told = runner.gets("result", Some(&runner_id(*n)), &payload);
            prop_assert_eq!(told, Ok(format!("{n} result true {{\"n\":{n}}}")));
        }
        prop_assert_eq!(runner.side.in_flight(), 0);
    }
}
