use contract_ipc::Invocation;
use contract_receipts::{Receipt, Status, Verdict, verify};

use crate::session::{Run, read};

const MEMORY_BYTES: usize = 1024 * 1024;

/// A message of the invoke number `.0` of a plan.
enum Step {
    Invoke(usize),
    Progress(usize, u64),
    Result(usize),
}

fn play(dir: &std::path::Path, steps: impl IntoIterator<Item = Step>, padding: &str) -> (Receipt, usize) {
    let mut run = Run::begin(dir);
    run.handshake();
    let mut invocations: Vec<Invocation> = Vec::new();
    for step in steps {
        match step {
            Step::Invoke(n) => {
                assert_eq!(invocations.len(), n);
                invocations.push(run.invoke(&format!(r#"{{"n":{n}}}"#)));
            }
            Step::Progress(n, seq) => {
                let payload = format!(r#"{{"data":"{padding}","seq":{seq}}}"#);
                run.reply(invocations[n], "progress", &payload);
            }
            Step::Result(n) => {
                let payload = format!(r#"{{"data":{{"n":{n},"padding":"{padding}"}},"ok":true}}"#);
                run.reply(invocations[n], "result", &payload);
            }
        }
    }
    let peak = run.recorder.peak_held_bytes();
    (run.finish(Status::Satisfied), peak)
}

/// The same messages, one invoke after the other.
fn sorted(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut steps: Vec<Step> = steps.into_iter().collect();
    steps.sort_by_key(|step| match step {
        Step::Invoke(n) | Step::Progress(n, _) | Step::Result(n) => *n,
    });
    steps
}

/// Plays the steps as they are and sorted; both must leave the same bytes.
fn same_as_sorted(steps: impl Fn() -> Vec<Step>, padding: &str) -> usize {
    let (dir, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (receipt, peak) = play(dir.path(), steps(), padding);
    let (expected, unspilled) = play(plain.path(), sorted(steps()), padding);
    assert_eq!(unspilled, 0, "in order nothing is held");
    assert_eq!(receipt.digests.transcript, expected.digests.transcript);
    assert!(read(dir.path(), "ipc-transcript.ndjson") == read(plain.path(), "ipc-transcript.ndjson"));
    assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }), "{}", verify(dir.path(), None));
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "the spill has no name: {names:?}");
    peak
}

#[test]
fn many_finished_invokes_wait_for_the_first_in_flat_memory() {
    let steps = || {
        let mut steps = vec![Step::Invoke(0)];
        for n in 1..20_000 {
            steps.extend([Step::Invoke(n), Step::Result(n)]);
        }
        steps.extend([Step::Progress(0, 5), Step::Result(0), Step::Invoke(20_000), Step::Result(20_000)]);
        steps
    };
    let peak = same_as_sorted(steps, &"x".repeat(200));
    assert!(peak > MEMORY_BYTES, "it did spill: {peak}");
    assert!(peak < MEMORY_BYTES + 4096, "{peak}");
}

#[test]
fn a_later_invoke_streams_beyond_the_bound() {
    let steps = || {
        let mut steps = vec![Step::Invoke(0), Step::Invoke(1), Step::Invoke(2)];
        steps.extend((0..20_000).map(|seq| Step::Progress(2, seq)));
        steps.extend([Step::Result(1), Step::Result(0)]);
        steps.extend((20_000..20_010).map(|seq| Step::Progress(2, seq)));
        steps.push(Step::Result(2));
        steps
    };
    let peak = same_as_sorted(steps, &"y".repeat(200));
    assert!(peak > MEMORY_BYTES && peak < MEMORY_BYTES + 4096, "{peak}");
}

#[test]
fn a_window_of_open_invokes_slides_over_the_spill() {
    // Each invoke ends when seven younger ones are open, and the first of eight waits longest.
    let steps = || {
        let mut steps = Vec::new();
        for n in 0..400 {
            steps.extend([Step::Invoke(n), Step::Progress(n, 0)]);
            match n {
                _ if n % 8 == 7 => steps.extend((n - 7..=n).rev().map(Step::Result)),
                _ => steps.push(Step::Progress(n, 1)),
            }
        }
        steps
    };
    let peak = same_as_sorted(steps, &"z".repeat(100_000));
    assert!(peak > MEMORY_BYTES && peak < MEMORY_BYTES + 200_000, "{peak}");
}

#[test]
fn one_message_larger_than_the_bound_is_held() {
    let steps = || vec![Step::Invoke(0), Step::Invoke(1), Step::Result(1), Step::Result(0)];
    let peak = same_as_sorted(steps, &"w".repeat(3 * MEMORY_BYTES));
    assert!(peak > 3 * MEMORY_BYTES, "{peak}");
}
