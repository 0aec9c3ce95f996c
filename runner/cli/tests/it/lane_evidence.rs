//! Promised keys become documents that follow the facts, and what was changed afterwards is found.

use std::os::unix::fs::PermissionsExt as _;

use contract_receipts::{LaneReceipt, Status};
use serde_json::{Value, json};

use crate::command::{Bench, done};
use crate::lane::{LaneBench, contract};
use crate::prefix::Prefix;

const IMAGE: &str = "registry.example.org/x@sha256:";

/// A lane in a container with this digest, that promises `key`.
fn container(digit: &str, steps: &[(&str, &str)], emit: &[&str]) -> Value {
    let mut document = contract(steps, emit);
    document["spec"]["lanes"][0]["backend"] =
        json!({"type": "container", "container": {"image": format!("{IMAGE}{}", digit.repeat(64))}});
    document
}

/// Runs two lanes in one place, and compares the digest of one key.
#[track_caller]
fn follows(key: &str, one: &Value, other: &Value, flags: [&str; 2]) {
    let lane = LaneBench::new(one);
    lane.bench.write("tool", "#!/bin/sh\necho one\n");
    let mode = |bench: &Bench| {
        std::fs::set_permissions(bench.path("tool"), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    mode(&lane.bench);
    let digest = |lane: &LaneBench| {
        let receipt = lane.receipt();
        let found = receipt["evidence"].as_array().unwrap().iter().find(|info| info["key"] == key);
        found.unwrap_or_else(|| panic!("no {key} in {receipt}"))["digest"]["blake3"].clone()
    };
    let run = |flags: &str, expected: Option<i32>| {
        let done = lane.run(flags);
        if let Some(status) = expected {
            done.expect(status);
        }
        lane.verify(0);
    };
    run(flags[0], Some(0));
    let first = digest(&lane);
    run(flags[0], Some(0));
    assert_eq!(digest(&lane), first, "{key}: the same facts, another digest");
    lane.bench.write("contract.json", &other.to_string());
    lane.bench.write("tool", "#!/bin/sh\necho two\n");
    mode(&lane.bench);
    run(flags[1], None);
    assert_ne!(digest(&lane), first, "{key}: other facts, the same digest");
}

const PLAN: &str = "sourceosctl agent-machine mounts plan --dev-root ~/dev";
const GENERATE: &str =
    "sourceosctl office generate --dry-run --artifact-type document --format docx --workroom-id w --title";
const EVENT: &str = "agent-term office create-deck '!r' --workroom w --title";

/// Two lanes in which one step differs.
fn steps(one: &str, other: &str, key: &str) -> (Value, Value) {
    (contract(&[("step", one)], &[key]), contract(&[("step", other)], &[key]))
}

#[test]
fn the_runners_own_documents_follow_the_facts() {
    let tool = [("step", "./tool")];
    let read = "--allow read=. --allow exec=./tool";
    let (a, b) = ("1", "2");
    let key = ["container.digest"];
    follows(key[0], &container(a, &tool, &key), &container(b, &tool, &key), [read, read]);
    let (one, other) = steps("./tool", "./tool", "deps.inventory");
    follows("deps.inventory", &one, &other, [read, read]);
    let (one, other) = steps("true", "echo x", "terminal.command.evidence");
    follows("terminal.command.evidence", &one, &other, ["", ""]);
    let (one, other) = steps("true", "true", "terminal.command.evidence");
    follows("terminal.command.evidence", &one, &other, ["", "--allow write=./home"]);
    let (one, other) = steps("true", "false", "workspace-ops.operation.event");
    follows("workspace-ops.operation.event", &one, &other, ["", ""]);
    let (one, other) = steps("true", "true", "workspace-ops.policy-gate.record");
    follows("workspace-ops.policy-gate.record", &one, &other, ["", "--allow connect=127.0.0.1:9"]);
    let (one, mut other) = steps("true", "true", "workspace-ops.decision-card");
    other["spec"]["lanes"][0]["backend"] = container("3", &tool, &[])["spec"]["lanes"][0]["backend"].clone();
    follows("workspace-ops.decision-card", &one, &other, ["", ""]);
}

#[test]
fn documents_of_operations_follow_the_facts() {
    let both = |one: &str, other: &str, keys: &[&str]| {
        let mut documents = [one, other].map(|step| contract(&[("step", step)], keys));
        for document in &mut documents {
            let labels = match keys[0].starts_with("agent-machine") {
                true => json!({"sourceos.agent_machine": "true"}),
                false => json!({"sourceos.office_plane": "true"}),
            };
            document["metadata"]["labels"] = labels;
        }
        documents
    };
    let mounts = ["agent-machine.mount.evidence", "agent-machine.mount.plan"];
    let [one, other] = both(PLAN, &PLAN.replace("/dev", "/code"), &mounts);
    for key in mounts {
        follows(key, &one, &other, ["", ""]);
    }
    let office = ["office.artifact.evidence", "office.artifact.plan"];
    let [one, other] = both(&format!("{GENERATE} one"), &format!("{GENERATE} two"), &office);
    for key in office {
        follows(key, &one, &other, ["", ""]);
    }
    let event = ["office.artifact.evidence", "agentterm.office.event"];
    let also = |title: &str| format!("{GENERATE} t\n{EVENT} {title}");
    let [one, other] = both(&also("one"), &also("two"), &event);
    follows("agentterm.office.event", &one, &other, ["", ""]);
}

#[test]
fn the_machines_documents_need_no_step() {
    let lane = LaneBench::new(&contract(&[("a", "true")], &["env.fingerprint", "os.release"]));
    lane.run("").expect(0);
    let release = lane.evidence("os.release")["documents"][0]["document"].clone();
    let file = std::fs::read_to_string("/etc/os-release").unwrap();
    assert!(file.contains(release["id"].as_str().unwrap()), "{release}");
    // adapters/machine-probe holds both to recorded machines, where the facts can be changed. Here: the kernel's own words.
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(lane.evidence("env.fingerprint")["documents"][0]["document"]["kernelRelease"], kernel.trim());
    lane.verify(0);
}

#[test]
fn no_document_needs_a_reason() {
    let lane = LaneBench::new(&contract(&[("a", "true")], &["container.digest"]));
    lane.run("").expect(0);
    let evidence = lane.evidence("container.digest");
    assert_eq!(evidence["documents"], json!([]));
    assert!(evidence["reason"].as_str().unwrap().contains("pixi"));
    // The twin: nobody gives it, and nobody can say why there is none.
    for key in ["browser.capture.evidence", "terminal.command.evidence"] {
        let lane = LaneBench::new(&contract(
            &[("a", "sourceosctl office doctor")],
            &[key, "office.artifact.evidence"],
        ));
        lane.run("").expect(1).says("LANE_EVIDENCE_MISSING").says(key);
        assert!(!lane.bench.path("out").exists(), "something was started");
    }
}

/// An adapter that declares documents and gives an empty one.
const FORGETFUL: &str = r#"#!/usr/bin/python3
import json, sys
def send(kind, payload, reply=None):
    send.n += 1
    message = {"v": "ipc.v0", "id": "%032x" % send.n, "ts": "1970-01-01T00:00:00Z", "type": kind, "payload": payload}
    if reply: message["replyTo"] = reply
    sys.stdout.write(json.dumps(message) + "\n"); sys.stdout.flush()
send.n = 0
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        send("hello_ack", {"selected": "ipc.v0"}, message["id"])
        send("capabilities", {"adapter": {"name": "forgetful", "version": "1"}, "capabilities": [{"name": "forget", "inputSchema": {"type": "object", "properties": {}}}]})
    elif message["type"] == "invoke":
        send("result", {"ok": True, "data": {"documents": {"agentterm.office.event": DOCUMENT}}}, message["id"])
"#;

#[test]
fn a_promise_that_an_adapter_does_not_keep_fails_the_lane() {
    for (document, status) in [("{}", 1), ("{\"room\": \"r\"}", 0)] {
        let (bench, prefix) = (Bench::new(), Prefix::new());
        let script = bench.write("mine/forgetful/adapter.py", &FORGETFUL.replace("DOCUMENT", document));
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let manifest = json!({
            "v": "adapter.v0", "name": "forgetful", "version": "1", "command": ["./adapter.py"],
            "operations": [{"name": "forget", "inputSchema": {"type": "object", "properties": {}}, "documents": ["agentterm.office.event"]}],
            "verbs": [{"words": ["office", "doctor"], "op": "forget"}],
        });
        bench.write("mine/forgetful/adapter.json", &manifest.to_string());
        let document = contract(&[("a", "sourceosctl office doctor")], &["agentterm.office.event"]);
        bench.write("contract.json", &document.to_string());
        let words =
            ["lane", "run", "contract.json", "--backend", "sandbox", "--out", "out", "--junit", "report.xml"];
        let mut command = prefix.command(&bench, words);
        let ended = done(&command.env("CONTRACT_RUNNER_ADAPTERS", bench.path("mine")).output().unwrap());
        ended.expect(status);
        if status == 1 {
            ended.says("LANE_EVIDENCE_MISSING").says("agentterm.office.event");
            // JUnit blames no step for it.
            let report = bench.text("report.xml");
            assert!(
                report.contains("<testcase name=\"evidence\"") && report.contains("LANE_EVIDENCE_MISSING"),
                "{report}"
            );
            assert!(report.contains("tests=\"2\"") && report.contains("failures=\"1\""), "{report}");
        }
        bench.run(["verify", "out"]).expect(0);
    }
}

#[test]
fn every_changed_byte_of_a_lane_is_found() {
    let lane = LaneBench::new(&contract(&[("a", "echo x"), ("b", "echo y")], &["deps.inventory"]));
    lane.run("").expect(0);
    let mut files = Vec::new();
    let mut folders = vec![lane.bench.path("out")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false if entry.metadata().unwrap().len() > 0 => files.push(entry.path()),
                false => {}
            }
        }
    }
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&file, changed).unwrap();
            let done = lane.bench.run(["verify", "out"]);
            assert!(
                matches!(done.status, 1 | 6),
                "{}: byte {at} was changed: {}",
                file.display(),
                done.stdout
            );
        }
        std::fs::write(&file, bytes).unwrap();
    }
    lane.verify(0);
    let digest = lane.receipt()["digests"]["receipt"]["blake3"].as_str().unwrap().to_owned();
    lane.bench.run(["verify", "out", "--expect-digest", &format!("blake3:{digest}")]).expect(0);
    lane.bench.run(["verify", "out", "--expect-digest", &format!("blake3:{}", "0".repeat(64))]).expect(1);
    // A receipt that says less than the contract, with all digests right.
    let path = lane.bench.path("out/lane-receipt.json");
    let whole = std::fs::read(&path).unwrap();
    for (edit, words) in [
        ("steps", "step 4: lane-receipt.json: expected a, b, found a"),
        ("evidence", "expected the evidence deps.inventory, found none"),
        ("status", "step 8"),
    ] {
        let mut receipt = LaneReceipt::from_bytes(&whole).unwrap();
        match edit {
            "steps" => drop(receipt.steps.pop()),
            "evidence" => receipt.evidence.clear(),
            _ => receipt.status = Status::Failed,
        }
        std::fs::write(&path, receipt.sealed().to_bytes()).unwrap();
        let done = lane.bench.run(["verify", "out"]);
        assert!(done.expect(1).stdout.contains(words), "{edit}: {}", done.stdout);
    }
    std::fs::write(&path, whole).unwrap();
    // A run of another lane, whole in itself.
    std::fs::rename(lane.bench.path("out/runs/01-a"), lane.bench.path("kept")).unwrap();
    std::fs::rename(lane.bench.path("out/runs/02-b"), lane.bench.path("out/runs/01-a")).unwrap();
    std::fs::rename(lane.bench.path("kept"), lane.bench.path("out/runs/02-b")).unwrap();
    lane.verify(1);
}

