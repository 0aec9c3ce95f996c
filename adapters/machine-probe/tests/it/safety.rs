//! Verdicts on folders fail closed.

use serde_json::{Value, json};

use crate::recorded::{PATIENT, Recorded};

fn codes(machine: &Recorded, place: &str) -> Vec<String> {
    let data = machine.call("machine.paths", json!({}), PATIENT).data().clone();
    let safety = &data["documents"]["agent-machine.paths"]["safety"][place];
    let reasons = safety["reasons"].as_array().unwrap();
    assert_eq!(safety["verdict"] == "safe", reasons.is_empty());
    reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn folders_on_luks_with_a_good_label_are_safe() {
    let machine = Recorded::machine("m2-asahi");
    for place in ["config", "state", "models", "evidence", "runtime"] {
        assert_eq!(codes(&machine, place), [""; 0], "{place}");
    }
    assert_eq!(codes(&machine, "cache"), ["MOUNT_NO_QUOTA", "MOUNT_LABEL_UNFIT"]);
}

#[test]
fn a_link_into_a_network_mount_is_never_followed_to_its_end() {
    let machine = Recorded::machine("pure-linux");
    assert_eq!(codes(&machine, "models"), ["MOUNT_FOREIGN", "MOUNT_ENCRYPTION_UNKNOWN"]);
    let tier = machine.probe()["documents"]["cache-tier.models"].clone();
    assert_eq!((&tier["backend"], &tier["encryption"]["observed"]), (&json!("remote-volume"), &json!(false)));
}

#[test]
fn what_everyone_may_write_and_a_strangers_link_are_unsafe() {
    let machine = Recorded::machine("pure-linux");
    assert_eq!(codes(&machine, "cache"), ["MOUNT_WORLD_WRITABLE"]);
    assert_eq!(codes(&machine, "runtime"), ["MOUNT_OWNER", "MOUNT_UNTRUSTED_LINK", "MOUNT_NO_QUOTA"]);
    assert_eq!(codes(&machine, "evidence"), [""; 0]);
}

#[test]
fn a_stranger_as_owner_or_group_and_a_plain_disk_are_unsafe() {
    let machine = Recorded::machine("edge");
    assert_eq!(codes(&machine, "models"), ["MOUNT_GROUP", "MOUNT_NOT_ENCRYPTED"]);
    assert_eq!(codes(&machine, "evidence"), ["MOUNT_OWNER", "MOUNT_NOT_ENCRYPTED", "MOUNT_NO_LABEL"]);
    assert_eq!(codes(&machine, "cache"), ["MOUNT_MISSING", "MOUNT_NOT_ENCRYPTED", "MOUNT_NO_QUOTA"]);
}

#[test]
fn a_volume_of_lvm_whose_layers_may_not_be_seen_counts_as_not_encrypted() {
    let machine = Recorded::machine("pure-linux");
    assert_eq!(codes(&machine, "state"), [""; 0]);
    std::fs::remove_file(machine.path("/sys/devices/virtual/block/dm-0/dm/uuid")).unwrap();
    assert_eq!(codes(&machine, "state"), ["MOUNT_ENCRYPTION_UNKNOWN"]);
}

#[test]
fn a_folder_above_that_everyone_may_change_is_unsafe() {
    let machine =
        Recorded::of(&format!("{}\nstat /var/lib 0 0 777\n", include_str!("../trees/pure-linux.tree")));
    assert_eq!(codes(&machine, "evidence"), ["MOUNT_OPEN_PARENT"]);
}

#[test]
fn links_in_a_circle_end() {
    let machine = Recorded::machine("edge");
    std::fs::remove_dir(machine.path("/etc/agent-machine")).unwrap();
    std::os::unix::fs::symlink("agent-machine", machine.path("/etc/agent-machine")).unwrap();
    assert_eq!(codes(&machine, "config"), ["MOUNT_UNKNOWN"]);
}

#[test]
fn which_folders_apply_is_said_with_the_reason() {
    for (name, scope, because, state) in [
        ("m2-asahi", "user", "/var/lib/agent-machine is not there", "~/.local/state/agent-machine"),
        ("pure-linux", "system", "the user is root", "/var/lib/agent-machine"),
        ("edge", "system", "the user has no home folder", "/var/lib/agent-machine"),
    ] {
        let called = Recorded::machine(name).call("machine.paths", json!({}), PATIENT);
        let paths: &Value = &called.data()["documents"]["agent-machine.paths"];
        assert_eq!(
            (&paths["scope"], &paths["because"], &paths["state"]),
            (&json!(scope), &json!(because), &json!(state))
        );
    }
}

#[test]
fn the_doctor_says_no_when_a_folder_is_unsafe() {
    let called = Recorded::machine("edge").call("machine.doctor", json!({}), PATIENT);
    assert!(matches!(called.end, contract_adapter::End::Result { ok: false, .. }));
}
