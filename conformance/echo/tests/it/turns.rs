use serde_json::json;

use crate::process::{Adapter, Seen};

/// The end of what an invoke sends, and the number of progress messages before it.
fn end(adapter: &mut Adapter) -> (u64, Seen) {
    let mut progress = 0;
    loop {
        match adapter.next().1 {
            Seen::Progress(..) => progress += 1,
            end => return (progress, end),
        }
    }
}

#[test]
fn two_tasks_take_turns() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    let tasks = [3, 3].map(|to| adapter.invoke("turns", &json!({ "to": to }), &mut out));
    adapter.write(&out);
    for at in 1..=3 {
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(adapter.next(), (task, Seen::Progress(at - 1, Some(json!(at)))));
            // The last step of a task has its message and its end.
            if at == 3 {
                assert_eq!(adapter.next(), (tasks[n], Seen::Result(true, json!({ "at": 3 }))));
            }
        }
    }
    assert_eq!(adapter.finish().0.code(), Some(0));
}

#[test]
fn a_plain_operation_answers_and_a_cancel_leaves_the_others_while_tasks_would_go_on_for_ever() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    let tasks = [0, 1].map(|_| adapter.invoke("turns", &json!({ "to": u64::MAX }), &mut out));
    adapter.write(&out);
    assert_eq!([0, 1].map(|_| adapter.next().0), tasks);

    let mut out = Vec::new();
    let plain = adapter.invoke("echo", &json!({}), &mut out);
    adapter.write(&out);
    let answered = loop {
        match adapter.next() {
            (_, Seen::Progress(..)) => {}
            answered => break answered,
        }
    };
    assert_eq!(answered, (plain, Seen::Result(true, json!({ "args": {} }))));

    adapter.cancel(tasks[0]);
    let (from, at) = loop {
        match adapter.next() {
            (from, Seen::Result(false, data)) => break (from, data["at"].as_u64().unwrap()),
            (_, Seen::Progress(..)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(from == tasks[0] && at > 0, "{at}");
    assert_eq!(adapter.next().0, tasks[1], "it goes on");
    adapter.cancel(tasks[1]);
    assert!(matches!(end(&mut adapter).1, Seen::Result(false, _)));
    assert_eq!(adapter.call("echo", &json!({})), Seen::Result(true, json!({ "args": {} })));
    assert_eq!(adapter.finish().0.code(), Some(0));
}

#[test]
fn an_open_task_is_done_to_its_end_when_stdin_ends() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    adapter.invoke("turns", &json!({ "to": 1000 }), &mut out);
    adapter.write(&out);
    drop(adapter.stdin.take());
    assert_eq!(end(&mut adapter), (1000, Seen::Result(true, json!({ "at": 1000 }))));
    let (status, stderr) = adapter.finish();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn open_tasks_are_dropped_when_the_runner_closes_stdout() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    for _ in 0..3 {
        adapter.invoke("turns", &json!({ "to": u64::MAX }), &mut out);
    }
    adapter.write(&out);
    adapter.next();
    drop(adapter.stdout.take());
    let stderr = std::io::read_to_string(adapter.child.stderr.take().unwrap()).unwrap();
    let status = adapter.child.wait().unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "without the end of stdin");
}

#[test]
fn a_thousand_tasks_have_an_end_each() {
    let mut adapter = Adapter::ready(None);
    let mut out = Vec::new();
    let mut open: Vec<_> =
        (0..1000).map(|_| adapter.invoke("turns", &json!({ "to": 5 }), &mut out)).collect();
    let mut stdin = adapter.stdin.take().unwrap();
    // Neither side may wait for the other to read.
    let writer = std::thread::spawn(move || {
        use std::io::Write as _;
        stdin.write_all(&out).unwrap();
    });
    while !open.is_empty() {
        if let (from, Seen::Result(true, data)) = adapter.next() {
            assert_eq!(data, json!({ "at": 5 }));
            open.retain(|invocation| *invocation != from);
        }
    }
    writer.join().unwrap();
    assert_eq!(adapter.finish().0.code(), Some(0));
}