#[test]
fn what_does_not_belong_into_a_lane_is_found() {
    let lane = LaneBench::new(&contract(&[("a", "echo x"), ("b", "echo y")], &["os.release"]));
    lane.run("").expect(0);
    lane.verify(0);
    for extra in ["runs/01-a/notes", "logs/notes", "evidence/notes", "notes"] {
        let path = lane.bench.write(&format!("out/{extra}"), "x");
        lane.bench.run(["verify", "out"]).expect(1);
        std::fs::remove_file(path).unwrap();
    }
    // An endless log is not read.
    let log = lane.bench.path("out/logs/01-a.log");
    let text = std::fs::read(&log).unwrap();
    std::fs::File::options().write(true).open(&log).unwrap().set_len(1 << 40).unwrap();
    assert!(lane.verify(1).stdout.contains("2 bytes"));
    std::fs::write(&log, text).unwrap();
    // A receipt, with all digests right, that does not say what the runs say.
    let path = lane.bench.path("out/lane-receipt.json");
    let whole = std::fs::read(&path).unwrap();
    let seal = |edit: &dyn Fn(&mut LaneReceipt)| {
        let mut receipt = LaneReceipt::from_bytes(&whole).unwrap();
        edit(&mut receipt);
        std::fs::write(&path, receipt.sealed().to_bytes()).unwrap();
        lane.bench.run(["verify", "out"]).expect(1);
    };
    seal(&|receipt| receipt.steps[1].runs = receipt.steps[0].runs.clone());
    seal(&|receipt| receipt.steps.swap(0, 1));
    seal(&|receipt| receipt.evidence.push(receipt.evidence[0].clone()));
    seal(&|receipt| receipt.contract.id = "another".to_owned());
    let other = lane.bench.text("out/evidence/os.release.json").replace("\"id\":\"", "\"id\":\"x");
    let kept = lane.bench.text("out/evidence/os.release.json");
    lane.bench.write("out/evidence/os.release.json", &other);
    seal(&|receipt| receipt.evidence[0].digest = contract_json::Digest::of(other.as_bytes()));
    lane.bench.write("out/evidence/os.release.json", &kept);
    std::fs::write(&path, &whole).unwrap();
    lane.verify(0);
}
