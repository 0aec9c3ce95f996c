//! What hangs costs its own group, and what may hang is not touched.

use std::fs;
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::json;

use crate::recorded::Recorded;

/// A FIFO without a writer: opening it to read waits without end.
fn hang(machine: &Recorded, path: &str) {
    let place = machine.path(path);
    let _ = fs::remove_file(&place);
    mkfifoat(CWD, &place, Mode::from_raw_mode(0o600)).unwrap();
}

#[test]
fn a_file_that_hangs_makes_its_group_unknown_and_leaves_the_others() {
    let machine = Recorded::machine("pure-linux");
    hang(&machine, "/proc/cpuinfo");
    // Long enough for the others on a busy machine; the one that hangs never answers.
    let called = machine.call("machine.probe", json!({}), Duration::from_secs(3));
    let facts = &called.data()["facts"];
    assert_eq!(facts["hardware"], json!({"unknown": "deadline"}));
    assert_eq!(facts["host"]["cgroupMode"], "hybrid");
    assert_eq!(facts["storage"]["chosen"]["scope"], "system");
    // A fingerprint without the processor would be that of another machine.
    assert_eq!(called.data()["documents"].get("env.fingerprint"), None);
    let warnings = called.data()["warnings"].as_array().unwrap();
    assert!(warnings.contains(&json!({"code": "FACT_UNKNOWN", "text": "/hardware: deadline"})));
}

#[test]
fn a_table_of_mounts_that_hangs_makes_no_folder_safe() {
    let machine = Recorded::machine("m2-asahi");
    hang(&machine, "/proc/self/mountinfo");
    let called = machine.call("machine.probe", json!({}), Duration::from_secs(3));
    assert_eq!(called.data()["facts"]["storage"], json!({"unknown": "deadline"}));
    assert!(called.data()["failures"].as_array().unwrap().iter().any(|own| own["code"] == "PLACES_UNKNOWN"));
}

#[test]
fn listeners_that_take_too_long_leave_the_programs() {
    let machine = Recorded::machine("pure-linux");
    hang(&machine, "/proc/self/net/tcp");
    let called = machine.call("machine.probe", json!({}), Duration::from_secs(3));
    let providers = &called.data()["facts"]["providers"];
    assert_eq!(providers["listeners"], json!({"unknown": "deadline"}));
    assert_eq!(providers["programs"][0]["providerType"], "vllm");
}

#[test]
fn network_and_fuse_mounts_have_no_space_because_nobody_asked() {
    // The record holds an answer for them, so that a question would be seen.
    let asked = format!(
        "{}\nspace /srv/pool 1000 1000\nspace /srv/pool/disk 1000 1000\nspace /misc 1000 1000\nspace /srv/shared 1000 1000\n",
        include_str!("../trees/pure-linux.tree")
    );
    let data = Recorded::of(&asked).probe();
    let spaces: Vec<&String> = data["observed"]["mounts"].as_object().unwrap().keys().collect();
    assert_eq!(spaces, ["/", "/var/lib/agent-machine"]);
    let foreign: Vec<&str> = data["facts"]["storage"]["mounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|mount| mount["reach"] == "foreign")
        .map(|mount| mount["target"].as_str().unwrap())
        .collect();
    assert_eq!(foreign, ["/srv/pool", "/misc", "/srv/pool/disk", "/srv/shared disk"]);
}
