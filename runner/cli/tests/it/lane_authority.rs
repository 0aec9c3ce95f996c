//! What a step may do: what nobody granted fails, and the same works with the right or without the sandbox.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;

use serde_json::json;

use crate::lane::{LaneBench, contract};

#[test]
fn a_key_in_the_home_is_not_read() {
    let lane = LaneBench::steps(&[("steal", "cat ~/.ssh/id_ed25519")]);
    let key = lane.bench.write("home/.ssh/id_ed25519", "PRIVATE-WORDS\n");
    lane.run("").expect(1).says("Permission denied");
    assert!(!lane.bench.text("out/logs/01-steal.log").contains("PRIVATE"));
    lane.run(&format!("--allow read={}", key.display())).expect(0);
    assert_eq!(lane.bench.text("out/logs/01-steal.log"), "PRIVATE-WORDS\n");
}

#[test]
fn a_step_connects_nowhere() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; echo called >&3");
    // Without the sandbox the same words get through.
    assert!(Command::new("/bin/bash").args(["-c", &script]).status().unwrap().success());
    let mut words = String::new();
    listener.accept().unwrap().0.read_to_string(&mut words).unwrap();
    assert_eq!(words, "called\n");
    let lane = LaneBench::steps(&[("call", &format!("bash -c '{script}'"))]);
    lane.run("").expect(1);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody called");
}

#[test]
fn nothing_is_written_outside_the_declared_outputs() {
    let lane = LaneBench::steps(&[("write", "echo x > built/result.txt")]);
    lane.bench.write("built/.keep", "");
    lane.run("").expect(1);
    assert!(!lane.bench.path("built/result.txt").exists());
    lane.run("--allow write=./built").expect(0);
    assert_eq!(lane.bench.text("built/result.txt"), "x\n");
    assert_eq!(lane.receipt()["authority"]["scope"], json!(["write=./built"]));
}

#[test]
fn declared_inputs_and_outputs_are_asked_for_and_not_taken() {
    let mut with_mounts = contract(&[("copy", "cat input/a > output/b")], &[]);
    with_mounts["api_version"] = json!("workstation-contracts.socios.io/v0.2");
    let lane = LaneBench::new(&with_mounts);
    lane.bench.write("input/a", "words");
    lane.bench.write("output/.keep", "");
    let (input, output) = (lane.bench.path("input"), lane.bench.path("output"));
    with_mounts["spec"]["lanes"][0]["mounts"] = json!([
        {"source": input, "target": "/in", "readOnly": true, "class": "immutable_input"},
        {"source": output, "target": "/out", "readOnly": false, "class": "mutable_state"},
    ]);
    lane.bench.write("contract.json", &with_mounts.to_string());
    let (read, write) =
        (format!("--allow read={}", input.display()), format!("--allow write={}", output.display()));
    lane.plan("").expect(3).says("POLICY_DENIED").says(&read).says(&write);
    lane.run("").expect(3).says(&read);
    assert!(!lane.bench.path("out").exists());
    lane.run(&format!("{read} {write}")).expect(0);
    assert_eq!(lane.bench.text("output/b"), "words");
}

#[test]
fn a_file_that_an_operation_reads_is_granted_by_the_operator_and_not_by_the_contract() {
    let lane = LaneBench::new(&contract(
        &[("convert", "sourceosctl office convert notes.docx --to pdf --dry-run --workroom-id w")],
        &["office.artifact.plan", "office.artifact.evidence"],
    ));
    let mut labelled: serde_json::Value = serde_json::from_str(&lane.bench.text("contract.json")).unwrap();
    labelled["metadata"]["labels"] = json!({"sourceos.office_plane": "true"});
    lane.bench.write("contract.json", &labelled.to_string());
    let file = lane.bench.write("notes.docx", "no real document, but a file");
    lane.run("").expect(3).says(&format!("--allow read={}", file.display()));
    lane.run("--allow read=notes.docx").expect(0);
    let run = lane.bench.receipt("out/runs/01-convert");
    assert_eq!(run["authority"]["scope"], json!(["read=${ROOT}/notes.docx"]));
}

#[test]
fn with_require_grant_the_command_line_delegates_nothing() {
    let lane = LaneBench::steps(&[("a", "true")]);
    lane.run("--require-grant").expect(3).says("POLICY_GRANT_REQUIRED");
    assert!(!lane.bench.path("out").exists());
}

