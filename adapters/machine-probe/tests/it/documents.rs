//! The documents are valid, and their values are those of the machine.

use contract_check::{Checker, Options, kind};
use contract_json::Tape;
use serde_json::{Value, json};

use crate::recorded::{MACHINES, Recorded};

fn check(document: &Value, kind_name: &str) {
    let text = document.to_string();
    let checker = Checker::new(Options::default());
    let found = checker.check(&mut Tape::new(), text.as_bytes(), None).unwrap();
    assert_eq!(found.kind.map(|kind| kind.name), kind(kind_name).map(|kind| kind.name), "{text}");
    assert!(found.kind.is_some());
    assert!(found.is_valid(), "{text}: {:?}", found.violations);
}

#[test]
fn the_documents_of_every_machine_are_valid() {
    for (name, ..) in MACHINES {
        let documents = Recorded::machine(name).probe()["documents"].clone();
        check(&documents["agent-machine"], "agent-machine");
        let tiers: Vec<&Value> = documents
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| key.starts_with("cache-tier."))
            .map(|(_, tier)| tier)
            .collect();
        assert!(!tiers.is_empty());
        tiers.into_iter().for_each(|tier| check(tier, "cache-tier"));
    }
}

#[test]
fn a_document_with_a_wrong_value_is_not_valid() {
    let mut machine = Recorded::machine("edge").probe()["documents"]["agent-machine"].clone();
    machine["host"]["arch"] = json!("riscv64");
    let found = Checker::new(Options::default())
        .check(&mut Tape::new(), machine.to_string().as_bytes(), kind("agent-machine"))
        .unwrap();
    assert!(!found.is_valid());
}

#[test]
fn the_class_of_each_machine_follows_from_evidence() {
    for (name, profile) in [
        ("m2-asahi", "m2-asahi-linux"),
        ("pure-linux", "linux-gpu-node"),
        ("kubernetes-node", "kubernetes-node"),
        ("edge", "linux-edge-node"),
    ] {
        let documents = Recorded::machine(name).probe()["documents"].clone();
        assert_eq!(documents["agent-machine"]["profile"], profile);
        let evidence = documents["agent-machine.capabilities"]["profileEvidence"].clone();
        assert!(
            evidence
                .as_array()
                .unwrap()
                .iter()
                .any(|own| own["profile"] == profile && own["weight"] != "weak"),
            "{evidence}"
        );
    }
}

#[test]
fn a_hybrid_cgroup_layout_is_told_apart() {
    for (name, mode) in
        [("m2-asahi", "v2"), ("pure-linux", "hybrid"), ("kubernetes-node", "v2"), ("edge", "v1")]
    {
        let data = Recorded::machine(name).probe();
        assert_eq!(data["facts"]["host"]["cgroupMode"], mode, "{name}");
        assert_eq!(data["documents"]["agent-machine.probe"]["runtime"]["cgroupMode"], mode, "{name}");
    }
    let machine = &Recorded::machine("pure-linux").probe()["documents"]["agent-machine"];
    assert_eq!(machine["runtime"]["cgroupMode"], "v1");
    assert_eq!(machine["labels"]["sourceos.cgroup-layout"], "hybrid");
}

#[test]
fn an_architecture_without_a_word_is_a_failure_and_no_document() {
    let machine = Recorded::machine("edge");
    std::fs::write(machine.path("/proc/sys/kernel/arch"), "riscv64\n").unwrap();
    let data = machine.probe();
    assert_eq!(data["documents"].get("agent-machine"), None);
    assert!(data["failures"].as_array().unwrap().iter().any(|own| own["code"] == "PROBE_ARCH_UNSUPPORTED"));
}

#[test]
fn the_fingerprint_changes_with_the_kernel_and_not_with_memory_or_the_name_of_the_host() {
    let print = |machine: &Recorded| machine.probe()["documents"]["env.fingerprint"].clone();
    let machine = Recorded::machine("edge");
    let before = print(&machine);
    std::fs::write(machine.path("/proc/sys/kernel/hostname"), "other\n").unwrap();
    std::fs::write(machine.path("/proc/meminfo"), "MemTotal: 4000000 kB\nMemAvailable: 1 kB\n").unwrap();
    assert_eq!(print(&machine), before);
    std::fs::write(machine.path("/proc/sys/kernel/osrelease"), "6.0.0\n").unwrap();
    assert_ne!(print(&machine)["digest"], before["digest"]);
}

#[test]
fn the_caller_may_say_the_version_of_landlock() {
    let called = Recorded::machine("m2-asahi").call(
        "machine.probe",
        json!({"landlockAbi": 6}),
        crate::recorded::PATIENT,
    );
    assert_eq!(called.data()["documents"]["env.fingerprint"]["landlockAbi"], 6);
    assert_eq!(called.data()["documents"]["env.fingerprint"]["landlockActive"], true);
}

#[test]
fn the_summary_has_several_lines_and_no_line_feed_at_its_end() {
    for (name, ..) in MACHINES {
        for op in ["machine.probe", "machine.paths", "machine.doctor"] {
            let called = Recorded::machine(name).call(op, json!({}), crate::recorded::PATIENT);
            let contract_adapter::End::Result { data, .. } = &called.end else { panic!("{called:?}") };
            let summary = data["summary"].as_str().unwrap();
            assert!(summary.lines().count() > 5 && !summary.ends_with('\n'), "{summary}");
        }
    }
}
