//! No name of the host, of a person, or of another machine is told.

use serde_json::json;

use crate::recorded::{MACHINES, PATIENT, Recorded};

#[test]
fn no_name_is_anywhere_in_the_output() {
    for (name, text, hidden) in MACHINES {
        for op in ["machine.probe", "machine.paths", "machine.doctor"] {
            let called = Recorded::machine(name).call(op, json!({}), PATIENT);
            let told = format!("{:?}", called.end);
            for word in *hidden {
                assert!(text.contains(word), "{name} has {word}, or the test is about nothing");
                assert!(!told.contains(word), "{name} {op} tells {word}");
            }
        }
    }
}

#[test]
fn the_host_is_named_only_when_that_is_asked_for() {
    let data =
        |args| Recorded::machine("edge").call("machine.probe", args, PATIENT).data()["documents"].clone();
    assert_eq!(data(json!({}))["agent-machine"]["host"]["hostname"], "sha256:c1063a18377deb73");
    let named = data(json!({"names": true}));
    assert_eq!(named["agent-machine"]["host"]["hostname"], "damson");
    assert_eq!(named["agent-machine"]["id"], "urn:srcos:agent-machine:host-damson");
    assert_eq!(named["agent-machine.doctor"]["readiness"]["probeSecretFree"], false);
}

#[test]
fn without_the_accounts_no_mount_is_told() {
    let machine = Recorded::machine("m2-asahi");
    std::fs::remove_file(machine.path("/etc/passwd")).unwrap();
    let data = machine.probe();
    assert_eq!(data["facts"]["storage"], json!({"unknown": "/etc/passwd is absent"}));
    assert!(!data.to_string().contains("mirabel"));
    assert!(data["failures"].as_array().unwrap().iter().any(|own| own["code"] == "PLACES_UNKNOWN"));
}