#[test]
fn a_grant_counts_for_the_adapter_that_it_is_made_out_to() {
    let lane = LaneBench::new(&contract(
        &[("doctor", "sourceosctl office doctor"), ("read", "cat words")],
        &["office.artifact.evidence"],
    ));
    let mut document: serde_json::Value = serde_json::from_str(&lane.bench.text("contract.json")).unwrap();
    document["spec"]["lanes"][0]["steps"].as_array_mut().unwrap().push(json!(
        {"name": "plan", "run": "sourceosctl office generate --dry-run --artifact-type document --format docx --title t --workroom-id w"}
    ));
    lane.bench.write("contract.json", &document.to_string());
    let words = lane.bench.write("words", "read me\n");
    lane.run("").expect(1);
    let grant = json!({
        "v": "grant.v0", "issuer": "me", "subject": {"adapter": "process"}, "expires": "2999-01-01T00:00:00Z",
        "rights": [format!("read={}", words.display())],
    });
    lane.bench.write("grant.json", &grant.to_string());
    lane.run("--grant grant.json").expect(0);
    let scope = |run: &str| lane.bench.receipt(&format!("out/runs/{run}"))["authority"]["scope"].to_string();
    assert!(scope("02-read").contains("${ROOT}/words") && !scope("01-doctor").contains("words"));
    lane.verify(0);
}

#[test]
fn a_program_that_no_step_names_is_not_started() {
    let lane = LaneBench::steps(&[("sneak", "p=$(echo vobnf | tr b-za a-z); \"$p\"")]);
    lane.run("").expect(1).says("ermission denied");
    lane.run("--allow exec=/usr/bin/uname").expect(0);
}

#[test]
fn to_name_a_file_as_a_program_does_not_permit_to_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let lane = LaneBench::steps(&[("peek", "cat bin/deploy; bin/deploy")]);
    let script = lane.bench.write("bin/deploy", "#!/bin/sh\n# TOKEN-OF-THE-USER\n");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    lane.run("").expect(3).says(&format!("--allow exec={}", script.display()));
    lane.run(&format!("--allow exec={}", script.display())).expect(0);
    // What would make it an adapter, or a language of its own, makes it no more than a program.
    let lane = LaneBench::steps(&[
        ("peek", "./repo/adapter.json || cat secret"),
        ("python", "./env/bin/python || cat env/x"),
    ]);
    let secret = lane.bench.write("secret", "PRIVATE");
    let manifest =
        json!({"v": "adapter.v0", "name": "x", "version": "1", "command": ["./x", secret], "operations": []});
    for (path, text) in [
        ("repo/adapter.json", manifest.to_string()),
        ("repo/x", "#!/bin/sh\n".to_owned()),
        ("env/bin/python", "#!/bin/sh\nfalse\n".to_owned()),
    ] {
        let path = lane.bench.write(path, &text);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    lane.bench.write("env/pyvenv.cfg", "home = /usr/bin\n");
    lane.bench.write("env/x", "PRIVATE");
    let flags = "--allow exec=./env/bin/python --keep-going";
    let done = lane.run(flags);
    assert_ne!(done.status, 0);
    for log in ["01-peek", "02-python"] {
        let path = lane.bench.path(&format!("out/logs/{log}.log"));
        assert!(!std::fs::read_to_string(path).unwrap_or_default().contains("PRIVATE"), "{log}");
    }
}

#[test]
fn a_step_cannot_change_what_a_later_step_was_permitted() {
    use std::os::unix::fs::PermissionsExt as _;
    let lane =
        LaneBench::steps(&[("swap", "ln -sf ../secret built/tool"), ("use", "built/tool || cat secret")]);
    lane.bench.write("secret", "PRIVATE");
    std::fs::create_dir(lane.bench.path("built")).unwrap();
    std::fs::copy("/usr/bin/true", lane.bench.path("built/tool")).unwrap();
    std::fs::set_permissions(lane.bench.path("built/tool"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(lane.bench.path("secret"), std::fs::Permissions::from_mode(0o755)).unwrap();
    lane.run("--allow write=./built --allow exec=./built/tool")
        .expect(3)
        .says("is not the one that was planned");
    assert_eq!(lane.statuses(), ["satisfied", "denied"]);
    lane.verify(0);
}

#[test]
fn paths_of_pixi_stay_where_the_lane_runs() {
    let lane = LaneBench::new(&contract(&[("a", "true")], &["deps.inventory"]));
    let mut document: serde_json::Value = serde_json::from_str(&lane.bench.text("contract.json")).unwrap();
    lane.bench.write("pixi.lock", "packages");
    std::process::Command::new("mkfifo").arg(lane.bench.path("pipe")).status().unwrap();
    for (path, known) in
        [("pixi.lock", true), ("/etc/passwd", false), ("../../../../etc/passwd", false), ("pipe", false)]
    {
        document["spec"]["lanes"][0]["backend"]["pixi"] = json!({"lock_path": path});
        lane.bench.write("contract.json", &document.to_string());
        let done = lane.run("");
        // Some of these the rules refuse before.
        if done.status == 1 {
            continue;
        }
        done.expect(0);
        let files = lane.evidence("deps.inventory")["documents"][0]["document"]["files"].clone();
        let lock = files.as_array().unwrap().iter().find(|file| file["role"] == "lock").unwrap().clone();
        assert_eq!(lock["digest"].is_string(), known, "{path}: {lock}");
    }
}
