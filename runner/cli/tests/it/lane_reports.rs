//! What a CI system gets of a lane: JUnit, GitHub, a summary, events. Nothing in them is markup of others.

use serde_json::{Value, json};

use crate::lane::{LaneBench, contract};

/// A lane with a good, a bad and a skipped step, whose names and output try to be more than text.
fn odd() -> LaneBench {
    LaneBench::steps(&[
        ("good & <fine>", "true"),
        (
            "bad | ::error::x",
            "echo '::set-output name=a::b'; echo '##[group]x'; printf '\\033[31m]]> <b>&amp; `x`\\n'; exit 7",
        ),
        ("skipped", "true"),
    ])
}

#[test]
fn junit_has_a_case_for_each_step() {
    let lane = odd();
    lane.run("--junit report.xml").expect(1);
    let xml = lane.bench.text("report.xml");
    for words in [
        "tests=\"3\"",
        "failures=\"1\"",
        "<testcase name=\"good &amp; &lt;fine&gt;\"",
        "<skipped",
        "message=\"exit status 7\"",
        "type=\"violated\"",
    ] {
        assert!(xml.contains(words), "{words} is not in {xml}");
    }
    assert!(!xml.contains('\u{1b}') && !xml.contains("<b>"), "{xml}");
}

#[test]
fn github_gets_groups_and_one_annotation_for_each_failure() {
    let lane = odd();
    let done = lane.run("--format github");
    let lines: Vec<&str> = done.expect(1).stdout.lines().collect();
    let commands: Vec<&str> = lines.iter().copied().filter(|line| line.starts_with("::")).collect();
    assert_eq!(
        commands[..5],
        [
            "::group::good & <fine>",
            "::endgroup::",
            "::group::bad | ::error::x",
            "::endgroup::",
            "::error title=step bad | %3A%3Aerror%3A%3Ax violated::exit status 7",
        ]
    );
    assert!(
        commands[5].starts_with("::error title=lane lane violated::step `bad | ::error::x`: exit status 7")
    );
    assert_eq!(commands.len(), 6);
    assert!(lines.contains(&"| ::set-output name=a::b") && lines.contains(&"## [group]x"), "{lines:?}");
}

#[test]
fn github_shows_no_more_annotations_than_it_takes() {
    let steps: Vec<(String, &str)> = (0..15).map(|n| (format!("step {n}"), "false")).collect();
    let steps: Vec<(&str, &str)> = steps.iter().map(|(name, run)| (name.as_str(), *run)).collect();
    let done = LaneBench::steps(&steps).run("--format github --keep-going");
    let errors: Vec<&str> =
        done.expect(1).stdout.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(errors.len(), 10);
    assert!(errors[9].contains("6 more steps did not end well"), "{}", errors[9]);
}

#[test]
fn a_summary_is_added_and_stays_below_the_limit() {
    let long = "i=0; while [ $i -lt 3000 ]; do printf '%0900d\\n' $i; i=$((i+1)); done; false";
    let steps: Vec<(String, &str)> = (0..20).map(|n| (format!("step {n}"), long)).collect();
    let mut steps: Vec<(&str, &str)> = steps.iter().map(|(name, run)| (name.as_str(), *run)).collect();
    steps.push(("odd | `name` <b>", "false"));
    let lane = LaneBench::steps(&steps);
    lane.bench.write("summary.md", "what others wrote\n");
    lane.run("--keep-going --summary summary.md -q").expect(1);
    let text = lane.bench.text("summary.md");
    assert!(text.starts_with("what others wrote\n### Lane lane: violated"));
    assert!(
        text.len() < 600 * 1024 && text.ends_with("(cut; the rest is in `out`)\n"),
        "{} bytes",
        text.len()
    );
    assert!(text.contains("odd \\| \\`name\\` &lt;b>"));
}

#[test]
fn events_tell_everything_in_its_order() {
    let lane =
        LaneBench::new(&contract(&[("a", "echo words"), ("b", "false"), ("c", "true")], &["deps.inventory"]));
    let done = lane.run("--events - -q");
    let events: Vec<Value> =
        done.expect(1).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "lane-started",
            "step-started",
            "step-output",
            "step-ended",
            "step-started",
            "step-ended",
            "step-ended",
            "evidence",
            "lane-ended"
        ]
    );
    for (number, event) in events.iter().enumerate() {
        assert_eq!((&event["seq"], &event["v"]), (&json!(number), &json!("lane-event.v0")));
    }
    assert_eq!(events[2]["text"], "words\n");
    assert_eq!((&events[5]["status"], &events[5]["why"]), (&json!("violated"), &json!("exit status 1")));
    let digest = lane.receipt()["digests"]["receipt"]["blake3"].as_str().unwrap().to_owned();
    assert_eq!(events[8]["receipt"], format!("blake3:{digest}"));
    assert_eq!(events[7]["key"], "deps.inventory");
}

#[test]
fn json_tells_how_the_lane_ended() {
    let lane = odd();
    let outcome: Value = serde_json::from_str(&lane.run("--format json -q").expect(1).stdout).unwrap();
    assert_eq!(
        (&outcome["v"], &outcome["exit"], &outcome["status"]),
        (&json!("lane-outcome.v0"), &json!(1), &json!("violated"))
    );
    assert_eq!(outcome["steps"][1]["why"], "exit status 7");
    assert_eq!(outcome["error"]["code"], "LANE_STEP_FAILED");
    assert_eq!(outcome["receipt"], lane.receipt()["digests"]["receipt"]);
}

#[test]
fn a_report_that_cannot_be_written_is_told() {
    let lane = LaneBench::steps(&[("a", "true")]);
    lane.run("--junit no/such/folder.xml")
        .expect(74)
        .says("CONTRACT_OUTPUT_FAILED")
        .says("no/such/folder.xml");
    lane.verify(0);
    lane.run("--events no/such/events.ndjson").expect(74).says("no/such/events.ndjson");
}
