//! The adapters of this repository, installed: `contract-conformance adapter` runs all that their `cases.toml` claim.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::command::{Bench, Done, done, repository, skipped};
use crate::prefix::{ADAPTERS, Prefix};

fn conformance(prefix: &Prefix, name: &str, cases: &Path) -> Done {
    let kit = Path::new(env!("CARGO_BIN_EXE_contract-runner")).with_file_name("contract-conformance");
    let mut command = Command::new(kit);
    command.arg("adapter").arg(prefix.adapter(name)).arg("--cases").arg(cases);
    command.arg("--runner").arg(prefix.runner());
    done(&command.output().unwrap())
}

fn cases(name: &str) -> std::path::PathBuf {
    repository().join("adapters").join(name).join("cases.toml")
}

/// Every case ends as it says, twice the same, with evidence that is verified; every right is needed, and no other helps.
#[track_caller]
fn holds(name: &str) {
    let done = conformance(&Prefix::new(), name, &cases(name));
    done.expect(0);
    for line in done.stdout.lines().filter(|line| line.starts_with("skipped: ")) {
        skipped(line.trim_start_matches("skipped: "));
    }
}

/// Adapters that cases cannot be written for, and the tests that run them instead. A case has no server to ask.
const WITHOUT_CASES: [(&str, &str); 1] = [("openai-endpoint", "endpoint.rs")];

#[test]
fn every_adapter_has_cases_or_tests_of_its_own() {
    for name in ADAPTERS {
        let tests = WITHOUT_CASES.iter().find(|(without, _)| *without == name);
        assert_ne!(cases(name).is_file(), tests.is_some(), "{name}");
        if let Some((_, file)) = tests {
            assert!(repository().join("runner/cli/tests/it").join(file).is_file(), "{file}");
        }
    }
}

#[test]
fn machine_probe_holds_what_it_claims() {
    holds("machine-probe");
}

#[test]
fn mount_plan_holds_what_it_claims() {
    holds("mount-plan");
}

#[test]
fn office_holds_what_it_claims() {
    holds("office");
}

#[test]
fn process_holds_what_it_claims() {
    holds("process");
}

#[test]
fn text_caps_holds_what_it_claims() {
    holds("text-caps");
}

#[test]
fn a_right_that_nothing_needs_and_one_without_a_row_are_faults() {
    let bench = Bench::new();
    let prefix = Prefix::with(|name, manifest| {
        if name == "text-caps" {
            manifest["asks"] = json!(["read=/etc/passwd", "read=/etc/group"]);
        }
    });
    let mut text = std::fs::read_to_string(cases("text-caps")).unwrap();
    text += "[[least]]\nright = \"read=/etc/passwd\"\nop = \"text.caps\"\nargs = { text = \"a\" }\nneeds = \"/text\"\n";
    let done = conformance(&prefix, "text-caps", &bench.write("cases.toml", &text));
    done.expect(1);
    for fault in
        ["right read=/etc/passwd: without it, the call /text is known", "right read=/etc/group: asked for"]
    {
        assert!(done.stdout.contains(fault), "{fault}: {}", done.stdout);
    }
}

#[test]
fn a_right_that_is_missing_is_a_fault() {
    let prefix = Prefix::with(|name, manifest| {
        if name == "machine-probe" {
            manifest["asks"].as_array_mut().unwrap().retain(|ask| ask != "read=/etc/passwd");
        }
    });
    let done = conformance(&prefix, "machine-probe", &cases("machine-probe"));
    done.expect(1);
    for fault in [
        "case `all facts and documents`: with more rights it answers something else",
        "right read=/etc/passwd: read=/etc/passwd is neither asked for nor given to this call",
    ] {
        assert!(done.stdout.contains(fault), "{fault}: {}", done.stdout);
    }
}

#[test]
fn an_answer_that_is_another_one_and_an_operation_without_cases_are_faults() {
    let bench = Bench::new();
    let text = "[[case]]\nname = \"a\"\nop = \"text.caps\"\nargs = { text = \"a\" }\nexpect = { data = { \"/text\" = \"a\" } }\n";
    let done = conformance(&Prefix::new(), "text-caps", &bench.write("cases.toml", text));
    done.expect(1);
    for fault in
        ["case `a`: /text is \"A\", not \"a\"", "text.caps: no case has bad input", "no case is violated"]
    {
        assert!(done.stdout.contains(fault), "{fault}: {}", done.stdout);
    }
}
